"""From an environment's name to its Build: the sentence of ARCHITECTURE.md as code."""

from __future__ import annotations

from overlay.chart.cache import RenderCache, cache_folder, render_cached
from overlay.chart.choose import choose_renderer
from overlay.chart.render import Rendered, RenderRequest
from overlay.errors import OverlayError, UsageError
from overlay.layering.prepared import Prepared
from overlay.load.project import every_environment, load_project
from overlay.model.build import Build
from overlay.model.options import Options
from overlay.model.value import value
from overlay.run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.chart.child import HelmChild
    from overlay.chart.render import Renderer
    from overlay.files.reader import ProjectFiles, Unlock


@value(kw_only=True)
class Made:
    """One environment, and what was made on the way; prepared: None where it could not be; answers: of its requests."""

    name: str
    result: Build | OverlayError
    prepared: Prepared | None = None
    answers: tuple[Rendered | OverlayError, ...] = ()


def build(environment: str, *, project: str = ".", options: Options | None = None) -> Build:
    """Return one environment, rendered.

    environment: its name. project: the project's folder, or one below it. Raises OverlayError; Problems for several.
    """
    for _, result in build_all([environment], project=project, options=options):
        if isinstance(result, OverlayError):
            raise result
        return result
    raise UsageError(f"no environment is called {environment!r}")


def build_all(
    names: Sequence[str] | None,
    *,
    project: str = ".",
    options: Options | None = None,
    child: HelmChild | None = None,
    unlock: Unlock | None = None,
) -> Iterator[tuple[str, Build | OverlayError]]:
    """Yield (name, Build or what is wrong with it) for each environment; None means every Environment.

    One environment's failure does not stop the others. Files and layers are read once for all of them.
    child: a Helm process that was started early; it is ended in any case. unlock: reads encrypted files in the clear.
    Raises OverlayError for what concerns the project as a whole.
    """
    renderer = None
    apart = Apart()
    files: ProjectFiles | None = None
    try:
        found, files = load_project(project, unlock)
        run = Run(found, files, options or Options(), apart.render)
        renderer = choose_renderer(child)
        for made in make_all(run, names, renderer):
            yield made.name, made.result
    finally:
        apart.close()
        if files is not None:
            files.close()
        if renderer is not None:
            renderer.close()
        elif child is not None:
            child.close()


def make_all(run: Run, names: Sequence[str] | None, renderer: Renderer) -> Iterator[Made]:
    """Yield each environment as it is made; None means every Environment.

    While they are, nobody else may use the renderer: the run renders what a problem's place needs by another one.
    """
    wanted = list(dict.fromkeys(names if names is not None else every_environment(run.project, run.files)))
    prepared = [run.prepare(name) for name in wanted]
    requests = [request for one in prepared if isinstance(one, Prepared) for request in one.requests]
    cache = RenderCache(cache_folder(), renderer.version) if run.options.cache and requests else None
    rendered = render_cached(cache, requests, renderer) if requests else iter(())
    for name, one in zip(wanted, prepared, strict=True):
        if isinstance(one, OverlayError):
            yield Made(name=name, result=one.of(name))
            continue
        answers = [next(rendered) for _ in one.requests]
        result: Build | OverlayError
        try:
            result = run.finish(one, answers[0] if answers else None, renderer.version, answers[1:])
        except OverlayError as error:
            result = error.of(name)
        yield Made(name=name, result=result, prepared=one, answers=tuple(answers))


class Apart:
    """Renders charts once more, for what a problem's place needs, while the run's own renderer is busy."""

    def __init__(self) -> None:
        self._renderer: Renderer | None = None

    def render(self, requests: Sequence[RenderRequest]) -> list[Rendered | OverlayError]:
        self._renderer = self._renderer or choose_renderer()
        return list(self._renderer.render(requests))

    def close(self) -> None:
        if self._renderer is not None:
            self._renderer.close()
