"""`overlay duplicates`: what a project, or any tree of YAML, says more than once."""

from __future__ import annotations

import os
import sys

from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, PathError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.dedupe.alike import Alike
    from overlay.dedupe.duplicates import Report

_SHOWN = 20


def duplicates(args: dict[str, Any]) -> int:
    """Print duplicates; exit 1 where more lines could go than --max allows."""
    most = args["max"]
    if most is not None and not (most.isascii() and most.isdigit()):
        raise UsageError(f"--max is {most!r}, expected a number of lines")
    tree = args["tree"] or _environments(args)
    if not os.path.isdir(tree):
        raise PathError(f"{tree} is no folder")
    if args["by"] == "dir":
        from overlay.dedupe.alike import alike_folders  # noqa: PLC0415

        groups = alike_folders(tree)
        could_go = sum(one.could_go for one in groups)
        _print_groups(args, groups, could_go)
    else:
        report = _report(tree)
        could_go = report.could_go
        _print(args, report)
    if most is not None and could_go > int(most):
        print(f"{could_go} lines could go, --max allows {most}", file=sys.stderr)
        return EXIT_DIFFERENT
    return EXIT_OK


def _environments(args: dict[str, Any]) -> str:
    from overlay.load.project import load_project  # noqa: PLC0415

    project, files = load_project(args["project"])
    files.close()
    return os.path.relpath(os.path.join(project.root, project.environments))


def _report(tree: str) -> Report:
    from overlay.dedupe.duplicates import find_duplicates  # noqa: PLC0415
    from overlay.dedupe.reading import ENDINGS  # noqa: PLC0415
    from overlay.files.reader import ProjectFiles  # noqa: PLC0415

    files = ProjectFiles(tree)
    shown = os.path.normpath(tree)
    prefix = "" if shown == "." else f"{shown}/"
    paths = [path for path in files.walk("") if path.endswith(ENDINGS)]
    try:
        return find_duplicates((f"{prefix}{path}", files.read(path)) for path in paths)
    finally:
        files.close()


def _print(args: dict[str, Any], report: Report) -> None:
    if args["output"] != "table":
        print_document(
            {
                "files": report.files,
                "lines": report.lines,
                "couldGo": report.could_go,
                "duplicates": [
                    {
                        "what": one.what,
                        "name": one.name or None,
                        "lines": one.lines,
                        "couldGo": one.could_go,
                        "places": [str(place) for place in one.places],
                    }
                    for one in report.duplicates
                ],
                "unread": list(report.unread),
            },
            args["output"],
        )
        return
    rows: list[tuple[str, ...]] = []
    for one in report.duplicates[:_SHOWN]:
        places = [place.file if one.what == "file" else f"{place.file}:{place.line}" for place in one.places]
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        what = f"{one.what} {one.name}".strip()
        rows.append((what, str(len(places)), str(one.lines), str(one.could_go), ", ".join(places[:3]) + more))
    _table(args, ("WHAT", "TIMES", "LINES", "COULD GO", "WHERE"), rows)
    if args["quiet"]:
        return
    left = len(report.duplicates) - len(rows)
    notes = [f"{report.could_go} of {report.lines} lines in {report.files} files could go"]
    if left:
        notes.append(f"{left} smaller ones are not shown (-o json shows all)")
    if report.unread:
        notes.append(f"{len(report.unread)} are no YAML")
    sys.stdout.flush()
    print("; ".join(notes), file=sys.stderr)


def _print_groups(args: dict[str, Any], groups: Sequence[Alike], could_go: int) -> None:
    if args["output"] != "table":
        found = [
            {"folders": list(one.folders), "foundBy": one.how, "lines": one.lines, "couldGo": one.could_go}
            for one in groups
        ]
        print_document({"couldGo": could_go, "groups": found}, args["output"])
        return
    rows: list[tuple[str, ...]] = [
        (", ".join(one.folders), one.how, str(one.lines), str(one.could_go)) for one in groups
    ]
    _table(args, ("LOOK ALIKE", "FOUND BY", "LINES", "COULD GO"), rows)
    if not args["quiet"]:
        sys.stdout.flush()
        print(
            f"{could_go} lines could go in {len(groups)} groups; `overlay adopt` shows how, and what stays different",
            file=sys.stderr,
        )


def _table(args: dict[str, Any], head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from overlay.report.style import Style, wants_color  # noqa: PLC0415
    from overlay.report.table import as_table  # noqa: PLC0415

    if rows:
        color = wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ)
        sys.stdout.write(as_table(head, rows, Style(color=color)))


DUPLICATES = Command(
    path=("duplicates",),
    help="""Show what a project says more than once: files, documents, and blocks of patches and values.

Without a folder it looks at the project's environments; any tree of YAML will do. With --by dir it shows groups of
folders that look alike. With --max, exit code 1 where more lines could go.

Examples:

  overlay duplicates

  overlay duplicates clusters/ --by dir

  overlay duplicates --max 120""",
    run=duplicates,
    params=(
        Param(name="tree", kind="argument", metavar="DIR", help="A folder; the project's environments when absent."),
        Param(
            name="by",
            flags=("--by",),
            metavar="WHAT",
            choices=("file", "dir"),
            default="file",
            help="file: what is repeated, wherever; dir: folders that look alike.",
        ),
        Param(name="max", flags=("--max",), metavar="LINES", help="Exit code 1 where more lines than these could go."),
        output("table", "json", "yaml"),
        *COMMON,
    ),
)
