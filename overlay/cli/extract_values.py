"""`overlay extract-values`: what environments set differently becomes a few typed values."""

from __future__ import annotations

import json
import posixpath
import sys

from overlay.cli.factor import REWRITING, print_data, print_lines, short, table_style
from overlay.cli.table import COMMON, Command
from overlay.errors import EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.dedupe.factor.extract import Extracted


def extract_values(args: dict[str, Any]) -> int:
    """Show which values there could be, or write them."""
    from overlay.cli.factor import reader  # noqa: PLC0415
    from overlay.cli.rewriting import finish_first, rewrite  # noqa: PLC0415
    from overlay.dedupe.factor.extract import Extraction  # noqa: PLC0415
    from overlay.files.root import find_root  # noqa: PLC0415
    from overlay.inspect.factoring import Prover, prove  # noqa: PLC0415
    from overlay.inspect.session import Workshop  # noqa: PLC0415
    from overlay.load.project import every_environment  # noqa: PLC0415

    if finish_first(args, [find_root(args["project"])]):
        return EXIT_OK
    with Workshop(project=args["project"], child=args["early"]) as workshop:
        names = every_environment(workshop.project, workshop.files)
        prover = Prover(workshop, names)
        found = Extraction(reader(workshop.files), prover, prover.objects).run()
        if found.changes:
            prove(workshop, names, found.changes)
            if args["write"]:
                rewrite(args, workshop.project.root, found.changes)
        _show(args, found, len(names))
    return EXIT_OK


def _show(args: dict[str, Any], found: Extracted, environments: int) -> None:
    from overlay.dedupe.factor.extract import summary, told  # noqa: PLC0415
    from overlay.dedupe.factor.templates import TYPES  # noqa: PLC0415

    if args["output"] != "table":
        values = [
            {
                "name": one.name,
                "base": one.home,
                "type": TYPES[type(one.default)],
                "fields": [told(field) for field in one.fields],
                "default": one.default,
                "environments": {short(child): item for child, item in one.by},
            }
            for one in found.settings
        ]
        left = [{"base": one.home, "reason": one.reason, "hint": one.hint or None} for one in found.left_out]
        print_data(args, {"values": values, "leftOut": left}, found.changes, found.lines)
        return
    from overlay.report.table import as_table  # noqa: PLC0415

    style = table_style(args)
    for home in dict.fromkeys([one.home for one in found.settings]):
        mine = [one for one in found.settings if one.home == home]
        children = [short(child) for child, _ in mine[0].by]
        rows = []
        for one in mine:
            said = [json.dumps(item) if not isinstance(item, str) else item for _, item in one.by]
            rows.append((one.name, TYPES[type(one.default)], summary(one), *said))
        head = (f"VALUE OF {posixpath.basename(posixpath.dirname(home)).upper()}", "TYPE", "FIELD", *children)
        sys.stdout.write(as_table(head, rows, style) + "\n")
    if found.changes:
        print_lines(found.lines, style)
    if found.left_out:
        rows = [(short(one.home), one.reason) for one in found.left_out]
        sys.stdout.write(f"\n{len(rows)} left out\n" + as_table(("BASE", "WHY"), rows, style))
        for hint in dict.fromkeys([one.hint for one in found.left_out if one.hint]):
            print(f"hint: {hint}")
    if args["quiet"]:
        return
    sys.stdout.flush()
    print(_closing(args, found, environments), file=sys.stderr)


def _closing(args: dict[str, Any], found: Extracted, environments: int) -> str:
    if not found.changes:
        return "no values would be shorter than what is there"
    proved = f"proved: {environments} environments render to the same bytes"
    return f"{proved}; wrote {len(found.changes)} files" if args["write"] else f"{proved}; --write writes it"


EXTRACT_VALUES = Command(
    path=("extract-values",),
    help="""Turn the fields in which environments differ into a few typed values, where that is shorter.

The manifests of a base become a chart of its own, with the fields as values and a JSON schema of them; environments set
values instead of patching. Fields that always agree become one value. Without --write it only shows. Every environment
is rendered first with the changes, and has to give the same bytes.

Examples:

  overlay extract-values

  overlay extract-values -o json

  overlay extract-values --write""",
    run=extract_values,
    params=(*REWRITING, *COMMON),
)
