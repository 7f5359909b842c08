"""Whose turn it is with a private repository, and whether somebody still works in it.

Two locks: a run's own, which ends when the run does, however that is; and one that its git children inherit, on a file
of this run alone. Such a file that a later run finds was left by a killed one; while it is locked, some child lives
(hazard G17). A daemon that a credential helper leaves behind inherits the second one, too, and keeps nobody waiting:
a run that ends by itself removes its file.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress

from overlay.errors import Temporary

_ORPHANS = 10.0
_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class StoreLock:
    """The turn with one folder; seconds: the longest that another run is waited for."""

    def __init__(self, folder: str, seconds: float) -> None:
        self.folder = folder
        self.seconds = seconds
        # The descriptor for git children to inherit.
        self.inherited = -1
        self._own = -1
        self._file = ""

    def acquire(self) -> bool:
        """Wait for the turn; tell whether nobody works in the folder any more, so that what is left there is rubbish.

        Raises OSError, and Temporary where another run takes too long.
        """
        self._own = os.open(f"{self.folder}.lock", _OPEN, 0o600)
        if not _locked(self._own, self.seconds):
            raise Temporary(
                f"another overlay publishes to this remote for more than {self.seconds:g} seconds",
                hint="wait for it, or give --timeout more",
            )
        is_alone = self._are_gone(time.monotonic() + min(self.seconds, _ORPHANS))
        self._file = f"{self.folder}.run-{os.urandom(6).hex()}"
        self.inherited = os.open(self._file, _OPEN | os.O_EXCL, 0o600)
        fcntl.flock(self.inherited, fcntl.LOCK_EX)
        return is_alone

    def release(self) -> None:
        """Let the next one in; called twice, it does nothing."""
        if self._file:
            with suppress(FileNotFoundError):  # somebody emptied the cache meanwhile
                os.unlink(self._file)
            self._file = ""
        if self._own >= 0:
            # A forked child may hold the descriptor, too.
            fcntl.flock(self._own, fcntl.LOCK_UN)
        for descriptor in (self.inherited, self._own):
            if descriptor >= 0:
                os.close(descriptor)
        self.inherited = self._own = -1

    def _are_gone(self, until: float) -> bool:
        """Tell whether all children of killed runs have ended; they are waited for, for a while."""
        place, name = os.path.split(self.folder)
        gone = True
        for found in os.listdir(place):
            if not found.startswith(f"{name}.run-"):
                continue
            path = os.path.join(place, found)
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                if _locked(descriptor, until - time.monotonic()):
                    os.unlink(path)
                else:
                    gone = False
            finally:
                os.close(descriptor)
        return gone


def _locked(descriptor: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        else:
            return True
