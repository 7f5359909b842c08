"""`overlay values`: the chart's values as one environment sets them, each with its file."""

from __future__ import annotations

import os
import sys

from overlay.cli.building import BUILDING, options_of
from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.location import Location

_WIDEST = 60


def values(args: dict[str, Any]) -> int:
    """Print the flattened values, or those that the chart does not use."""
    from overlay.inspect.session import Session, Workshop  # noqa: PLC0415  # Helm's library loads meanwhile

    with Workshop(project=args["project"], options=options_of(args), child=args["early"]) as workshop:
        found = Session(workshop, args["environment"])
        if args["unused"]:
            from overlay.inspect.unused import unused_keys  # noqa: PLC0415

            keys = set(unused_keys(found))
            rows = [row for row in found.values().items() if row[0] in keys]
        else:
            rows = list(found.values().items())
        effective = found.values().effective
    if args["output"] == "yaml" and not args["unused"]:
        from overlay.yaml import write_document  # noqa: PLC0415

        sys.stdout.write(write_document(effective))
    elif args["output"] in ("json", "yaml"):
        _print_rows(rows, args["output"])
    else:
        _print_table(rows, args)
    return 0


def _print_rows(rows: list[tuple[tuple[str, ...], Any, Location]], form: str) -> None:
    shown = [
        {
            "key": ".".join(key),
            "value": item,
            "file": place.file,
            "line": place.line or None,
            "column": place.column or None,
        }
        for key, item, place in rows
    ]
    print_document(shown, form)


def _print_table(rows: list[tuple[tuple[str, ...], Any, Location]], args: dict[str, Any]) -> None:
    import json  # noqa: PLC0415

    from overlay.report.style import Style, wants_color  # noqa: PLC0415
    from overlay.report.table import as_table  # noqa: PLC0415

    if not rows:
        return
    cells = []
    for key, item, place in rows:
        text = json.dumps(item, ensure_ascii=False)
        cells.append((".".join(key), text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…", str(place)))
    color = wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ)
    sys.stdout.write(as_table(("KEY", "VALUE", "FROM"), cells, Style(color=color)))


VALUES = Command(
    path=("values",),
    help="""Show the chart's values as an environment sets them, each key with the file and line that say so.

Examples:

  overlay values prod

  overlay values prod --unused

  overlay values prod -o yaml""",
    run=values,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of the environment."),
        Param(
            name="unused",
            flags=("--unused",),
            kind="flag",
            help="Only keys that the environment sets and that change nothing.",
        ),
        output("table", "json", "yaml", text="table, json (a list of keys) or yaml (one values file)."),
        *BUILDING,
        *COMMON,
    ),
)
