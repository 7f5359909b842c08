"""The same call for many things, side by side: the first failure ends it, and so does an interruption."""

from __future__ import annotations

import threading
import time

from overlay.errors import OverlayError, Temporary, raise_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    T = TypeVar("T")
    R = TypeVar("R")

# A server is the floor from here on (on two cores, a thousand applies: 2.5 s by one, 1.5 s by 4, 1.35 s by 16).
WORKERS = 8
# Long enough for any request to a server that answers, short enough for whoever waits for us to stop.
LAST_SECONDS = 4.0
# A signal that comes just before a wait without end is seen when that ends: no wait is longer than this (seconds).
_LOOK = 1.0


def run_all(
    call: Callable[[T], R], items: Sequence[T], *, workers: int = WORKERS, interrupted: Callable[[], None] | None = None
) -> list[R]:
    """Return what a call gives for each item, in their order. Raises the errors of those that had begun.

    interrupted: called before what has begun is waited for, when this is interrupted.
    """
    if len(items) < 2 or workers < 2:
        return [call(one) for one in items]
    work = _Work(call, items)
    # Each says itself that it is over: a thread whose `join` was interrupted counts as ended until Python 3.13, though
    # it runs (bpo-45274). Daemons: what is still under way when its time is over must not keep the process
    # (`concurrent.futures` would).
    ended = [threading.Event() for _ in range(min(workers, len(items)))]
    threads = [threading.Thread(target=work.run, args=(one,), daemon=True) for one in ended]
    try:
        for thread in threads:
            thread.start()
        # Nothing new begins after a failure; what runs is bounded in time, and is waited for: it may be writing.
        for one in ended:
            while not one.wait(_LOOK):
                pass
    except BaseException:
        # Interrupted: nothing new begins. What is under way is given a moment, so that it is over when the lease is
        # given back; any state is one from which the next run goes on.
        work.stop()
        if interrupted is not None:
            interrupted()
        end = time.monotonic() + LAST_SECONDS
        for thread, one in zip(threads, ended, strict=True):
            if thread.ident is not None:
                one.wait(max(end - time.monotonic(), 0.0))
        raise
    return work.results()


class _Work:
    """What threads share: which item is next, and what came of those that had their turn."""

    def __init__(self, call: Callable[[Any], Any], items: Sequence[Any]) -> None:
        self._call = call
        self._items = items
        self._next = 0
        self._found: dict[int, Any] = {}
        self._errors: dict[int, BaseException] = {}
        self._lock = threading.Lock()

    def run(self, ended: threading.Event) -> None:
        try:
            while (number := self._begin()) is not None:
                try:
                    self._found[number] = self._call(self._items[number])
                except BaseException as error:  # noqa: BLE001  # it is raised in the thread that waits
                    self._errors[number] = error
                    self.stop()
        finally:
            ended.set()

    def _begin(self) -> int | None:
        """Return the number of the item whose turn it is; None where nothing is left to begin."""
        with self._lock:
            if self._next >= len(self._items):
                return None
            self._next += 1
            return self._next - 1

    def stop(self) -> None:
        with self._lock:
            self._next = len(self._items)

    def results(self) -> list[Any]:
        """Return what all calls gave, or raise what some of them raised."""
        errors = [self._errors[number] for number in sorted(self._errors)]
        for error in errors:
            if not isinstance(error, OverlayError):
                raise error
        known = [error for error in errors if isinstance(error, OverlayError)]
        # A server that is away says so to everyone who asks.
        raise_all(known[:1] if all(isinstance(error, Temporary) for error in known) else known)
        return [self._found[number] for number in range(len(self._items))]
