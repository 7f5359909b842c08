"""The user's own tests, run: each over the environments that it is about, all failures at once."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache, partial

from overlay.check.assertions import described, is_secret, unmet
from overlay.errors import DocumentError, OverlayError
from overlay.expressions import Evaluator
from overlay.inspect.findings import as_findings
from overlay.inspect.golden import golden_findings, golden_objects, golden_text
from overlay.model.finding import Finding
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from overlay.check.assertions import Unmet
    from overlay.inspect.session import Session, Workshop
    from overlay.model.build import Build
    from overlay.model.project import Project
    from overlay.model.testing import Assertion, Test


@value(kw_only=True)
class Checked:
    """One thing that a test demands of an environment: what it is, and what is wrong with it."""

    label: str
    findings: tuple[Finding, ...] = ()


@value(kw_only=True)
class Outcome:
    """A test in one environment; golden: the text that its file should have, None where it has none."""

    test: str
    environment: str
    checks: tuple[Checked, ...]
    golden: str | None = None

    @property
    def failed(self) -> int:
        """How many of the checks failed."""
        return sum(bool(one.findings) for one in self.checks)


def environments_of(test: Test, names: Iterable[str]) -> list[str]:
    """Return the environments that a test is about."""
    patterns = [pattern for pattern, _ in test.environments]
    return [name for name in names if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)]


def wrong_expressions(tests: Sequence[Test]) -> list[OverlayError]:
    """Return what is wrong with expressions as they are written."""
    asked = [one for test in tests for one in test.assertions if one.way == "expression" and one.content]
    if not asked:
        return []
    with Evaluator() as evaluator:
        answers = evaluator.check([one.content for one in asked])
    return [
        DocumentError(
            f"the expression cannot be read: {failure.message}",
            location=one.location,
            hint="the language is CEL: object.spec.replicas > 1",
        )
        for one, failure in zip(asked, answers, strict=True)
        if failure is not None
    ]


def run_tests(workshop: Workshop, tests: Sequence[Test], names: Sequence[str]) -> Iterator[Outcome]:
    """Yield the outcome of each test in each of its environments, which are built once for all tests."""
    wanted = [name for name in names if any(name in environments_of(test, names) for test in tests)]
    with Evaluator() as evaluator:
        for name, result in workshop.build_all(wanted):
            # Only what fails has to be traced.
            session = cache(partial(workshop.session, name))
            for test in tests:
                if name in environments_of(test, names):
                    yield _outcome(workshop.project, test, name, result, session, evaluator)


def _outcome(
    project: Project,
    test: Test,
    name: str,
    result: Build | OverlayError,
    session: Callable[[], Session],
    evaluator: Evaluator,
) -> Outcome:
    if isinstance(result, OverlayError):
        checked = Checked(label="it builds", findings=tuple(as_findings(result, name)))
        return Outcome(test=test.name, environment=name, checks=(checked,))
    settings = result.settings
    facts = {"name": name, "namespace": settings.namespace, "releaseName": settings.release_name}
    checks = []
    for assertion in test.assertions:
        found = unmet(assertion, result.objects, facts, evaluator)
        findings = tuple([_finding(session, assertion, one, name) for one in found])
        checks.append(Checked(label=described(assertion), findings=findings))
    golden = None
    if test.golden is not None:
        kept = golden_objects(test.golden, result.objects, settings.masked)
        golden = golden_text(kept)
        differing = golden_findings(project, test, name, kept, session)
        checks.append(Checked(label="golden", findings=tuple(differing)))
    return Outcome(test=test.name, environment=name, checks=tuple(checks), golden=golden)


def _finding(session: Callable[[], Session], assertion: Assertion, one: Unmet, name: str) -> Finding:
    place = session().origins.place(one.resource, one.path) if one.resource is not None else None
    return Finding(
        "assertion-of-secret" if is_secret(assertion) else "assertion",
        one.text,
        assertion.location,
        one.hint,
        name,
        str(one.resource.id) if one.resource is not None else None,
        severity="error",
        related=(("made here", place),) if place is not None else (),
    )
