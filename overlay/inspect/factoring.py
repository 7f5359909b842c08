"""Prove that changes of a project's own files leave every environment as it is: through the ordinary pipeline."""

from __future__ import annotations

from overlay.dedupe.factor.step import Proof
from overlay.errors import OutputError, OverlayError, raise_all
from overlay.inspect.session import Session
from overlay.layering.prepared import Prepared
from overlay.model.options import Options
from overlay.model.value import replace, value
from overlay.run import Run
from overlay.yaml import write_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from overlay.chart.render import Rendered, RenderRequest
    from overlay.inspect.session import Workshop
    from overlay.model.build import Build
    from overlay.model.input import Input
    from overlay.model.resource import Resource


@value
class _Built:
    """An environment as it was built last: from which files, to what texts, and which patches changed nothing."""

    inputs: tuple[Input, ...]
    objects: tuple[Resource, ...]
    said: tuple[object, ...]
    idle: frozenset[tuple[str, int]]


class Prover:
    """Builds all environments of a project again and again; what a change does not touch is built once."""

    def __init__(self, workshop: Workshop, names: Sequence[str]) -> None:
        """Build them as they are; raises OverlayError, or Problems, where one cannot be built."""
        self._workshop = workshop
        self._names = names
        self._known: dict[str, _Built] = {}
        self._answers: dict[str, tuple[list[RenderRequest], list[Rendered | OverlayError]]] = {}
        # Whatever is wrong with objects was wrong before; each warning stays a warning while changes are tried.
        self._options = Options(validate=False)
        errors: list[OverlayError] = []
        run = self._first = self._run({})
        try:
            for name in names:
                try:
                    self._known[name] = self._built(run, self._prepared(run, name))
                except OverlayError as error:
                    errors += error.of(name).each()
        finally:
            run.files.close()
        raise_all(errors)
        self._wanted = {name: one.said for name, one in self._known.items()}

    def objects(self, name: str) -> tuple[Resource, ...]:
        """Return an environment's objects."""
        return self._known[name].objects

    def __call__(self, changes: Mapping[str, bytes | None]) -> Proof:
        """Return what is not as it was, and what the next changes go by."""
        run = self._run(changes)
        run.loader.take_over(self._first.loader, changes)
        # A chart's key is its folder, where it is one of the project's own.
        run.charts.update(
            [
                (key, chart)
                for key, chart in self._first.charts.items()
                if not any(f"{key}/" in path for path in changes)
            ]
        )
        try:
            return self._proof(run)
        finally:
            run.files.close()

    def _proof(self, run: Run) -> Proof:
        layers: dict[str, tuple[str, ...]] = {}
        parents: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        read: set[str] = set()
        idle: dict[tuple[str, int], set[str]] = {}
        wrong = ""
        for name in self._names:
            try:
                prepared = self._prepared(run, name)
                known = self._known[name]
                if run.inputs(prepared) != known.inputs:
                    known = self._built(run, prepared)
            except OverlayError as error:
                wrong = f"{name}: {error.each()[0].message}"
                break
            if known.said != self._wanted[name]:
                wrong = f"{name}: renders to something else"
                break
            self._known[name] = known
            layers[name] = tuple([layer.layer.file for layer in prepared.environment.layers])
            parents.update(prepared.environment.parents)
            read |= {entry.path for entry in known.inputs}
            for place in known.idle:
                idle.setdefault(place, set()).add(name)
        return Proof(
            wrong=wrong,
            layers=layers,
            parents=parents,
            read=frozenset(read),
            idle={place: frozenset(having) for place, having in idle.items()},
        )

    def _run(self, changes: Mapping[str, bytes | None]) -> Run:
        workshop = self._workshop
        project = replace(workshop.project, strict=False)
        return Run(project, workshop.files.changed(changes), self._options, workshop.render)

    def _prepared(self, run: Run, name: str) -> Prepared:
        found = run.prepare(name)
        if isinstance(found, OverlayError):
            raise found
        return found

    def _built(self, run: Run, prepared: Prepared) -> _Built:
        known = self._answers.get(prepared.name)
        if known is None or known[0] != prepared.requests:
            known = self._answers[prepared.name] = (prepared.requests, self._workshop.render(prepared.requests))
        answers = known[1]
        build = run.finish(prepared, answers[0] if answers else None, self._workshop.renderer.version, answers[1:])
        return _Built(run.inputs(prepared), build.objects, _said(build), _idle(build))


def prove(workshop: Workshop, names: Sequence[str], changes: Mapping[str, bytes | None]) -> None:
    """Build every environment as it is and as it would be, with all checks; raises OverlayError for a difference."""
    files = workshop.files.changed(changes)
    try:
        after = Run(workshop.project, files, workshop.run.options, workshop.render)
        for name in names:
            before = Session(workshop, name).build
            if _said(Session(workshop, name, after).build) != _said(before):
                raise OutputError(f"{name} would render to something else; nothing is written")
    finally:
        files.close()


def _said(build: Build) -> tuple[object, ...]:
    """Return everything that an environment comes to: the text of each object, and how it is published and applied."""
    return (tuple([write_document(one.body) for one in build.objects]), build.settings, build.notes or None)


def _idle(build: Build) -> frozenset[tuple[str, int]]:
    return frozenset(
        [
            (one.location.file, one.location.line)
            for one in build.findings
            if one.rule == "patch-without-effect" and one.location is not None
        ]
    )
