"""`overlay history ENV --live`: what was applied to an environment's cluster, as the record there tells it."""

from __future__ import annotations

import os
import sys

from overlay.cli.printing import print_document
from overlay.errors import EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.tracked import Tracked
    from overlay.cluster.record import Entry

_HEAD = ("REVISION", "UPDATED", "STATUS", "FROM", "CHART", "APP-VERSION")


def live_history(args: dict[str, Any]) -> int:
    """Print the last runs on a cluster, the newest last."""
    from overlay.cli.tracked import track  # noqa: PLC0415

    one = track(args, args["environment"])
    one.client.close()
    entries = [*one.record.history[::-1], one.current]
    if args["output"] == "table":
        from overlay.report.style import Style, wants_color  # noqa: PLC0415
        from overlay.report.table import as_table  # noqa: PLC0415

        color = wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ)
        rows = [
            (
                str(entry.revision), entry.updated, entry.status, entry.origin,
                f"{entry.chart}-{entry.chart_version}".strip("-"), entry.app_version,
            )
            for entry in entries
        ]  # fmt: skip
        sys.stdout.write(as_table(_HEAD, rows, Style(color=color)))
    else:
        print_document(_document(one, entries), args["output"])
    return EXIT_OK


def _document(one: Tracked, entries: Sequence[Entry]) -> dict[str, Any]:
    from overlay.cli.cluster_output import bundle_value  # noqa: PLC0415

    return {
        "apiVersion": "overlay.dev/v1",
        "kind": "LiveHistory",
        "environment": one.name,
        "context": one.client.access.context,
        "revisions": [
            {
                "revision": entry.revision,
                "updated": entry.updated,
                "status": entry.status,
                "commit": entry.commit,
                "source": entry.source or None,
                "bundle": bundle_value(entry.bundle),
                "chart": entry.chart or None,
                "chartVersion": entry.chart_version or None,
                "appVersion": entry.app_version or None,
            }
            for entry in entries
        ],
    }
