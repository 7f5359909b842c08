"""An object as its leaves: every scalar and empty collection, under a path that survives reordered lists."""

from __future__ import annotations

from overlay.kube.dotted import Element, as_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.kube.dotted import Part
    from overlay.kube.types import Type

    Path = tuple[Part, ...]


def leaves(value: Any, kind: Type | None, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield (path, value) of each leaf; elements of lists are named by their keys where these tell them apart."""
    if value.__class__ is dict and value:
        for key, item in value.items():
            below = kind.field(key) if kind is not None else None
            if item.__class__ is dict or item.__class__ is list:
                yield from leaves(item, below, (*path, key))
            else:
                yield (*path, key), item
    elif value.__class__ is list and value:
        below = kind.element() if kind is not None else None
        for part, item in zip(element_parts(value, kind), value, strict=True):
            yield from leaves(item, below, (*path, part))
    else:
        yield path, value


def element_parts(items: list[Any], kind: Type | None) -> list[Part]:
    """Return how each element of a list is named in a path: by its keys, by itself in a set, else by its index.

    A list of unknown type is taken to be keyed by `name` when all its elements are maps with names of their own.
    """
    keys = kind.keys if kind is not None else ()
    if kind is None and all(item.__class__ is dict and isinstance(item.get("name"), str) for item in items):
        keys = ("name",)
    parts: list[Part] = []
    if keys:
        for item in items:
            if item.__class__ is not dict:
                return list(range(len(items)))
            found = [(key, as_text(item[key])) for key in keys if key in item]
            if not found:
                return list(range(len(items)))
            parts.append(Element(tuple(found)))
    elif kind is not None and (kind.list_type == "set" or "merge" in kind.strategy):
        parts = [Element((("", as_text(item)),)) for item in items if item.__class__ not in (dict, list)]
    return parts if len(set(parts)) == len(items) else list(range(len(items)))
