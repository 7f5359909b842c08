"""Fixtures that start servers for Git; import them in a conftest.py."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import IN_CI
from tests.fetch.conftest import authority
from tests.servers.git_http import GitServer
from tests.servers.sshd import Sshd

__all__ = ["authority", "git_http", "git_https", "make_git_server", "sshd"]

Make = Callable[..., GitServer]


@pytest.fixture
def make_git_server(authority: tuple[Path, Path], tmp_path: Path) -> Iterator[Make]:
    """Return a function that serves what lies below the test's folder."""
    made: list[GitServer] = []

    def make(root: Path | None = None, *, tls: bool = False) -> GitServer:
        made.append(GitServer(root or tmp_path, authority[1] if tls else None))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def git_http(make_git_server: Make) -> GitServer:
    return make_git_server()


@pytest.fixture
def git_https(make_git_server: Make, authority: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> GitServer:
    """Serve with TLS; the test's CA is one that Git trusts."""
    monkeypatch.setenv("GIT_SSL_CAINFO", str(authority[0]))
    return make_git_server(tls=True)


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """Start an SSH server; in CI an absent one is a failure."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        (pytest.fail if IN_CI else pytest.skip)("sshd is missing; `make tools` installs it where it may")
    server = Sshd(program, tmp_path_factory.mktemp("sshd"))
    yield server
    server.close()
