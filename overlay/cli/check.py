"""`overlay check`: all that a pull request has to pass, for every environment, at once."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack

from overlay.cli.comparing import comparing
from overlay.cli.diff_output import label
from overlay.cli.printing import print_document
from overlay.cli.reports import wanted_reports, write_report
from overlay.cli.table import COMMON, Command, Param, output
from overlay.cli.top import top_of
from overlay.cli.versions import BASE
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, UsageError
from overlay.report.kinds import REPORTS, report_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.inspect.check import Checks
    from overlay.report.kinds import Result

_PANEL = "Compared"


def check(args: dict[str, Any]) -> int:
    """Print what is found, write the reports; return 1 where there is an error (or, with --strict, a warning)."""
    if args["all"] == bool(args["environments"]):
        text = "--all and names of environments exclude each other" if args["all"] else "which environment?"
        raise UsageError(text, hint="name one or more, or say --all; `overlay env list` shows them")
    reports = wanted_reports(args["report"], REPORTS)
    result = _result(args)
    _print(result, args)
    for kind, path in reports:
        write_report(kind, path, report_text(kind, result))
    return EXIT_DIFFERENT if result.is_bad else EXIT_OK


def _result(args: dict[str, Any]) -> Result:
    from overlay import __version__  # noqa: PLC0415
    from overlay.cli.check_run import run_checks  # noqa: PLC0415
    from overlay.cli.version_diff import check_names, wanted_of  # noqa: PLC0415
    from overlay.cli.versions import Versions  # noqa: PLC0415
    from overlay.inspect.check import Checks, across  # noqa: PLC0415
    from overlay.inspect.findings import in_reading_order  # noqa: PLC0415
    from overlay.inspect.lint import together  # noqa: PLC0415
    from overlay.inspect.session import Workshop  # noqa: PLC0415
    from overlay.report.kinds import Result  # noqa: PLC0415

    with ExitStack() as stack:
        project: Any = args["project"]
        versions = None
        if args["base"]:
            versions = stack.enter_context(Versions(args))
            project = versions.after.files
        after = stack.enter_context(Workshop(project=project, child=args["early"], exact=True))
        before = after.beside(versions.before.files) if versions is not None else None
        known = sorted({*after.run.environments, *(before.run.environments if before is not None else ())})
        names = known if args["all"] else list(dict.fromkeys(args["environments"]))
        if args["all"] and not names:
            from overlay.load.project import every_environment  # noqa: PLC0415

            every_environment(after.project, after.files)
        check_names(names, known)
        wanted = wanted_of(args, (before or after).project, after.project)
        rules, fingerprint = _rules(args, names)
        checks: Checks = Checks(after=after, before=before, wanted=wanted, rules=rules)
        checked = run_checks(checks, names, args, fingerprint)
        findings = together([*[each for one in checked for each in one.findings], *across(checked)])
        if args["quiet"]:
            findings = [one for one in findings if one.severity == "error"]
        sides = tuple([label({"ref": one.ref, "commit": one.commit}) for one in (versions.before, versions.after)]
                      if versions is not None else ())  # fmt: skip
        strict = args["strict"] or after.project.strict
    findings.sort(key=lambda one: (*in_reading_order(one), one.message))
    return Result(
        checked=tuple(checked),
        findings=tuple(findings),
        sides=sides,
        strict=strict,
        version=__version__,
        top=top_of(args),
    )


def _rules(args: dict[str, Any], names: list[str]) -> tuple[tuple[Any, ...], dict[str, str]]:
    """Return the rules of the command line, and a digest of what they look at for each environment."""
    if not args["rendered"]:
        return (), {}
    from overlay.inspect.rendered import Rendered  # noqa: PLC0415

    rule = Rendered(args["rendered"].rstrip("/") or "/")
    return (rule,), {name: f"{rule.top} {rule.fingerprint(name)}" for name in names}


def _print(result: Result, args: dict[str, Any]) -> None:
    from overlay.report import problems  # noqa: PLC0415
    from overlay.report.style import Style, wants_color, without_commands  # noqa: PLC0415

    if args["output"] in ("json", "yaml"):
        from overlay.report.check_document import check_document  # noqa: PLC0415

        print_document(check_document(result), args["output"])
        return
    if args["output"] == "github":
        sys.stdout.write(problems.as_github((), result.findings, top=result.top))
        return
    from overlay.cli.exits import source_lines  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415
    from overlay.report.check_text import check_summary  # noqa: PLC0415
    from overlay.report.diff_fields import names_text  # noqa: PLC0415

    style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
    findings = [replace(one, environment=names_text((one.environment or "").split(", "))) for one in result.findings]
    text = problems.as_text((), findings, style=style, lines=source_lines(args))
    text += check_summary(result, style)
    sys.stdout.write(without_commands(text) if os.environ.get("GITHUB_ACTIONS") == "true" else text)


CHECK = Command(
    path=("check",),
    help="""Check all that a pull request has to pass, in every environment at once; with --base also show what it does.

Each environment is built, validated and linted as `overlay lint` does; plain Secrets that nobody allowed and objects
that two environments would apply to one cluster are errors; with --rendered DIR also files there that are not what is
rendered. With --base REF, each is compared with the commit at which this branch left REF, as `overlay diff` does; a
difference is no mistake. Nothing is fetched, and nothing of the project is run.

Environments are checked side by side. What an earlier run found of the same files, by the same program, is not looked
for again; the cache is the user's own, or --cache-dir, which must not lie in the project.

--report writes markdown (for a comment, with what differs), sarif, junit, json, or html=DIR (one page). Exit code: 0
nothing wrong, 1 an error in some environment, 2 and more where nothing could be checked.

Examples:

  overlay check --all

  overlay check --base origin/main --all --report markdown=comment.md --report sarif=overlay.sarif""",
    run=check,
    params=(
        Param(name="environments", kind="arguments", metavar="ENV", help="Names of environments."),
        Param(name="all", flags=("--all",), kind="flag", help="Every environment of the project, and of its base."),
        BASE,
        Param(
            name="report",
            flags=("--report",),
            kind="list",
            metavar="KIND=FILE",
            help="Also write a report: markdown, sarif, junit, json, or html=DIR; repeat for more.",
        ),
        Param(
            name="rendered",
            flags=("--rendered",),
            metavar="DIR",
            help="A folder of rendered files in Git, of `render --output-dir`, which has to be up to date.",
        ),
        output("text", "json", "yaml", "github", text="text, json, yaml or github (workflow commands)."),
        Param(
            name="cache_dir",
            flags=("--cache-dir",),
            metavar="DIR",
            help="Where findings of earlier runs are kept (the user's cache folder).",
        ),
        Param(name="no_cache", flags=("--no-cache",), kind="flag", help="Do not use or keep findings of other runs."),
        *comparing(_PANEL),
        *COMMON,
    ),
)
