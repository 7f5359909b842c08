"""What commands print for programs: one document, as JSON or as YAML."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def print_document(document: Any, form: str) -> None:
    """Print a document of JSON's types; form: json or yaml."""
    sys.stdout.write(as_document(document, form))


def as_document(document: Any, form: str) -> str:
    """Return the text of a document; form: json or yaml."""
    if form == "json":
        import json  # noqa: PLC0415

        from overlay.report.style import acts  # noqa: PLC0415

        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        # What acts stands in strings alone, where JSON has escapes for it (hazard C09).
        return text if text.isascii() else "".join([json.dumps(c)[1:-1] if acts(c) else c for c in text])
    from overlay.yaml import write_document  # noqa: PLC0415

    return write_document(document)
