"""Ends the runs of several threads at their next step: an interruption reaches the main thread alone."""

from __future__ import annotations

import threading

from overlay.errors import Temporary


class Halt:
    """Set once, when the process is to end; every run looks at it before each step and while it waits."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def is_set(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        self._event.set()

    def check(self) -> None:
        """Raise Temporary when the run is to end."""
        if self._event.is_set():
            raise Temporary("the run was ended from outside", hint="run it again; it goes on from there")

    def sleep(self, seconds: float) -> None:
        """Sleep, at most until the run is to end. Raises Temporary then."""
        self._event.wait(seconds)
        self.check()
