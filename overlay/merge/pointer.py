"""JSON pointers (RFC 6901), with `[name=web]` as a part that picks a list element by its fields.

`[port=80,protocol=TCP]` names several fields. In a map such a part is an ordinary key. It stands for the element's
index, so `add` at it inserts before it.
"""

from __future__ import annotations

import re

from overlay.merge.same import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

MAX_LENGTH = 4_096
MAX_PARTS = 100
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_SELECTOR = re.compile(r"\[([^=,\[\]]+=[^,\[\]]*(?:,[^=,\[\]]+=[^,\[\]]*)*)\]")
_BAD_ESCAPE = re.compile(r"~(?![01])")


class PointerError(Exception):
    """What is wrong with a pointer, or why it leads nowhere.

    nearest: the deepest part of the pointer that exists. known: what stands there instead of `wanted`.
    member: of the operation that holds the pointer, `path` or `from`.
    """

    def __init__(self, message: str, nearest: str | None = None, known: tuple[str, ...] = (), wanted: str = "") -> None:
        super().__init__(message)
        self.nearest = nearest
        self.known = known
        self.wanted = wanted
        self.member = "path"


def parse_pointer(text: str) -> tuple[str, ...]:
    """Return a pointer's parts, unescaped; the empty pointer is the whole document."""
    if len(text) > MAX_LENGTH:
        raise PointerError(f"is longer than {MAX_LENGTH} characters")
    if not text:
        return ()
    if text[0] != "/":
        raise PointerError("does not start with /")
    if _BAD_ESCAPE.search(text):
        raise PointerError("has a ~ that is neither ~0 (for ~) nor ~1 (for /)")
    parts = tuple([part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")])
    if len(parts) > MAX_PARTS:
        raise PointerError(f"has more than {MAX_PARTS} parts")
    return parts


def format_pointer(parts: Sequence[str | int]) -> str:
    """Return parts as a pointer."""
    return "".join(["/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts])


def list_index(part: str, items: list[Any], walked: tuple[str | int, ...], *, adding: bool) -> int:
    """Return the position in a list that a part names; `adding` allows one past the end, also written `-`."""
    at = format_pointer(walked)
    if adding and part == "-":
        return len(items)
    if part == "-":
        raise PointerError("ends past the last element: - is for add", at)
    selector = _SELECTOR.fullmatch(part)
    if selector is not None:
        return _select(selector[1], part, items, at)
    if not _INDEX.fullmatch(part):
        raise PointerError(f"leads into a list at {at or 'the root'}, where {part!r} is no index", None, _names(items))
    index = int(part)
    if index >= len(items) + adding:
        raise PointerError(f"has index {index}, but the list at {at} has {len(items)} elements")
    return index


def _select(selector: str, part: str, items: list[Any], at: str) -> int:
    wanted = [pair.split("=", 1) for pair in selector.split(",")]
    found = [
        index
        for index, item in enumerate(items)
        if isinstance(item, dict) and all(_text(item.get(key)) == value for key, value in wanted)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise PointerError(f"is ambiguous: {len(found)} elements of {at} match {part}")
    key = wanted[0][0]
    known = tuple([_text(item[key]) or "" for item in items if isinstance(item, dict) and key in item])
    raise PointerError(f"finds no element {part}", at, known, wanted[0][1])


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None or isinstance(value, (dict, list)) else str(value)


def _names(items: list[Any]) -> tuple[str, ...]:
    return tuple([f"[name={item['name']}]" for item in items if isinstance(item, dict) and "name" in item])


def step(value: Any, part: str, walked: tuple[str | int, ...]) -> tuple[str | int, Any]:
    """Go from a value to the child that a part names: its key or index, and the child."""
    if isinstance(value, dict):
        if part in value:
            return part, value[part]
        at = format_pointer(walked)
        raise PointerError("does not exist", at, tuple(value), part)
    if isinstance(value, list):
        index = list_index(part, value, walked, adding=False)
        return index, value[index]
    at = format_pointer(walked)
    raise PointerError(f"leads through {at or 'the root'}, which is {type_name(value)}")


def lookup(document: Any, parts: tuple[str, ...]) -> tuple[tuple[str | int, ...], Any]:
    """Return the exact path and the value that a pointer leads to."""
    walked: tuple[str | int, ...] = ()
    for part in parts:
        key, document = step(document, part, walked)
        walked = (*walked, key)
    return walked, document
