"""Fields that a comparison leaves out, and fields whose values it hides."""

from __future__ import annotations

from fnmatch import fnmatchcase

from overlay.diff.secrets import Hidden
from overlay.kube.dotted import find, parse_path
from overlay.merge.same import same
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from overlay.kube.dotted import Part
    from overlay.model.project import FieldRule
    from overlay.model.resource import Body

    Concrete = tuple[str | int, ...]

# What says which chart and which content made an object: noise where a chart is upgraded.
NOISE = (
    "metadata.labels.[helm.sh/chart]",
    "metadata.labels.[app.kubernetes.io/version]",
    "metadata.labels.chart",
    "metadata.annotations.[checksum/*]",
)
_TEMPLATE = "spec.template."


@value
class Rules:
    """Both kinds of rules; each is a path with the kind and the name of the objects that it is for, empty for any."""

    ignored: tuple[tuple[tuple[Part, ...], str, str], ...] = ()
    masked: tuple[tuple[tuple[Part, ...], str, str], ...] = ()

    def prepare(self, bodies: Sequence[Body | None]) -> tuple[list[Body | None], int]:
        """Return one object's versions without ignored fields, values of masked ones hidden, and how many were ignored.

        Only ignored fields that differ count.
        """
        found = list(bodies)
        ignored = 0
        for parts, kind, name in self.ignored:
            if _is_meant(found, kind, name):
                places = [_places(body, parts) if body is not None else {} for body in found]
                first = places[0]
                ignored += sum(
                    path not in first or path not in places[-1] or not same(first[path], places[-1][path])
                    for path in dict.fromkeys([*first, *places[-1]])
                    if None not in found
                )
                found = [
                    _without(body, each) if body is not None else None for body, each in zip(found, places, strict=True)
                ]
        for parts, kind, name in self.masked:
            if _is_meant(found, kind, name):
                found = _masked(found, parts)
        return found, ignored


def masking(fields: Iterable[FieldRule]) -> Rules:
    """Return the rules that hide values of fields, and leave out nothing. Raises BadPath."""
    return rules_of((), dict.fromkeys(fields), (), noise=False)


def rules_of(ignored: Iterable[FieldRule], masked: Iterable[FieldRule], paths: Iterable[str], *, noise: bool) -> Rules:
    """Return the rules that documents and the command line say; noise: also what says which chart made an object.

    Raises BadPath.
    """
    parts = [parse_path(path) for path in paths]
    if noise:
        parts += [parse_path(prefix + path) for path in NOISE for prefix in ("", _TEMPLATE)]
    return Rules(
        (*[(parse_path(one.path), one.kind, one.name) for one in ignored], *[(each, "", "") for each in parts]),
        tuple([(parse_path(one.path), one.kind, one.name) for one in masked]),
    )


def _is_meant(bodies: Sequence[Body | None], kind: str, name: str) -> bool:
    return any(
        body is not None
        and (not kind or body.get("kind") == kind)
        and (not name or fnmatchcase(str(body["metadata"].get("name", "")), name))
        for body in bodies
    )


def _places(body: Body, parts: tuple[Part, ...]) -> dict[Concrete, Any]:
    """Return the fields that a path means; `*` in a name stands for any text."""
    found: list[tuple[Concrete, Any]] = [((), body)]
    for part in parts:
        below: list[tuple[Concrete, Any]] = []
        for walked, holder in found:
            if isinstance(part, str) and "*" in part and part != "*" and isinstance(holder, dict):
                below += [((*walked, key), item) for key, item in holder.items() if fnmatchcase(key, part)]
            else:
                below += [((*walked, *step), item) for step, item in find(holder, (part,))]
        found = below
    return dict(found)


def _without(body: Any, places: dict[Concrete, Any]) -> Any:
    """Return a body without some fields, and without the maps that nothing is left of."""
    # From the end of a list, so that what is still to go keeps its index.
    for place in reversed(list(places)):
        body = _drop(body, place)
    return body


def _drop(holder: Any, place: Concrete) -> Any:
    head, rest = place[0], place[1:]
    changed: Any = dict(holder) if isinstance(holder, dict) else list(holder)
    if rest:
        changed[head] = _drop(holder[head], rest)
    if not rest or changed[head] == {}:
        del changed[head]
    return changed


def _masked(bodies: Sequence[Body | None], parts: tuple[Part, ...]) -> list[Body | None]:
    seen: dict[Concrete, list[Any]] = {}
    result: list[Body | None] = []
    for body in bodies:
        covered: Any = body
        for place, item in (_places(body, parts) if body is not None else {}).items():
            known = seen.setdefault(place, [])
            number = next((at for at, other in enumerate(known) if same(other, item)), len(known))
            if number == len(known):
                known.append(item)
            covered = _put(covered, place, item if isinstance(item, Hidden) else Hidden(number))
        result.append(covered)
    return result


def _put(holder: Any, place: Concrete, item: Any) -> Any:
    if not place:
        return item
    changed: Any = dict(holder) if isinstance(holder, dict) else list(holder)
    changed[place[0]] = _put(holder[place[0]], place[1:], item)
    return changed
