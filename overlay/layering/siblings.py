"""Siblings (two parents, or two components, of one layer) that set one field to different values: a conflict.

Order would pick a winner in silence; a value that the child sets decides. A parent and its child are no
siblings: there the child wins by design.
"""

from __future__ import annotations

from overlay.errors import OverlayError, PatchError
from overlay.kube.changes import changed_leaves, paired
from overlay.kube.dotted import as_text, find, format_path
from overlay.kube.fieldpath import MISSING
from overlay.layering.blame import blame
from overlay.layering.steps import apply_layer
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.kube.leaves import Path
    from overlay.layering.steps import Objects, Surroundings
    from overlay.model.contents import ReadEnvironment
    from overlay.model.location import Location
    from overlay.model.resource import Resource

    Field = tuple[tuple[str, str, str, str], Path]


@value
class Pair:
    """Two siblings of `child`; `first` and `second` are what each brings and the other does not, as files of layers."""

    child: str
    first: tuple[str, ...]
    second: tuple[str, ...]


@value
class _Write:
    """A layer's change of a leaf: its value then, the object before the layer, and the layer's index."""

    found: Any
    before: Resource
    index: int


def sibling_pairs(environment: ReadEnvironment) -> tuple[Pair, ...]:
    """Return every two siblings of an environment's layers."""
    parents = environment.parents
    above: dict[str, frozenset[str]] = {}
    for layer in environment.layers:
        file = layer.layer.file
        lines = [each for group in parents.get(file, ()) for each in group]
        above[file] = frozenset([file]).union(*[above.get(each, frozenset()) for each in lines])
    found = []
    for layer in environment.layers:
        for group in parents.get(layer.layer.file, ()):
            for at, first in enumerate(group):
                for second in group[at + 1 :]:
                    if first in above[second] or second in above[first]:
                        continue
                    order = [each.layer.file for each in environment.layers]
                    found.append(
                        Pair(
                            layer.layer.file,
                            tuple([file for file in order if file in above[first] - above[second]]),
                            tuple([file for file in order if file in above[second] - above[first]]),
                        )
                    )
    return tuple(found)


class Siblings:
    """Watches the layers of an environment that has siblings."""

    def __init__(self, environment: ReadEnvironment, pairs: tuple[Pair, ...], around: Surroundings) -> None:
        self.layers = environment.layers
        self.pairs = pairs
        self.around = around
        self._writes: list[dict[Field, _Write]] = []
        self._states: list[Objects] = []

    def watch(self, before: Objects, after: Objects) -> None:
        """Note what the next layer changed."""
        index = len(self._writes)
        writes: dict[Field, _Write] = {}
        for old, new in paired(before, after):
            if old is None or new is None:
                continue
            kind = self.around.types.root(old.id.group, old.id.version, old.id.kind)
            for path, _, found in changed_leaves(old.body, new.body, kind):
                writes[_key(new), path] = _Write(found, old, index)
        self._writes.append(writes)
        self._states.append(before)

    def conflicts(self, after: Objects) -> Iterator[PatchError]:
        """Yield every field that siblings set to different values and no layer below them decides.

        after: the objects when all layers have acted.
        """
        for pair in self.pairs:
            first, second = self._last(pair.first), self._last(pair.second)
            for field, write in second.items():
                other = first.get(field)
                if other is None or _same(other.found, write.found):
                    continue
                later, earlier = (write, other) if write.index > other.index else (other, write)
                if not self._decided(pair, field, earlier, later, after):
                    yield self._error(pair, field, earlier, later)

    def _last(self, files: tuple[str, ...]) -> dict[Field, _Write]:
        found: dict[Field, _Write] = {}
        for layer, writes in zip(self.layers, self._writes, strict=True):
            if layer.layer.file in files:
                found.update(writes)
        return found

    def _decided(self, pair: Pair, field: Field, earlier: _Write, later: _Write, after: Objects) -> bool:
        """Tell whether the result is the same whichever of the two wins: then a layer below sets the field."""
        start = later.index + 1
        files = [layer.layer.file for layer in self.layers]
        start = max(start, 1 + max(files.index(file) for file in (*pair.first, *pair.second)))
        if start >= len(self.layers):
            return False
        key, path = field
        objects = tuple([_with(one, path, earlier.found) if _key(one) == key else one for one in self._states[start]])
        try:
            for layer in self.layers[start:]:
                objects = apply_layer(objects, layer, self.around, [])
        except OverlayError:
            return False
        return _get(objects, field) == _get(after, field)

    def _error(self, pair: Pair, field: Field, earlier: _Write, later: _Write) -> PatchError:
        _, path = field
        first = self._blamed(earlier, path)
        second = self._blamed(later, path)
        name = later.before.id
        what = f"{format_path(path)} of {name}"
        return PatchError(
            f"{second[1]} {_says(later.found, what)}, and {first[1]} {_says(earlier.found, 'it')}",
            location=second[0],
            hint=f"neither is the other's parent, so neither wins: set the field in {pair.child}, which has both",
            object=str(name),
            related=(("the other", first[0]),) if first[0] is not None else (),
        )

    def _blamed(self, write: _Write, path: Path) -> tuple[Location | None, str]:
        layer = self.layers[write.index]
        place, what = blame(layer, self.around, self._states[write.index], write.before, path)
        return place, what if "/" in what else f"{what} of {layer.layer.name}"


def _key(one: Resource) -> tuple[str, str, str, str]:
    """Return an object's first identity, which later names do not change."""
    return one.aliases[0].key if one.aliases else one.id.key


def _same(left: Any, right: Any) -> bool:
    return bool(left.__class__ is right.__class__ and left == right)


def _get(objects: Objects, field: Field) -> list[Any]:
    key, path = field
    return [found for one in objects if _key(one) == key for _, found in find(one.body, path)]


def _with(one: Resource, path: Path, found: Any) -> Resource:
    at = find(one.body, path)
    return replace(one, body=_put(one.body, at[0][0], found)) if at else one


def _put(holder: Any, path: tuple[str | int, ...], found: Any) -> Any:
    if not path:
        return found
    part = path[0]
    if isinstance(holder, list):
        index = int(part)
        if len(path) == 1 and found is MISSING:
            return holder[:index] + holder[index + 1 :]
        return [_put(item, path[1:], found) if at == index else item for at, item in enumerate(holder)]
    if len(path) == 1 and found is MISSING:
        return {key: item for key, item in holder.items() if key != part}
    return {**holder, part: _put(holder[part], path[1:], found)}


def _says(found: Any, what: str) -> str:
    return f"removes {what}" if found is MISSING else f"sets {what} to {shown(found)}"


def shown(found: Any) -> str:
    text = as_text(found) if not isinstance(found, (dict, list)) else "a map" if isinstance(found, dict) else "a list"
    return text if len(text) <= 60 else text[:57] + "..."
