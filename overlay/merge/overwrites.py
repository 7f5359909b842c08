"""Patches of one list that overwrite each other: the later one wins, and says so."""

from __future__ import annotations

from overlay.kube.changes import changed_leaves
from overlay.kube.dotted import find, format_path
from overlay.kube.fieldpath import MISSING
from overlay.merge.places import place_in_patch
from overlay.model.finding import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.kube.leaves import Path
    from overlay.kube.types import Types
    from overlay.model.contents import ReadPatch
    from overlay.model.location import Location
    from overlay.model.resource import Resource

    # A patch with the object before it, after each other; one object's turns end with the object at the end.
    Turn = tuple[ReadPatch, Resource]


def overwrites(turns: Sequence[Turn], last: Resource, types: Types) -> Iterator[Finding]:
    """Yield a finding for each leaf that one patch set and a later one of the same list set to something else."""
    written: dict[Path, tuple[ReadPatch, Location]] = {}
    kind = types.root(last.id.group, last.id.version, last.id.kind)
    after = [resource for _, resource in turns[1:]] + [last]
    for (patch, before), now in zip(turns, after, strict=True):
        for path, _, new in changed_leaves(before.body, now.body, kind):
            earlier = written.get(path)
            place = patch.location
            if new is not MISSING:
                concrete = find(now.body, path)[0][0]
                place, _ = place_in_patch(patch, concrete, before.body, now.body, kind)
            # An operation that inserts moves the elements behind it: their paths are other ones, not their values.
            moved = patch.kind == "json" and any(isinstance(part, int) for part in path)
            if earlier is not None and earlier[0] is not patch and not moved:
                yield Finding(
                    "patch-overwritten",
                    f"{patch.label} {'removes' if new is MISSING else 'sets'} {format_path(path)} of {now.id}, "
                    f"which {earlier[0].label} sets in line {earlier[1].line}",
                    place,
                    "entries apply in order and the later one wins; keep one of them",
                    object=str(now.id),
                )
            written[path] = (patch, place)
