"""`overlay affected`: the environments that a change touches, and which of its files do."""

from __future__ import annotations

import json
import os
import sys

from overlay.cli.table import COMMON, Command, Param, output
from overlay.cli.versions import BASE
from overlay.errors import EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.versions import Versions
    from overlay.model.affected import Affected, ChangedFile
    from overlay.run import Run


def affected(args: dict[str, Any]) -> int:
    """Print the environments that differ from the base."""
    from overlay.cli.versions import Versions  # noqa: PLC0415
    from overlay.inspect.affected import affected as find_affected  # noqa: PLC0415

    with Versions(args, args["between"] or "") as versions:
        before, after = open_runs(versions)
        found = find_affected(before, after)
    if args["output"] == "text":
        sys.stdout.write(_text(found, versions, args))
    else:
        _print_document(found, versions, args)
    return EXIT_OK


def open_runs(versions: Versions) -> list[Run]:
    """Return what prepares the environments of both versions; nothing can be rendered with it."""
    from overlay.load.project import read_project_file  # noqa: PLC0415
    from overlay.model.options import Options  # noqa: PLC0415
    from overlay.run import Run  # noqa: PLC0415

    (old, before), (new, after) = [
        (read_project_file(one.files), one.files) for one in (versions.before, versions.after)
    ]
    run: Run = Run(new, after, Options(), lambda _: [])
    return [Run(old, before, Options(), lambda _: [], beside=run), run]


def _text(found: Sequence[Affected], versions: Versions, args: dict[str, Any]) -> str:
    from overlay.report.style import Style, inert, wants_color  # noqa: PLC0415

    style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
    if not found:
        return inert(f"no environment differs between {versions.before.label} and {versions.after.label}\n")
    out = []
    for one in found:
        out.append(f"{style.paint(inert(one.environment), 'bold')}: {one.change}\n")
        if one.problem:
            out.append(f"  it cannot be read: {inert(one.problem)}\n")
        out += [f"  {inert(_line(each))}\n" for each in one.files]
    return "".join(out)


def _line(one: ChangedFile) -> str:
    origin = f" from {one.origin}" if one.origin else ""
    by = f", of {one.by}" if one.by and one.by != one.path else ""
    return f"{one.path} {one.change}{origin}{by}"


def _print_document(found: Sequence[Affected], versions: Versions, args: dict[str, Any]) -> None:
    document = {
        "apiVersion": "overlay.dev/v1",
        "kind": "Affected",
        "base": {"ref": versions.before.ref, "commit": versions.before.commit},
        "environments": [one.environment for one in found if one.change != "removed"],
        "removed": [one.environment for one in found if one.change == "removed"],
        "why": [
            {
                "environment": one.environment,
                "change": one.change,
                "problem": one.problem or None,
                "files": [
                    {"path": each.path, "change": each.change, "by": each.by or None, "from": each.origin or None}
                    for each in one.files
                ],
            }
            for one in found
        ],
    }
    if args["output"] == "json":
        # One line: what CI passes on between jobs is one.
        print(json.dumps(document, separators=(",", ":")))
    else:
        from overlay.yaml import write_document  # noqa: PLC0415

        sys.stdout.write(write_document(document))


AFFECTED = Command(
    path=("affected",),
    help="""Show which environments a change touches, and which of its files do.

What counts is what each environment is really made of: its documents, bases, components, values, patches, manifests,
files of generators, the chart with all its files, overlay.yaml and overlay.lock. Nothing is rendered, and nothing is
fetched. An environment that cannot be read on one side counts as touched.

-o json prints a document of kind Affected on one line: `base` (ref, commit), `environments` (the names of those that
are there now and touched, for a matrix), `removed` (names), and `why`: environment, change (added, changed, removed or
unknown), files (path, change, by: the document or chart that they belong to, from: of a renamed one), problem.

Examples:

  overlay affected --base origin/main

  overlay affected --base origin/main -o json

  overlay affected v1.2.0..v1.3.0""",
    run=affected,
    params=(
        Param(
            name="between",
            kind="argument",
            metavar="REF..REF",
            help="Two commits; with ... from where the second left the first. Else --base and the folder as it is now.",
        ),
        BASE,
        output("text", "json", "yaml", text="text, json (one line) or yaml."),
        *COMMON,
    ),
)
