"""Where adopted environments go: what is there already, and what they are called there."""

from __future__ import annotations

import os

from overlay.dedupe.layers import Titles
from overlay.errors import OutputError, OverlayError, UsageError, raise_all
from overlay.files.names import ACTING
from overlay.files.reader import ProjectFiles
from overlay.files.root import PROJECT_FILE, find_root
from overlay.files.unfinished import change_files
from overlay.inspect.trial import build_unwritten
from overlay.kube.types import DEFAULT_KUBERNETES
from overlay.load.project import load_project
from overlay.model.project import Project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from overlay.model.build import Build

    T = TypeVar("T")


class Place:
    """A project's environments folder, there already or not."""

    def __init__(self, project: Project, files: ProjectFiles, shown: str) -> None:
        self.project = project
        self.files = files
        # What is built before it is written sees nothing of what lies on the disk.
        self.nowhere = ProjectFiles(os.path.join(os.devnull, "adopt"))
        self.shown = shown
        self.kubernetes_version = project.kubernetes_version or DEFAULT_KUBERNETES

    def close(self) -> None:
        self.files.close()

    def path(self, path: str) -> str:
        return f"{self.project.environments}/{path}"

    def build(self, texts: Mapping[str, str], names: Iterable[str]) -> dict[str, Build | OverlayError]:
        """Build environments as if their texts were written."""
        return build_unwritten(
            self.project, self.nowhere, {self.path(path): text for path, text in texts.items()}, names
        )

    def unwritten(self, texts: Mapping[str, str]) -> dict[str, bytes]:
        """Return the bytes of files below the environments folder, by their paths from the project's."""
        found = {self.path(path): text.encode() for path, text in texts.items()}
        if self.needs_document:
            found[PROJECT_FILE] = self._document().encode()
        return found

    @property
    def needs_document(self) -> bool:
        """Tell whether the environments folder has a name that overlay.yaml has to say, and does not yet."""
        return self.project.environments != "environments" and not self.files.exists(PROJECT_FILE)

    def _document(self) -> str:
        return (
            f"apiVersion: overlay.dev/v1\nkind: Project\nmetadata:\n  name: {_name(self.project.root)}\n"
            f"spec:\n  environments: {self.project.environments}\n"
        )

    def titles(self, group: str, names: Sequence[str]) -> Iterator[Titles]:
        """Yield what the documents of the only group may be called, the shortest names first."""
        plain = dict(zip(names, names, strict=True))
        if "base" not in names:
            yield Titles(base="base", environments=plain)
        yield self.flat_titles(group, names, ())

    def flat_titles(self, group: str, names: Sequence[str], taken: Iterable[str]) -> Titles:
        """Return names that say the group, for a project that has others."""
        known = set(taken)
        prefix, number = group, 2
        while known & {prefix, *[f"{prefix}-{name}" for name in names]}:
            prefix, number = f"{group}-{number}", number + 1
        return Titles(
            base=prefix, environments={name: f"{prefix}-{name}"[:63].rstrip("-") for name in names}, prefix=f"{prefix}-"
        )

    def is_free(self, texts: Mapping[str, str]) -> bool:
        """Tell whether files can be put here: nothing stands there, or just the same."""
        folders = {"/".join(path.split("/")[: 2 if path.startswith("components/") else 1]) for path in texts}
        return all(not self.files.is_folder(self.path(folder)) or self._holds_only(folder, texts) for folder in folders)

    def _holds_only(self, folder: str, texts: Mapping[str, str]) -> bool:
        top = self.path("")
        found = [path.removeprefix(top) for path in self.files.walk(self.path(folder))]
        return all(path in texts and self.files.read(self.path(path)) == texts[path].encode() for path in found)

    def checked(self, groups: Sequence[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
        """Return the files, from the project folder, that are not there yet.

        Raises OutputError where another file stands in the way.
        """
        new: dict[str, str] = {}
        for group, texts in groups:
            if not self.is_free(texts):
                raise OutputError(
                    f"{self.shown} holds other files where {group} would go", hint="name another folder with --into"
                )
            for path, text in texts.items():
                if not self.files.exists(self.path(path)):
                    new[self.path(path)] = text
        if new and self.needs_document:
            new[PROJECT_FILE] = self._document()
        return new

    def write(self, texts: Mapping[str, str], top: str, gone: Iterable[str] = ()) -> None:
        """Write files, by their paths from the project folder, and take others away; top: a folder above all of them.

        Raises what `change_files` does.
        """
        written = {os.path.join(self.project.root, path): text.encode() for path, text in texts.items()}
        changes: dict[str, bytes | None] = {os.path.relpath(path, top): data for path, data in written.items()}
        changes.update([(os.path.relpath(os.path.realpath(path), top), None) for path in gone])
        change_files(top, changes)

    def is_taken(self) -> UsageError:
        """Return an error for a folder in which all names are taken that the documents could have."""
        return UsageError(
            f"{self.shown} holds environments of these names already", hint="name another folder with --into"
        )


def read_each(read: Callable[[str, str], T], given: Sequence[str], names: Sequence[str]) -> list[T]:
    """Return what is read of each path, with its environment's name; raises Problems with all that is wrong."""
    found: list[T] = []
    errors: list[OverlayError] = []
    for path, name in zip(given, names, strict=True):
        try:
            found.append(read(path, name))
        except OverlayError as error:
            errors += error.each()
    raise_all(errors)
    return found


def open_place(into: str) -> Place:
    """Return the environments folder that a path means: that of a project, or of one that begins there.

    Raises OutputError, UsageError, PathError, DocumentError.
    """
    top = os.path.abspath(into)
    if any(part in ACTING for part in top.split("/")):
        raise OutputError(f"{into} lies in a folder where files act; output is never written there")
    if os.path.lexists(top) and (os.path.islink(top) or not os.path.isdir(top)):
        raise OutputError(f"{into} is no folder", hint="name a folder, or a new one, with --into")
    root, name = os.path.split(top)
    try:
        found = find_root(root) if os.path.isdir(root) else None
    except OverlayError:
        found = None
    shown = into.rstrip("/") or into
    if found is not None:
        project, files = load_project(found)
        if os.path.join(files.root, project.environments) == os.path.realpath(top):
            return Place(project, files, shown)
        files.close()
        if os.path.lexists(os.path.join(root, PROJECT_FILE)):
            raise OutputError(
                f"{into} is not the environments folder of its project",
                hint=f"its overlay.yaml says {project.environments}; name that with --into",
            )
    return Place(Project(root=os.path.realpath(root), environments=name), ProjectFiles(root), shown)


def _name(root: str) -> str:
    import re  # noqa: PLC0415

    return re.sub(r"[^a-z0-9]+", "-", os.path.basename(root).lower()).strip("-")[:53] or "project"
