"""Objects of several environments matched and compared, those of the first environment with all others."""

from __future__ import annotations

from overlay.diff.change import MISSING
from overlay.diff.comparison import Cell, Compared, Comparison, Difference
from overlay.diff.rules import Rules
from overlay.diff.secrets import hide
from overlay.diff.values import value_changes
from overlay.kube.dotted import Element, find, format_path
from overlay.kube.leaves import element_parts
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from overlay.diff.change import Change
    from overlay.diff.comparison import Cause
    from overlay.kube.dotted import Part
    from overlay.kube.leaves import Path
    from overlay.kube.types import Types
    from overlay.model.resource import Resource

    Row = tuple[Resource | None, ...]
    # An object in each environment, and the path of a field, () for the object → what makes it so in each.
    Causes = Callable[[Row, Path], Sequence[Cause | None]]

_FOLLOWS = (("metadata", "name"), ("metadata", "namespace"))


@value
class Side:
    """One environment: its name, its objects, the names of its release, and the files that it is made of."""

    name: str
    objects: tuple[Resource, ...]
    release: str
    namespace: str
    reads: frozenset[str] = frozenset()


def compare(
    sides: Sequence[Side],
    types: Types,
    *,
    causes: Causes | None = None,
    wanted: Callable[[Resource], bool] | None = None,
    rules: Rules | None = None,
) -> Comparison:
    """Return all objects side by side.

    Names, namespaces and references that follow them may differ by environment: they are no differences.
    causes: what makes a field, or an object, what it is in each environment. wanted: which objects are compared.
    rules: what is hidden beside values of Secrets.
    """
    rules = rules or Rules()
    rows = match(sides)
    follow = _Names([row for _, row in rows])
    objects = []
    for label, row in rows:
        there = [each for each in row if each is not None]
        if wanted is not None and not any(map(wanted, there)):
            continue
        one = there[0]
        absent = None in row
        objects.append(
            Compared(
                group=one.id.group,
                kind=one.id.kind,
                label=label,
                names=tuple([_full_name(each) for each in row]),
                differences=tuple(_differences(row, types, follow, causes, rules)),
                causes=tuple(causes(row, ())) if absent and causes is not None else (None,) * len(row),
            )
        )
    return Comparison(tuple([side.name for side in sides]), tuple(objects), tuple([side.reads for side in sides]))


def match(sides: Sequence[Side]) -> list[tuple[str, Row]]:
    """Return (label, the object in each environment), ordered by label.

    Objects are the same by group, kind and the name that they had before prefixes, suffixes and hashes; the namespace
    counts where one environment has several such objects. What is left over matches without the release's name.
    """
    several = _several(sides)
    found: dict[tuple[str, ...], list[Resource | None]] = {}
    for at, side in enumerate(sides):
        for one in side.objects:
            key: tuple[str, ...] = (one.id.kind, _first_name(one), one.id.group)
            if key in several:
                key = (*key, "" if one.id.namespace == side.namespace else one.id.namespace)
            found.setdefault(key, [None] * len(sides))[at] = one
    _join_by_release(found, sides)
    kinds: dict[tuple[str, ...], int] = {}
    for key in found:
        kinds[key[:2]] = kinds.get(key[:2], 0) + 1
    rows = [(_label(key, alone=kinds[key[:2]] == 1), tuple(row)) for key, row in found.items()]
    return sorted(rows, key=lambda each: each[0])


def _several(sides: Sequence[Side]) -> set[tuple[str, ...]]:
    """Return the keys that mean several objects of one environment."""
    twice: set[tuple[str, ...]] = set()
    for side in sides:
        seen: set[tuple[str, ...]] = set()
        for one in side.objects:
            key = (one.id.kind, _first_name(one), one.id.group)
            (twice if key in seen else seen).add(key)
    return twice


def _join_by_release(found: dict[tuple[str, ...], list[Resource | None]], sides: Sequence[Side]) -> None:
    """Join rows whose names differ in the release's name alone."""
    alike: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for key, row in found.items():
        if None in row:
            at = next(at for at, one in enumerate(row) if one is not None)
            name, release = key[1], sides[at].release
            if release and (name == release or name.startswith(f"{release}-")):
                alike.setdefault((key[0], name[len(release) :], *key[2:]), []).append(key)
    for keys in alike.values():
        joined = found[keys[0]]
        for key in keys[1:]:
            row = found[key]
            if all(one is None or other is None for one, other in zip(joined, row, strict=True)):
                joined[:] = [one or other for one, other in zip(joined, row, strict=True)]
                del found[key]


