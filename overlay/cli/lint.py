"""`overlay lint`: everything that can be found wrong with environments, all at once."""

from __future__ import annotations

import os
import sys

from overlay.cli.building import BUILDING, options_of
from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param, output
from overlay.cli.top import top_of
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.finding import Finding


def lint(args: dict[str, Any]) -> int:
    """Print the findings on stdout; exit 1 where one is an error (or, with --strict, a warning)."""
    if args["all"] == bool(args["environments"]):
        text = "--all and names of environments exclude each other" if args["all"] else "which environment?"
        raise UsageError(text, hint="name one or more, or say --all; `overlay env list` shows them")
    from overlay.inspect.findings import in_reading_order  # noqa: PLC0415  # Helm's library loads meanwhile
    from overlay.inspect.lint import lint_all  # noqa: PLC0415
    from overlay.inspect.session import Workshop  # noqa: PLC0415
    from overlay.load.project import every_environment  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415

    options = replace(options_of(args), strict=False)
    with Workshop(project=args["project"], options=options, child=args["early"], exact=True) as workshop:
        names = every_environment(workshop.project, workshop.files) if args["all"] else args["environments"]
        strict = args["strict"] or workshop.project.strict
        found = lint_all(workshop, list(dict.fromkeys(names)))
        if args["all"]:
            from overlay.inspect.copies import of_all  # noqa: PLC0415

            found += of_all(workshop.run, names)
    if args["quiet"]:
        found = [finding for finding in found if finding.severity == "error"]
    found.sort(key=in_reading_order)
    _print(found, len(names), args)
    bad = ("error", "warning") if strict else ("error",)
    return EXIT_DIFFERENT if any(finding.severity in bad for finding in found) else EXIT_OK


def _print(found: list[Finding], environments: int, args: dict[str, Any]) -> None:
    from overlay.report import problems  # noqa: PLC0415

    form = args["output"]
    if form in ("json", "yaml"):
        print_document(problems.problems_document((), found), form)
    elif form == "github":
        sys.stdout.write(problems.as_github((), found, top=top_of(args)))
    elif form == "sarif":
        from overlay import __version__  # noqa: PLC0415
        from overlay.report.sarif import as_sarif  # noqa: PLC0415

        sys.stdout.write(as_sarif(found, __version__, top=top_of(args)))
    else:
        from overlay.cli.exits import source_lines  # noqa: PLC0415
        from overlay.report.style import Style, wants_color  # noqa: PLC0415

        style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
        sys.stdout.write(problems.as_text((), found, style=style, lines=source_lines(args)))
        if not args["quiet"]:
            sys.stdout.write(f"{_counted(found)} in {environments} environment{'s' * (environments != 1)}\n")


def _counted(found: list[Finding]) -> str:
    counts = {name: sum(finding.severity == name for finding in found) for name in ("error", "warning", "info")}
    nouns = {"error": "error", "warning": "warning", "info": "note"}
    parts = [f"{count} {nouns[name]}{'s' * (count != 1)}" for name, count in counts.items() if count]
    return ", ".join(parts) or "nothing found"


LINT = Command(
    path=("lint",),
    help="""Find everything that is wrong with environments, all at once, each at its line.

What a build refuses, what it warns of, values that the chart does not know, values that only repeat the chart's own,
and fields that are another value at each rendering. With --all also files that no environment reads, patches that every
environment repeats, and blocks that stand in several files. Exit code 1 where there is an error.

Examples:

  overlay lint prod

  overlay lint --all -o sarif > overlay.sarif""",
    run=lint,
    params=(
        Param(name="environments", kind="arguments", metavar="ENV", help="Names of environments."),
        Param(name="all", flags=("--all",), kind="flag", help="Every environment of the project."),
        output(
            "text",
            "json",
            "yaml",
            "sarif",
            "github",
            text="text, json, yaml, sarif (for code scanning) or github (workflow commands).",
        ),
        *BUILDING,
        *COMMON,
    ),
)
