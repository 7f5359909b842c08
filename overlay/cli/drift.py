"""`overlay drift`: what differs in clusters from what is published, and who changed it; nothing is corrected."""

from __future__ import annotations

import sys

from overlay.cli.cluster_options import REACHING
from overlay.cli.fetching import TIMEOUT
from overlay.cli.from_git import PLACE
from overlay.cli.publishing_options import ALL, ENVIRONMENTS, REMOTE
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, OverlayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cli.clusters import Live
    from overlay.cli.from_git import Published
    from overlay.cluster.plan import Action

_WORDS = {"create": "missing", "update": "changed", "replace": "changed", "refused": "refused", "conflict": "not ours",
          "adopt": "not ours", "prune": "too much"}  # fmt: skip


def drift(args: dict[str, Any]) -> int:
    """Print each difference; exit 1 where there is one."""
    from overlay.cli.exits import exit_code, report  # noqa: PLC0415
    from overlay.cli.from_git import read_published  # noqa: PLC0415

    found: list[dict[str, Any]] = []
    errors: list[OverlayError] = []
    for name, one in read_published(args).items():
        try:
            if isinstance(one, OverlayError):
                raise one
            found.append(look_for_drift(args, one))
        except OverlayError as error:
            errors.append(error.of(name))
    if args["output"] == "json":
        import json  # noqa: PLC0415

        document = {"apiVersion": "overlay.dev/v1", "kind": "Drift", "environments": found}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _print(found)
    report(errors, (), args)
    if errors:
        return exit_code(errors, is_partial=bool(found))
    return EXIT_DIFFERENT if any(one["objects"] for one in found) else EXIT_OK


def look_for_drift(args: dict[str, Any], published: Published) -> dict[str, Any]:
    """Return what differs in an environment's cluster, as a document shows it."""
    from overlay.cli.clusters import look  # noqa: PLC0415
    from overlay.model.cluster import ConflictRule  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415

    wish = published.wish
    # What others took is told as a change, field by field; what the environment leaves to them is none.
    left = [one for one in wish.settings.conflicts if one.action == "leave"]
    settings = replace(wish.settings, conflicts=(ConflictRule("*", "take"), *left), max_prune="100%")
    live = look({**args, "first_contact": True}, replace(wish, settings=settings))
    try:
        rows = [_row(live, one) for one in live.plan.of(*_WORDS)]
        return {
            "environment": wish.name, "context": live.client.access.context, "revision": published.revision,
            "commit": published.commit, "objects": rows,
        }  # fmt: skip
    finally:
        live.client.close()


def _row(live: Live, action: Action) -> dict[str, Any]:
    from overlay.cli.cluster_output import changes_value, id_value  # noqa: PLC0415
    from overlay.cluster.drift import drifted  # noqa: PLC0415

    served = live.placed.served.get(action.id.key)
    body = live.client.find(served, action.id.namespace, action.id.name) if served and action.changes else None
    owners = [one.managers for one in drifted(action, body)] if body else [() for _ in action.changes]
    return {
        "difference": _WORDS[action.verb],
        **id_value(action.id),
        "why": action.why or None,
        "fields": [
            {
                "path": one["path"], "live": one["before"], "committed": one["after"],
                "by": [{"manager": manager, "time": time} for manager, time in names],
            }
            for one, names in zip(changes_value(action), owners, strict=True)
        ],
    }  # fmt: skip


def _print(found: list[dict[str, Any]]) -> None:
    from overlay.cli.cluster_output import value_text  # noqa: PLC0415
    from overlay.report.style import inert  # noqa: PLC0415

    lines = []
    for one in found:
        count = len(one["objects"])
        lines.append(
            f"{one['environment']}: {f'{count} object' + 's' * (count != 1) if count else 'nothing'} differs"
            f" from revision {one['revision']} in {one['context']}".replace("objects differs", "objects differ")
        )
        for row in one["objects"]:
            label = "/".join([part for part in (row["kind"], row["namespace"], row["name"]) if part])
            lines.append(f"  {row['difference'].ljust(8)}  {label}{' (' + row['why'] + ')' if row['why'] else ''}")
            for each in row["fields"]:
                by = ", ".join([f"{who['manager']} {who['time']}".strip() for who in each["by"]])
                shown = f"{value_text(each['live'])}, committed {value_text(each['committed'])}"
                lines.append(f"              {each['path']}: {shown}{' by ' + by if by else ''}")
    sys.stdout.write("".join([f"{inert(line)}\n" for line in lines]))


DRIFT = Command(
    path=("drift",),
    help="""Show what differs in clusters from what is published in Git, field by field, with who changed it and when.

It only reports; `overlay sync` corrects. Fields that the environment leaves to others (cluster.conflicts) do not count.
Exit code: 0 nothing differs, 1 something does.

Examples:

  overlay drift --all

  overlay drift prod -o json""",
    run=drift,
    params=(
        ENVIRONMENTS,
        ALL,
        Param(
            name="output",
            flags=("-o", "--output"),
            metavar="FORMAT",
            choices=("text", "json"),
            default="text",
            help="text or json.",
        ),
        *REACHING,
        *PLACE,
        REMOTE,
        TIMEOUT,
        *COMMON,
    ),
)
