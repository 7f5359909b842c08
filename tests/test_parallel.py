"""Several at once; the first failure ends it, and so does an interruption."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from overlay.errors import FetchError, Problems, Temporary
from overlay.parallel import run_all


def test_all_are_called_several_at_once_and_their_answers_are_in_order() -> None:
    together = threading.Barrier(3, timeout=60)

    def call(item: int) -> int:
        together.wait()
        return item * 2

    assert run_all(call, range(9), workers=3) == [item * 2 for item in range(9)]


@pytest.mark.parametrize("workers", [1, 4])
def test_nothing_begins_after_a_failure(workers: int) -> None:
    seen: list[int] = []

    def call(item: int) -> None:
        seen.append(item)
        if item == 0:
            raise FetchError("no")

    with pytest.raises(FetchError, match="no"):
        run_all(call, range(1000), workers=workers)
    assert len(seen) < 1000


def test_the_errors_of_all_that_had_begun_are_told_in_order() -> None:
    together = threading.Barrier(3, timeout=60)

    def call(item: int) -> None:
        together.wait()
        raise FetchError(f"no {item}")

    with pytest.raises(Problems) as caught:
        run_all(call, range(3), workers=3)
    assert [one.message for one in caught.value.each()] == ["no 0", "no 1", "no 2"]


def test_a_server_that_is_away_is_told_once() -> None:
    together = threading.Barrier(3, timeout=60)

    def call(item: int) -> None:
        together.wait()
        raise Temporary("away")

    with pytest.raises(Temporary, match="away"):
        run_all(call, range(3), workers=3)


def test_an_interruption_begins_nothing_new_and_waits_for_what_has_begun() -> None:
    begun, over = [], []
    interrupted = threading.Event()

    def call(item: int) -> None:
        begun.append(item)
        if item == 1:
            os.kill(os.getpid(), signal.SIGINT)
        interrupted.wait(0.2)
        over.append(item)

    with pytest.raises(KeyboardInterrupt):
        run_all(call, range(100), workers=2)
    assert sorted(begun) == sorted(over)
    assert len(begun) < 100


def test_whoever_was_waited_for_when_the_interruption_came_is_waited_for_still() -> None:
    halted = threading.Event()
    over: list[int] = []

    def call(item: int) -> None:
        if item == 1:
            time.sleep(0.2)  # until the first one is waited for
            os.kill(os.getpid(), signal.SIGINT)
        halted.wait(60)
        if item == 0:
            time.sleep(0.5)
        over.append(item)

    with pytest.raises(KeyboardInterrupt):
        run_all(call, range(2), workers=2, interrupted=halted.set)
    assert sorted(over) == [0, 1]
