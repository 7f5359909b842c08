"""Which chart the chart commands mean."""

from __future__ import annotations

import os

from overlay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.load.graph import Effective
    from overlay.model.contents import ChartSource
    from overlay.oci.chart import Packed


def find_chart(args: dict[str, Any]) -> tuple[ChartSource, Effective]:
    """Return the chart of the environment that is named, or the one that all environments share.

    Raises UsageError where they do not, and what reading it raises.
    """
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.chart.source import chart_key, open_chart  # noqa: PLC0415
    from overlay.fetch.pinned import Remotes  # noqa: PLC0415
    from overlay.load.graph import Loader, effective  # noqa: PLC0415
    from overlay.load.project import list_environments, load_project  # noqa: PLC0415

    project, files = load_project(args["project"])
    remotes = Remotes(files, cache_folder())
    loader = Loader(project, files, remotes)
    names = [args["environment"]] if args["environment"] else list_environments(project, files)
    found: dict[str, Effective] = {}
    for name in names:
        settled = effective(loader.load(name), project)
        if settled.chart is not None:
            found.setdefault(chart_key(settled.chart, settled.chart_folder), settled)
    if args["environment"] and not found:
        raise UsageError("it has no chart", environment=args["environment"], hint="name one that has, or none")
    if len(found) != 1:
        what = "no environment has a chart" if not found else f"environments have {len(found)} different charts"
        raise UsageError(
            what, hint="name the environment whose chart is meant" if found else "set spec.chart in the base"
        )
    [settled] = found.values()
    assert settled.chart is not None  # noqa: S101  # only those were kept
    return open_chart(files, remotes, settled.chart, settled.chart_folder), settled


def packed_chart(args: dict[str, Any]) -> tuple[Packed, int]:
    """Return the chart in one file, and its time."""
    from overlay.files.root import find_root  # noqa: PLC0415
    from overlay.git.repository import Repository  # noqa: PLC0415
    from overlay.oci.chart import pack_chart  # noqa: PLC0415
    from overlay.oci.epoch import epoch  # noqa: PLC0415
    from overlay.oci.revision import is_in_repository, read_revision  # noqa: PLC0415
    from overlay.oci.versions import check_version  # noqa: PLC0415

    if args["version"]:
        check_version(args["version"])
    source, _ = find_chart(args)
    root = find_root(args["project"])
    revision = read_revision(Repository(root, os.environ)) if is_in_repository(root) else None
    seconds = epoch(os.environ, None if revision is None else revision.seconds)
    return pack_chart(source, seconds, version=args["version"], app_version=args["app_version"]), seconds
