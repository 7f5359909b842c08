"""`overlay test`: the user's own tests, golden files and assertions, over the environments."""

from __future__ import annotations

import os
import sys

from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param, output
from overlay.cli.top import top_of
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, UsageError, raise_all
from overlay.nearest import did_you_mean
from overlay.report.document import as_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.inspect.testing import Outcome
    from overlay.model.finding import Finding
    from overlay.model.testing import Test

_REPORTS = ("junit", "sarif", "json")


def test(args: dict[str, Any]) -> int:
    """Run tests and print what fails; return 1 where something does."""
    from overlay.cli.testing import stale_files, stale_finding, update  # noqa: PLC0415  # Helm's library loads meanwhile
    from overlay.inspect.golden import golden_path  # noqa: PLC0415
    from overlay.inspect.session import Workshop  # noqa: PLC0415
    from overlay.inspect.testing import environments_of, run_tests, wrong_expressions  # noqa: PLC0415
    from overlay.load.project import every_environment  # noqa: PLC0415
    from overlay.load.testing import load_tests  # noqa: PLC0415

    reports = _reports(args)
    with Workshop(project=args["project"], child=args["early"], exact=True) as workshop:
        names = every_environment(workshop.project, workshop.files)
        every = load_tests(workshop.project, workshop.files, names)
        raise_all(wrong_expressions(every))
        tests = _chosen(every, args["tests"])
        outcomes = list(run_tests(workshop, tests, names))
        wanted = [
            golden_path(workshop.project, one.name, name)
            for one in every
            if one.golden is not None
            for name in environments_of(one, names)
        ]
        # What is stale is only known when all tests are asked.
        stale = stale_files(workshop.project, workshop.files, wanted) if not args["tests"] else []
        if args["update"]:
            for line in update(workshop.project, workshop.files, outcomes, stale):
                print(line, file=sys.stderr)
            outcomes, stale = [_updated(one) for one in outcomes], []
    outcomes.sort(key=lambda one: (one.test, one.environment))
    left = [stale_finding(path) for path in stale]
    _print(outcomes, left, args)
    for kind, path in reports:
        _write(kind, path, outcomes, left, top_of(args))
    return EXIT_DIFFERENT if left or any(one.failed for one in outcomes) else EXIT_OK


def _chosen(tests: Sequence[Test], names: Sequence[str]) -> list[Test]:
    known = [one.name for one in tests]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
            raise UsageError(f"no test is called {name!r}", hint=hint)
    return [one for one in tests if not names or one.name in names]


def _updated(one: Outcome) -> Outcome:
    """Return an outcome as it is once its golden file is written."""
    from overlay.model.value import replace  # noqa: PLC0415

    if not one.golden:
        return one
    return replace(one, checks=tuple([each for each in one.checks if each.label != "golden"]))


def _reports(args: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for text in args["report"]:
        kind, _, path = text.partition("=")
        if kind not in _REPORTS or not path:
            raise UsageError(f"--report {text!r} names no report", hint=f"write KIND=FILE with {', '.join(_REPORTS)}")
        found.append((kind, path))
    return found


def _found(outcomes: Sequence[Outcome], stale: Sequence[Finding]) -> list[Finding]:
    from overlay.inspect.lint import together  # noqa: PLC0415

    return together([*[one for each in outcomes for check in each.checks for one in check.findings], *stale])


def _print(outcomes: Sequence[Outcome], stale: Sequence[Finding], args: dict[str, Any]) -> None:
    from overlay.report import problems  # noqa: PLC0415
    from overlay.report.style import Style, wants_color, without_commands  # noqa: PLC0415
    from overlay.report.tests import tests_summary, tests_value  # noqa: PLC0415

    if args["output"] in ("json", "yaml"):
        print_document(tests_value(outcomes, stale), args["output"])
        return
    if args["output"] == "github":
        sys.stdout.write(problems.as_github((), _found(outcomes, stale), top=top_of(args)))
        return
    from overlay.cli.exits import source_lines  # noqa: PLC0415

    style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
    text = problems.as_text((), _found(outcomes, stale), style=style, lines=source_lines(args))
    text += tests_summary(outcomes, stale, style)
    sys.stdout.write(without_commands(text) if os.environ.get("GITHUB_ACTIONS") == "true" else text)


def _write(kind: str, path: str, outcomes: Sequence[Outcome], stale: Sequence[Finding], top: str) -> None:
    from overlay.errors import OutputError  # noqa: PLC0415
    from overlay.files.atomic import write_atomic  # noqa: PLC0415

    try:
        write_atomic(path, _report(kind, outcomes, stale, top).encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {os.strerror(error.errno or 0).lower()}") from None


def _report(kind: str, outcomes: Sequence[Outcome], stale: Sequence[Finding], top: str) -> str:
    from overlay.report.tests import tests_junit, tests_value  # noqa: PLC0415

    if kind == "junit":
        return tests_junit(outcomes, stale)
    if kind == "sarif":
        from overlay import __version__  # noqa: PLC0415
        from overlay.report.sarif import as_sarif  # noqa: PLC0415

        return as_sarif(_found(outcomes, stale), __version__, top=top)
    return as_document(tests_value(outcomes, stale), "json")


TEST = Command(
    path=("test",),
    help="""Run the project's own tests: what has to be true of the objects of its environments.

Each file of tests/, beside the environments, is a document of kind Test (`overlay schema test` describes it): its
assertions say that an object exists or is absent, that a field equals a value or fits a JSON Schema, or are expressions
in CEL; `golden` holds all objects, or some, against a file of tests/golden/, which --update writes. A target that means
no object, a golden file that is missing, and one that no test looks at are failures. Everything that fails is told at
once, with the line of the test and the line that makes the field.

Exit code: 0 all as it should be, 1 something fails, 2 and more where a test cannot be run.

Examples:

  overlay test

  overlay test web --update

  overlay test --report junit=tests.xml""",
    run=test,
    params=(
        Param(name="tests", kind="arguments", metavar="TEST", help="Names of tests; all when none is named."),
        Param(
            name="update",
            flags=("--update",),
            kind="flag",
            help="Write golden files as they are rendered now, and remove those that no test looks at.",
        ),
        Param(
            name="report",
            flags=("--report",),
            kind="list",
            metavar="KIND=FILE",
            help="Also write a report: junit, sarif or json; repeat for more.",
        ),
        output("text", "json", "yaml", "github", text="text, json, yaml or github (workflow commands)."),
        *COMMON,
    ),
)
