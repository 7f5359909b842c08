"""What checks of earlier runs found, by content: the same files, rules and programs find the same.

An entry is named by the digest of everything that goes into a check; `files/entries.py` says what else counts.
"""

from __future__ import annotations

import hashlib
import json
import os

from overlay.files.entries import Entries
from overlay.inspect.codec import decode, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.diff.checked import Checked

FORMAT = 1
MAX_ENTRIES = 2_000


class CheckCache:
    """A folder of entries; what is not exactly what we wrote counts as absent."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._entries = Entries(os.path.join(folder, "check"))

    @property
    def usable(self) -> bool:
        """Whether the folder is the user's alone, and can be written."""
        return self._entries.usable

    def key(self, *parts: Any) -> str:
        """Return the name of an entry."""
        return hashlib.sha256(json.dumps([FORMAT, *parts], sort_keys=True).encode()).hexdigest()

    def get(self, key: str) -> Checked | None:
        """Return a verified entry."""
        payload = self._entries.get(key)
        try:
            return decode(payload) if payload is not None else None
        except ValueError:
            return None

    def put(self, key: str, checked: Checked) -> None:
        """Keep an entry; a cache that cannot be written is no error."""
        self._entries.put(key, encode(checked))

    def prune(self) -> None:
        """Remove the oldest entries of a folder that holds too many."""
        self._entries.prune(MAX_ENTRIES, MAX_ENTRIES)
