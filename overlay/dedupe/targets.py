"""The shortest `target` that means exactly these objects and no other."""

from __future__ import annotations

from overlay.errors import OverlayError
from overlay.merge.targets import Matcher
from overlay.model.location import Location
from overlay.model.spec import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.model.resource import ObjectId, Resource

_HERE = Location("<target>")
_SPECIAL = ".^$*+?{}[]\\|()"
MAX_NAME = 400


class Unclear(Exception):  # no error of the user's: the object is then kept as it is
    """No target tells these objects from the others."""

    def __init__(self, meant: Sequence[ObjectId]) -> None:
        super().__init__(f"no target tells {' and '.join(map(str, meant))} from the others")
        self.meant = frozenset(meant)


def target_for(meant: Sequence[ObjectId], objects: Sequence[Resource]) -> dict[str, str]:
    """Return a target for objects of one kind, by the names that they had first.

    objects: all that there are where the target is used. Raises Unclear.
    """
    wanted = set(meant)
    for fields in _ways(meant):
        try:
            matcher = Matcher(Target(location=_HERE, **fields))
        except OverlayError:
            continue
        found = [_first(one) for one in objects if matcher.matches(one)]
        if len(found) == len(wanted) and set(found) == wanted:
            return fields
    raise Unclear(meant)


def _first(one: Resource) -> ObjectId:
    return one.aliases[0] if one.aliases else one.id


def _ways(meant: Sequence[ObjectId]) -> Iterator[dict[str, str]]:
    kind = meant[0].kind
    plain = "|".join(one.name for one in meant)
    escaped = "|".join("".join(f"\\{c}" if c in _SPECIAL else c for c in one.name) for one in meant)
    named = [{"kind": kind}]
    if len(escaped) <= MAX_NAME:
        named += [{"kind": kind, "name": plain}, {"kind": kind, "name": escaped}]
    yield from named
    yield from [{"group": meant[0].group, **fields} for fields in named if meant[0].group]
    spaces = {one.namespace for one in meant}
    if len(spaces) == 1 and "" not in spaces:
        yield from [{**fields, "namespace": meant[0].namespace} for fields in named]
