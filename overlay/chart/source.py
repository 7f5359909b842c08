"""Read the base chart: a Helm chart's folder, a packaged chart, or a folder of plain manifests."""

from __future__ import annotations

import hashlib

from overlay.chart.check import check_chart, present_charts, read_metadata
from overlay.chart.ignore import read_ignore
from overlay.chart.remote import chart_request, dependency_requests
from overlay.errors import ChartError, LimitError, OverlayError, raise_all
from overlay.files.archive import unpack
from overlay.files.paths import resolve
from overlay.model.contents import ChartSource
from overlay.model.input import Input
from overlay.model.location import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from overlay.fetch.pinned import Remotes
    from overlay.files.reader import ProjectFiles
    from overlay.model.remote import Request
    from overlay.model.spec import Chart

    Kind = Literal["helm", "manifests"]

# Helm's own limits (pkg/chart/loader/archive), named here so that the message can say them.
MAX_CHART_FILE = 5 * 1024 * 1024
MAX_CHART = 100 * 1024 * 1024
MAX_SUBCHART_DEPTH = 5
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml")
MANIFEST_ENDINGS = (".yaml", ".yml", ".json")


def read_chart(files: ProjectFiles, path: str, location: Location, remotes: Remotes | None = None) -> ChartSource:
    """Return a chart's checked bytes; `path` is its folder or archive, from the project folder.

    remotes: gives the sub-charts that come from elsewhere; without it they count as missing.
    Raises PathError, ArchiveError, LimitError, ChartError, LockError.
    """
    kind, found, names = _local_files(files, path, location)
    below: tuple[Input, ...] = ()
    if kind == "helm":
        found, below = _with_dependencies(found, path, location, remotes)
    source = _source(kind, path, location, found, (*[files.input(name) for name in names], *below))
    if kind == "helm":
        check_chart(source)
    return source


def local_requests(files: ProjectFiles, chart: Chart, folder: str) -> list[Request]:
    """Return what a local chart wants from elsewhere.

    Raises what `read_chart` raises while it reads files.
    """
    path = chart_key(chart, folder)
    kind, found, _ = _local_files(files, path, chart.location)
    return missing_dependencies(_expand(found, path, chart.location), path) if kind == "helm" else []


def _local_files(files: ProjectFiles, path: str, location: Location) -> tuple[Kind, list[tuple[str, bytes]], list[str]]:
    """Return what kind of chart a path is, its files below itself, and which files of the project were read."""
    if path.endswith((".tgz", ".tar.gz")) and not files.is_folder(path):
        data = files.read(path, location, limit=MAX_CHART)
        return "helm", unpack(data, path, location), [path]
    if not files.is_folder(path):
        files.read(path, location)  # says why it cannot be a chart, when it is a link or missing
        raise ChartError(f"{path} is neither a folder nor a packaged chart (.tgz)", location=location)
    if files.exists(f"{path}/Chart.yaml"):
        return ("helm", *_helm_folder(files, path, location))
    if files.is_folder(f"{path}/templates"):
        raise ChartError(
            f"{path} has templates/ but no Chart.yaml",
            location=location,
            hint="a Helm chart needs Chart.yaml with apiVersion: v2, name and version",
        )
    names = [name for name in files.walk(path, location) if name.endswith(MANIFEST_ENDINGS)]
    if not names:
        raise ChartError(f"{path} holds neither a Chart.yaml nor manifests (*.yaml, *.yml, *.json)", location=location)
    refuse_kustomization([name[len(path) + 1 :] for name in names], path, location)
    return "manifests", [(name[len(path) + 1 :], files.read(name, location)) for name in names], names


def refuse_kustomization(names: Iterable[str], folder: str, location: Location | None) -> None:
    """Refuse a kustomization among plain manifests: it says what to do with them, and would be taken for one.

    Raises ChartError.
    """
    for name in names:
        if name.rpartition("/")[2] in KUSTOMIZATIONS:
            raise ChartError(
                f"{folder}/{name} is a kustomization, no manifest",
                location=location,
                hint="leave it out, and say its fields in our own documents: most have the same names",
            )


def open_chart(files: ProjectFiles, remotes: Remotes, chart: Chart, folder: str) -> ChartSource:
    """Return the chart that a document names, wherever it comes from; `folder` is the document's.

    Raises what the readers of local and remote charts raise.
    """
    if chart.local is None:
        return read_remote_chart(remotes, chart_request(chart))
    return read_chart(files, resolve(folder, chart.local, chart.location), chart.location, remotes)


def chart_key(chart: Chart, folder: str) -> str:
    """Return a text that is equal for equal charts.

    Raises PathError.
    """
    if chart.local is None:
        return repr(chart_request(chart).key)
    return resolve(folder, chart.local, chart.location)


