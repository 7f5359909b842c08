"""Several environments of a project compared, with what makes each field what it is."""

from __future__ import annotations

from overlay.diff.change import MISSING
from overlay.diff.comparison import Cause
from overlay.diff.environments import Side, compare, find_field
from overlay.diff.rules import masking
from overlay.errors import OverlayError, UsageError, raise_all
from overlay.inspect.effects import Effects
from overlay.inspect.session import Session
from overlay.kube.follow import value_at
from overlay.layering.prepared import surroundings
from overlay.merge.same import same
from overlay.provenance.history import field_history, root_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from overlay.diff.comparison import Comparison
    from overlay.diff.environments import Row
    from overlay.inspect.session import Workshop
    from overlay.kube.leaves import Path
    from overlay.kube.types import Types
    from overlay.model.resource import Resource
    from overlay.provenance.history import Root

    Key = tuple[str, ...]

_WORDS = {"chart": "template", "crd": "crd", "resource": "resource", "generator": "generator"}


def compare_environments(
    workshop: Workshop, names: Sequence[str], wanted: Callable[[Resource], bool] | None = None
) -> Comparison:
    """Return environments side by side; raises Problems with what is wrong in all of them.

    wanted: which objects are compared.
    """
    sessions: list[Session] = []
    errors: list[OverlayError] = []
    for name in names:
        try:
            session = Session(workshop, name)
            _ = session.build
            sessions.append(session)
        except UsageError:
            raise
        except OverlayError as error:
            errors.append(error.of(name))
    raise_all(errors)
    sides = [
        Side(
            session.build.environment,
            session.build.objects,
            session.build.settings.release_name,
            session.build.settings.namespace,
            frozenset([each.path for each in session.build.inputs]),
        )
        for session in sessions
    ]
    rules = masking([field for session in sessions for field in session.build.settings.masked])
    return compare(sides, types_of(sessions[0]), causes=Causes(sessions).of, wanted=wanted, rules=rules)


def types_of(session: Session) -> Types:
    """Return the field types of an environment: those of its Kubernetes version, and its custom ones."""
    one, answer = session.prepared, session.rendered
    return surroundings(one, session.run.custom_kinds(one, answer, session.run.chart_objects(one, answer))).types


