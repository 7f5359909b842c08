"""A folder of entries by content, for what can be worked out again: each carries the digest of its own bytes.

Who may write the folder decides what is read from it, so that it has to be the user's alone; what is not exactly what
was written counts as absent, and a folder that cannot be written is no error.
"""

from __future__ import annotations

import hashlib
import os
import stat

MAX_ENTRY = 64 * 1024 * 1024


class Entries:
    """Bytes by key; nothing is kept, and nothing found, in a folder that is not private."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.usable = is_private(folder)

    def get(self, key: str) -> bytes | None:
        """Return a verified entry."""
        if not self.usable:
            return None
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not make us wait
            descriptor = os.open(os.path.join(self.folder, key), flags)
            with os.fdopen(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_size > MAX_ENTRY:
                    return None
                # Not up to the limit: Python makes room for as much as is asked for.
                data = file.read(status.st_size)
        except OSError:
            return None
        digest, _, payload = data.partition(b"\n")
        return payload if _digest(key, payload) == digest else None

    def put(self, key: str, payload: bytes) -> None:
        """Keep an entry; one that would not be read again is not kept."""
        if not self.usable or len(payload) > MAX_ENTRY - 100:
            return
        temporary = os.path.join(self.folder, f".{key}.{os.getpid()}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(_digest(key, payload) + b"\n" + payload)
            os.replace(temporary, os.path.join(self.folder, key))
        except OSError:
            self.usable = False

    def prune(self, most: int, keep: int) -> None:
        """Remove the oldest entries of a folder that holds more than `most`, so that `keep` are left."""
        if not self.usable:
            return
        try:
            with os.scandir(self.folder) as entries:
                found = [(entry.stat(follow_symlinks=False).st_mtime, entry.path) for entry in entries]
            if len(found) > most:
                for _, path in sorted(found)[: len(found) - keep]:
                    os.unlink(path)
        except OSError:
            pass


def _digest(key: str, payload: bytes) -> bytes:
    return hashlib.sha256(key.encode() + payload).hexdigest().encode()


def is_private(folder: str) -> bool:
    """Make a folder when it is missing; tell whether it is the user's alone."""
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            pass
        status = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
