"""What a step changed in an object, leaf by leaf: only branches that are not shared are walked."""

from __future__ import annotations

from overlay.kube.fieldpath import MISSING
from overlay.kube.leaves import element_parts, leaves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from overlay.kube.leaves import Path
    from overlay.kube.types import Type
    from overlay.model.resource import Resource


def changed_leaves(before: Any, after: Any, kind: Type | None, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """Yield (path, old, new) of every leaf that is another one; MISSING stands for none.

    Elements of lists are matched as `leaves` names them, so that a moved element is no change.
    """
    if before is after:
        return
    if before.__class__ is dict and after.__class__ is dict and before and after:
        for key, item in after.items():
            below = kind.field(key) if kind is not None else None
            yield from changed_leaves(before.get(key, MISSING), item, below, (*path, key))
        for key, item in before.items():
            if key not in after:
                below = kind.field(key) if kind is not None else None
                yield from changed_leaves(item, MISSING, below, (*path, key))
    elif before.__class__ is list and after.__class__ is list and before and after:
        below = kind.element() if kind is not None else None
        old = dict(zip(element_parts(before, kind), before, strict=True))
        new = dict(zip(element_parts(after, kind), after, strict=True))
        for part, item in new.items():
            yield from changed_leaves(old.get(part, MISSING), item, below, (*path, part))
        for part, item in old.items():
            if part not in new:
                yield from changed_leaves(item, MISSING, below, (*path, part))
    elif before.__class__ in (dict, list) or after.__class__ in (dict, list):
        gone = dict(leaves(before, kind, path)) if before is not MISSING else {}
        there = dict(leaves(after, kind, path)) if after is not MISSING else {}
        for each in (*there, *[each for each in gone if each not in there]):
            if gone.get(each, MISSING) != there.get(each, MISSING):
                yield each, gone.get(each, MISSING), there.get(each, MISSING)
    elif before != after or before.__class__ is not after.__class__:
        yield path, before, after


def paired(before: Sequence[Resource], after: Sequence[Resource]) -> Iterator[tuple[Resource | None, Resource | None]]:
    """Yield (object before, object after) of each that a step made, changed (also its name) or deleted."""
    kept = {id(one) for one in after}
    known = {id(one) for one in before}
    gone = {one.id: one for one in before if id(one) not in kept}
    for one in after:
        if id(one) not in known:
            earlier = gone.pop(one.id, None) or (gone.pop(one.aliases[-1], None) if one.aliases else None)
            yield earlier, one
    for one in gone.values():
        yield one, None
