"""What commands print for programs: one document, as JSON or as YAML."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def print_document(document: Any, form: str) -> None:
    """Print a document of JSON's types; form: json or yaml."""
    from overlay.report.document import as_document  # noqa: PLC0415  # what is for people does without

    sys.stdout.write(as_document(document, form))
