"""The same call for several things at once: the first failure ends it, and is what is told."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    T = TypeVar("T")


def side_by_side(call: Callable[[T], None], items: Sequence[T], at_once: int) -> None:
    """Call for each item, for some at a time; what has begun is waited for, nothing begins after a failure.

    Raises what a call raised first.
    """
    if at_once < 2 or len(items) < 2:
        for item in items:
            call(item)
        return
    pending = list(reversed(items))
    errors: list[BaseException] = []

    def work() -> None:
        while not errors:
            try:
                item = pending.pop()
            except IndexError:
                return
            try:
                call(item)
            except BaseException as error:  # noqa: BLE001  # it is raised below, in the thread that waits
                errors.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(at_once, len(items)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
