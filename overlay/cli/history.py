"""`overlay history`: the revisions of an environment, as its branch tells them."""

from __future__ import annotations

import os
import sys

from overlay.cli.cluster_options import REACHING
from overlay.cli.printing import print_document
from overlay.cli.publishing_options import PAST
from overlay.cli.table import Command, Param, output
from overlay.errors import EXIT_OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.gitops.history import History
    from overlay.gitops.revisions import Revision

_HEAD = ("REVISION", "UPDATED", "STATUS", "SOURCE", "CHART", "APP-VERSION", "AUTHOR", "DESCRIPTION")


def history(args: dict[str, Any]) -> int:
    """Print the newest revisions, the newest last."""
    from overlay.cli.past import Past  # noqa: PLC0415

    if args["live"]:
        from overlay.cli.live_history import live_history  # noqa: PLC0415

        return live_history(args)
    count = args["max"]
    if not (count.isascii() and count.isdigit() and 0 < int(count) < 1_000_000):
        raise UsageError(f"--max {count!r} is no number of revisions", hint="a number from 1 on")
    with Past(args) as past:
        found = past.history(args["environment"])
        revisions = found.newest(int(count))[::-1]
    form = args["output"]
    if form == "table":
        sys.stdout.write(_table(found, revisions, args))
    else:
        print_document(_document(found, revisions), form)
    return EXIT_OK


def _table(found: History, revisions: Sequence[Revision], args: dict[str, Any]) -> str:
    from overlay.report.style import Style, wants_color  # noqa: PLC0415
    from overlay.report.table import as_table  # noqa: PLC0415

    rows = [
        (
            str(one.number),
            one.updated,
            _status(found, one),
            f"{one.source[:7]}{'-dirty' * one.dirty}",
            one.chart,
            one.app_version,
            one.author.partition(" <")[0],
            one.description,
        )
        for one in revisions
    ]
    return as_table(
        _HEAD, rows, Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
    )


def _status(found: History, one: Revision) -> str:
    """Return `current`, `held` (current, and sync leaves it so), or Helm's word for all others."""
    if found.current is None or one.number != found.current.revision:
        return "superseded"
    return "held" if found.current.held is not None else "current"


def _document(found: History, revisions: Sequence[Revision]) -> dict[str, Any]:
    return {
        "apiVersion": "overlay.dev/v1",
        "kind": "History",
        "environment": found.environment,
        "repository": found.remote.shown,
        "branch": found.target.branch,
        "path": found.target.path or ".",
        "revisions": [
            {
                "revision": one.number,
                "updated": one.updated,
                "status": _status(found, one),
                "source": one.source,
                "dirty": one.dirty,
                "chart": one.chart or None,
                "appVersion": one.app_version or None,
                "author": one.author,
                "description": one.description,
                "commit": one.commit,
                "restores": one.restores,
            }
            for one in revisions
        ],
    }


HISTORY = Command(
    path=("history",),
    help="""Show the revisions of an environment: what was published when, from which commit, by whom.

All of it is read from the commits of the environment's branch. The newest revision comes last; its status is `current`,
or `held` after a rollback: `overlay sync` then changes nothing before it is released. A source ends with -dirty where
files were published that were not as committed (--allow-dirty). Times are in UTC. Only as much of the branch's history
is fetched as is shown.

With --live it is what the environment's cluster had, as far as the cluster remembers: also bundles, which no branch
knows of, and runs that failed.

Examples:

  overlay history prod

  overlay history prod --live

  overlay history prod --max 100 -o json""",
    run=history,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of an environment."),
        Param(
            name="max", flags=("--max",), metavar="NUMBER", default="20", help="How many revisions, the newest of all."
        ),
        output("table", "json", "yaml"),
        Param(
            name="live",
            flags=("--live",),
            kind="flag",
            panel="Cluster",
            help="What was applied to its cluster instead.",
        ),
        *REACHING,
        *PAST,
    ),
)
