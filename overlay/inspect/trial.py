"""Build environments that are not written yet, through the ordinary pipeline."""

from __future__ import annotations

from overlay.errors import OverlayError, UsageError
from overlay.model.options import Options
from overlay.run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import NoReturn

    from overlay.chart.render import RenderRequest
    from overlay.files.reader import ProjectFiles
    from overlay.model.build import Build
    from overlay.model.project import Project


def build_unwritten(
    project: Project, files: ProjectFiles, texts: Mapping[str, str], names: Iterable[str]
) -> dict[str, Build | OverlayError]:
    """Return each named environment, built as if the texts were files of the project already.

    Types are not checked: what was wrong with an object before is wrong with it still, and no reason to differ.
    """
    changed = files.changed({path: text.encode() for path, text in texts.items()})
    try:
        run = Run(project, changed, Options(validate=False), _no_chart)
        return {name: _built(run, name) for name in names}
    finally:
        changed.close()


def _built(run: Run, name: str) -> Build | OverlayError:
    prepared = run.prepare(name)
    if isinstance(prepared, OverlayError):
        return prepared
    try:
        return run.finish(prepared, None, "")
    except OverlayError as error:
        return error


def _no_chart(_: Sequence[RenderRequest]) -> NoReturn:
    raise UsageError("there is no chart to render")