def _first_name(one: Resource) -> str:
    return one.aliases[0].name if one.aliases else one.id.name


def _label(key: tuple[str, ...], *, alone: bool) -> str:
    kind, name, group, *namespace = key
    label = f"{kind}/{namespace[0]}/{name}" if namespace and namespace[0] else f"{kind}/{name}"
    return label if alone or not group or namespace else f"{label} ({group})"


def _full_name(one: Resource | None) -> str | None:
    if one is None:
        return None
    return f"{one.id.namespace}/{one.id.name}" if one.id.namespace else one.id.name


class _Names:
    """Names that differ by environment, and what they stand for: what refers to them follows."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows: dict[str, set[int]] = {}
        for number, row in enumerate(rows):
            names = {one.id.name for one in row if one is not None}
            if len(names) > 1:
                for name in names:
                    self._rows.setdefault(name, set()).add(number)

    def explains(self, change: Change, old: Resource, new: Resource) -> bool:
        if change.path in _FOLLOWS:
            return True
        if change.old.__class__ is not str or change.new.__class__ is not str:
            return False
        if change.path[-1] == "namespace" and (change.old, change.new) == (old.id.namespace, new.id.namespace):
            return True
        return bool(self._rows.get(change.old, set()) & self._rows.get(change.new, set()))


def _differences(
    row: Row, types: Types, follow: _Names, causes: Causes | None, rules: Rules
) -> Iterator[Difference]:  # fmt: skip
    """Yield the fields that are not the same in all environments that have the object."""
    at, first = next((at, one) for at, one in enumerate(row) if one is not None)
    if all(one is None or one.body is first.body for one in row):
        return
    bodies, _ = rules.prepare(hide([one.body if one is not None else None for one in row]))
    kind = types.root(first.id.group, first.id.version, first.id.kind)
    paths: dict[Path, bool] = {}
    known: dict[int, list[Change]] = {id(first.body): []}
    for one, body in zip(row, bodies, strict=True):
        if one is not None and id(one.body) not in known:
            found = known[id(one.body)] = [
                change for change in value_changes(bodies[at], body, kind) if not follow.explains(change, first, one)
            ]
            for change in found:
                path = _row_path(change, bodies)
                paths[path] = change.kind == "moved" and path == change.path and paths.get(path, True)
    for path, moved in paths.items():
        if any(path[:depth] in paths and not paths[path[:depth]] for depth in range(len(path))):
            continue
        values = [_order(body, path) if moved else _value(body, path) for body in bodies]
        behind = causes(row, path) if causes is not None else (None,) * len(row)
        yield Difference(
            format_path(path) + " (order)" * moved,
            tuple(
                [
                    None if one is None else Cell(item, cause)
                    for one, item, cause in zip(row, values, behind, strict=True)
                ]
            ),
        )


def _row_path(change: Change, bodies: Sequence[Any]) -> Path:
    """Return the path at which all environments can be shown: a list whose elements cannot be paired is one value."""
    path = change.path
    for depth, part in enumerate(path):
        if isinstance(part, int):
            lists = [found[0][1] for body in bodies if body is not None and (found := find(body, path[:depth]))]
            whole = depth == len(path) - 1 or len({len(each) for each in lists if isinstance(each, list)}) != 1
            if whole or not all(isinstance(each, list) and isinstance(each[part], dict) for each in lists):
                return path[:depth]
    return path


def _value(body: Any, path: Path) -> Any:
    found = find_field(body, path) if body is not None else None
    return found[1] if found is not None else MISSING


def find_field(body: Any, path: Path) -> tuple[tuple[str | int, ...], Any] | None:
    """Return the concrete path and the value of a field; a port may stand there without its protocol."""
    found = find(body, path) or find(body, [_without_protocol(part) for part in path])
    return found[0] if found else None


def _without_protocol(part: Part) -> Part:
    if part.__class__ is not Element:
        return part
    return Element(tuple([pair for pair in part.pairs if pair != ("protocol", "TCP")]))


def _order(body: Any, path: Path) -> Any:
    found = find(body, path) if body is not None else []
    if not found or not isinstance(found[0][1], list):
        return MISSING
    return [str(part).strip("[]").removeprefix("name=") for part in element_parts(found[0][1], None)]
