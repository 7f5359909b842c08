from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from tests.fetch.servers import RegistryProcess, Web


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the files of a CA, and of a key and certificate for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("authority")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    ca.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return folder / "ca.pem", folder / "server.pem"


@pytest.fixture
def trusted(authority: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the test's CA one that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[0]))


@pytest.fixture
def make_web(authority: tuple[Path, Path]) -> Iterator[Callable[..., Web]]:
    made: list[Web] = []

    def make(*, tls: bool = False) -> Web:
        made.append(Web(authority[1] if tls else None))
        return made[-1]

    yield make
    for web in made:
        web.close()


@pytest.fixture
def web(make_web: Callable[..., Web]) -> Web:
    return make_web()


@pytest.fixture
def tls(make_web: Callable[..., Web], trusted: None) -> Web:
    return make_web(tls=True)


@pytest.fixture(scope="module")
def registry(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryProcess]:
    process = RegistryProcess(tool("registry"), tmp_path_factory.mktemp("registry"))
    yield process
    process.close()
