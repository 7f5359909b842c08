"""The same field in an object before and after a step, also when list elements moved."""

from __future__ import annotations

from overlay.kube.dotted import Element
from overlay.kube.leaves import element_parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.kube.types import Type

    Concrete = tuple[str | int, ...]


def value_at(body: Any, path: Concrete) -> Any:
    """Return what stands at a path that exists."""
    for part in path:
        body = body[part]
    return body


def follow_back(before: Any, after: Any, path: Concrete, kind: Type | None) -> Concrete | None:
    """Return where the field at `path` of `after` stood in `before`; None where it did not exist."""
    found: list[str | int] = []
    for part in path:
        if isinstance(after, dict) and isinstance(before, dict):
            if part not in before:
                return None
            after, before = after[part], before[part]
            kind = kind.field(str(part)) if kind is not None else None
            found.append(part)
        elif isinstance(after, list) and isinstance(before, list) and isinstance(part, int):
            index = _index_before(before, after, part, kind)
            if index is None:
                return None
            after, before = after[part], before[index]
            kind = kind.element() if kind is not None else None
            found.append(index)
        else:
            return None
    return tuple(found)


def _index_before(before: list[Any], after: list[Any], index: int, kind: Type | None) -> int | None:
    item = after[index]
    for at, old in enumerate(before):
        if old is item and item.__class__ in (dict, list):
            return at
    part = element_parts(after, kind)[index]
    if isinstance(part, Element):
        meant = [at for at, old in enumerate(before) if part.means(old)]
        if len(meant) == 1:
            return meant[0]
        # An element whose key was changed in place: the one that stood there is not named any more.
        if len(before) == len(after) and isinstance(item, dict):
            old_part = element_parts(before, kind)[index]
            if isinstance(old_part, Element) and not any(old_part.means(new) for new in after):
                return index
        return None
    return index if index < len(before) else None
