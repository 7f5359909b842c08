"""`overlay list`: every environment that a cluster knows; `overlay notes`: the notes of one."""

from __future__ import annotations

import os
import sys

from overlay.cli.cluster_options import REACHING
from overlay.cli.printing import print_document
from overlay.cli.sourcing_output import say
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_OK, EXIT_PARTIAL, ClusterConflict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cluster.record import Record

_HEAD = ("NAME", "NAMESPACE", "REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION")


def list_(args: dict[str, Any]) -> int:
    """Print what the records of the cluster say."""
    from overlay.cli.clusters import reach  # noqa: PLC0415
    from overlay.cli.exits import report, worst  # noqa: PLC0415
    from overlay.cluster.store import all_records  # noqa: PLC0415

    client = reach(args, None)
    try:
        namespace = "" if args["all_namespaces"] else args["namespace"] or client.access.namespace
        found = list(all_records(client, namespace))
    finally:
        client.close()
    records = sorted([one for one in found if not isinstance(one, ClusterConflict)], key=lambda one: one.environment)
    _print([_row(one) for one in records], args)
    errors = [one for one in found if isinstance(one, ClusterConflict)]
    if not found and namespace and args["output"] == "table":
        say(args, f"nothing in namespace {namespace}; -A looks in all of them")
    if not errors:
        return EXIT_OK
    report(errors, (), args)
    return EXIT_PARTIAL if records else worst(errors)


def _row(record: Record) -> dict[str, Any]:
    from overlay.cli.cluster_output import bundle_value  # noqa: PLC0415

    current = record.current
    chart = f"{current.chart}-{current.chart_version}".strip("-") if current else ""
    return {
        "name": record.environment,
        "namespace": record.namespace,
        "revision": current.revision if current else 0,
        "updated": current.updated if current else "",
        "status": current.status if current else "",
        "chart": chart,
        "appVersion": current.app_version if current else "",
        "commit": current.commit if current else "",
        "bundle": bundle_value(current.bundle) if current else None,
        "objects": len(record.inventory),
    }


def _print(rows: list[dict[str, Any]], args: dict[str, Any]) -> None:
    if args["output"] in ("json", "yaml"):
        print_document(rows, args["output"])
    else:
        from overlay.report.style import Style, wants_color  # noqa: PLC0415
        from overlay.report.table import as_table  # noqa: PLC0415

        names = ("name", "namespace", "revision", "updated", "status", "chart", "appVersion")
        # Helm's columns, and one more where something came from a bundle.
        head = (*_HEAD, "BUNDLE") if any(row["bundle"] for row in rows) else _HEAD
        cells = [[*[str(row[name]) for name in names], _bundle(row["bundle"])][: len(head)] for row in rows]
        color = wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ)
        sys.stdout.write(as_table(head, cells, Style(color=color)))


def _bundle(found: dict[str, str] | None) -> str:
    return f"{found['name']}:{found['version']}@{found['digest'][:19]}" if found else ""


def notes(args: dict[str, Any]) -> int:
    """Print the notes that came with what is installed."""
    from overlay.cli.tracked import track  # noqa: PLC0415
    from overlay.report.style import inert  # noqa: PLC0415

    one = track(args, args["environment"])
    one.client.close()
    sys.stdout.write(inert(one.record.notes))
    return EXIT_OK


OUTPUT = output("table", "json", "yaml")
LIST = Command(
    path=("list",),
    help="""List the environments that a cluster knows, as `helm list` does: revision, time, status, chart.

It reads the records in the cluster alone; no project is needed.

Examples:

  overlay list -A

  overlay list -n shop -o json""",
    run=list_,
    params=(
        Param(name="all_namespaces", flags=("-A", "--all-namespaces"), kind="flag", help="Of all namespaces."),
        Param(name="namespace", flags=("-n", "--namespace"), metavar="NAMESPACE", help="Of this namespace."),
        OUTPUT,
        *REACHING,
        *COMMON,
    ),
)
NOTES = Command(
    path=("notes",),
    help="""Print the NOTES.txt of what is installed in the environment's cluster.

Examples:

  overlay notes prod""",
    run=notes,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of the environment."),
        *REACHING,
        *COMMON,
    ),
)
