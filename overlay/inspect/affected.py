"""Which environments a change touches: those that are made of other files, or of other bytes, than before.

What an environment is made of settles every byte of it (`Build.inputs`), and is known before anything is rendered.
"""

from __future__ import annotations

from overlay.errors import OverlayError
from overlay.fetch.pinned import LOCK_FILE
from overlay.files.root import PROJECT_FILE
from overlay.model.affected import Affected, ChangedFile
from overlay.run import Prepared, prepare_beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.run import Run


def affected(before: Run, after: Run, names: Sequence[str] | None = None) -> list[Affected]:
    """Return the environments that differ between two versions of a project; names: only these."""
    old, new = before.environments, after.environments
    wanted = [name for name in (sorted({*old, *new}) if names is None else names) if name in old or name in new]
    prepare_beside(before, after, wanted)
    found = [_one(name, before if name in old else None, after if name in new else None) for name in wanted]
    return [one for one in found if one is not None]


def _one(name: str, before: Run | None, after: Run | None) -> Affected | None:
    sides = [_made_of(run, name) for run in (before, after)]
    wrong = next((side for side in sides if isinstance(side, OverlayError)), None)
    if wrong is not None:
        problem = next(iter(wrong.each()))
        where = f"{problem.location}: " if problem.location is not None else ""
        return Affected(environment=name, change="unknown", problem=f"{where}{problem.message}")
    old, new = [side if isinstance(side, dict) else {} for side in sides]
    files = _files(old, new)
    if before is not None and after is not None and not files:
        return None
    change = "added" if before is None else "removed" if after is None else "changed"
    return Affected(environment=name, change=change, files=tuple(files))  # type: ignore[arg-type]  # one of the words


def _made_of(run: Run | None, name: str) -> dict[str, tuple[str, str]] | OverlayError:
    """Return digest and reader of each file that an environment is made of."""
    if run is None:
        return {}
    one = run.prepare(name)
    if not isinstance(one, Prepared):
        return one
    readers = {PROJECT_FILE: "", LOCK_FILE: ""}
    if one.chart is not None:
        readers |= {entry.path: f"chart {one.chart.path}" for entry in one.chart.inputs}
    readers |= {entry.path: layer.layer.file for layer in one.environment.layers for entry in layer.inputs}
    return {entry.path: (entry.digest, readers[entry.path]) for entry in run.inputs(one)}


def _files(old: dict[str, tuple[str, str]], new: dict[str, tuple[str, str]]) -> list[ChangedFile]:
    gone = {old[path][0]: path for path in old if path not in new}
    found: list[ChangedFile] = []
    for path, (digest, by) in new.items():
        if path not in old:
            origin = gone.pop(digest, "")
            found.append(ChangedFile(path=path, change="renamed" if origin else "added", by=by, origin=origin))
        elif old[path][0] != digest:
            found.append(ChangedFile(path=path, change="changed", by=by))
    renamed = {one.origin for one in found}
    found += [
        ChangedFile(path=path, change="removed", by=by)
        for path, (_, by) in old.items()
        if path not in new and path not in renamed
    ]
    return sorted(found, key=lambda one: one.path)
