"""`protect` and `allow`: what a layer forbids those below it to change, looked at after each of them."""

from __future__ import annotations

from overlay.errors import OverlayError, PatchError, raise_all
from overlay.kube.changes import changed_leaves, paired
from overlay.kube.dotted import find, format_path, parse_path
from overlay.kube.fieldpath import MISSING
from overlay.layering.blame import blame
from overlay.merge.targets import Matcher
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.kube.dotted import Part
    from overlay.kube.leaves import Path
    from overlay.layering.steps import Objects, Surroundings
    from overlay.model.contents import ReadLayer
    from overlay.model.location import Location
    from overlay.model.resource import Resource
    from overlay.model.spec import Guard


@value
class _Rule:
    """One entry of `protect` or `allow`, compiled."""

    guard: Guard
    matcher: Matcher | None
    paths: tuple[tuple[Part, ...], ...]

    def means(self, one: Resource) -> bool:
        return self.matcher is None or self.matcher.matches(one)


@value
class _Breach:
    """A field that a rule forbids to change; `rule` is None for one that no `allow` names."""

    path: Path
    before: Resource
    after: Resource | None
    rule: _Rule | None


class Guards:
    """The rules of the layers so far."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self._protect: list[_Rule] = []
        self._allow: list[_Rule] = []

    def __bool__(self) -> bool:
        return bool(self._protect or self._allow)

    def add(self, layer: ReadLayer) -> None:
        """Take over the rules of a layer that has acted."""
        self._protect += [_compiled(guard) for guard in layer.layer.spec.protect]
        self._allow += [_compiled(guard) for guard in layer.layer.spec.allow]

    def check(self, layer: ReadLayer, before: Objects, after: Objects) -> None:
        """Refuse what a layer changed against the rules; raises PatchError, or Problems, at the steps that did it."""
        errors: list[OverlayError] = []
        for breach in self._breaches(before, after):
            place, what = blame(layer, self.around, before, breach.before, breach.path)
            errors.append(self._error(breach, place, what))
        raise_all(errors)

    def value_errors(self, before: Objects, after: Objects, place: Location | None, what: str) -> list[OverlayError]:
        """Return what values of layers below changed against the rules in the chart's objects."""
        return [self._error(breach, place, what) for breach in self._breaches(before, after)]

    def _breaches(self, before: Objects, after: Objects) -> Iterator[_Breach]:
        for old, new in paired(before, after):
            if old is None:
                continue
            protecting = [rule for rule in self._protect if rule.means(old)]
            if not protecting and not self._allow:
                continue
            kind = self.around.types.root(old.id.group, old.id.version, old.id.kind)
            allowed = [path for rule in self._allow if rule.means(old) for path in rule.paths]
            for path, gone, _ in changed_leaves(old.body, new.body if new is not None else MISSING, kind):
                rule = next((rule for rule in protecting if _covers(rule.paths, path, old, new)), None)
                if rule is not None or (self._allow and not _covers(allowed, path, old, new)):
                    yield _Breach(path, old, new, rule)
                if new is None and gone is not MISSING and rule is not None:
                    break  # a deleted object is one breach, not one for each of its fields

    def _error(self, breach: _Breach, place: Location | None, what: str) -> PatchError:
        name = breach.before.id
        if breach.after is None:
            did = f"{what} {'delete' if what == 'values' else 'deletes'} {name}"
        else:
            did = f"{what} {'change' if what == 'values' else 'changes'} {format_path(breach.path)} of {name}"
        if breach.rule is not None:
            return PatchError(
                f"{did}, which is protected",
                location=place,
                hint="change it where it is protected, or loosen `protect` there",
                object=str(name),
                related=(("protected", breach.rule.guard.location),),
            )
        return PatchError(
            f"{did}, which is not among the fields that may be changed",
            location=place,
            hint="add the field to `allow`, or change it there",
            object=str(name),
            related=(("allowed", self._allow[0].guard.location),),
        )


def _compiled(guard: Guard) -> _Rule:
    matcher = Matcher(guard.target) if guard.target is not None else None
    return _Rule(guard, matcher, tuple([parse_path(ref.path) for ref in guard.fields]))


def _covers(paths: Sequence[tuple[Part, ...]], leaf: Path, old: Resource, new: Resource | None) -> bool:
    """Tell whether a leaf stands at or below one of the paths, in the object as it was or as it is."""
    for body in (old.body, new.body if new is not None else None):
        at = find(body, leaf) if body is not None else []
        if not at:
            continue
        concrete = at[0][0]
        for path in paths:
            if any(concrete[: len(found)] == found for found, _ in find(body, path)):
                return True
    return False
