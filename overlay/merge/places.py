"""The place inside a patch that gave a field its value."""

from __future__ import annotations

from overlay.kube.dotted import Element
from overlay.kube.follow import follow_back, value_at
from overlay.kube.leaves import element_parts
from overlay.merge.pointer import PointerError, parse_pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.kube.follow import Concrete
    from overlay.kube.types import Type
    from overlay.model.contents import ReadPatch
    from overlay.model.location import Location


def place_in_patch(
    patch: ReadPatch, path: Concrete, before: Any, after: Any, kind: Type | None, *, lacking: str = ""
) -> tuple[Location, int | None]:
    """Return where a patch says the value at `path` of the patched body, and which operation of a JSON patch does.

    lacking: a field of the map there that the patch took away: its null is the place.
    """
    if patch.kind != "json":
        way = _within(patch.content, path, after, kind)
        held = value_at(patch.content, way)
        if lacking and len(way) == len(path) and isinstance(held, dict) and lacking in held:
            return patch.locate((*way, lacking), key=True), None
        return patch.locate(way), None
    found = _operation(patch, path, before, kind) if before is not None else None
    if found is None:
        return patch.location, None
    index, inner = found
    return patch.locate((index, *inner)), index


def _within(content: Any, path: Concrete, body: Any, kind: Type | None) -> Concrete:
    """Return how far a path of the patched object can be followed inside the patch."""
    found: list[str | int] = []
    for part in path:
        if isinstance(content, dict) and part in content and isinstance(body, dict):
            content, body = content[part], body[part]
            kind = kind.field(str(part)) if kind is not None else None
            found.append(part)
        elif isinstance(content, list) and isinstance(body, list) and isinstance(part, int):
            element = element_parts(body, kind)[part]
            meant = [
                at
                for at, item in enumerate(content)
                if (element.means(item) if isinstance(element, Element) else item == body[part])
            ]
            if len(meant) != 1:
                break
            content, body = content[meant[0]], body[part]
            kind = kind.element() if kind is not None else None
            found.append(meant[0])
        else:
            break
    return tuple(found)


def _operation(patch: ReadPatch, path: Concrete, before: Any, kind: Type | None) -> tuple[int, Concrete] | None:
    """Return which operation of a JSON patch last changed the field, and the path to its value in the operation."""
    from overlay.merge.jsonpatch import json_patch, parse_operations  # noqa: PLC0415  # few patches need it

    bodies = [before]
    for operation in parse_operations(patch.content, patch.locate):
        bodies.append(json_patch(bodies[-1], (operation,), patch.locate) or {})
    for index in range(len(bodies) - 1, 0, -1):
        earlier = follow_back(bodies[index - 1], bodies[index], path, kind)
        if earlier is None or value_at(bodies[index - 1], earlier) != value_at(bodies[index], path):
            try:
                depth = len(parse_pointer(patch.content[index - 1].get("path", "")))
            except PointerError:
                depth = len(path)
            inside = "value" if "value" in patch.content[index - 1] else "from"
            return index - 1, (inside, *path[depth:])
        path = earlier
    return None
