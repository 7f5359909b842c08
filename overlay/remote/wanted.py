"""What a project's documents and charts ask for from elsewhere: read from files and content at hand."""

from __future__ import annotations

from overlay.chart.remote import chart_request
from overlay.chart.source import local_requests, missing_dependencies
from overlay.errors import OverlayError, raise_all
from overlay.fetch.pinned import Remotes, Unavailable
from overlay.files.archive import unpack
from overlay.load.graph import Loader, effective
from overlay.load.project import list_environments
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from overlay.files.reader import ProjectFiles
    from overlay.model.contents import ReadEnvironment
    from overlay.model.project import Project
    from overlay.model.remote import Request


@value(kw_only=True)
class Wanted:
    """What is asked for. is_complete: False where content is not at hand that may ask for more."""

    requests: tuple[Request, ...]
    is_complete: bool


def wanted(project: Project, files: ProjectFiles, remotes: Remotes) -> Wanted:
    """Return what all environments ask for: charts, sub-charts of local ones, bases and manifests; each once.

    Raises Problems with all that is wrong in them.
    """
    found: dict[Any, Request] = {}
    errors: list[OverlayError] = []
    is_complete = True
    loader = Loader(project, files, remotes)
    for name in list_environments(project, files):
        try:
            for request in _of_environment(loader.load(name), project, files):
                found.setdefault(request.key, request)
        except OverlayError as error:
            for one in error.each():
                if isinstance(one, Unavailable):
                    is_complete = False
                    found.setdefault(one.request.key, one.request)
                else:
                    errors.append(one)
    raise_all(list(dict.fromkeys(errors)))
    return Wanted(requests=tuple(found.values()), is_complete=is_complete)


def _of_environment(environment: ReadEnvironment, project: Project, files: ProjectFiles) -> Iterator[Request]:
    for layer in environment.layers:
        spec = layer.layer.spec
        for ref in (*spec.extends, *spec.components, *spec.resources, *spec.crds):
            if ref.remote is not None:
                yield ref.remote
    settled = effective(environment, project)
    if settled.chart is None:
        return
    if settled.chart.local is None:
        yield chart_request(settled.chart)
    else:
        yield from local_requests(files, settled.chart, settled.chart_folder)


def wanted_below(requests: list[Request], content: Callable[[Request], bytes | None]) -> list[Request]:
    """Return what the charts of some requests ask for in turn; those whose content is not known are passed over."""
    found: dict[Any, Request] = {}
    for request in requests:
        data = content(request)
        if data is None or not is_packed(request):
            continue
        label = f"<{request.name}>"
        files = unpack(data, label, request.location, is_chart=False)
        if any(name == "Chart.yaml" for name, _ in files):
            for below in missing_dependencies(files, label):
                found.setdefault(below.key, below)
    return list(found.values())


def is_packed(request: Request) -> bool:
    """Tell whether a request's content is an archive, and no single file."""
    return not request.get("url").partition("?")[0].endswith((".yaml", ".yml", ".json"))
