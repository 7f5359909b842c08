"""Fixtures shared with the tests of what is fetched."""

from __future__ import annotations

from tests.fetch.conftest import authority

__all__ = ["authority"]
