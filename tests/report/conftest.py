"""The browser that tests of pages drive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import Browser, find_browser
from tests.conftest import IN_CI


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = find_browser()
    if program is None:
        if IN_CI:
            pytest.fail("Chromium is missing; `make tools` says how to get it")
        pytest.skip("Chromium is missing; `make tools` says how to get it")
    with Browser(program) as found:
        yield found
