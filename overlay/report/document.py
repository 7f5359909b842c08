"""A document for programs, as JSON or YAML that a terminal can be shown, too."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def as_document(document: Any, form: str) -> str:
    """Return the text of a document of JSON's types; form: json or yaml."""
    if form == "json":
        return as_json(document)
    from overlay.yaml import write_document  # noqa: PLC0415

    return write_document(document)


def as_json(document: Any, *, indent: int | None = 2) -> str:
    """Return the text of a document, which ends with a line; one line where indent is None."""
    import json  # noqa: PLC0415  # 3 ms, and most runs print no document

    from overlay.report.style import acts  # noqa: PLC0415

    text = json.dumps(document, indent=indent, ensure_ascii=False) + "\n"
    # What acts stands in strings alone, where JSON has escapes for it (hazard C09).
    is_plain = text.isascii() and "\x7f" not in text
    return text if is_plain else "".join([json.dumps(c)[1:-1] if acts(c) else c for c in text])
