"""Equality of YAML values as JSON writers see it: 1, 1.0, true and "1" are four values."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal in type and content; the order of a map's keys does not matter."""
    if one is other:
        return True
    if one.__class__ is not other.__class__:
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def type_name(value: Any) -> str:
    """Return how messages name a value's type."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "a boolean"
    return "a string" if isinstance(value, str) else "a number"


def path_text(content: Any, path: tuple[str | int, ...]) -> str:
    """Return a path as users read it, `spec.containers[web].image`; list elements show their name if they have one."""
    text = ""
    for part in path:
        content = _child(content, part)
        if isinstance(part, int):
            name = content.get("name") if isinstance(content, dict) else None
            text += f"[{name}]" if isinstance(name, str) else f"[{part}]"
        elif part.isascii() and part.replace("-", "").replace("_", "").isalnum():
            text += f".{part}" if text else part
        else:
            text += f"[{part}]"
    return text


def _child(content: Any, part: str | int) -> Any:
    try:
        return content[part]
    except (KeyError, IndexError, TypeError):
        return None
