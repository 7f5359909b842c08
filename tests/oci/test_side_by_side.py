"""Several at once, and the first failure ends it."""

from __future__ import annotations

import threading

import pytest

from overlay.errors import FetchError
from overlay.oci.side_by_side import side_by_side


def test_all_are_called_and_several_at_once() -> None:
    together = threading.Barrier(3, timeout=20)
    seen: list[int] = []

    def call(item: int) -> None:
        together.wait()
        seen.append(item)

    side_by_side(call, range(9), 3)
    assert sorted(seen) == list(range(9))


@pytest.mark.parametrize("at_once", [1, 4])
def test_nothing_begins_after_a_failure(at_once: int) -> None:
    seen: list[int] = []

    def call(item: int) -> None:
        seen.append(item)
        if item == 0:
            raise FetchError("no")

    with pytest.raises(FetchError, match="no"):
        side_by_side(call, range(1000), at_once)
    assert len(seen) < 1000
