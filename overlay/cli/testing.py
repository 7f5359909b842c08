"""Golden files on disk: which are of no test any more, and what `--update` writes and removes."""

from __future__ import annotations

import os

from overlay.errors import OutputError
from overlay.files.atomic import write_at
from overlay.inspect.golden import golden_folder, golden_path
from overlay.model.finding import Finding
from overlay.model.location import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.files.reader import ProjectFiles
    from overlay.inspect.testing import Outcome
    from overlay.model.project import Project

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def stale_files(project: Project, files: ProjectFiles, wanted: Sequence[str]) -> list[str]:
    """Return the golden files that are none of those wanted."""
    folder = golden_folder(project)
    found = files.walk(folder) if files.is_folder(folder) else ()
    return [path for path in found if path.endswith(".yaml") and path not in wanted]


def stale_finding(path: str) -> Finding:
    """Return what to say of a golden file that no test looks at."""
    return Finding(
        "golden", "no test of any environment looks at this golden file", Location(path),
        "`overlay test --update` removes it", severity="error",
    )  # fmt: skip


def update(project: Project, files: ProjectFiles, outcomes: Sequence[Outcome], stale: Sequence[str]) -> list[str]:
    """Write golden files that differ, remove those that are stale; return what was done, a line for each.

    Raises OutputError. Nothing is written through a link.
    """
    said = []
    for one in outcomes:
        path = golden_path(project, one.test, one.environment)
        if not one.golden or (files.exists(path) and files.read(path) == one.golden.encode()):
            continue
        said.append(f"{'changed' if files.exists(path) else 'created'} {path}")
        _write(project.root, path, one.golden)
    for path in stale:
        said.append(f"removed {path}")
        _remove(project.root, path)
    return said


def _write(root: str, path: str, text: str) -> None:
    directory = -1
    try:
        directory = _open(root, path)
        write_at(directory, path.rpartition("/")[2], text.encode())
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {os.strerror(error.errno or 0).lower()}") from None
    finally:
        if directory >= 0:
            os.close(directory)


def _remove(root: str, path: str) -> None:
    directory = -1
    try:
        directory = _open(root, path)
        os.unlink(path.rpartition("/")[2], dir_fd=directory)
    except OSError as error:
        raise OutputError(f"{path} cannot be removed: {os.strerror(error.errno or 0).lower()}") from None
    finally:
        if directory >= 0:
            os.close(directory)


def _open(root: str, path: str) -> int:
    """Open the folder that a file is in, made where it is missing, part by part and never through a link."""
    directory = os.open(root, _FOLDER)
    for part in path.split("/")[:-1]:
        try:
            try:
                below = os.open(part, _FOLDER, dir_fd=directory)
            except FileNotFoundError:
                os.mkdir(part, dir_fd=directory)
                below = os.open(part, _FOLDER, dir_fd=directory)
        finally:
            os.close(directory)
        directory = below
    return directory
