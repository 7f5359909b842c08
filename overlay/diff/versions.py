"""One environment before and after a change: which objects came, went and changed, and in which fields."""

from __future__ import annotations

from overlay.diff.change import MISSING, Change
from overlay.diff.objects import matched
from overlay.diff.outcome import EnvironmentDiff, FieldDiff, ObjectDiff
from overlay.diff.rules import Rules
from overlay.diff.secrets import hide_each
from overlay.diff.shown import shown_value
from overlay.diff.values import value_changes
from overlay.kube.dotted import format_path
from overlay.kube.leaves import element_parts
from overlay.merge.same import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from overlay.diff.comparison import Cause
    from overlay.kube.leaves import Path
    from overlay.kube.types import Types
    from overlay.model.resource import Body, Resource

    Pair = tuple[Resource | None, Resource | None]
    # An object before and after, and the path of a field, () for the object → which file of the change did it.
    Why = Callable[[Pair, Path], Cause | None]
    # An object that goes → why a sync would leave it in its cluster; None where it would be deleted there.
    Fate = Callable[[Body], str | None]


def environment_diff(
    environment: str,
    before: Sequence[Resource] | None,
    after: Sequence[Resource] | None,
    types: Types,
    *,
    rules: Rules | None = None,
    detect_renames: bool = False,
    why: Why | None = None,
    fate: Fate = lambda _: None,
) -> EnvironmentDiff:
    """Return what differs, in the new order, what is gone last; None: the environment was, or is, not there.

    detect_renames: what came and what went is one object where they look alike.
    """
    pairs: list[Pair] = list(matched(before or (), after or ()))
    if detect_renames:
        from overlay.diff.renames import with_renames  # noqa: PLC0415

        pairs = with_renames(pairs, types)
    rules = rules or Rules()
    objects: list[ObjectDiff] = []
    different = [(old, new) for old, new in pairs if old is None or new is None or old.body is not new.body]
    stayed, ignored = len(pairs) - len(different), 0
    hidden = hide_each([[one.body if one is not None else None for one in pair] for pair in different])
    for (old, new), bodies in zip(different, hidden, strict=True):
        found, left_out = _object_diff(old, new, bodies, types, rules, why, fate)
        ignored += left_out
        if found is None:
            stayed += 1
        else:
            objects.append(found)
    change = "added" if before is None else "removed" if after is None else "changed" if objects else "same"
    return EnvironmentDiff(
        environment=environment,
        change=change,  # type: ignore[arg-type]  # one of the words
        objects=tuple(objects),
        same=stayed,
        ignored=ignored,
    )


def _object_diff(
    old: Resource | None,
    new: Resource | None,
    bodies: list[Body | None],
    types: Types,
    rules: Rules,
    why: Why | None,
    fate: Fate,
) -> tuple[ObjectDiff | None, int]:
    """Return what differs, None for nothing that is to be shown, and how many fields were left out.

    bodies: both with what is secret in them hidden.
    """
    shown, ignored = rules.prepare(bodies)
    before, after = shown
    one = new or old
    assert one is not None  # noqa: S101  # a pair has a side
    changes = (
        value_changes(before, after, types.root(one.id.group, one.id.version, one.id.kind))
        if old is not None and new is not None
        else []
    )
    if old is not None and new is not None and not changes:
        # Fields in another order, where order means nothing, are other bytes all the same, which a sync would publish.
        changes = list(_order_changes(before, after, ()))
        if not changes:
            return None, ignored
    change = "added" if old is None else "removed" if new is None else "changed"
    if old is not None and new is not None and old.id.key != new.id.key:
        change = "renamed"
    found = ObjectDiff(
        group=one.id.group,
        kind=one.id.kind,
        namespace=one.id.namespace,
        name=one.id.name,
        change=change,  # type: ignore[arg-type]  # one of the words
        fields=tuple(
            [
                FieldDiff(
                    path=format_path(each.path),
                    change=each.kind,
                    before=None if each.old is MISSING else shown_value(each.old),
                    after=None if each.new is MISSING else shown_value(each.new),
                    cause=why((old, new), each.path) if why is not None else None,
                )
                for each in changes
            ]
        ),
        before=before if old is not None and before is old.body else shown_value(before),
        after=after if new is not None and after is new.body else shown_value(after),
        old_name=old.id.name if change == "renamed" and old is not None else "",
        cause=why((old, new), ()) if why is not None and (old is None or new is None) else None,
        kept=(fate(old.body) or "") if old is not None and new is None else "",
    )
    return found, ignored


def _order_changes(old: Any, new: Any, path: Path) -> Iterator[Change]:
    """Yield the maps and lists that are the same in another order; the values differ in nothing else."""
    if isinstance(old, dict) and isinstance(new, dict):
        if list(old) != list(new):
            yield Change("moved", path, tuple(old), tuple(new))
            return
        for key, item in new.items():
            yield from _order_changes(old[key], item, (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and not same(old, new):
        parts = [element_parts(each, None) for each in (old, new)]
        elements = [dict(zip(each, items, strict=True)) for each, items in zip(parts, (old, new), strict=True)]
        if parts[0] != parts[1] or elements[0].keys() != elements[1].keys():
            yield Change("moved", path, tuple(parts[0]), tuple(parts[1]))
            return
        below = [
            change
            for key, item in elements[1].items()
            for change in _order_changes(elements[0][key], item, (*path, key))
        ]
        yield from below or [Change("moved", path, old, new)]
