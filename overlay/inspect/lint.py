"""Everything that can be found wrong with an environment, all at once."""

from __future__ import annotations

from overlay.chart.values import flat
from overlay.errors import OverlayError, UsageError
from overlay.inspect.determinism import unsteady_fields
from overlay.inspect.findings import as_findings
from overlay.inspect.lookups import lookups
from overlay.inspect.policy import of_policy
from overlay.inspect.secrets import of_secrets
from overlay.inspect.session import Session
from overlay.inspect.unused import is_known, unused_values
from overlay.model.finding import Finding
from overlay.model.value import replace
from overlay.nearest import did_you_mean
from overlay.report.shared import shared
from overlay.tokens import cover_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from overlay.inspect.session import Workshop

    Key = tuple[str, ...]


def lint(workshop: Workshop, name: str) -> list[Finding]:
    """Return what is wrong with one environment; raises UsageError for a name that there is not."""
    return linted(workshop, name)[1]


def linted(workshop: Workshop, name: str) -> tuple[Session | None, list[Finding]]:
    """Return an environment with what is wrong with it; None for one that cannot be built.

    Raises UsageError for a name that there is not.
    """
    found: list[Finding] = []
    try:
        session = Session(workshop, name)
    except UsageError:
        raise
    except OverlayError as error:
        return None, as_findings(error, name)
    built: Session | None = session
    try:
        found += session.build.findings
        found += of_secrets(session)
    except OverlayError as error:
        found += as_findings(error, name)
        built = None
    more = beyond_build(session)
    if session.prepared.request is not None:
        more += lookups(session.prepared.request.chart)
    found += [replace(finding, environment=name) for finding in more]
    return built, found


def beyond_build(session: Session) -> list[Finding]:
    """Return what building does not tell: dead values, changing renderings, what the project's policy forbids."""
    return [*_of_values(session), *_of_health(session), *unsteady_fields(session), *of_policy(session)]


def lint_all(workshop: Workshop, names: Sequence[str]) -> list[Finding]:
    """Return the findings of several environments; what concerns more than one of them is told once, for all."""
    return together([finding for name in names for finding in lint(workshop, name)])


def together(found: Sequence[Finding]) -> list[Finding]:
    """Return findings of several environments, each once with all that have it; credentials are covered."""
    return [
        replace(
            one.problem,
            message=cover_tokens(one.problem.message),
            hint=cover_tokens(one.problem.hint) if one.problem.hint else None,
            environment=one.named(),
            object=one.object,
        )
        for one in shared(found)
    ]


def _of_health(session: Session) -> list[Finding]:
    cluster = session.prepared.settled.cluster
    if cluster is None or not cluster.health:
        return []
    from overlay.cluster.health_rules import HealthRules  # noqa: PLC0415

    with HealthRules(cluster.health) as rules:
        return [finding for problem in rules.problems() for finding in as_findings(problem, session.prepared.name)]


def _of_values(session: Session) -> Iterator[Finding]:
    unused = unused_values(session)
    for key in _unknown([one.key for one in unused if not one.known], session):
        yield Finding(
            "value-unknown",
            f"the chart does not know the value {'.'.join(key)}, and nothing changes without it",
            session.values().key_place(key),
            _nearest(session, key) or "remove it, or look for what was meant",
            severity="error",
        )
    for one in unused:
        place = session.values().key_place(one.key)
        if one.known and one.equal and not place.file.startswith("<"):
            yield Finding(
                "value-redundant",
                f"the value {'.'.join(one.key)} is what the chart has already",
                place,
                "remove it",
                related=(("the chart's", session.values().default_place(one.key)),),
            )


def _unknown(keys: list[Key], session: Session) -> list[Key]:
    """Return unknown keys, those of one misspelled map as that map's key, unless some of its values have an effect."""
    sources = session.values()
    groups: dict[Key, list[Key]] = {}
    for key in keys:
        top = next(key[:depth] for depth in range(1, len(key) + 1) if not is_known(session, key[:depth]))
        groups.setdefault(top, []).append(key)
    every = [key for key, _ in flat(sources.given)]
    found: list[Key] = []
    for top, below in groups.items():
        found += [top] if sum(key[: len(top)] == top for key in every) == len(below) else below
    return found


def _nearest(session: Session, key: Key) -> str | None:
    """Name the known key that comes closest, at the level where the unknown part stands."""
    holder: Any = session.values().defaults
    for part in key:
        if not isinstance(holder, dict):
            return None
        if part not in holder:
            return did_you_mean(part, list(holder))
        holder = holder[part]
    return None
