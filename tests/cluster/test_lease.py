"""One run at a time, whatever clocks say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from overlay.cluster.client import Client
from overlay.cluster.kubeconfig import find_access
from overlay.cluster.lease import Lease
from overlay.errors import ClusterConflict, Temporary
from tests.cluster.testbed import Testbed

pytestmark = pytest.mark.cluster


class Clock:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def client(testbed: Testbed) -> Iterator[Client]:
    made = Client(find_access({}, kubeconfig=str(testbed.kubeconfig())))
    yield made
    made.close()


def lease(client: Client, namespace: str, clock: Clock, **given: Any) -> Lease:
    return Lease(client, namespace, "prod", clock=clock, sleep=clock.sleep, renew=3600, **given)


def stored(testbed: Testbed, namespace: str) -> Any:
    return testbed.call("GET", f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/overlay-prod")


def test_a_lease_is_taken_and_given_back(testbed: Testbed, client: Client, namespace: str) -> None:
    clock = Clock()
    first, second = lease(client, namespace, clock), lease(client, namespace, clock)
    first.acquire(wait=0)
    first.check()
    assert stored(testbed, namespace)["spec"]["holderIdentity"] == first.holder
    first.release()
    assert stored(testbed, namespace)["spec"]["holderIdentity"] == ""
    second.acquire(wait=0)
    assert stored(testbed, namespace)["spec"]["leaseTransitions"] == 1
    second.release()


def test_K29_a_held_lease_names_its_holder(client: Client, namespace: str) -> None:
    clock = Clock()
    first, second = lease(client, namespace, clock), lease(client, namespace, clock)
    first.acquire(wait=0)
    with pytest.raises(Temporary) as caught:
        second.acquire(wait=5)
    assert caught.value.message == f"another run holds the lease {namespace}/overlay-prod: {first.holder}"
    first.release()


def test_K29_the_lease_of_a_dead_holder_is_taken_after_its_time(client: Client, namespace: str) -> None:
    clock = Clock()
    first, second = lease(client, namespace, clock, seconds=30), lease(client, namespace, clock)
    first.acquire(wait=0)
    started = clock.now
    second.acquire(wait=60)
    assert 30 <= clock.now - started <= 32
    with pytest.raises(ClusterConflict) as caught:
        first.check()
    assert caught.value.message == f"the lease {namespace}/overlay-prod is lost: it was not renewed in time"
    first.release()
    second.check()
    second.release()


@pytest.mark.parametrize("time", ["1999-01-01T00:00:00.000000Z", "2099-01-01T00:00:00.000000Z"])
def test_D06_a_holder_is_not_judged_by_its_own_clock(
    testbed: Testbed, client: Client, namespace: str, time: str
) -> None:
    """A renewTime far in the past or the future neither frees a lease nor keeps it."""
    testbed.call(
        "POST", f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases",
        {
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "overlay-prod"},
            "spec": {"holderIdentity": "other", "leaseDurationSeconds": 10, "renewTime": time},
        },
    )  # fmt: skip
    clock = Clock()
    made = lease(client, namespace, clock)
    with pytest.raises(Temporary):
        made.acquire(wait=5)
    made.acquire(wait=30)
    made.release()


def test_D06_a_holder_that_renews_is_alive(testbed: Testbed, client: Client, namespace: str) -> None:
    clock = Clock()
    first, second = lease(client, namespace, clock, seconds=10), lease(client, namespace, clock)
    first.acquire(wait=0)
    looks = 0

    def sleep(seconds: float) -> None:
        nonlocal looks
        looks += 1
        clock.now += seconds
        if looks % 5 == 0:
            first._body = first._try_write(first._body)

    second._sleep = sleep
    with pytest.raises(Temporary):
        second.acquire(wait=60)
    first.release()


def test_D07_a_holder_that_was_paused_finds_that_it_lost(client: Client, namespace: str) -> None:
    clock = Clock()
    made = lease(client, namespace, clock, seconds=30)
    made.acquire(wait=0)
    clock.now += 29
    made.check()
    clock.now += 2
    with pytest.raises(ClusterConflict):
        made.check()
    made.release()


def test_a_lease_is_renewed_in_the_background(testbed: Testbed, client: Client, namespace: str) -> None:
    made = Lease(client, namespace, "prod", renew=0.05)
    made.acquire(wait=0)
    before = stored(testbed, namespace)["spec"]["renewTime"]
    testbed.wait(lambda: stored(testbed, namespace)["spec"]["renewTime"] != before, "a renewed lease")
    made.release()
