"""Read files below the project folder, and nowhere else.

Every component of a path is opened relative to its parent with O_NOFOLLOW, so that a link that is
swapped in between a check and a read (hazard P10) leads to an error and never to other bytes.
"""

from __future__ import annotations

import errno
import os
import stat

from overlay.errors import LimitError, PathError
from overlay.files.paths import printable
from overlay.model.location import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from overlay.model.input import Input

    # (path, bytes as they are stored) -> bytes as they are read
    Unlock = Callable[[str, bytes], bytes]

MAX_FILE = 50 * 1024 * 1024
MAX_FILES = 20_000
MAX_DEPTH = 60
# Folders held open at once; every path below them is opened relative to one.
MAX_OPEN = 100

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ProjectFiles:
    """The files of one project; paths are posix, from the project folder, `""` is the folder itself.

    Bytes are read once per run and kept with their digest.
    """

    def __init__(self, root: str, unlock: Unlock | None = None) -> None:
        """`unlock`: reads encrypted files in the clear."""
        self.root = os.path.realpath(root)
        self._unlock = unlock
        self._folders: dict[str, int] = {}
        self._read: dict[str, tuple[bytes, str]] = {}
        self._walked: dict[str, tuple[str, ...]] = {}
        self._mounted: dict[str, None] = {}
        # Files that are there in this run only, by each folder above them.
        self._changed: dict[str, list[str]] = {}
        self._removed: set[str] = set()

    def mount(self, label: str, found: Iterable[tuple[str, bytes]]) -> None:
        """Make files from elsewhere readable below a label in angle brackets."""
        self._mounted[label] = None
        for name, data in found:
            self._read[f"{label}/{name}"] = (data, _digest(data))

    def changed(self, changes: Mapping[str, bytes | None]) -> ProjectFiles:
        """Return the files as they would be with other bytes in some (None: without it); nothing is read again."""
        found = ProjectFiles(self.root, self._unlock)
        found._read = dict(self._read)
        found._mounted = dict(self._mounted)
        found._removed = set(self._removed)
        found._changed = {folder: list(paths) for folder, paths in self._changed.items()}
        for path, data in changes.items():
            if data is None:
                found._read.pop(path, None)
                found._removed.add(path)
                continue
            found._read[path] = (data, _digest(data))
            found._removed.discard(path)
            folder = path
            while folder:
                folder = folder.rpartition("/")[0]
                found._changed.setdefault(folder, []).append(path)
        return found

    def is_mounted(self, label: str) -> bool:
        return label in self._mounted

    def close(self) -> None:
        """Close the folders that were held open."""
        for descriptor in self._folders.values():
            os.close(descriptor)
        self._folders.clear()

    def after_fork(self) -> None:
        """Let go of what is open, in a child process: it is the parent's, too."""
        self.close()

    def read(self, path: str, location: Location | None = None, limit: int = MAX_FILE) -> bytes:
        """Return a regular file's bytes.

        Raises PathError (missing, link, folder, device, unreadable) and LimitError.
        """
        known = self._read.get(path)
        if known is None and path.partition("/")[0] in self._mounted:
            what = "is a folder, a file is expected" if self.is_folder(path) else "does not exist"
            raise PathError(f"{printable(path)} {what}", location=location)
        if known is None:
            if path in self._removed:
                raise PathError(f"{printable(path)} does not exist", location=location)
            data = self._read_once(path, location, limit)
            data = self._unlock(path, data) if self._unlock is not None else data
            known = self._read[path] = (data, _digest(data))
        return known[0]

    def read_ahead(self, paths: Iterable[str]) -> None:
        """Get ready for reading some files, where that is quicker than one by one; they need not be there."""

    @property
    def known(self) -> tuple[str, ...]:
        """The files that were read."""
        return tuple(self._read)

    def input(self, path: str) -> Input:
        """Return the read-set entry of a file that was read."""
        from overlay.model.input import Input  # noqa: PLC0415  # who reads manifests alone does without

        return Input(path, self._read[path][1])

    def exists(self, path: str) -> bool:
        """Tell whether a regular file is there; a link or device counts, so that `read` can name it."""
        return self._kind(path) not in ("", "folder")

    def is_folder(self, path: str) -> bool:
        """Tell whether a folder is there."""
        return self._kind(path) == "folder"

    def walk(self, folder: str, location: Location | None = None) -> tuple[str, ...]:
        """Return every regular file below a folder, sorted; `.git` folders are left out.

        Raises PathError for the first link, device, socket or FIFO, LimitError for a tree that is too large.
        """
        known = self._walked.get(folder)
        if known is None and folder.partition("/")[0] in self._mounted:
            known = self._walked[folder] = tuple(sorted(path for path in self._read if path.startswith(f"{folder}/")))
        if known is None:
            found: list[str] = list(self._changed.get(folder, ()))
            pending = [folder] if not found or os.path.isdir(os.path.join(self.root, folder)) else []
            while pending:
                self._list(pending.pop(), pending, found, location, folder)
            found = [path for path in dict.fromkeys(found) if path not in self._removed]
            known = self._walked[folder] = tuple(sorted(found))
        return known

    def folders(self, folder: str, location: Location | None = None) -> tuple[str, ...]:
        """Return the names of the folders directly below a folder, sorted."""
        descriptor = self._open_folder(folder, location)
        with os.scandir(descriptor) as entries:
            return tuple(sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False)))

    def _kind(self, path: str) -> str:
        if path.partition("/")[0] in self._mounted:
            if path in self._read:
                return "file"
            return "folder" if any(name.startswith(f"{path}/") for name in self._read) else ""
        if path in self._read:
            return "file"
        if path in self._removed:
            return ""
        if path in self._changed:
            return "folder"
        parent, _, name = path.rpartition("/")
        try:
            mode = (
                os.lstat(self.root).st_mode
                if not path
                else os.stat(name, dir_fd=self._open_folder(parent, None), follow_symlinks=False).st_mode
            )
        except (OSError, ValueError, PathError):
            return ""
        return "folder" if stat.S_ISDIR(mode) else "file"

    def _list(self, folder: str, pending: list[str], found: list[str], location: Location | None, top: str) -> None:
        descriptor = self._open_folder(folder, location)
        prefix = f"{folder}/" if folder else ""
        with os.scandir(descriptor) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.is_symlink():
                    raise self._link(path, location)
                if entry.is_dir(follow_symlinks=False):
                    if entry.name == ".git":
                        continue
                    if path.count("/") > MAX_DEPTH:
                        raise LimitError(f"{printable(top)} has folders deeper than {MAX_DEPTH}", location=location)
                    pending.append(path)
                elif entry.is_file(follow_symlinks=False):
                    found.append(path)
                else:
                    raise PathError(
                        f"{printable(path)} is a device, socket or pipe, no regular file", location=location
                    )
                if len(found) > MAX_FILES:
                    raise LimitError(f"{printable(top)} has more than {MAX_FILES} files", location=location)

    def _read_once(self, path: str, location: Location | None, limit: int) -> bytes:
        parent, _, name = path.rpartition("/")
        folder = self._open_folder(parent, location)
        try:
            descriptor = os.open(name, _FILE, dir_fd=folder)
        except (OSError, ValueError) as error:
            raise self._explain(error, path, location) from None
        try:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise PathError(f"{printable(path)} is a folder, a file is expected", location=location)
            if not stat.S_ISREG(status.st_mode):
                raise PathError(f"{printable(path)} is a device, socket or pipe, no regular file", location=location)
            if status.st_size > limit:
                raise LimitError(
                    f"{printable(path)} has {status.st_size} bytes, more than the limit of {limit}", location=location
                )
            parts = []
            size = 0
            while chunk := os.read(descriptor, 1 << 20):
                parts.append(chunk)
                size += len(chunk)
                if size > limit:
                    raise LimitError(f"{printable(path)} grew beyond the limit of {limit} bytes", location=location)
            return b"".join(parts)
        except OSError as error:
            raise self._explain(error, path, location) from None
        finally:
            os.close(descriptor)

    def _open_folder(self, folder: str, location: Location | None) -> int:
        known = self._folders.get(folder)
        if known is not None:
            return known
        try:
            if not folder:
                descriptor = os.open(self.root, _FOLDER)
            else:
                parent, _, name = folder.rpartition("/")
                descriptor = os.open(name, _FOLDER, dir_fd=self._open_folder(parent, location))
        except (OSError, ValueError) as error:
            raise self._explain(error, folder, location) from None
        if len(self._folders) >= MAX_OPEN:
            self.close()
        self._folders[folder] = descriptor
        return descriptor

    def _link(self, path: str, location: Location | None) -> PathError:
        parent, _, name = path.rpartition("/")
        try:
            target = os.readlink(name, dir_fd=self._open_folder(parent, None))
        except (OSError, PathError):
            target = "?"
        return PathError(
            f"symlink not allowed: {printable(path)} → {printable(target)}",
            location=location,
            hint="put the file itself there; links are never followed",
        )

    def _near(self, path: str) -> str | None:
        """Return what the first part of a path that is not there could have meant."""
        from overlay.nearest import did_you_mean  # noqa: PLC0415  # only errors need it

        folder, parts = "", path.split("/")
        while len(parts) > 1 and self.is_folder(f"{folder}/{parts[0]}".lstrip("/")):
            folder = f"{folder}/{parts.pop(0)}".lstrip("/")
        try:
            names = os.listdir(self._open_folder(folder, None))
        except (OSError, PathError):
            return None
        return did_you_mean(parts[0], [printable(name) for name in names if not name.startswith(".")])

    def _explain(self, error: OSError | ValueError, path: str, location: Location | None) -> PathError:
        shown = printable(path) or "the project folder"
        number = error.errno if isinstance(error, OSError) else errno.EINVAL
        if number in (errno.ELOOP, errno.ENOTDIR):
            # Which component is it? The first that is no folder.
            parts = path.split("/")
            for end in range(1, len(parts) + 1):
                part = "/".join(parts[:end])
                full = os.path.join(self.root, part)
                if os.path.islink(full):
                    return self._link(part, location)
                if os.path.lexists(full) and not os.path.isdir(full) and number == errno.ENOTDIR:
                    return PathError(f"{printable(part)} is no folder", location=location)
            # A link that was there a moment ago.
            return PathError(f"symlink not allowed: {shown}", location=location)
        if number == errno.ENOENT:
            return PathError(f"{shown} does not exist", location=location, hint=self._near(path) if path else None)
        if number == errno.EACCES:
            return PathError(f"{shown} cannot be read: permission denied", location=location)
        if number == errno.ENXIO:
            return PathError(f"{shown} is a device, socket or pipe, no regular file", location=location)
        if number == errno.ENAMETOOLONG:
            return PathError("a name in this path is longer than file systems allow", location=location)
        return PathError(f"{shown} cannot be read: {os.strerror(number or 0).lower()}", location=location)


# What came out of pipes, by device and inode: each environment of a run asks again, and a pipe answers once.
_piped: dict[tuple[int, int], bytes] = {}


def read_argument(path: str, limit: int = MAX_FILE) -> bytes:
    """Read a file named on the command line: trusted, from the working folder, links followed; `-` is stdin.

    Raises PathError.
    """
    try:
        place = "/dev/stdin" if path == "-" else path
        status = os.stat(place)
        pipe = None if stat.S_ISREG(status.st_mode) else (status.st_dev, status.st_ino)
        if pipe in _piped:
            return _piped[pipe]
        with open(place, "rb") as file:
            data = file.read(limit + 1)
        if pipe is not None:
            _piped[pipe] = data
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise PathError(f"{printable(path)} cannot be read: {reason.lower()}") from None
    if len(data) > limit:
        raise LimitError(f"{printable(path)} has more than {limit} bytes")
    return data


def _digest(data: bytes) -> str:
    import hashlib  # noqa: PLC0415  # loads a library, which who reads manifests alone does without

    return "sha256:" + hashlib.sha256(data).hexdigest()