def read_remote_chart(remotes: Remotes, request: Request) -> ChartSource:
    """Return the checked bytes of a chart from elsewhere, or of a folder of plain manifests there.

    Raises LockError, ArchiveError, LimitError, ChartError.
    """
    pin = remotes.pin(request)
    data = remotes.content(pin, request.location)
    found = unpack(data, pin.label, request.location, is_chart=bool(request.get("repository") or request.get("oci")))
    inputs = (Input(pin.label, pin.digest),)
    if any(name == "Chart.yaml" for name, _ in found):
        found, below = _with_dependencies(found, pin.label, request.location, remotes)
        source = _source("helm", pin.label, request.location, found, (*inputs, *below))
        check_chart(source)
        return source
    found = [(name, content) for name, content in found if name.endswith(MANIFEST_ENDINGS)]
    if not found:
        raise ChartError(f"{pin.label} holds neither a Chart.yaml nor manifests", location=request.location)
    return _source("manifests", pin.label, request.location, found, inputs)


def missing_dependencies(found: list[tuple[str, bytes]], path: str) -> list[Request]:
    """Return what a chart's Chart.yaml wants from elsewhere and its charts/ folder does not hold."""
    source = ChartSource(kind="helm", path=path, location=Location(path), files=tuple(found), digest="")
    metadata = read_metadata(source)
    locked = read_metadata(source, name="Chart.lock") if any(name == "Chart.lock" for name, _ in found) else {}
    return dependency_requests(metadata, present_charts(source), Location(f"{path}/Chart.yaml"), locked)


def _with_dependencies(
    found: list[tuple[str, bytes]], path: str, location: Location, remotes: Remotes | None
) -> tuple[list[tuple[str, bytes]], tuple[Input, ...]]:
    """Put the packaged sub-charts that come from elsewhere where Helm would have put them."""
    found = _expand(found, path, location)
    if remotes is None:
        return found, ()
    errors: list[OverlayError] = []
    more, inputs = [], []
    for request in missing_dependencies(found, path):
        try:
            pin = remotes.pin(request)
            more.append((f"charts/{pin.name}-{pin.version}.tgz", remotes.content(pin, request.location)))
            inputs.append(Input(pin.label, pin.digest))
        except OverlayError as error:
            errors.append(error)
    raise_all(errors)
    return _expand([*found, *more], path, location), tuple(inputs)


def _helm_folder(files: ProjectFiles, path: str, location: Location) -> tuple[list[tuple[str, bytes]], list[str]]:
    ignored = read_ignore(files, path, location)
    if ignored("Chart.yaml"):
        raise ChartError(
            f"{path}/.helmignore leaves out Chart.yaml",
            location=Location(f"{path}/.helmignore"),
            hint="Helm's `!` rules leave out whatever they do not match; remove them",
        )
    names = [name for name in files.walk(path, location) if not ignored(name[len(path) + 1 :])]
    found, total = [], 0
    for name in names:
        data = files.read(name, location)
        if len(data) > MAX_CHART_FILE:
            raise LimitError(
                f"{name} has {len(data)} bytes; Helm takes no chart file above {MAX_CHART_FILE}",
                location=location,
                hint="list it in .helmignore when the chart does not need it",
            )
        total += len(data)
        found.append((name[len(path) + 1 :], data))
    if total > MAX_CHART:
        raise LimitError(f"chart {path} has {total} bytes; Helm takes no chart above {MAX_CHART}", location=location)
    ignore_file = f"{path}/.helmignore"
    inputs = [*names, ignore_file] if files.exists(ignore_file) and ignore_file not in names else list(names)
    return found, inputs


def _source(
    kind: Kind, path: str, location: Location, found: list[tuple[str, bytes]], inputs: tuple[Input, ...]
) -> ChartSource:  # fmt: skip
    digest = hashlib.sha256()
    for name, data in found:
        digest.update(b"%d:%s%d:" % (len(name.encode()), name.encode(), len(data)))
        digest.update(data)
    return ChartSource(
        kind=kind,
        path=path,
        location=location,
        files=tuple(found),
        digest=f"sha256:{digest.hexdigest()}",
        inputs=inputs,
    )


def _expand(found: list[tuple[str, bytes]], path: str, location: Location, depth: int = 0) -> list[tuple[str, bytes]]:
    """Replace packaged sub-charts by their files, so that they are checked as all others are."""
    expanded: list[tuple[str, bytes]] = []
    for name, data in found:
        folder, _, base = name.rpartition("/")
        if folder.rpartition("/")[2] != "charts" or not base.endswith(".tgz"):
            expanded.append((name, data))
            continue
        if depth >= MAX_SUBCHART_DEPTH:
            raise LimitError(f"{path}/{name}: sub-charts nested deeper than {MAX_SUBCHART_DEPTH}", location=location)
        below = _expand(unpack(data, f"{path}/{name}", location), f"{path}/{name}", location, depth + 1)
        expanded += [(f"{name.removesuffix('.tgz')}/{inner}", content) for inner, content in below]
    return sorted(expanded)
