r"""Helm's --set grammar (pkg/strvals) in Python: loading Helm's library for `a=b` would cost more than rendering.

name1=value1,name2.inner=value2    maps by dots, entries by commas
list[0].name=x   list={a,b,c}      list elements and whole lists
a\,b  a\.b  a\=b                   an escape takes the next character as it is
name=null                          null, which deletes
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# As in pkg/strvals: what a hostile expression could make us allocate.
MAX_INDEX = 65_536
MAX_NESTED = 30


class SetError(ValueError):
    """An expression that Helm's grammar refuses."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def parse_set(kind: str, expression: str, values: dict[str, Any], *, read: Callable[[str], str]) -> dict[str, Any]:
    """Return values with one expression applied; what is not on its path is shared with the old values.

    kind: `set`, `set-string`, `set-json`, `set-file` or `set-literal`. read: a file's text, for `set-file`.
    Raises SetError.
    """
    if kind == "set-json" and expression.lstrip().startswith("{"):
        try:
            whole = json.loads(expression)
        except ValueError as error:
            raise SetError(f"not JSON: {error}") from None
        return _overlay(values, whole)
    made: dict[str, Any] = _copy(values)
    _Parser(kind, expression, read).run(made)
    return made


def _overlay(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, item in above.items():
        old = merged.get(key)
        merged[key] = _overlay(old, item) if isinstance(item, dict) and isinstance(old, dict) else item
    return merged


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


class _Parser:
    """Reads `key=value` entries from the left and puts each value at its place in a map of ours."""

    def __init__(self, kind: str, text: str, read: Callable[[str], str]) -> None:
        self.kind = kind
        self.text = text
        self.at = 0
        self.read = read

    def run(self, top: dict[str, Any]) -> None:
        while self.at < len(self.text):
            self._key(top, 0)

    def _until(self, stops: str) -> tuple[str, str]:
        """Read up to an unescaped stop character; return what was read and the stop ("" at the end)."""
        out: list[str] = []
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            if character in stops:
                return "".join(out), character
            if character == "\\" and self.kind != "set-literal":
                if self.at >= len(self.text):
                    break
                character = self.text[self.at]
                self.at += 1
            out.append(character)
        return "".join(out), ""

    def _key(self, holder: dict[str, Any], depth: int) -> None:
        if depth > MAX_NESTED:
            raise SetError(f"names nested deeper than {MAX_NESTED}")
        name, stop = self._until("=[.,")
        if stop == "":
            if name:
                raise SetError(f"key {name!r} has no value", f"write {name}=VALUE")
            if depth:
                raise SetError("a name is empty at the end")
            return
        if stop == ",":
            raise SetError(f"key {name!r} has no value before `,`", "escape a comma that belongs to the value: \\,")
        if not name and stop != "=":
            raise SetError("a name is empty")
        if stop == "=":
            if not name:
                raise SetError("a name is empty before `=`")
            self._value_at(holder, name)
        elif stop == ".":
            inner = holder.get(name)
            if inner is None:
                inner = holder[name] = {}
            if not isinstance(inner, dict):
                raise SetError(f"{name!r} is {_name(inner)}, it has no fields to set")
            self._key(inner, depth + 1)
        else:
            items = holder.get(name)
            if items is None:
                items = []
            if not isinstance(items, list):
                raise SetError(f"{name!r} is {_name(items)}, no list")
            holder[name] = items
            self._index(items, depth + 1)

    def _index(self, items: list[Any], depth: int) -> None:
        if depth > MAX_NESTED:
            raise SetError(f"names nested deeper than {MAX_NESTED}")
        text, stop = self._until("]")
        if not stop or not text.strip().isascii() or not text.strip().isdigit():
            raise SetError(f"list index [{text}] is no number")
        index = int(text) if len(text) < 10 else MAX_INDEX + 1
        if index > MAX_INDEX:
            raise SetError(f"list index {text[:20]} is greater than the limit of {MAX_INDEX}")
        items.extend([None] * (index + 1 - len(items)))
        between, stop = self._until("=[.")
        if between:
            raise SetError(f"{between!r} stands behind the list index [{index}]")
        if stop == "=":
            self._value_at(items, index)
        elif stop == ".":
            inner = items[index]
            if inner is None:
                inner = items[index] = {}
            if not isinstance(inner, dict):
                raise SetError(f"element [{index}] is {_name(inner)}, it has no fields to set")
            self._key(inner, depth + 1)
        elif stop == "[":
            inner = items[index]
            if inner is None:
                inner = items[index] = []
            if not isinstance(inner, list):
                raise SetError(f"element [{index}] is {_name(inner)}, no list")
            self._index(inner, depth + 1)
        else:
            raise SetError(f"element [{index}] has no value", "write [0]=VALUE")

    def _value_at(self, holder: Any, key: Any) -> None:
        if self.kind == "set-json":
            holder[key] = self._json()
        elif self.kind == "set-literal":
            holder[key], self.at = self.text[self.at :], len(self.text)
        elif self.kind == "set-file":
            path, _ = self._until(",")
            holder[key] = self.read(path)
        elif self.text[self.at : self.at + 1] == "{":
            self.at += 1
            holder[key] = self._list()
        else:
            text, _ = self._until(",")
            holder[key] = text if self.kind == "set-string" else typed(text)

    def _list(self) -> list[Any]:
        items: list[Any] = []
        while True:
            text, stop = self._until(",}")
            if stop == "}":
                items.append(text if self.kind == "set-string" else typed(text))
                if self.text[self.at : self.at + 1] == ",":
                    self.at += 1
                return items
            if not stop:
                raise SetError("a list has no closing brace", "write name={a,b}")
            items.append(text if self.kind == "set-string" else typed(text))

    def _json(self) -> Any:
        try:
            start = len(self.text) - len(self.text[self.at :].lstrip())
            found, end = json.JSONDecoder().raw_decode(self.text, start)
        except ValueError:
            raise SetError(f"{self.text[self.at :][:60]!r} is not JSON", 'quote strings inside: name="text"') from None
        self.at = end
        rest = self.text[end:].lstrip()
        if rest and not rest.startswith(","):
            raise SetError(f"{rest[:60]!r} stands behind the JSON value")
        self.at = len(self.text) - len(rest) + (1 if rest else 0)
        return found


def typed(text: str) -> Any:
    """Return the value that an unquoted text means in --set: true, false, null, a whole number, or itself."""
    lower = text.lower()
    if lower in ("true", "false"):
        return lower == "true"
    if lower == "null":
        return None
    if text == "0":
        return 0
    # A leading zero is a name, a postal code or a tag, never an octal number.
    digits = text[1:] if text[:1] in ("-", "+") else text
    if digits and digits.isascii() and digits.isdigit() and text[0] != "0" and abs(int(text[:25])) < 2**63:
        return int(text)
    return text


def _name(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a map" if isinstance(value, dict) else f"the value {value!r}"
