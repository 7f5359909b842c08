"""Remote content by its digest, in the user's cache; verified whenever it is taken out."""

from __future__ import annotations

import hashlib
import os
import stat

from overlay.files.atomic import write_atomic

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Store:
    """Content below one folder of ours (0700); a folder that is not ours alone is not used."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.join(folder, "content")

    def get(self, digest: str) -> bytes | None:
        """Return content that has this digest, or None; what has another one is removed (hazard R36)."""
        path = self._path(digest)
        try:
            if not _is_private(self.folder):
                return None
            descriptor = os.open(path, _READ)
            with os.fdopen(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                    return None
                data = file.read()
        except OSError:
            return None
        if digest_of(data) == digest:
            return data
        try:
            os.unlink(path)
        except OSError:
            pass
        return None

    def put(self, data: bytes) -> str:
        """Keep content; return its digest.

        Raises OSError.
        """
        digest = digest_of(data)
        os.makedirs(os.path.dirname(self.folder), exist_ok=True)
        try:
            os.mkdir(self.folder, 0o700)
        except FileExistsError:
            pass
        if not _is_private(self.folder):
            raise PermissionError(1, "is open to others", self.folder)
        write_atomic(self._path(digest), data, mode=0o600)
        return digest

    def _path(self, digest: str) -> str:
        return os.path.join(self.folder, digest.replace(":", "-"))


def digest_of(data: bytes) -> str:
    """Return `sha256:<hex>` of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _is_private(folder: str) -> bool:
    status = os.lstat(folder)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
