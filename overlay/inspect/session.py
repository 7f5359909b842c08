"""A built environment with what is needed to ask about it: a trace, its values, and Helm to render it otherwise."""

from __future__ import annotations

from overlay.chart.choose import choose_renderer
from overlay.errors import OverlayError
from overlay.load.project import load_project, read_project_file
from overlay.model.options import Options
from overlay.pipeline import Apart, make_all
from overlay.provenance.values import ValueSources, read_sources
from overlay.run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from overlay.chart.child import HelmChild
    from overlay.chart.render import Rendered, Renderer, RenderRequest
    from overlay.files.reader import ProjectFiles
    from overlay.kube.follow import Concrete
    from overlay.layering.prepared import Prepared
    from overlay.model.build import Build
    from overlay.model.resource import Resource
    from overlay.pipeline import Made
    from overlay.provenance.history import Source
    from overlay.provenance.origins import Origins


class Workshop:
    """What sessions of one project share: its files, read once, and Helm's process, which ends with the context."""

    def __init__(
        self,
        *,
        project: str | ProjectFiles = ".",
        options: Options | None = None,
        child: HelmChild | None = None,
        exact: bool = False,
        beside: Workshop | None = None,
    ) -> None:
        """`project`: its folder, or its files at some time. child: a Helm process that was started early.

        exact: warnings, too, stand at the line that makes them. beside: a workshop on another version of the project,
        whose Helm it uses, and what it has read of the same bytes.
        """
        self.renderer: Renderer = beside.renderer if beside is not None else choose_renderer(child)
        self._edited: list[ProjectFiles] = []
        self._made: dict[str, Made] = {}
        try:
            self.project, self.files = (
                load_project(project) if isinstance(project, str) else (read_project_file(project), project)
            )
            other = beside.run if beside is not None else None
            self.run: Run = Run(self.project, self.files, options or Options(), self.render, exact=exact, beside=other)
        except BaseException:
            self.renderer.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.renderer.close()
        for files in (self.files, *self._edited):
            files.close()

    def beside(self, files: ProjectFiles) -> Workshop:
        """Return a workshop on the project at another time; it uses this one's Helm, and ends with it."""
        return Workshop(project=files, options=self.run.options, exact=self.run.exact, beside=self)

    def build_all(self, names: Sequence[str] | None) -> Iterator[tuple[str, Build | OverlayError]]:
        """Yield as `pipeline.build_all` does; `session` then goes on from what was made."""
        apart = Apart()
        try:
            run = Run(self.project, self.files, self.run.options, apart.render)
            for made in make_all(run, names, self.renderer):
                self._made[made.name] = made
                yield made.name, made.result
        finally:
            apart.close()

    def session(self, name: str) -> Session:
        """Return a session of an environment that was built here."""
        return Session(self, name, made=self._made[name])

    def edited(self, changes: Mapping[str, bytes]) -> Run:
        """Return a run on the project as it would be with other bytes in some of its files."""
        files = self.files.changed(changes)
        self._edited.append(files)
        return Run(self.project, files, self.run.options, self.render)

    def render(self, requests: Sequence[RenderRequest]) -> list[Rendered | OverlayError]:
        """Return a result for each request, in their order."""
        return list(self.renderer.render(requests))


class Session:
    """One environment of a workshop: its build, the origins of its fields, and its values, each when asked for."""

    def __init__(self, workshop: Workshop, name: str, run: Run | None = None, made: Made | None = None) -> None:
        """Render the environment's chart; raises OverlayError, or Problems, where that cannot be done.

        run: another one than the workshop's own, of `edited`. made: what was made of it already.
        """
        self.run = run or workshop.run
        self.render = workshop.render
        self._helm_version = workshop.renderer.version
        prepared = made.prepared if made is not None and made.prepared is not None else self.run.prepare(name)
        if isinstance(prepared, OverlayError):
            raise prepared
        self.prepared: Prepared = prepared
        self._answers = list(made.answers) if made is not None else self.render(prepared.requests)
        answer = self._answers[0] if self._answers else None
        if isinstance(answer, OverlayError):
            raise self.run.refusal(prepared, answer)
        self.rendered: Rendered | None = answer
        self._again: Rendered | OverlayError | None = None
        self._build: Build | None = None
        self._origins: Origins | None = None
        self._values: ValueSources | None = None

    @property
    def again(self) -> Rendered | OverlayError | None:
        """The chart, rendered once more from the same input; None where there is none."""
        if self._again is None and self.prepared.request is not None:
            self._again = self.render([self.prepared.request])[0]
        return self._again

    @property
    def build(self) -> Build:
        """The environment, built; raises OverlayError, or Problems, where it cannot be."""
        if self._build is None:
            self._build = self.run.finish(self.prepared, self.rendered, self._helm_version, self._answers[1:])
        return self._build

    @property
    def origins(self) -> Origins:
        """The origins of every field of `build`."""
        if self._origins is None:
            self._build = self.build
            self._origins = self.run.origins(self.prepared, self.rendered)
        return self._origins

    @property
    def chart_origins(self) -> Origins:
        """The origins of what the chart made, before any layer acts; also of an environment that cannot be built."""
        return self.run.origins(self.prepared, self.rendered, layers=False)

    @property
    def objects(self) -> tuple[Resource, ...]:
        """The objects of `build`, as the trace made them."""
        return self.origins.trace.objects

    def values(self) -> ValueSources:
        """Return the chart's values, each with its place."""
        if self._values is None:
            self._values = read_sources(self.prepared.chart, self.prepared.environment, self.run.options)
        return self._values

    def history(self, resource: Resource, path: Concrete, *, keys: bool) -> list[Source]:
        """Return the values that a field had, newest first; `keys`: with the chart's values behind it."""
        return self.origins.history(resource, path, self.values if keys else None)
