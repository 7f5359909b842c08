"""Two objects, or the objects of two builds, compared."""

from __future__ import annotations

import re

from overlay.diff.change import MISSING, Change, ChangeSet
from overlay.diff.rules import Rules
from overlay.diff.secrets import hide
from overlay.diff.values import value_changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from overlay.kube.types import Types
    from overlay.model.resource import Body, Resource

# The alphabet of kustomize's hashes, which are ours.
_HASH = r"-[2456789bcdfghkmt]{10}$"
_HASHED = ("ConfigMap", "Secret")


def object_changes(
    old: Resource | None, new: Resource | None, types: Types, *, reveal: bool = False, rules: Rules | None = None
) -> ChangeSet:  # fmt: skip
    """Return how an object became another one; None on one side for an object that is not there.

    reveal: with the values of Secrets, which are hidden otherwise. rules: what else is hidden.
    """
    if old is new or (old is not None and new is not None and old.body is new.body):
        return ChangeSet("same", old.id if old else None, new.id if new else None, ())
    bodies: Sequence[Body | None] = (old.body if old else None, new.body if new else None)
    before, after = bodies if reveal else (rules or Rules()).prepare(hide(bodies))[0]
    if old is None or new is None:
        if new is not None:
            return ChangeSet("added", None, new.id, (Change("added", (), MISSING, after),))
        return ChangeSet("removed", old.id if old else None, None, (Change("removed", (), before, MISSING),))
    changes = value_changes(before, after, types.root(new.id.group, new.id.version, new.id.kind))
    kind = "renamed" if old.id.key != new.id.key else "changed" if changes else "same"
    return ChangeSet(kind, old.id, new.id, tuple(changes))  # type: ignore[arg-type]  # one of the words


def build_changes(
    old: Sequence[Resource], new: Sequence[Resource], types: Types, *, reveal: bool = False, rules: Rules | None = None
) -> list[ChangeSet]:  # fmt: skip
    """Return what became of each object that is not the same, in the new order, the removed ones last.

    Objects are matched by group, kind, namespace and name; of those left over, by the name without its content hash.
    """
    return [
        found
        for before, after in matched(old, new)
        if (found := object_changes(before, after, types, reveal=reveal, rules=rules)).kind != "same"
    ]


def matched(old: Iterable[Resource], new: Sequence[Resource]) -> list[tuple[Resource | None, Resource | None]]:
    """Return the pairs of old and new objects; None for those without a partner."""
    left = {one.id.key: one for one in old}
    partners = {one.id.key: left.pop(one.id.key, None) for one in new}
    by_base: dict[tuple[str, str, str, str], list[Resource]] = {}
    for one in left.values():
        by_base.setdefault(_base(one), []).append(one)
    alone: dict[tuple[str, str, str, str], list[Resource]] = {}
    for one in new:
        if partners[one.id.key] is None:
            alone.setdefault(_base(one), []).append(one)
    for base, came in alone.items():
        gone = by_base.get(base, [])
        if len(came) == 1 and len(gone) == 1:
            partners[came[0].id.key] = left.pop(gone[0].id.key)
    return [*[(partners[one.id.key], one) for one in new], *[(one, None) for one in left.values()]]


def _base(one: Resource) -> tuple[str, str, str, str]:
    return one.id.group, one.id.kind, one.id.namespace, without_hash(one)


def without_hash(one: Resource) -> str:
    """Return an object's name without the hash of its content."""
    name = one.id.name
    if one.needs_hash or (one.id.kind in _HASHED and not one.id.group):
        return re.sub(_HASH, "", name)
    return name
