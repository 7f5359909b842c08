"""Which environments a change touches: those that are made of other files, or of other bytes, than before.

What an environment is made of settles every byte of it (`Build.inputs`), and is known before anything is rendered.
"""

from __future__ import annotations

from overlay.errors import OverlayError
from overlay.fetch.pinned import LOCK_FILE
from overlay.files.root import PROJECT_FILE
from overlay.layering.prepared import Prepared
from overlay.model.affected import Affected, ChangedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.run import Run


def affected(before: Run, after: Run, names: Sequence[str] | None = None) -> list[Affected]:
    """Return the environments that differ between two versions of a project; names: only these."""
    old, new = before.environments, after.environments
    wanted = [name for name in (sorted({*old, *new}) if names is None else names) if name in old or name in new]
    prepare_beside(before, after, wanted)
    found = [_one(name, before, after) for name in wanted]
    return [one for one in found if one is not None]


def _one(name: str, before: Run, after: Run) -> Affected | None:
    is_old, is_new = name in before.environments, name in after.environments
    sides = [_made_of(before, name) if is_old else {}, _made_of(after, name) if is_new else {}]
    wrong = next((side for side in sides if isinstance(side, OverlayError)), None)
    if wrong is not None:
        problem = next(iter(wrong.each()))
        where = f"{problem.location}: " if problem.location is not None else ""
        return Affected(environment=name, change="unknown", problem=f"{where}{problem.message}")
    old, new = [side if isinstance(side, dict) else {} for side in sides]
    # What others are made of, too, did not come or go with an environment.
    files = _files(old if is_old else _of_it(before, new), new if is_new else _of_it(after, old))
    if is_old and is_new and not files:
        return None
    change = "added" if not is_old else "removed" if not is_new else "changed"
    return Affected(environment=name, change=change, files=tuple(files))  # type: ignore[arg-type]  # one of the words


def _of_it(run: Run, made_of: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return what a version without an environment has of the files that it is made of in the other one."""
    found: dict[str, tuple[str, str]] = {}
    for path, (_, by) in made_of.items():
        try:
            if run.files.exists(path):
                run.files.read(path)
                found[path] = (run.files.input(path).digest, by)
        except OverlayError:
            continue  # what cannot be read is not the same
    return found


def _made_of(run: Run, name: str) -> dict[str, tuple[str, str]] | OverlayError:
    """Return digest and reader of each file that an environment is made of."""
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


def prepare_beside(before: Run, after: Run, names: Sequence[str]) -> None:
    """Prepare environments of the newer of two versions, and have the other one's files read at once."""
    for name in names:
        if name in after.environments:
            after.prepare(name)
    before.files.read_ahead(after.files.known)
