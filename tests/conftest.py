"""Guards and fixtures for all tests: no home folder, no inherited settings, real peers."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent
LEAKING = ("GIT_", "KUBE", "HELM_", "XDG_", "OVERLAY_", "GITHUB_", "KUSTOMIZE_")

settings.register_profile("default", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", deadline=None, max_examples=20_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("long" if os.environ.get("OVERLAY_FUZZ") else "default")

# Read before the guard below hides it.
TOOLS = Path(os.environ.get("OVERLAY_TOOLS") or REPOSITORY / ".tools" / "bin")
IN_CI = os.environ.get("CI") == "true"

# Where a shell started the tests in its background, SIGINT is ignored, and so it would be in every program they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite what scenarios and the page of mistakes expect")


@pytest.fixture(autouse=True)
def guarded_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test from the home folder and from settings of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(LEAKING) or name in ("NO_COLOR", "CLICOLOR_FORCE", "SOURCE_DATE_EPOCH", "CI"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Find a peer program; in CI an absent one is a failure."""

    def find(name: str) -> str:
        path = TOOLS / name
        if path.is_file():
            return str(path)
        found = shutil.which(name)
        if found:
            return found
        if IN_CI:
            pytest.fail(f"{name} is missing; `make tools` builds it")
        pytest.skip(f"{name} is missing; `make tools` builds it")

    return find
