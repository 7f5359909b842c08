"""Everything that a pull request has to pass, of one environment: built, linted, compared, held against its rules."""

from __future__ import annotations

from overlay.chart.remembered import Remembering
from overlay.diff.checked import Checked
from overlay.diff.outcome import EnvironmentDiff
from overlay.errors import OverlayError
from overlay.inspect.affected import affected
from overlay.inspect.findings import as_findings
from overlay.inspect.lint import linted
from overlay.inspect.policy import of_policy
from overlay.inspect.secrets import of_allowances
from overlay.inspect.session import Session
from overlay.inspect.versions import diff_sessions
from overlay.model.finding import Finding
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from overlay.chart.render import Renderer
    from overlay.inspect.session import Workshop
    from overlay.inspect.versions import Wanted
    from overlay.model.build import Build

    # A build → what a rule has against it.
    Rule = Callable[[Build], Iterable[Finding]]

_FROM_BASE = "the base's overlay.yaml demands it; to loosen a rule, change that in a pull request of its own"


@value(kw_only=True)
class Checks:
    """How environments are checked; before: the base, where one is named. rules: beside what linting tells.

    remembered: a folder with what Helm answered in earlier checks; empty for none.
    """

    after: Workshop
    wanted: Wanted
    before: Workshop | None = None
    rules: tuple[Rule, ...] = ()
    remembered: str = ""

    def ask(self, renderer: Renderer) -> None:
        """Have both versions rendered by a renderer, as far as it is not known what it would answer."""
        asked = Remembering(self.remembered, renderer) if self.remembered else None
        self.after.renderer = asked or renderer
        if self.before is not None:
            self.before.renderer = asked.beside() if asked is not None else renderer

    def check(self, name: str) -> Checked:
        """Return what is found wrong with an environment, and what the change does to it."""
        if name not in self.after.run.environments:
            return self._removed(name)
        session, findings = linted(self.after, name)
        found = Checked(environment=name)
        if session is not None:
            build = session.build
            for rule in self.rules:
                findings += rule(build)
            findings += self._of_the_bases_policy(session, findings)
            findings += self._of_allowances(session)
            cluster = build.settings.cluster
            context = cluster.context if cluster is not None else ""
            claims = tuple([f"{one.id} in the cluster {context}" for one in build.objects]) if context else ()
            found = replace(found, objects=len(build.objects), claims=claims)
        diff, more = self._diff(session, name)
        return replace(found, findings=(*findings, *more), diff=diff)

    def _of_the_bases_policy(self, session: Session, known: Sequence[Finding]) -> list[Finding]:
        """Return what the base's policy forbids and the change's own does not: nobody loosens what checks them."""
        if self.before is None:
            return []
        policy = self.before.project.policy
        told = {(one.rule, one.message, one.object) for one in known}
        return [
            replace(one, environment=session.prepared.name, hint=_FROM_BASE)
            for one in of_policy(session, policy)
            if (one.rule, one.message, one.object) not in told
        ]

    def _of_allowances(self, session: Session) -> list[Finding]:
        """Return what the change alone allows to be read in the output."""
        name = session.prepared.name
        if self.before is None or name not in self.before.run.environments:
            return []
        before = self.before.run.prepare(name)
        # A base that cannot be read is told where it is compared.
        return [] if isinstance(before, OverlayError) else list(of_allowances(session, before.settled.publish.secrets))

    def _removed(self, name: str) -> Checked:
        diff, findings = self._diff(None, name, is_gone=True)
        return Checked(environment=name, findings=tuple(findings), diff=diff)

    def _diff(
        self, session: Session | None, name: str, *, is_gone: bool = False
    ) -> tuple[EnvironmentDiff | None, list[Finding]]:
        """Return what differs from the base; that one which cannot be built is no mistake of the change."""
        if self.before is None:
            return None, []
        touched = next(iter(affected(self.before.run, self.after.run, [name])), None)
        if touched is None:
            return EnvironmentDiff(environment=name, change="same"), []
        if session is None and not is_gone:
            return EnvironmentDiff(environment=name, change="failed"), []
        old = None
        if name in self.before.run.environments:
            try:
                old = Session(self.before, name)
                _ = old.build
            except OverlayError as error:
                found = [
                    replace(one, severity="warning", location=None, rule="base-broken")
                    for one in as_findings(error, name, "the base cannot be compared: ")
                ]
                return EnvironmentDiff(environment=name, change="failed"), found
        return diff_sessions(old, session, name, self.wanted, touched), []


def across(checked: Sequence[Checked]) -> list[Finding]:
    """Return what is wrong with environments together: one object that two of them would apply to one cluster."""
    owners: dict[str, list[str]] = {}
    for one in checked:
        for claim in one.claims:
            owners.setdefault(claim, []).append(one.environment)
    shared: dict[tuple[str, ...], list[str]] = {}
    for claim, names in owners.items():
        if len(names) > 1:
            shared.setdefault(tuple(names), []).append(claim)
    return [
        Finding(
            "object-twice",
            f"{claims[0]} is of {' and '.join(names)}" + (f", as {len(claims) - 1} more are" * (len(claims) > 1)),
            hint="give one of them another namespace, or another name",
            environment=", ".join(names),
            object=claims[0].partition(" ")[0],
            severity="error",
        )
        for names, claims in shared.items()
    ]
