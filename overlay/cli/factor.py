"""`overlay factor`: what a project's environments share goes up into what they extend."""

from __future__ import annotations

import os
import posixpath
import sys

from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from overlay.dedupe.factor.search import Factored
    from overlay.files.reader import ProjectFiles
    from overlay.report.style import Style


def factor(args: dict[str, Any]) -> int:
    """Show what could be said once, or write it."""
    from overlay.cli.rewriting import finish_first, rewrite  # noqa: PLC0415
    from overlay.dedupe.factor.search import Search  # noqa: PLC0415
    from overlay.files.root import find_root  # noqa: PLC0415
    from overlay.inspect.factoring import Prover, prove  # noqa: PLC0415
    from overlay.inspect.session import Workshop  # noqa: PLC0415
    from overlay.kube.types import DEFAULT_KUBERNETES, load_types  # noqa: PLC0415
    from overlay.load.project import every_environment  # noqa: PLC0415

    if finish_first(args, [find_root(args["project"])]):
        return EXIT_OK
    with Workshop(project=args["project"], child=args["early"]) as workshop:
        names = every_environment(workshop.project, workshop.files)
        prover = Prover(workshop, names)
        types = load_types(workshop.project.kubernetes_version or DEFAULT_KUBERNETES)
        found = Search(reader(workshop.files), prover, workshop.project.environments, types).run()
        if found.changes:
            prove(workshop, names, found.changes)
            if args["write"]:
                rewrite(args, workshop.project.root, found.changes)
        _show(args, found, len(names))
    return EXIT_OK


def reader(files: ProjectFiles) -> Callable[[str], bytes | None]:
    """Return what reads a file of the project; None where there is none."""
    return lambda path: files.read(path) if files.exists(path) else None


def _show(args: dict[str, Any], found: Factored, environments: int) -> None:
    if args["output"] != "table":
        moves = [
            {"what": one.what, "how": one.how, "from": list(one.origins), "to": one.home or None} for one in found.moved
        ]
        print_data(args, {"moves": moves}, found.changes, found.lines)
        return
    from overlay.report.table import as_table  # noqa: PLC0415

    style = table_style(args)
    if found.changes:
        rows = [(one.what, one.how, ", ".join(map(short, one.origins)), short(one.home)) for one in found.moved]
        sys.stdout.write(as_table(("WHAT", "IS", "FROM", "TO"), rows, style) + "\n")
        print_lines(found.lines, style)
    if args["quiet"]:
        return
    sys.stdout.flush()
    print(_closing(args, found, environments), file=sys.stderr)


def table_style(args: dict[str, Any]) -> Style:
    from overlay.report.style import Style, wants_color  # noqa: PLC0415

    return Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))


def print_lines(lines: Mapping[str, tuple[int, int]], style: Style) -> None:
    """Print the lines of each document's folder, before and after, and of all together."""
    from overlay.report.table import as_table  # noqa: PLC0415

    rows = [(folder, str(before), str(after)) for folder, (before, after) in lines.items()]
    before, after = (sum(pair[at] for pair in lines.values()) for at in (0, 1))
    sys.stdout.write(as_table(("FOLDER", "LINES", "AFTER"), [*rows, ("together", str(before), str(after))], style))


def print_data(
    args: dict[str, Any],
    found: dict[str, Any],
    changes: Mapping[str, bytes | None],
    lines: Mapping[str, tuple[int, int]],
) -> None:
    """Print a result as JSON or YAML, with what becomes of lines and files."""
    document = {
        **found,
        "lines": {folder: {"before": before, "after": after} for folder, (before, after) in lines.items()},
        "files": {path: "removed" if data is None else "written" for path, data in changes.items()},
        "written": bool(args["write"]),
    }
    print_document(document, args["output"])


def short(document: str) -> str:
    """Return how tables name a document: by its folder."""
    folder = posixpath.dirname(document)
    parent, _, name = folder.rpartition("/")
    return f"components/{name}" if posixpath.basename(parent) == "components" else name


def _closing(args: dict[str, Any], found: Factored, environments: int) -> str:
    if not found.changes:
        return "nothing is said twice that could be said once"
    proved = f"proved: {environments} environments render to the same bytes"
    return f"{proved}; wrote {len(found.changes)} files" if args["write"] else f"{proved}; --write writes it"


REWRITING = (
    Param(name="write", flags=("--write",), kind="flag", help="Write the files."),
    Param(
        name="uncommitted",
        flags=("--uncommitted",),
        kind="flag",
        help="Also change files that Git cannot give back.",
    ),
    output("table", "json", "yaml"),
)

FACTOR = Command(
    path=("factor",),
    help="""Say once what the environments of a project say several times.

What all, or most, environments of a base have goes up into it; what some of them share becomes a component. Patches
that change nothing go, patches on the same object become one. Entries move as they are written, with their comments.
Without --write it only shows. Every environment is rendered first with the changes, and has to give the same bytes.

Examples:

  overlay factor

  overlay factor -o json

  overlay factor --write""",
    run=factor,
    params=(*REWRITING, *COMMON),
)
