"""Carry out a folder's plan: every file by temp, fsync and rename, opened below the folder and never through a link.

Order, and which crash it survives: the record goes first, listing old and new files, so that a run killed at any
later point leaves no file of ours that the next run would take for foreign; then the files; then stale ones go; then
the record of exactly what is there.
"""

from __future__ import annotations

import json
import os
import stat

from overlay.errors import OutputError
from overlay.files.names import ACTING
from overlay.files.paths import printable
from overlay.folder.plan import FolderPlan, owned_files, plan_folder
from overlay.tree import RECORD, RECORD_KIND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TEMPORARY = ".overlay-"


def left_folders(top: str, names: Collection[str]) -> list[str]:
    """Return the folders below `top` that were written for an environment other than these: by their own record."""
    try:
        with os.scandir(top) as entries:
            others = [one.name for one in entries if one.is_dir(follow_symlinks=False) and one.name not in names]
    except OSError:
        return []
    return sorted(name for name in others if _was_written_for(os.path.join(top, name, RECORD), name))


def _was_written_for(path: str, name: str) -> bool:
    try:
        with os.fdopen(os.open(path, _READ), "rb") as file:
            record = json.load(file)
        return bool(record["kind"] == RECORD_KIND and record["environment"] == name)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


class OutputFolder:
    """One environment's output folder, `top/name`; a link at either place is refused."""

    def __init__(self, top: str, name: str, *, create: bool) -> None:
        self.shown = f"{top}/{name}"
        self.descriptor: int | None = None
        _refuse_places(top)
        _refuse_links(top)
        try:
            if create:
                os.makedirs(top, exist_ok=True)
                _refuse_links(top)
            parent = os.open(top, _FOLDER)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _explain(error, top) from None
        try:
            if create:
                try:
                    os.mkdir(name, dir_fd=parent)
                except FileExistsError:
                    pass
            self.descriptor = os.open(name, _FOLDER, dir_fd=parent)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise _explain(error, self.shown) from None
        finally:
            os.close(parent)

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def present(self) -> dict[str, bytes]:
        """Return the folder's own files and their bytes; what is no regular file is refused when it is in the way."""
        if self.descriptor is None:
            return {}
        found: dict[str, bytes] = {}
        with os.scandir(self.descriptor) as entries:
            names = sorted(entry.name for entry in entries if not entry.is_dir(follow_symlinks=False))
        for name in names:
            if name.startswith(_TEMPORARY):
                continue
            try:
                descriptor = os.open(name, _READ, dir_fd=self.descriptor)
            except OSError:
                found[name] = b"\0link or unreadable"
                continue
            with os.fdopen(descriptor, "rb") as file:
                regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
                found[name] = file.read() if regular else b"\0no regular file"
        return found

    def write(self, tree: Mapping[str, str]) -> FolderPlan:
        """Make the folder hold the tree, leave foreign files alone, and return what was done.

        Raises OutputError and Conflict; nothing is written then.
        """
        if self.descriptor is None:
            raise OutputError(f"{printable(self.shown)} cannot be made")
        present = self.present()
        plan = plan_folder(tree, present, self.shown)
        try:
            if plan.is_empty:
                return plan
            if set(plan.created) | set(plan.changed) | set(plan.removed) != {RECORD}:
                union = json.loads(tree[RECORD])
                union["files"].update(dict.fromkeys(owned_files(present.get(RECORD), self.shown), ""))
                self._put(RECORD, (json.dumps(union, indent=2, ensure_ascii=False) + "\n").encode())
            for name in (*plan.created, *plan.changed):
                if name != RECORD:
                    self._put(name, tree[name].encode())
            for name in plan.removed:
                os.unlink(name, dir_fd=self.descriptor)
            self._put(RECORD, tree[RECORD].encode())
            self._sweep()
            os.fsync(self.descriptor)
        except OSError as error:
            raise _explain(error, self.shown) from None
        return plan

    def _put(self, name: str, data: bytes) -> None:
        temporary = f"{_TEMPORARY}{os.getpid()}"
        try:
            descriptor = os.open(temporary, _CREATE, 0o644, dir_fd=self.descriptor)
        except FileExistsError:
            os.unlink(temporary, dir_fd=self.descriptor)
            descriptor = os.open(temporary, _CREATE, 0o644, dir_fd=self.descriptor)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        except OSError:
            os.unlink(temporary, dir_fd=self.descriptor)
            raise

    def _sweep(self) -> None:
        """Remove temporary files of runs that were killed."""
        if self.descriptor is None:
            return
        for name in os.listdir(self.descriptor):
            if name.startswith(_TEMPORARY):
                os.unlink(name, dir_fd=self.descriptor)


def _refuse_places(top: str) -> None:
    """Refuse an output folder inside what Git or a CI service reads."""
    for part in os.path.abspath(top).split("/"):
        if part.lower() in ACTING:
            raise OutputError(
                f"{printable(top)} lies in {part}, where files act; output is never written there",
                hint="name another --output-dir",
            )


def _refuse_links(top: str) -> None:
    """Refuse an output folder that is a link, or lies behind one below the working folder."""
    parts = [part for part in top.split("/") if part not in ("", ".")]
    place = "/" if top.startswith("/") else ""
    last = len(parts) - 1
    for index, part in enumerate(parts):
        place = os.path.join(place, part)
        # Links above an absolute path's last part are the user's own file system (/tmp, /home).
        if os.path.islink(place) and (not top.startswith("/") or index == last):
            raise OutputError(
                f"{printable(place)} is a symlink; output is never written through links",
                hint="name the folder itself as --output-dir",
            )


def _explain(error: OSError, path: str) -> OutputError:
    import errno  # noqa: PLC0415

    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return OutputError(f"{printable(path)} is a symlink or no folder; output is never written through links")
    return OutputError(f"{printable(path)} cannot be written: {os.strerror(error.errno or 0).lower()}")
