"""`overlay render`: environments as manifests, printed or written."""

from __future__ import annotations

import sys

from overlay.cli.building import BUILDING, options_of
from overlay.cli.objects import objects_text
from overlay.cli.selecting import SELECT, is_selected, parse_selectors, without_match
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_OK, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.model.build import Build
    from overlay.model.finding import Finding

_OUTPUT = "Output"


def render(args: dict[str, Any]) -> int:
    """Print or write environments; return the exit code."""
    _check(args)
    select = parse_selectors(args["select"])
    builds = _builds(args)
    if args["output_dir"]:
        from overlay.cli.render_folder import write_folders  # noqa: PLC0415  # printing needs none of it

        return write_folders(builds, args)
    failures: list[OverlayError] = []
    findings: list[Finding] = []
    done: list[Build] = []
    for _, result in builds:
        if isinstance(result, OverlayError):
            failures.append(result)
        else:
            done.append(result)
            findings += result.findings
    text = _text(done, select, args)
    sys.stdout.write(text)
    sys.stdout.flush()
    if select and not failures:
        found = [one for build in done for one in build.objects]
        for message in without_match(args["select"], found):
            hint = "`-o name` lists the objects that there are"
            warn("select-without-match", message, hint, args, failures, findings)
    return finish(failures, findings, args)


def warn(
    rule: str,
    message: str,
    hint: str,
    args: dict[str, Any],
    failures: list[OverlayError],
    findings: list[Finding],
) -> None:
    """Add a warning, which is an error with --strict."""
    from overlay.model.finding import Finding  # noqa: PLC0415  # only where there is something to say

    if args["strict"]:
        failures.append(UsageError(message, hint=hint))
    else:
        findings.append(Finding(rule, message, hint=hint))


def finish(failures: list[OverlayError], findings: list[Finding], args: dict[str, Any]) -> int:
    """Report what went wrong; return the exit code."""
    findings = [one for one in findings if one.severity != "info"]
    if not failures and not findings:
        return EXIT_OK
    from overlay.cli.exits import report, worst  # noqa: PLC0415

    report(failures, findings, args)
    return worst(failures) if failures else EXIT_OK


def _check(args: dict[str, Any]) -> None:
    if args["all"] and args["environments"]:
        raise UsageError("--all and names of environments exclude each other")
    if not args["all"] and not args["environments"]:
        raise UsageError("which environment?", hint="name one or more, or say --all; `overlay env list` shows them")
    if args["output_dir"] == "":
        raise UsageError("--output-dir is empty", hint="name a folder, or leave the option out to print")
    if args["check"] and not args["output_dir"]:
        raise UsageError("--check needs --output-dir: the folder to compare with")
    if args["output_dir"] and (args["select"] or args["notes"]):
        raise UsageError("--output-dir writes whole environments; --select and --notes only go with printing")
    if args["output_dir"] and args["decrypt"]:
        raise UsageError(
            "--decrypt only goes with printing: what is decrypted is never written to files that Git could take",
            hint="send it where it is needed: overlay render prod --decrypt | kubectl apply -f -",
        )
    if args["output_dir"] and args["output"] not in (None, "yaml"):
        raise UsageError("--output-dir writes YAML files; -o only goes with printing")


def _builds(args: dict[str, Any]) -> Iterator[tuple[str, Build | OverlayError]]:
    from overlay.pipeline import build_all  # noqa: PLC0415  # after the arguments are known to be good

    names = None if args["all"] else args["environments"]
    options, unlock = options_of(args), None
    if args["decrypt"]:
        import os  # noqa: PLC0415

        from overlay.model.value import replace  # noqa: PLC0415
        from overlay.sops import Sops  # noqa: PLC0415

        # What is in the clear stays in this process: no cache keeps it (hazard Z09).
        options, unlock = replace(options, cache=False), Sops(os.environ)
    return build_all(names, project=args["project"], options=options, child=args["early"], unlock=unlock)


def _text(builds: list[Build], select: list[dict[str, str]], args: dict[str, Any]) -> str:
    if args["notes"]:
        return "".join([build.notes or "" for build in builds])
    chosen = [(build, [one for one in build.objects if is_selected(one, select)]) for build in builds]
    form = args["output"] or "yaml"
    hide = sys.stdout.isatty() and not args["show_secrets"]
    if form != "yaml" or len(chosen) == 1:
        return objects_text([one for _, objects in chosen for one in objects], form, hide=hide)
    return "---\n".join(
        [
            f"# Environment: {build.environment}\n{objects_text(objects, form, hide=hide)}"
            for build, objects in chosen
            if objects
        ]
    )


RENDER = Command(
    path=("render",),
    help="""Render environments: the base chart with all values, patches and transforms applied.

Documents go to stdout in apply order; with --output-dir each object becomes one file.

Examples:

  overlay render prod

  overlay render dev prod --output-dir out

  overlay render --all --output-dir rendered --check

  overlay render prod --select kind=Deployment,name=web -o json""",
    run=render,
    params=(
        Param(name="environments", kind="arguments", metavar="ENV", help="Names of environments."),
        Param(name="all", flags=("--all",), kind="flag", panel=_OUTPUT, help="Every environment of the project."),
        output(
            "yaml",
            "json",
            "name",
            default=None,
            text="yaml (documents), json (one array) or name (kind/name a line).",
            panel=_OUTPUT,
        ),
        Param(
            name="output_dir",
            flags=("--output-dir",),
            metavar="DIR",
            panel=_OUTPUT,
            help="Write one file per object to DIR/ENV; stale files of ours go, foreign files stay.",
        ),
        Param(
            name="check",
            flags=("--check",),
            kind="flag",
            panel=_OUTPUT,
            help="Write nothing; exit 1 and list the files when --output-dir is not what would be written.",
        ),
        SELECT,
        Param(name="notes", flags=("--notes",), kind="flag", panel=_OUTPUT, help="Print the chart's notes instead."),
        Param(
            name="show_secrets",
            flags=("--show-secrets",),
            kind="flag",
            panel=_OUTPUT,
            help="Show the values of Secrets on a terminal.",
        ),
        Param(
            name="decrypt",
            flags=("--decrypt",),
            kind="flag",
            panel=_OUTPUT,
            help="Read files that SOPS encrypted with age in the clear; only for printing, never for files.",
        ),
        *BUILDING,
        *COMMON,
    ),
)
