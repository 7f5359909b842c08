"""Objects that the bases of many groups hold word for word: each becomes part of one component that these bases name.

The bases stay what they were but for where the objects stand: a component's objects are there before a layer's patches
and replacements act, so that nothing else has to be written otherwise.
"""

from __future__ import annotations

import json

from overlay.dedupe.texts import comments
from overlay.dedupe.writing import write_layer
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from overlay.dedupe.adopt import Adoption
    from overlay.dedupe.shared import Shared

    # What tells an object's text from others: its value, and the comments in it.
    Fact = tuple[str, frozenset[str]]

# Of the sets of objects that groups share, these are tried as components; the rest is made of their parts.
MOST_SETS = 48
MOST_COMPONENTS = 200
# Lines of a component's own document, and what naming it takes in each base; a reader should be spared more than a few.
_HEAD, _NAMED, _LEAST = 5, 1, 10


@value(kw_only=True)
class Common:
    """A component of objects that several groups share.

    groups: by number. files: below the environments folder. objects: of each group, its objects by `id`.
    """

    name: str
    groups: tuple[int, ...]
    files: dict[str, str]
    objects: dict[int, tuple[int, ...]]

    @property
    def lines(self) -> int:
        return sum(text.count("\n") for text in self.files.values())


def find_common(adopted: Sequence[Adoption], is_free: Callable[[str, Mapping[str, str]], bool]) -> list[Common]:
    """Return the components that make many groups' bases smaller, the one that saves most first.

    is_free: whether a component of this name and content can be written. The order of groups does not matter.
    """
    having: list[dict[Fact, Shared]] = [dict(_facts(one)) for one in adopted]
    counts: dict[Fact, int] = {}
    lines: dict[Fact, int] = {}
    for one, facts in zip(adopted, having, strict=True):
        for fact, shared in facts.items():
            counts[fact] = counts.get(fact, 0) + 1
            lines[fact] = one.files[one.places[id(shared)]].count("\n")
    left = [frozenset([fact for fact in facts if counts[fact] > 1]) for facts in having]
    found: list[Common] = []
    while len(found) < MOST_COMPONENTS:
        best = _best(left, lines)
        if not best:
            break
        groups = tuple([at for at, facts in enumerate(left) if facts >= best])
        found.append(_component(best, groups, adopted, having, is_free, {one.name for one in found}))
        left = [facts - best if facts >= best else facts for facts in left]
    return found


def _facts(one: Adoption) -> Iterator[tuple[Fact, Shared]]:
    for shared in one.draft.shared:
        if not shared.home:
            body = one.draft.bodies.get(id(shared), shared.first.body)
            text = one.files[one.places[id(shared)]]
            yield (json.dumps(body, sort_keys=True, default=str), comments(text)), shared


def _best(left: Sequence[frozenset[Fact]], lines: Mapping[Fact, int]) -> frozenset[Fact]:
    """Return the set of objects that saves most lines as one component; an empty one where none saves any."""
    sets: dict[frozenset[Fact], int] = {}
    for facts in left:
        if facts:
            sets[facts] = sets.get(facts, 0) + 1
    most = sorted(sets, key=lambda facts: (-sets[facts] * sum(lines[fact] for fact in facts), _name_of(facts)))
    tried = dict.fromkeys([one & other for one in most[:MOST_SETS] for other in most[:MOST_SETS]])
    best: frozenset[Fact] = frozenset()
    saved = 0
    for facts in tried:
        each = sum(lines[fact] for fact in facts)
        count = sum(number for other, number in sets.items() if other >= facts)
        gain = each * (count - 1) - _HEAD - _NAMED * count - _LEAST
        if facts and count > 1 and (gain, _name_of(best)) > (saved, _name_of(facts)):
            best, saved = facts, gain
    return best


def _name_of(facts: frozenset[Fact]) -> list[tuple[str, list[str]]]:
    return sorted([(text, sorted(said)) for text, said in facts])


def _component(
    facts: frozenset[Fact],
    groups: tuple[int, ...],
    adopted: Sequence[Adoption],
    having: Sequence[Mapping[Fact, Shared]],
    is_free: Callable[[str, Mapping[str, str]], bool],
    taken: set[str],
) -> Common:
    first = min(groups, key=lambda at: adopted[at].group)
    texts: dict[str, str] = {}
    shared = [having[first][fact] for fact in facts]
    for one in shared:
        path = adopted[first].places[id(one)]
        texts[path.split("/", 1)[1]] = adopted[first].files[path]
    called = {one.first.id.name for one in shared}
    wish = called.pop() if len(called) == 1 else "common"
    kinds = {one.first.id.kind.lower() for one in shared}
    if len(kinds) == 1 and wish not in ("common", *kinds):
        wish = f"{wish}-{kinds.pop()}"
    name, number = _usable(wish), 2
    while True:
        files = {f"components/{name}/{path}": text for path, text in sorted(texts.items())}
        files[f"components/{name}/component.yaml"] = write_layer("Component", name, {"resources": ["manifests"]})
        if name not in taken and is_free(name, files):
            break
        name, number = f"{_usable(wish)}-{number}", number + 1
    objects = {at: tuple([id(having[at][fact]) for fact in facts]) for at in groups}
    return Common(name=name, groups=groups, files=files, objects=objects)


def _usable(text: str) -> str:
    import re  # noqa: PLC0415

    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:50].strip("-") or "common"
