"""The differences between two values: what both share is skipped by identity, lists are compared as their type says."""

from __future__ import annotations

from overlay.diff.change import MISSING, Change
from overlay.diff.sequence import align
from overlay.kube.dotted import Element
from overlay.kube.leaves import element_parts
from overlay.merge.same import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.kube.dotted import Part
    from overlay.kube.leaves import Path
    from overlay.kube.types import Type

# Lists with keys whose order means something all the same.
_ORDERED = frozenset(("initContainers",))
# What an element means that leaves out the second key.
_PORTS, _PROTOCOL = ("containerPort", "port"), ("protocol", "TCP")


def value_changes(old: Any, new: Any, kind: Type | None, path: Path = ()) -> list[Change]:
    """Return how `old` became `new`; nothing when they are the same.

    Scalars are compared as they are written: `0.5` and `500m`, 1 and "1" differ. Lists with keys and sets have no
    order, but for init containers, variables that name each other, and lists of unknown type. Elements of other lists
    are told apart by their names where all have one.
    """
    found: list[Change] = []
    _walk(old, new, kind, path, found)
    return found


def _walk(old: Any, new: Any, kind: Type | None, path: Path, found: list[Change]) -> None:
    if old is new:
        return
    if old is MISSING:
        found.append(Change("added", path, old, new))
    elif new is MISSING:
        found.append(Change("removed", path, old, new))
    elif old.__class__ is dict and new.__class__ is dict:
        _maps(old, new, kind, path, found)
    elif old.__class__ is list and new.__class__ is list:
        _lists(old, new, kind, path, found)
    elif not same(old, new):
        found.append(Change("changed", path, old, new))


def _maps(old: dict[str, Any], new: dict[str, Any], kind: Type | None, path: Path, found: list[Change]) -> None:
    for key, item in new.items():
        before = old.get(key, MISSING)
        # Most values are the same.
        if before is not item and not _plainly_same(before, item):
            _walk(before, item, kind.field(key) if kind is not None else None, (*path, key), found)
    found += [Change("removed", (*path, key), item, MISSING) for key, item in old.items() if key not in new]


def _plainly_same(old: Any, new: Any) -> bool:
    """Tell of most values that are the same that they are; their texts tell 1, 1.0 and true apart."""
    return bool(old.__class__ is new.__class__ and old == new and (old.__class__ is str or repr(old) == repr(new)))


def _lists(old: list[Any], new: list[Any], kind: Type | None, path: Path, found: list[Change]) -> None:
    below = kind.element() if kind is not None else None
    before, after = _meanings(element_parts(old, kind)), _meanings(element_parts(new, kind))
    if kind is not None and not kind.keys and (before is None or after is None):
        # The versions of a CustomResourceDefinition, say: names tell as much as in a list of unknown type.
        kind, before, after = None, _meanings(element_parts(old, None)), _meanings(element_parts(new, None))
    if before is None or after is None:
        for one, other in align(old, new):
            was = old[one] if one is not None else MISSING
            now = new[other] if other is not None else MISSING
            _walk(was, now, below, (*path, (one if other is None else other) or 0), found)
        return
    earlier = dict(zip(before, old, strict=True))
    for (meaning, part), item in zip(after.items(), new, strict=True):
        was = earlier.pop(meaning, MISSING)
        if not _plainly_same(was, item):
            _walk(was, item, below, (*path, part), found)
    found += [Change("removed", (*path, before[meaning]), item, MISSING) for meaning, item in earlier.items()]
    if _order_matters(old, new, kind, path):
        # Where nothing moved, what came stands behind what stayed.
        expected = [*[meaning for meaning in before if meaning in after], *[one for one in after if one not in before]]
        if expected != list(after):
            found.append(Change("moved", path, tuple(before.values()), tuple(after.values())))


def _meanings(parts: list[Part]) -> dict[Part, Part] | None:
    """Return the parts by what Kubernetes takes for the same; None where keys do not tell the elements apart."""
    found: dict[Part, Part] = {}
    for part in parts:
        if part.__class__ is not Element:
            return None
        pairs = part.pairs
        found[Element((*pairs, _PROTOCOL)) if len(pairs) == 1 and pairs[0][0] in _PORTS else part] = part
    return found if len(found) == len(parts) else None


def _order_matters(old: list[Any], new: list[Any], kind: Type | None, path: Path) -> bool:
    if kind is None or (path[-1:] and path[-1] in _ORDERED):
        return True
    # A variable may use those above it, as $(NAME).
    return path[-1:] == ("env",) and any(
        "$(" in str(item.get("value", "")) for item in (*old, *new) if item.__class__ is dict
    )
