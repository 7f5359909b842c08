from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from overlay.fetch.credentials import Credential
from overlay.fetch.http import Client
from overlay.fetch.login import Logins
from overlay.fetch.reference import read_reference
from overlay.fetch.retry import Patience
from overlay.oci.remote import Remote
from overlay.oci.session import Session
from tests.fetch.conftest import authority, make_web, web
from tests.fetch.servers import RegistryProcess
from tests.oci.scripted import Registry

__all__ = ["authority", "make_web", "web"]

# Busy machines are slow; only a test of silence needs to be quick.
PATIENT = Patience(connect=10, idle=20, total=60, attempts=3, longest_wait=1)
SHORT = Patience(connect=2, idle=1, total=4, attempts=3, longest_wait=1)


@pytest.fixture(scope="module")
def registry(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    """A real registry."""
    process = RegistryProcess(tool("registry"), tmp_path_factory.mktemp("registry"))
    yield process
    process.close()


@pytest.fixture
def private(tool: Callable[[str], str], tmp_path: Path) -> Iterator[RegistryProcess]:
    """A real registry that wants user me with password s3cret."""
    (tmp_path / "registry").mkdir()
    users = tmp_path / "registry" / "htpasswd"
    users.write_text("me:$2b$04$66.k5iqC4n14XeSO1e6/2.b6Cye3ZaQ977nUfaJLrA3GC.th0udRu\n")
    process = RegistryProcess(
        tool("registry"), tmp_path / "registry", REGISTRY_AUTH="htpasswd", REGISTRY_AUTH_HTPASSWD_REALM="x",
        REGISTRY_AUTH_HTPASSWD_PATH=str(users),
    )  # fmt: skip
    yield process
    process.close()


@pytest.fixture
def scripted() -> Iterator[Registry]:
    """A registry that fails as it is told."""
    found = Registry()
    yield found
    found.close()


@pytest.fixture
def remote() -> Iterator[Callable[..., Remote]]:
    """Make a repository of a registry."""
    sessions: list[Session] = []

    def make(
        host: str, name: str = "shop", *, credential: Credential | None = None, mount_from: str = "",
        patience: Patience = PATIENT,
    ) -> Remote:  # fmt: skip
        logins = Logins(Client(patience, sleep=lambda _: None), lambda _: credential)
        sessions.append(Session(patience, "overlay/test", logins, sleep=lambda _: None))
        origin = read_reference(f"oci://{host}/{mount_from}") if mount_from else None
        return Remote(sessions[-1], read_reference(f"oci://{host}/{name}"), origin)

    yield make
    for session in sessions:
        session.close()
