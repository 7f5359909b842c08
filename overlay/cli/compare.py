"""`overlay compare`: environments side by side, and which file makes them differ."""

from __future__ import annotations

import os
import sys

from overlay.cli.building import BUILDING, options_of
from overlay.cli.selecting import SELECT, is_selected, parse_selectors
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, OutputError, UsageError
from overlay.report.document import as_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.diff.comparison import Comparison


def compare(args: dict[str, Any]) -> int:
    """Print the comparison, or write it to a file."""
    names = list(dict.fromkeys(args["environments"]))
    if len(names) < 2 and not args["all"]:
        raise UsageError(
            "compare needs two environments", hint="name two or more, or say --all; `overlay env list` shows them"
        )
    select = parse_selectors(args["select"])
    from overlay.inspect.compare import compare_environments  # noqa: PLC0415  # Helm's library loads meanwhile
    from overlay.inspect.session import Workshop  # noqa: PLC0415
    from overlay.load.project import list_environments  # noqa: PLC0415

    with Workshop(project=args["project"], options=options_of(args), child=args["early"]) as workshop:
        if args["all"]:
            names = list(dict.fromkeys([*names, *list_environments(workshop.project, workshop.files)]))
        if not names:
            raise UsageError("the project has no environment", hint="`overlay env add` makes one")
        found = compare_environments(workshop, names, lambda one: is_selected(one, select))
    _give(found, args)
    return EXIT_DIFFERENT if args["exit_code"] and not found.is_same else EXIT_OK


def _give(found: Comparison, args: dict[str, Any]) -> None:
    target = args["output_file"]
    if target is None:
        sys.stdout.write(_text(found, args))
        return
    from overlay.files.atomic import write_atomic  # noqa: PLC0415

    try:
        write_atomic(target, _text(found, args).encode())
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {os.strerror(error.errno or 0).lower()}") from None


def _text(found: Comparison, args: dict[str, Any]) -> str:
    from overlay.report.comparison import comparison_document, comparison_text  # noqa: PLC0415

    form = args["output"]
    if form == "html":
        from overlay.report.comparison_page import comparison_page  # noqa: PLC0415

        return comparison_page(found)
    if form in ("json", "yaml"):
        return as_document(comparison_document(found), form)
    from overlay.report.style import Style, wants_color  # noqa: PLC0415

    is_terminal = args["output_file"] is None and sys.stdout.isatty()
    return comparison_text(found, Style(color=wants_color(args["color"], is_terminal=is_terminal, env=os.environ)))


COMPARE = Command(
    path=("compare",),
    help="""Show environments side by side: which objects each has, the fields that differ, and which file makes it so.

The first environment is the one that others are compared with. Namespaces, and names that differ by prefix, suffix or
content hash, are no differences, nor is what refers to them. Values of Secrets are hidden.

Examples:

  overlay compare dev prod

  overlay compare --all --select kind=Deployment

  overlay compare --all -o html --output-file compare.html""",
    run=compare,
    params=(
        Param(name="environments", kind="arguments", metavar="ENV", help="Names of environments."),
        Param(
            name="all",
            flags=("--all",),
            kind="flag",
            help="Every environment of the project, after those that are named.",
        ),
        output("table", "json", "yaml", "html", text="table, json, yaml, or html (one page that needs nothing else)."),
        Param(name="output_file", flags=("--output-file",), metavar="FILE", help="Write to a file, not to stdout."),
        SELECT,
        Param(name="exit_code", flags=("--exit-code",), kind="flag", help="Exit 1 where environments differ."),
        *BUILDING,
        *COMMON,
    ),
)
