"""The project's files as a commit has them: read from Git's objects, so that nothing of a work tree acts or counts."""

from __future__ import annotations

from overlay.errors import GitError, LimitError, PathError
from overlay.files.paths import printable
from overlay.files.reader import MAX_DEPTH, MAX_FILE, MAX_FILES, ProjectFiles
from overlay.git.objects import blob_id
from overlay.git.reader import ObjectReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from overlay.git.repository import Repository
    from overlay.model.location import Location

_LINK, _SUBMODULE = "120000", "160000"
# What Git LFS commits in the place of a file.
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\n"


class CommittedFiles(ProjectFiles):
    """What `ProjectFiles` answers, of one commit; the project's folder is the repository's, as it was opened.

    A link is refused as one on disk is. What the commit does not hold, of a submodule or in Git LFS, is an error.
    """

    def __init__(self, repository: Repository, commit: str, beside: ProjectFiles | None = None) -> None:
        """`beside`: the files of another version; what the commit holds of the same bytes is not read again."""
        super().__init__(repository.folder)
        self.repository, self.commit = repository, commit
        self._beside = beside
        self._objects = ObjectReader(repository)
        self._ahead: dict[str, bytes] = {}
        self._entries = _entries(repository, commit)
        self._names: dict[str, dict[str, None]] = {"": {}}
        for path in self._entries:
            while path:
                folder, _, name = path.rpartition("/")
                known = self._names.setdefault(folder, {})
                if name in known:
                    break
                known[name] = None
                path = folder  # noqa: PLW2901  # up to the first folder that is known

    def changed(self, changes: Mapping[str, bytes | None]) -> ProjectFiles:
        raise NotImplementedError("a commit's files are not edited")

    def read_ahead(self, paths: Iterable[str]) -> None:
        blobs = {self._entries[path][1]: path for path in paths if path in self._entries and path not in self._read}
        missing = [blob for blob, path in blobs.items() if blob not in self._ahead and self._held(path, blob) is None]
        self._ahead |= self._objects.read_all(missing, limit=MAX_FILE)

    def _held(self, path: str, blob: str) -> bytes | None:
        """Return the other version's bytes of a file where they are the commit's: Git tells blobs apart by id."""
        known = self._beside._read.get(path) if self._beside is not None else None  # noqa: SLF001  # our own
        form = "sha1" if len(blob) == 40 else "sha256"
        return known[0] if known is not None and blob_id(known[0], form) == blob else None

    def close(self) -> None:
        """End the process that reads."""
        super().close()
        self._objects.close()

    def after_fork(self) -> None:
        super().close()
        # The process that reads answers the parent.
        self._objects = ObjectReader(self.repository)

    def folders(self, folder: str, location: Location | None = None) -> tuple[str, ...]:
        prefix = f"{folder}/" if folder else ""
        names = self._names_in(folder, location)
        return tuple(sorted([name for name in names if prefix + name in self._names]))

    def _kind(self, path: str) -> str:
        if path.partition("/")[0] in self._mounted:
            return super()._kind(path)
        if path in self._names or self._entries.get(path, ("", ""))[0] == _SUBMODULE:
            return "folder"
        return "file" if path in self._entries else ""

    def _list(self, folder: str, pending: list[str], found: list[str], location: Location | None, top: str) -> None:
        prefix = f"{folder}/" if folder else ""
        for name in self._names_in(folder, location):
            path = prefix + name
            mode = self._entries.get(path, ("", ""))[0]
            if mode == _LINK:
                raise self._link(path, location)
            if path in self._names or mode == _SUBMODULE:
                if path.count("/") > MAX_DEPTH:
                    raise LimitError(f"{printable(top)} has folders deeper than {MAX_DEPTH}", location=location)
                pending.append(path)
            else:
                found.append(path)
            if len(found) > MAX_FILES:
                raise LimitError(f"{printable(top)} has more than {MAX_FILES} files", location=location)

    def _read_once(self, path: str, location: Location | None, limit: int) -> bytes:
        mode, blob = self._entries.get(path, ("", ""))
        if mode == _LINK:
            raise self._link(path, location)
        if mode in ("", _SUBMODULE):
            raise self._refusal(path, location)
        data = self._ahead.get(blob)
        data = data if data is not None else self._held(path, blob)
        if data is None or len(data) > limit:
            data = self._read_object(path, blob, location, limit)
        if data.startswith(LFS_POINTER):
            raise PathError(
                f"{printable(path)} is kept in Git LFS: {self.commit[:12]} does not hold it",
                location=location,
                hint="git lfs migrate export puts it into the repository",
            )
        return data

    def _read_object(self, path: str, blob: str, location: Location | None, limit: int) -> bytes:
        try:
            found = self._objects.read(blob, limit=limit)
        except LimitError as error:
            raise LimitError(f"{printable(path)} {error.message}", location=location) from None
        if found is None:
            raise PathError(
                f"{printable(path)} is not in this clone, which has only a part of {self.commit[:12]}",
                location=location,
                hint="clone it whole: without --filter",
            )
        return found[1]

    def _names_in(self, folder: str, location: Location | None) -> dict[str, None]:
        names = self._names.get(folder)
        if names is None:
            raise self._refusal(folder, location)
        return names

    def _refusal(self, path: str, location: Location | None) -> PathError:
        """Return why a path is no file, or no folder, of the commit."""
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            part = "/".join(parts[:end])
            mode = self._entries.get(part, ("", ""))[0]
            if mode == _LINK:
                return self._link(part, location)
            if mode == _SUBMODULE:
                return PathError(
                    f"{printable(part)} is a submodule: {self.commit[:12]} does not hold its files",
                    location=location,
                    hint="keep it in this repository, or fetch it as a remote input, which overlay.lock pins",
                )
            if mode and end < len(parts):
                return PathError(f"{printable(part)} is no folder", location=location)
        if path in self._names:
            return PathError(f"{printable(path)} is a folder, a file is expected", location=location)
        return PathError(
            f"{printable(path) or 'the project folder'} does not exist in {self.commit[:12]}", location=location
        )

    def _link(self, path: str, location: Location | None) -> PathError:
        found = self._objects.read(self._entries[path][1], limit=4096)
        target = found[1].decode("utf-8", "replace") if found is not None else "?"
        return PathError(
            f"symlink not allowed: {printable(path)} → {printable(target)}",
            location=location,
            hint="put the file itself there; links are never followed",
        )


def _entries(repository: Repository, commit: str) -> dict[str, tuple[str, str]]:
    """Return mode and object of each path of the project in a commit; none where it is not there yet."""
    name = f"{commit}:{repository.prefix}".rstrip("/") if repository.prefix else commit
    try:
        listing = repository.run("ls-tree", "-r", "-z", "--full-tree", name)
    except GitError:
        if repository.text("rev-parse", "--verify", "--quiet", "--end-of-options", name, accept=(0, 1)):
            raise
        return {}
    found: dict[str, tuple[str, str]] = {}
    for line in listing.decode("utf-8", "surrogateescape").split("\0"):
        head, tab, path = line.partition("\t")
        if tab:
            mode, _, blob = head.split(" ")
            found[path] = (mode, blob)
    return found
