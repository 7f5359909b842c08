"""What the user's own tests found: for people, as a document, and as JUnit's XML."""

from __future__ import annotations

from overlay.report.diff_fields import names_text
from overlay.report.junit import attribute, failure
from overlay.report.problems import problem_value
from overlay.report.style import inert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Protocol

    from overlay.model.finding import Finding
    from overlay.report.style import Style

    class Checked(Protocol):
        """One thing that a test demands; see `overlay.inspect.testing`."""

        @property
        def label(self) -> str: ...
        @property
        def findings(self) -> tuple[Finding, ...]: ...

    class Outcome(Protocol):
        """A test in one environment."""

        @property
        def test(self) -> str: ...
        @property
        def environment(self) -> str: ...
        @property
        def checks(self) -> Sequence[Checked]: ...
        @property
        def failed(self) -> int: ...


def tests_summary(outcomes: Sequence[Outcome], stale: Sequence[Finding], style: Style) -> str:
    """Return a line for each test, and one for all."""
    names = list(dict.fromkeys([one.test for one in outcomes]))
    width = max((len(name) for name in names), default=0)
    out, failures = [], 0
    for name in names:
        of = [one for one in outcomes if one.test == name]
        bad = [one for one in of if one.failed]
        failures += bool(bad)
        word = style.paint("failed", "red") if bad else style.paint("ok", "green") + "    "
        checks = sum(len(one.checks) for one in of)
        told = f"{_many(checks, 'check')} in {_many(len(of), 'environment')}"
        if bad:
            told += (
                f"; {sum(one.failed for one in bad)} failed, in {names_text([inert(one.environment) for one in bad])}"
            )
        out.append(f"{style.paint(name.ljust(width), 'bold')}  {word}  {told}\n")
    left = f"; {_many(len(stale), 'golden file')} of no test" if stale else ""
    out.append(f"{failures} of {_many(len(names), 'test')} failed{left}\n")
    return "".join(out)


def tests_value(outcomes: Sequence[Outcome], stale: Sequence[Finding]) -> dict[str, Any]:
    """Return a document of kind TestResult."""
    bad = bool(stale) or any(one.failed for one in outcomes)
    return {
        "apiVersion": "overlay.dev/v1",
        "kind": "TestResult",
        "result": "failed" if bad else "ok",
        "tests": [
            {
                "test": one.test,
                "environment": one.environment,
                "result": "failed" if one.failed else "ok",
                "checks": [
                    {
                        "check": each.label,
                        "result": "failed" if each.findings else "ok",
                        "problems": [problem_value(found.severity, found) for found in each.findings],
                    }
                    for each in one.checks
                ],
            }
            for one in outcomes
        ],
        "problems": [problem_value(one.severity, one) for one in stale],
    }


def tests_junit(outcomes: Sequence[Outcome], stale: Sequence[Finding]) -> str:
    """Return JUnit's XML: a suite for each test, a case for each thing that it demands of an environment."""
    suites = []
    for name in dict.fromkeys([one.test for one in outcomes]):
        of = [one for one in outcomes if one.test == name]
        cases = [(one.environment, each.label, each.findings) for one in of for each in one.checks]
        suites.append((name, cases))
    if stale:
        suites.append(("golden files", [("", one.message, (one,)) for one in stale]))
    tests = sum(len(cases) for _, cases in suites)
    failures = sum(bool(found) for _, cases in suites for _, _, found in cases)
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>\n',
        f'<testsuites name="overlay test" tests="{tests}" failures="{failures}">\n',
    ]
    for name, cases in suites:
        failed = sum(bool(found) for _, _, found in cases)
        out.append(f'<testsuite name={attribute(name)} tests="{len(cases)}" failures="{failed}">\n')
        for environment, label, found in cases:
            inner = "".join([failure(one) for one in found])
            out.append(f"<testcase classname={attribute(environment or name)} name={attribute(label)}>{inner}")
            out.append("</testcase>\n")
        out.append("</testsuite>\n")
    return "".join([*out, "</testsuites>\n"])


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
