"""`overlay plan`: what `overlay sync` would publish, and nothing else."""

from __future__ import annotations

from overlay.cli.printing import print_document
from overlay.cli.publishing_options import PUBLISHING
from overlay.cli.table import Command, Param, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def plan(args: dict[str, Any]) -> int:
    """Print the plans; with --out write them for `overlay sync --plan`."""
    from overlay.cli.exits import exit_code, report  # noqa: PLC0415
    from overlay.cli.publishing import names_of  # noqa: PLC0415
    from overlay.cli.publishing_output import plans_document, print_plans  # noqa: PLC0415
    from overlay.cli.publishing_run import prepare  # noqa: PLC0415

    with prepare(args, names_of(args)) as run:
        form = args["output"]
        if form in ("json", "yaml"):
            print_document(plans_document(run.planned, effects=True), form)
        else:
            print_plans(run.planned, args)
        if args["out"] and not run.errors:
            _write(args["out"], plans_document(run.planned, effects=False))
        report(run.errors, run.findings, args)
        return exit_code(run.errors, is_partial=bool(run.planned))


def _write(path: str, document: dict[str, Any]) -> None:
    import json  # noqa: PLC0415
    import os  # noqa: PLC0415

    from overlay.errors import OutputError  # noqa: PLC0415
    from overlay.files.atomic import write_atomic  # noqa: PLC0415

    try:
        write_atomic(path, (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {os.strerror(error.errno or 0).lower()}") from None


PLAN = Command(
    path=("plan",),
    help="""Show what `overlay sync` would publish: environments, revisions, and every field that changes.

Nothing is written but a file that --out names; `overlay sync --plan FILE` then publishes exactly that, or says how the
world moved meanwhile.

Examples:

  overlay plan prod

  overlay plan prod --out plan.json && overlay sync --plan plan.json""",
    run=plan,
    params=(
        output("table", "json", "yaml"),
        Param(name="out", flags=("--out",), metavar="FILE", help="Write the plan for `overlay sync --plan`."),
        *PUBLISHING,
    ),
)
