"""`overlay api-versions`: objects whose API a Kubernetes version has no more, or will drop."""

from __future__ import annotations

import os
import sys

from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.check.apis import Standing

_HEAD = ("ENVIRONMENT", "OBJECT", "API", "STATUS", "INSTEAD", "FROM")
_KNOWN_HEAD = ("API", "STATUS", "INSTEAD")


def api_versions(args: dict[str, Any]) -> int:
    """Print what is deprecated, removed or missing; exit 1 when environments use what is removed or missing."""
    if args["all"] and args["environments"]:
        raise UsageError("--all and names of environments exclude each other")
    if not args["all"] and not args["environments"]:
        return _print_known(args)
    from overlay.check.apis import standing_of  # noqa: PLC0415  # after the arguments are known to be good
    from overlay.kube.types import minor_version  # noqa: PLC0415
    from overlay.model.options import Options  # noqa: PLC0415
    from overlay.pipeline import build_all  # noqa: PLC0415

    # A chart may choose its APIs by the version, so it is rendered for the one that is asked about.
    options = Options(kubernetes_version=args["target"], validate=False)
    names = None if args["all"] else args["environments"]
    failures: list[OverlayError] = []
    rows: list[dict[str, Any]] = []
    for name, result in build_all(names, project=args["project"], options=options, child=args["early"]):
        if isinstance(result, OverlayError):
            failures.append(result)
            continue
        target = minor_version(result.settings.kubernetes_version)
        for one in result.objects:
            found = standing_of(one.id, target)
            if found is not None:
                place = str(one.origin.location)
                rows.append({"environment": name, "object": str(one.id), **_fields(found), "from": place})
    cells = [(row["environment"], row["object"], row["api"], _status(row), row["instead"], row["from"]) for row in rows]
    _print(rows, _HEAD, cells, args)
    if failures:
        from overlay.cli.exits import report, worst  # noqa: PLC0415

        report(list(dict.fromkeys(one for failure in failures for one in failure.each())), (), args)
        return worst(failures)
    return EXIT_DIFFERENT if any(row["status"] != "deprecated" for row in rows) else EXIT_OK


def _print_known(args: dict[str, Any]) -> int:
    """Print every API that is deprecated in the target version or is there no more."""
    rows = [_fields(found) for found in _known(args["target"])]
    cells = [(f"{row['api']} {row['kind']}", _status(row), row["instead"]) for row in rows]
    _print(rows, _KNOWN_HEAD, cells, args)
    return EXIT_OK


def _known(target: str | None) -> Iterator[Standing]:
    from overlay.check.apis import standing  # noqa: PLC0415
    from overlay.kube.lifecycle import lifecycles  # noqa: PLC0415
    from overlay.kube.types import minor_version  # noqa: PLC0415

    if target is None:
        raise UsageError(
            "which environment, or which version?",
            hint="name environments, say --all, or list what Kubernetes itself dropped with --target 1.36",
        )
    for one in lifecycles():
        found = standing(one, minor_version(target))
        if found is not None and found.status != "missing":
            yield found


def _fields(found: Standing) -> dict[str, Any]:
    return {
        "api": found.api,
        "kind": found.kind,
        "status": found.status,
        "since": found.since,
        "goes": found.goes or None,
        "instead": found.replacement,
    }


def _status(row: dict[str, Any]) -> str:
    if row["status"] == "missing":
        return f"comes with {row['since']}"
    goes = f", goes with {row['goes']}" if row["goes"] else ""
    return f"{row['status']} {'in' if row['status'] == 'removed' else 'since'} {row['since']}{goes}"


def _print(rows: list[dict[str, Any]], head: tuple[str, ...], cells: Any, args: dict[str, Any]) -> None:
    if args["output"] in ("json", "yaml"):
        print_document(rows, args["output"])
    elif rows:
        from overlay.report.style import Style, wants_color  # noqa: PLC0415
        from overlay.report.table import as_table  # noqa: PLC0415

        color = wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ)
        sys.stdout.write(as_table(head, cells, Style(color=color)))


API_VERSIONS = Command(
    path=("api-versions",),
    help="""List objects whose API is removed, deprecated or not there yet in a Kubernetes version.

Exits 1 when an object uses what the version does not serve. Without environments, lists what Kubernetes itself
deprecated and removed until that version.

Examples:

  overlay api-versions --target 1.36 --all

  overlay api-versions prod -o json""",
    run=api_versions,
    params=(
        Param(name="environments", kind="arguments", metavar="ENV", help="Names of environments."),
        Param(name="all", flags=("--all",), kind="flag", help="Every environment of the project."),
        Param(
            name="target",
            flags=("--target",),
            metavar="VERSION",
            help="Kubernetes version to look at, such as 1.36; each environment's own when absent.",
        ),
        output("table", "json", "yaml", default=None),
        *COMMON,
    ),
)
