"""What checks of earlier runs found, by content: the same files, rules and programs find the same.

An entry is named by the digest of everything that goes into a check, and carries the digest of its own bytes, which is
verified when it is read. The folder has to be the user's alone: who may write it decides what a check says.
"""

from __future__ import annotations

import hashlib
import json
import os

from overlay.chart.cache import is_private
from overlay.inspect.codec import decode, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.diff.checked import Checked

FORMAT = 1
MAX_ENTRIES = 2_000
MAX_ENTRY = 64 * 1024 * 1024


class CheckCache:
    """A folder of entries; what is not exactly what we wrote counts as absent."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.join(folder, "check")
        self.usable = is_private(self.folder)

    def key(self, *parts: Any) -> str:
        """Return the name of an entry."""
        return hashlib.sha256(json.dumps([FORMAT, *parts], sort_keys=True).encode()).hexdigest()

    def get(self, key: str) -> Checked | None:
        """Return a verified entry."""
        if not self.usable:
            return None
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not make us wait
            descriptor = os.open(os.path.join(self.folder, key), flags)
            with os.fdopen(descriptor, "rb") as file:
                data = file.read(MAX_ENTRY)
            digest, _, payload = data.partition(b"\n")
            if hashlib.sha256(key.encode() + payload).hexdigest().encode() != digest:
                return None
            return decode(payload)
        except (OSError, ValueError):
            return None

    def put(self, key: str, checked: Checked) -> None:
        """Keep an entry; a cache that cannot be written is no error."""
        if not self.usable:
            return
        payload = encode(checked)
        temporary = os.path.join(self.folder, f".{key}.{os.getpid()}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.sha256(key.encode() + payload).hexdigest().encode() + b"\n" + payload)
            os.replace(temporary, os.path.join(self.folder, key))
        except OSError:
            self.usable = False

    def prune(self) -> None:
        """Remove the oldest entries of a folder that holds too many."""
        if not self.usable:
            return
        try:
            with os.scandir(self.folder) as entries:
                found = [(entry.stat(follow_symlinks=False).st_mtime, entry.path) for entry in entries]
            for _, path in sorted(found)[: max(0, len(found) - MAX_ENTRIES)]:
                os.unlink(path)
        except OSError:
            pass
