from __future__ import annotations

from collections.abc import Iterator

import pytest

from overlay.chart.child import HelmLibrary, find_library
from overlay.chart.choose import LIBRARY_HELM


@pytest.fixture
def helm() -> Iterator[HelmLibrary]:
    renderer = HelmLibrary(LIBRARY_HELM, find_library(), wall=3)
    yield renderer
    renderer.close()
