"""Environments side by side: which objects each has, and the fields in which they differ."""

from __future__ import annotations

from overlay.diff.change import MISSING
from overlay.merge.same import same
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.location import Location

__all__ = [
    "MISSING",
    "Cause",
    "Cell",
    "Compared",
    "Comparison",
    "Difference",
    "Folded",
    "Shared",
    "files_behind",
    "folded",
]

MANY = 3


@value
class Cause:
    """What makes a field what it is.

    location: where a user wrote it. what: `images`, `json patch, entry 2`, `template`, or the chart's value
    `web.tag`, which acts through the template at `through`.
    """

    location: Location
    what: str
    through: Location | None = None


@value
class Cell:
    """A field in one environment; its value is MISSING where the object is there without it."""

    value: Any
    cause: Cause | None = None


@value
class Difference:
    """One field that is not the same everywhere: a cell for each environment, None where the object is not there."""

    path: str
    cells: tuple[Cell | None, ...]

    @property
    def reference(self) -> int:
        """The environment that others are compared with: the first that has the object."""
        return next(at for at, cell in enumerate(self.cells) if cell is not None)

    def differs(self, at: int) -> bool:
        """Tell whether an environment's value is another one than the reference's."""
        cell, first = self.cells[at], self.cells[self.reference]
        return cell is not None and first is not None and not same(cell.value, first.value)


@value(kw_only=True)
class Compared:
    """One object in all environments.

    label: `Kind/name`, with the name as it is before prefixes, suffixes and hashes. names: what each environment calls
    it, `namespace/name`, None where it is not there. causes: for each environment, what made the object, or removed it.
    """

    group: str
    kind: str
    label: str
    names: tuple[str | None, ...]
    differences: tuple[Difference, ...]
    causes: tuple[Cause | None, ...]

    def state(self, at: int) -> str:
        """Return `first`, `same`, `changed`, `absent`, or `added` where the first environment has no such object."""
        if self.names[at] is None:
            return "absent"
        if self.names[0] is None:
            return "added"
        if at == 0:
            return "first"
        return "changed" if self.count(at) else "same"

    def count(self, at: int) -> int:
        """Return in how many fields an environment differs from the first; in none that the first has not."""
        return 0 if self.names[0] is None else sum(difference.differs(at) for difference in self.differences)

    @property
    def is_same(self) -> bool:
        """Tell whether all environments have the same object."""
        return not self.differences and None not in self.names


@value
class Comparison:
    """All objects of all environments; the first environment is the one that others are compared with.

    reads: the files that each environment is made of.
    """

    environments: tuple[str, ...]
    objects: tuple[Compared, ...]
    reads: tuple[frozenset[str], ...]

    @property
    def is_same(self) -> bool:
        """Tell whether the environments are the same, but for names and namespaces."""
        return all(one.is_same for one in self.objects)


@value(kw_only=True)
class Shared:
    """What differs alike in many places: the values and causes of one, the paths with how often, and the objects."""

    difference: Difference
    paths: tuple[tuple[str, int], ...]
    labels: tuple[str, ...]


@value
class Folded:
    """A comparison for people: the objects, each with what only few have, and what many share."""

    own: tuple[Compared, ...]
    shared: tuple[Shared, ...]


def folded(comparison: Comparison) -> Folded:
    """Return a comparison in which what one input makes differ alike in many places is said once."""
    alike: dict[object, list[tuple[Difference, str]]] = {}
    keys = [[_likeness(difference) for difference in one.differences] for one in comparison.objects]
    for one, found in zip(comparison.objects, keys, strict=True):
        for difference, key in zip(one.differences, found, strict=True):
            alike.setdefault(key, []).append((difference, one.label))
    many = {key: found for key, found in alike.items() if len(found) >= MANY}
    own = []
    for one, found in zip(comparison.objects, keys, strict=True):
        few = [each for each, key in zip(one.differences, found, strict=True) if key not in many]
        own.append(one if len(few) == len(found) else replace(one, differences=tuple(few)))
    shared = sorted([_shared(found) for found in many.values()], key=lambda each: (-len(each.labels), each.paths))
    return Folded(tuple(own), tuple(shared))


def _likeness(difference: Difference) -> object:
    """Return what differences have in common that one input makes: a field's name, values, and where they are set."""
    cells = [
        None if cell is None else (cell.value, cell.cause and (cell.cause.location, cell.cause.what))
        for cell in difference.cells
    ]
    return difference.path.rpartition(".")[2], repr(cells)


def _shared(found: list[tuple[Difference, str]]) -> Shared:
    first = found[0][0]
    cells = []
    for at, cell in enumerate(first.cells):
        one_way = len({other.cause for each, _ in found if (other := each.cells[at]) is not None}) < 2
        cells.append(cell if cell is None or cell.cause is None or one_way else _without_way(cell, cell.cause))
    paths: dict[str, int] = {}
    for each, _ in found:
        paths[each.path] = paths.get(each.path, 0) + 1
    return Shared(
        difference=Difference(first.path, tuple(cells)),
        paths=tuple(sorted(paths.items(), key=lambda each: (-each[1], each[0]))),
        labels=tuple(dict.fromkeys([label for _, label in found])),
    )


def _without_way(cell: Cell, cause: Cause) -> Cell:
    return replace(cell, cause=replace(cause, through=None))


def files_behind(comparison: Comparison, at: int) -> list[tuple[str, int]]:
    """Return the files that make an environment differ from the first, with how many fields and objects, most first.

    Where a field has the value that both environments would have, the file is the one that makes the first differ.
    """
    counts: dict[str, int] = {}
    for one in comparison.objects:
        causes = [
            (_cause(difference.cells[at]), _cause(difference.cells[0]))
            for difference in one.differences
            if one.names[0] is not None and difference.differs(at)
        ]
        if (one.names[at] is None) != (one.names[0] is None):
            causes.append((one.causes[at], one.causes[0]))
        for here, there in causes:
            cause = here or there
            if here is not None and there is not None and here.location.file in comparison.reads[0]:
                cause = here if there.location.file in comparison.reads[at] else there
            if cause is not None:
                counts[cause.location.file] = counts.get(cause.location.file, 0) + 1
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def _cause(cell: Cell | None) -> Cause | None:
    return cell.cause if cell is not None else None
