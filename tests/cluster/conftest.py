"""The testbed: one real control plane for each process of the test run."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.harness import Environment
from tests.cluster.scripted import Answer, Scripted
from tests.cluster.testbed import Testbed, programs
from tests.conftest import IN_CI
from tests.oci.conftest import registry
from tests.servers.fixtures import authority, git_http, make_git_server, sshd

__all__ = ["authority", "git_http", "make_git_server", "registry", "sshd"]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def testbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    if not (programs() / "complete").exists():
        missing = "the testbed is not built; `make testbed` builds it"
        if IN_CI:
            pytest.fail(missing)
        pytest.skip(missing)
    made = Testbed(tmp_path_factory.mktemp("testbed"))
    yield made
    made.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Say how the control plane looked when a test failed: what hangs there shows nowhere else."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    values = getattr(item, "funcargs", {})
    if report.failed and "testbed" in values:
        report.sections.append(("testbed", values["testbed"].story(values.get("namespace", "default"))))


@pytest.fixture
def namespace(testbed: Testbed, request: pytest.FixtureRequest) -> str:
    """Return a namespace of the test's own; it is not waited for to go away."""
    name = f"t{next(_numbers)}"
    testbed.call("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


@pytest.fixture
def prod(testbed: Testbed, namespace: str) -> Iterator[Environment]:
    """An environment in a namespace of the test's own."""
    made = Environment(testbed, namespace)
    yield made
    made.close()


@pytest.fixture
def script() -> Iterator[Callable[..., Scripted]]:
    made: list[Scripted] = []

    def make(*answers: Answer) -> Scripted:
        made.append(Scripted(*answers))
        return made[-1]

    yield make
    for server in made:
        server.close()
