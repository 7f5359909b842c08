"""The same call for many things, side by side: the first failure ends it, and so does an interruption."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from overlay.errors import OverlayError, Temporary, raise_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from typing import TypeVar

    T = TypeVar("T")
    R = TypeVar("R")

# The server is the floor from here on (on two cores, a thousand applies: 2.5 s by one, 1.5 s by 4, 1.35 s by 16).
WORKERS = 8
# Long enough for any request to a server that answers, short enough for whoever waits for us to stop.
LAST_SECONDS = 4.0
# A signal that comes just before a wait without end is seen when that ends: no wait is longer than this (seconds).
_LOOK = 1.0


def run_all(call: Callable[[T], R], items: Sequence[T], *, workers: int = WORKERS) -> list[R]:
    """Return what a call gives for each item, in their order. Raises the errors of those that had begun."""
    if len(items) < 2:
        return [call(one) for one in items]
    pool = ThreadPoolExecutor(max_workers=min(workers, len(items)))
    futures: list[Future[R]] = []
    try:
        for one in items:
            futures.append(pool.submit(call, one))  # noqa: PERF401  # an interruption in between needs those that began
        while True:
            done, left = wait(futures, timeout=_LOOK, return_when=FIRST_EXCEPTION)
            if not left or any(future.exception() is not None for future in done):
                break
    except BaseException:
        # Interrupted: nothing new begins. What is under way is given a moment, so that it is over when the lease is
        # given back; any state is one from which the next run goes on.
        pool.shutdown(wait=False, cancel_futures=True)
        wait(futures, timeout=LAST_SECONDS)
        raise
    # Nothing new begins after a failure; what runs is bounded in time, and is waited for: it may be writing.
    pool.shutdown(cancel_futures=True)
    errors = [error for one in futures if not one.cancelled() and (error := one.exception()) is not None]
    for error in errors:
        if not isinstance(error, OverlayError):
            raise error
    known = [error for error in errors if isinstance(error, OverlayError)]
    # A server that is away says so to everyone who asks.
    raise_all(known[:1] if all(isinstance(error, Temporary) for error in known) else known)
    return [one.result() for one in futures]
