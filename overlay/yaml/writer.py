"""Values to YAML text that sigs.k8s.io/yaml reads back as the same values.

Block style, two spaces, lists at their parent's indentation (as kubectl and kustomize write), nothing folded.
"""

from __future__ import annotations

import re

from overlay.yaml.scalars import NotJson, resolve_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# First characters and contents that are certainly a plain string to every YAML reader, once resolve_plain agrees.
_PLAIN = re.compile(
    r"(?:[^\W_/]|[._$](?!\Z)|[/(<^;])"
    r"(?:[!$-9;-\[\]-~\U00010000-\U000dffff\U000e1000-\U0010ffff]|[:](?=[^ ])|[ ](?=[^# ]))*\Z",
    re.ASCII,
)
# Characters that some reader drops, folds or reorders; they are only written as escapes.
_ACTING = (
    r"\x7f-\xa0\xad\u0600-\u0605\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\uffff"
    r"\U000e0000-\U000e0fff"
)
_ESCAPED = re.compile(rf"[\x00-\x1f\"\\{_ACTING}]")
_NOT_LITERAL = re.compile(rf"[\x00-\x08\x0b-\x1f{_ACTING}]|[ \t](?=\n|\Z)")
_SHORT = {
    "\0": "\\0",
    "\a": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    "\x1b": "\\e",
    '"': '\\"',
    "\\": "\\\\",
}
_SIGNS = re.compile(r"[^\w.+:-]")
# No string, or not the same string, to some reader of YAML 1.1 or 1.2 (sexagesimals, dates, `=`, merge key).
_DOUBTFUL = re.compile(r"[-+.0-9][-+._0-9eExXoObBa-fA-FtTzZ:]*\Z|[=<]+\Z|---|\.\.\.")

_scalars: dict[str, str] = {}
_SCALARS_KEPT = 50_000


def _string(text: str) -> str:
    """Return a one-line form of a string: plain, or quoted where a reader would take it for something else."""
    form = _scalars.get(text)
    if form is None:
        form = _quote(text)
        if len(_scalars) < _SCALARS_KEPT:
            _scalars[text] = form
    return form


def _quote(text: str) -> str:
    if _PLAIN.match(text) and not _DOUBTFUL.match(text) and text[-1] != ":" and _stays_text(text):
        return text
    if not _ESCAPED.search(text):
        # As kubectl and kustomize do: double quotes around words and numbers, single ones where signs need quoting.
        return f"'{text}'" if _SIGNS.search(text) and "'" not in text else f'"{text}"'
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _stays_text(text: str) -> bool:
    try:
        return resolve_plain(text) is text
    except NotJson:
        return False


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    short = _SHORT.get(character)
    if short is not None:
        return short
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _literal(text: str, indent: str) -> str:
    """Return a block scalar; the caller made sure that each of its characters may stand there as it is."""
    body = text.rstrip("\n")
    trailing = len(text) - len(body)
    chomp = "-" if trailing == 0 else "" if trailing == 1 else "+"
    # A first line that is blank or starts with white space needs its indentation said.
    hint = "2" if body.startswith((" ", "\n", "\t")) else ""
    lines = [f"{indent}  {line}" if line else "" for line in body.split("\n")]
    return f"|{hint}{chomp}\n" + "\n".join(lines) + "\n" * max(trailing, 1)


def _scalar(value: Any) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    return repr(value)


def _emit_map(value: dict[str, Any], indent: str, out: list[str], first: str) -> None:
    """Write a map's entries; `first` is what stands before the first key (indentation, or `- `)."""
    prefix = first
    for key, item in value.items():
        out.append(prefix)
        out.append(_string(key))
        prefix = indent
        kind = item.__class__
        if kind is str:
            if "\n" in item and not _NOT_LITERAL.search(item) and item.strip("\n"):
                out.append(": " + _literal(item, indent))
            else:
                out.append(f": {_string(item)}\n")
        elif kind is dict:
            if item:
                out.append(":\n")
                _emit_map(item, indent + "  ", out, indent + "  ")
            else:
                out.append(": {}\n")
        elif kind is list:
            if item:
                out.append(":\n")
                _emit_list(item, indent, out, indent)
            else:
                out.append(": []\n")
        else:
            out.append(f": {_scalar(item)}\n")


def _emit_list(value: list[Any], indent: str, out: list[str], first: str) -> None:
    prefix = first
    deeper = indent + "  "
    for item in value:
        kind = item.__class__
        if kind is dict and item:
            _emit_map(item, deeper, out, prefix + "- ")
        elif kind is list and item:
            _emit_list(item, deeper, out, prefix + "- ")
        elif kind is str:
            if "\n" in item and not _NOT_LITERAL.search(item) and item.strip("\n"):
                out.append(f"{prefix}- {_literal(item, indent)}")
            else:
                out.append(f"{prefix}- {_string(item)}\n")
        else:
            text = "{}" if kind is dict else "[]" if kind is list else _scalar(item)
            out.append(f"{prefix}- {text}\n")
        prefix = indent


def write_document(value: Any) -> str:
    """Return one document, ending in a line feed, without `---`."""
    out: list[str] = []
    if isinstance(value, dict) and value:
        _emit_map(value, "", out, "")
    elif isinstance(value, list) and value:
        _emit_list(value, "", out, "")
    elif isinstance(value, str):
        out.append(_string(value) + "\n")
    else:
        out.append(("{}" if value == {} else "[]" if value == [] else _scalar(value)) + "\n")
    return "".join(out)


def write_documents(values: Iterable[Any]) -> str:
    """Return documents separated by `---` lines."""
    return "---\n".join([write_document(value) for value in values])
