"""How a value is written into a text that is there already: on one line, and quoted as its neighbours are."""

from __future__ import annotations

import json
import re

from overlay.yaml.scalars import NotJson, resolve_plain
from overlay.yaml.writer import write_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Plain text to every reader: no number, date or base-60 has two dots.
_VERSION = re.compile(r"v?\d+\.\d+\.\d+[\w.+-]*", re.ASCII)
_FLOW = re.compile(r"[,\[\]{}]")


def is_filled(value: Any) -> bool:
    """Tell whether a value takes more than one line in block style."""
    return isinstance(value, (dict, list)) and bool(value)


def flow_form(value: Any) -> str:
    """Return a value on one line, maps and lists in brackets."""
    if isinstance(value, dict):
        inner = [f"{form(key, None, flow=True)}: {flow_form(item)}" for key, item in value.items()]
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join([flow_form(item) for item in value]) + "]"
    return form(value, None, flow=True)


def form(value: Any, style: str | None, *, flow: bool) -> str:
    """Return a scalar or an empty collection on one line, quoted as the old one was where that is possible."""
    written = styled(value, style) if isinstance(value, str) else write_document(value).rstrip("\n")
    if flow and isinstance(value, str) and written[:1] not in ("'", '"') and _FLOW.search(written):
        return json.dumps(value, ensure_ascii=False)
    return written


def styled(text: str, style: str | None) -> str:
    """Return a string in quotes of the given style; plain or as the writer quotes it without one."""
    plain_text = text.isprintable()
    if style == "'" and plain_text:
        return "'" + text.replace("'", "''") + "'"
    if style == '"' and plain_text:
        return json.dumps(text, ensure_ascii=False)
    if _VERSION.fullmatch(text) and _is_text(text):
        return text
    return write_document(text).rstrip("\n")


def _is_text(text: str) -> bool:
    try:
        return resolve_plain(text) is text
    except NotJson:
        return False
