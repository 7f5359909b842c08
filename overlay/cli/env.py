"""`overlay env list` and `overlay env show`: which environments there are, and what each is made of."""

from __future__ import annotations

import os
import sys

from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import OverlayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.fetch.pinned import Remotes
    from overlay.load.graph import Effective
    from overlay.model.contents import ReadEnvironment, ReadLayer

_HEAD = ("NAME", "EXTENDS", "CHART", "VERSION", "NAMESPACE", "PATCHES")


def list_(args: dict[str, Any]) -> int:
    """Print the environments; those that cannot be loaded are reported after the others."""
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.fetch.pinned import Remotes  # noqa: PLC0415
    from overlay.load.graph import Loader, effective  # noqa: PLC0415
    from overlay.load.project import list_environments, load_project  # noqa: PLC0415

    project, files = load_project(args["project"])
    remotes = Remotes(files, cache_folder())
    loader = Loader(project, files, remotes)
    failures: list[OverlayError] = []
    rows: list[dict[str, Any]] = []
    parents: dict[str, list[str]] = {}
    for name in list_environments(project, files):
        try:
            environment = loader.load(name)
        except OverlayError as error:
            failures.append(error)
            continue
        rows.append(_row(environment, effective(environment, project), files, remotes))
        for layer in environment.layers:
            refs = (*layer.layer.spec.extends, *layer.layer.spec.components)
            parents[layer.layer.name] = [ref.path.rstrip("/").rpartition("/")[2] for ref in refs]
    _print(rows, parents, args)
    if not failures:
        return 0
    from overlay.cli.exits import report, worst  # noqa: PLC0415

    report(list(dict.fromkeys(one for failure in failures for one in failure.each())), (), args)
    return worst(failures)


def _row(environment: ReadEnvironment, settled: Effective, files: Any, remotes: Remotes) -> dict[str, Any]:
    own = environment.layers[-1].layer
    chart, version = "", ""
    if settled.chart is not None and settled.chart.local is not None:
        from overlay.chart.check import read_metadata  # noqa: PLC0415
        from overlay.chart.source import open_chart  # noqa: PLC0415

        source = open_chart(files, remotes, settled.chart, settled.chart_folder)
        metadata = read_metadata(source) if source.kind == "helm" else {}
        chart, version = str(metadata.get("name", source.path.rpartition("/")[2])), str(metadata.get("version", ""))
    elif settled.chart is not None:
        chart = settled.chart.label
        version = settled.chart.version or settled.chart.ref or settled.chart.digest or ""
    return {
        "name": environment.name,
        "extends": [ref.path.rstrip("/").rpartition("/")[2] for ref in own.spec.extends],
        "chart": chart,
        "version": version,
        "namespace": settled.release_namespace,
        "patches": sum(len(layer.layer.spec.patches) for layer in environment.layers),
    }


def _print(rows: list[dict[str, Any]], parents: dict[str, list[str]], args: dict[str, Any]) -> None:
    if args["graph"]:
        from overlay.report.table import as_tree  # noqa: PLC0415

        below: dict[str, list[str]] = {}
        for child, names in parents.items():
            for name in names:
                below.setdefault(name, []).append(child)
        roots = [name for name in parents if not parents[name] and name in below] or [row["name"] for row in rows]
        unicode = (sys.stdout.encoding or "").lower().startswith("utf")
        sys.stdout.write(
            as_tree(sorted(roots), {name: sorted(found) for name, found in below.items()}, unicode=unicode)
        )
    elif args["output"] in ("json", "yaml"):
        print_document(rows, args["output"])
    elif args["output"] == "name":
        sys.stdout.write("".join([f"{row['name']}\n" for row in rows]))
    else:
        from overlay.report.style import Style, wants_color  # noqa: PLC0415
        from overlay.report.table import as_table  # noqa: PLC0415

        cells = [
            (row["name"], ",".join(row["extends"]), row["chart"], row["version"], row["namespace"], str(row["patches"]))
            for row in rows
        ]
        color = wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ)
        sys.stdout.write(as_table(_HEAD, cells, Style(color=color)))


def show(args: dict[str, Any]) -> int:
    """Print the chain of layers of one environment, each with its files."""
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.fetch.pinned import Remotes  # noqa: PLC0415
    from overlay.load.graph import Loader, effective  # noqa: PLC0415
    from overlay.load.project import load_project  # noqa: PLC0415

    project, files = load_project(args["project"])
    environment = Loader(project, files, Remotes(files, cache_folder())).load(args["environment"])
    settled = effective(environment, project)
    value = {
        "name": environment.name,
        "release": {"name": settled.release_name, "namespace": settled.release_namespace},
        "kubernetesVersion": settled.kubernetes_version,
        "chart": _chart(settled),
        "layers": [_layer(layer) for layer in environment.layers],
    }
    if args["output"] in ("json", "yaml"):
        print_document(value, args["output"])
    else:
        sys.stdout.write(_chain(value))
    return 0


def _chart(settled: Effective) -> str | None:
    """Return where an environment's chart is: its path from the project's folder, or what names it elsewhere."""
    if settled.chart is None or settled.chart.local is None:
        return None if settled.chart is None else settled.chart.label
    from overlay.files.paths import resolve  # noqa: PLC0415

    return resolve(settled.chart_folder, settled.chart.local, settled.chart.location)


def _layer(layer: ReadLayer) -> dict[str, Any]:
    return {
        "kind": layer.layer.kind,
        "name": layer.layer.name,
        "files": [entry.path for entry in layer.inputs],
    }


def _chain(value: dict[str, Any]) -> str:
    release = value["release"]
    out = [
        f"{value['name']}: release {release['name']} in namespace {release['namespace']}",
        f"  for Kubernetes {value['kubernetesVersion']}, chart {value['chart'] or 'none'}",
        "layers, in the order in which they act:",
    ]
    for number, layer in enumerate(value["layers"], 1):
        out.append(f"  {number}. {layer['kind']} {layer['name']}")
        out += [f"       {path}" for path in layer["files"]]
    return "\n".join(out) + "\n"


LIST = Command(
    path=("env", "list"),
    help="List the environments of the project.",
    run=list_,
    params=(
        output("table", "json", "yaml", "name"),
        Param(name="graph", flags=("--graph",), kind="flag", help="Show who extends whom as a tree."),
        *COMMON,
    ),
)
SHOW = Command(
    path=("env", "show"),
    help="Show the chain of layers that an environment is made of, each with its files.",
    run=show,
    params=(
        Param(name="environment", kind="argument", metavar="ENV", required=True, help="Name of an environment."),
        output("text", "json", "yaml"),
        *COMMON,
    ),
)
