"""Find a project from the working folder, and its environments by name."""

from __future__ import annotations

import os

from overlay.errors import DocumentError, OverlayError, PathError, UsageError
from overlay.files.names import JOURNAL, refuse_name
from overlay.files.paths import resolve
from overlay.files.reader import ProjectFiles
from overlay.files.root import PROJECT_FILE, find_root
from overlay.load.documents import read_project
from overlay.model.location import Location
from overlay.model.project import Project
from overlay.model.value import replace
from overlay.nearest import did_you_mean
from overlay.yaml import decode, read_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.files.reader import Unlock

DOCUMENTS = {"environment.yaml": "Environment", "base.yaml": "Base", "component.yaml": "Component"}


def load_project(start: str, unlock: Unlock | None = None) -> tuple[Project, ProjectFiles]:
    """Find the project and read overlay.yaml where there is one.

    unlock: reads encrypted files in the clear. Raises UsageError, PathError, DocumentError; OutputError for a project
    that a killed run left half changed.
    """
    root = find_root(start)
    if os.path.lexists(os.path.join(root, JOURNAL)):
        from overlay.files.unfinished import refuse_unfinished  # noqa: PLC0415

        refuse_unfinished(root)
    files = ProjectFiles(root, unlock)
    return read_project_file(files), files


def read_project_file(files: ProjectFiles) -> Project:
    """Read overlay.yaml where there is one, of files on disk or in a commit.

    Raises PathError, DocumentError.
    """
    if not files.exists(PROJECT_FILE):
        return Project(root=files.root)
    document = read_mapping(decode(files.read(PROJECT_FILE), PROJECT_FILE), PROJECT_FILE)
    project = read_project(document, files.root)
    folder = resolve("", project.environments, document.location(("spec", "environments")))
    return replace(project, environments=folder)


def list_environments(project: Project, files: ProjectFiles) -> list[str]:
    """Return the names of all Environments, sorted.

    Raises PathError where the environments folder is missing.
    """
    folder = project.environments
    if not files.is_folder(folder):
        raise PathError(
            f"{folder} does not exist: there are no environments",
            hint="add one with `overlay env add NAME`",
        )
    return [name for name in files.folders(folder) if files.exists(f"{_join(folder, name)}/environment.yaml")]


def every_environment(project: Project, files: ProjectFiles) -> list[str]:
    """Return what --all means: all Environments, of which there must be one.

    Raises PathError.
    """
    names = list_environments(project, files)
    if not names:
        raise PathError(
            f"{project.environments} holds no environment: no folder in it has an environment.yaml",
            hint="add one with `overlay env add NAME`",
        )
    return names


def find_layer(project: Project, files: ProjectFiles, name: str) -> str:
    """Return the path of the document of an environment, base or component by its name.

    Raises UsageError with the nearest names.
    """
    if refuse_name(name) is None:
        for place in (_join(project.environments, name), _join(project.environments, f"components/{name}")):
            for document in DOCUMENTS:
                if files.exists(f"{place}/{document}"):
                    return f"{place}/{document}"
    names = list_environments(project, files)
    known = f"there are {', '.join(names)}" if names else "there are none yet"
    hint = did_you_mean(name, [*names, *_shared_parts(project, files)]) or known
    raise UsageError(f"no environment is called {name!r}", hint=f"{hint}")


def _shared_parts(project: Project, files: ProjectFiles) -> list[str]:
    """Return the names of bases and components: they are no environments, but can be meant."""
    places = ((project.environments, "base.yaml"), (_join(project.environments, "components"), "component.yaml"))
    return [
        name
        for folder, document in places
        if files.is_folder(folder)
        for name in files.folders(folder)
        if files.exists(f"{_join(folder, name)}/{document}")
    ]


def layer_document(files: ProjectFiles, path: str, location: Location | None) -> str:
    """Return the document that an `extends` or `components` entry means: a folder or the file itself.

    Raises PathError.
    """
    if not files.is_folder(path):
        return path
    found = [document for document in DOCUMENTS if files.exists(_join(path, document))]
    if len(found) != 1:
        shown = " and ".join(found) or "none"
        raise PathError(
            f"{path or 'the project folder'} needs exactly one of {', '.join(DOCUMENTS)}, found {shown}",
            location=location,
        )
    return _join(path, found[0])


def check_name(kind: str, name: str, file: str, location: Location) -> OverlayError | None:
    """Say what is wrong when a document's kind or name does not fit its file's name and folder."""
    folder, _, base = file.rpartition("/")
    expected = DOCUMENTS.get(base)
    if expected is None:
        return DocumentError(
            f"{base} is no name for a document", location=location, hint=f"call it {', '.join(DOCUMENTS)}"
        )
    if kind != expected:
        return DocumentError(f"{base} holds kind {kind}, expected {expected}", location=location)
    own = folder.rpartition("/")[2]
    # A base from elsewhere has the name that its authors gave it, whatever its folder is called here.
    if own and not own.startswith("<") and name != own:
        return DocumentError(
            f"metadata.name is {name!r} but the folder is {own!r}",
            location=location,
            hint="an environment is found by its folder, so both must say the same",
        )
    return None


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