class Causes:
    """Finds what makes fields and objects what they are, in each of some environments."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self._sessions = sessions
        self._effects: dict[tuple[int, int], Effects] = {}

    def of(self, row: Row, path: Path) -> Sequence[Cause | None]:
        """Return the cause in each environment of a field, or of the object where the path is empty."""
        facts = [self._fact(at, one, path) if one is not None else None for at, one in enumerate(row)]
        first = next(at for at, one in enumerate(row) if one is not None)
        keys: dict[int, tuple[Key, ...]] = {}
        for at, one in enumerate(row):
            if at != first and not same(_value(one, path), _value(row[first], path)):
                keys[at] = self._keys(at, first, facts, row, path)
        every = tuple(dict.fromkeys([key for found in keys.values() for key in found]))
        return [
            self._removal(at, row, keys.get(at) or every)
            if one is None
            else self._cause(at, fact, keys.get(at) or every)
            for at, (one, fact) in enumerate(zip(row, facts, strict=True))
        ]

    def _fact(self, at: int, one: Resource, path: Path) -> Root | Cause | None:
        """Return what a layer did to a field, or the chart's object and the field there."""
        origins = self._sessions[at].origins
        made = origins.by_key.get(one.id.key)
        found = find_field(made.body, path) if made is not None else None
        if made is None or (path and found is None):
            return self._removed_field(at, made, path) if made is not None else None
        if not path:
            origin = one.origin
            return Cause(origin.location, _WORDS[origin.source])
        return field_history(origins.trace, origins.places, made, found[0] if found else ())

    def _removed_field(self, at: int, made: Resource, path: Path) -> Root | Cause | None:
        """Return what took a field away; the chart's object where none of the layers did."""
        origins = self._sessions[at].origins
        kind = origins.trace.types.root(made.id.group, made.id.version, made.id.kind)
        for event in origins.trace.changes(made):
            if event.before is None or event.after is None or find_field(event.before.body, path) is None:
                continue
            parent = path
            while parent and find_field(event.after.body, parent) is None:
                parent = parent[:-1]
            holder = find_field(event.after.body, parent)
            place, what = origins.places.of_event(event, holder[0] if holder else (), kind)
            return Cause(place, what)
        return None

    def _keys(self, at: int, first: int, facts: Sequence[Root | Cause | None], row: Row, path: Path) -> tuple[Key, ...]:
        """Return the chart's values behind a difference between two environments."""
        chart = _in_chart(facts[at]) or _in_chart(facts[first]) or self._chart_object(row[at] or row[first])
        if chart is None or any(isinstance(fact, Cause) and path for fact in (facts[at], facts[first])):
            return ()
        if (at, first) not in self._effects:
            self._effects[at, first] = Effects(self._sessions[at], self._sessions[first])
        return self._effects[at, first].behind(chart.origin.location.file, chart, path)

    def _chart_object(self, one: Resource | None) -> Resource | None:
        """Return an object as the chart made it; none where a layer did."""
        if one is None or one.origin.source != "chart":
            return None
        for session in self._sessions:
            made = session.origins.by_key.get(one.id.key)
            while made is not None:
                event = next(session.origins.trace.changes(made), None)
                if event is None or event.before is None:
                    return made if event is None else None
                made = event.before
        return None

    def _cause(self, at: int, fact: Root | Cause | None, keys: tuple[Key, ...]) -> Cause | None:
        session = self._sessions[at]
        if isinstance(fact, Cause):
            return self._by_key(session, keys, fact) if fact.what == "template" else fact
        if fact is None:
            return self._by_key(session, keys, None)
        if fact.sources:
            return Cause(fact.sources[0].location, fact.sources[0].what)
        source = root_source(fact, session.origins.places)
        request = session.prepared.request
        if source.what != "template" or request is None:
            return Cause(source.location, source.what)
        known = self._by_key(session, keys, Cause(source.location, "template"))
        if known is not None and known.what != "template":
            return known
        line = session.origins.template(request, source.location.file).line_of(fact.resource, fact.path)
        return Cause(line, "template")

    def _by_key(self, session: Session, keys: tuple[Key, ...], template: Cause | None) -> Cause | None:
        """Return the value behind a template's line, where there is one and this environment has it."""
        sources = session.values() if keys else None
        there = [key for key in keys if sources is not None and value_or_missing(sources.effective, key) is not MISSING]
        if not there or sources is None:
            return template
        through = template.location if template is not None else None
        return Cause(sources.place(there[0]), " and ".join([".".join(key) for key in there]), through)

    def _removal(self, at: int, row: Row, keys: tuple[Key, ...]) -> Cause | None:
        """Return what took an object away, or the value that keeps the chart from making it."""
        session = self._sessions[at]
        names = {(each.kind, each.name) for one in row if one is not None for each in one.answers_to()}
        for event in session.origins.trace.deleted:
            if event.before is not None and any((each.kind, each.name) in names for each in event.before.answers_to()):
                patch = event.step.patch
                if patch is not None:
                    return Cause(patch.location, "patch")
        return self._by_key(session, keys, None)


def _in_chart(fact: Root | Cause | None) -> Resource | None:
    """Return the chart's object behind a field that no layer changed."""
    if fact is None or isinstance(fact, Cause) or fact.sources or not fact.path:
        return None
    return fact.resource if fact.resource.origin.source == "chart" else None


def _value(one: Resource | None, path: Path) -> Any:
    found = find_field(one.body, path) if one is not None else None
    return found[1] if found is not None else MISSING


def value_or_missing(values: Any, key: Key) -> Any:
    """Return the value of a key, MISSING where there is none."""
    try:
        return value_at(values, key)
    except (LookupError, TypeError):
        return MISSING
