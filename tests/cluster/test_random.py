"""Random changes, edits of others and faults in between: the wanted state in the end, and nothing of others touched."""

from __future__ import annotations

import base64
import itertools
import os
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overlay.cluster.apply import Pace
from overlay.cluster.applyset import PART_OF
from overlay.cluster.client import Client
from overlay.cluster.connection import Limits
from overlay.cluster.kubeconfig import find_access
from overlay.errors import OverlayError
from overlay.fetch.retry import Patience
from tests.cluster.faults import FaultProxy
from tests.cluster.harness import Environment, config, deployment
from tests.cluster.testbed import Testbed

pytestmark = pytest.mark.cluster

LONG = bool(os.environ.get("OVERLAY_FUZZ"))
NAMES = ["a", "b", "c", "d", "e"]
_numbers = itertools.count()
FAST = Pace(wait=False, prune=20)


def make_namespace(testbed: Testbed) -> str:
    name = f"random-{next(_numbers)}"
    testbed.call("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


def bodies(wanted: dict[str, int]) -> list[dict[str, Any]]:
    """Return an object for each name; the number says which version of it. One always stays."""
    found = [config("rest")]
    for name, version in wanted.items():
        if name in "ab":
            found.append(config(name, version=str(version), **({"more": "x"} if version % 2 else {})))
        elif name == "c":
            found.append(
                {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"v": str(version)}}
            )
        elif name == "d":
            found.append(
                {
                    "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": {"v": str(version)}},
                    "spec": {"ports": [{"port": 80 + n, "name": f"p{n}"} for n in range(1 + version % 3)]},
                }
            )  # fmt: skip
        else:
            found.append(deployment(name, f"web:{version}", replicas=0))
    return found


def state(testbed: Testbed, namespace: str, owner: str) -> dict[str, Any]:
    """Return what of each member an environment settles."""
    found: dict[str, Any] = {}
    for one in testbed.call("GET", f"/api/v1/namespaces/{namespace}/configmaps?labelSelector={PART_OF}={owner}")[
        "items"
    ]:
        found[one["metadata"]["name"]] = one.get("data") or {}
    for one in testbed.call("GET", f"/api/v1/namespaces/{namespace}/secrets?labelSelector={PART_OF}={owner}")["items"]:
        found[one["metadata"]["name"]] = one["data"]
    for one in testbed.call("GET", f"/api/v1/namespaces/{namespace}/services?labelSelector={PART_OF}={owner}")["items"]:
        found[one["metadata"]["name"]] = (
            one["metadata"]["labels"]["v"],
            [port["port"] for port in one["spec"]["ports"]],
        )
    for one in testbed.call("GET", f"/apis/apps/v1/namespaces/{namespace}/deployments?labelSelector={PART_OF}={owner}")[
        "items"
    ]:
        found[one["metadata"]["name"]] = one["spec"]["template"]["spec"]["containers"][0]["image"]
    return found


def expected(wanted: dict[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {"rest": {}}
    for name, version in wanted.items():
        if name in "ab":
            found[name] = {"version": str(version), **({"more": "x"} if version % 2 else {})}
        elif name == "c":
            found[name] = {"v": base64.b64encode(str(version).encode()).decode()}
        elif name == "d":
            found[name] = (str(version), [80 + n for n in range(1 + version % 3)])
        else:
            found[name] = f"web:{version}"
    return found


steps = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3), max_size=4)),
        st.tuples(st.just("label"), st.sampled_from(NAMES)),
        st.tuples(st.just("remove"), st.sampled_from(NAMES)),
    ),
    min_size=2,
    max_size=6,
)
KINDS = {"a": "configmaps", "b": "configmaps", "c": "secrets", "d": "services"}


@settings(max_examples=2000 if LONG else 12, suppress_health_check=list(HealthCheck))
@given(steps=steps)
def test_any_sequence_ends_in_the_wanted_state(testbed: Testbed, steps: list[tuple[str, Any]]) -> None:
    """Objects come, change and go; others add labels and delete objects in between."""
    namespace = make_namespace(testbed)
    prod = Environment(testbed, namespace)
    for kind, what in steps:
        if kind == "set":
            outcome = prod.sync(*bodies(what), pace=FAST)
            assert outcome.error("prod") is None
            assert state(testbed, namespace, prod.record.owner) == expected(what)
            assert prod.plan(*bodies(what), shortcut=False).is_idle, "a full dry-run finds nothing more to do"
        elif what in KINDS:
            path = f"/api/v1/namespaces/{namespace}/{KINDS[what]}/{what}"
            if testbed.find(path) is None:
                continue
            if kind == "label":
                patch = {"metadata": {"labels": {"seen": "yes"}, "annotations": {"by": "others"}}}
                testbed.call("PATCH", path, patch, content="application/merge-patch+json")
            else:
                testbed.call("DELETE", path)
    prod.close()
    testbed.call("DELETE", f"/api/v1/namespaces/{namespace}")


@pytest.fixture
def proxies(testbed: Testbed) -> Iterator[Any]:
    made: list[FaultProxy] = []

    def make(seed: int) -> FaultProxy:
        made.append(FaultProxy(testbed, seed))
        return made[-1]

    yield make
    for one in made:
        one.close()


def faulty(testbed: Testbed, proxy: FaultProxy) -> Client:
    access = find_access({}, kubeconfig=str(testbed.kubeconfig(server=proxy.url)))
    return Client(
        access, limits=Limits(connect=2, idle=5, request=10), patience=Patience(attempts=4, total=20),
        sleep=lambda seconds: time.sleep(min(seconds, 0.02)),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(1000 if LONG else 15))
def test_I3_I4_runs_through_faults(testbed: Testbed, proxies: Any, seed: int) -> None:
    """Whatever the way to the server does: nothing of others is touched, nothing is lost, and the next run ends well."""
    choose = random.Random(seed)
    namespace = make_namespace(testbed)
    for name, labels in {"foreign": {}, "theirs": {PART_OF: "applyset-other-v1"}}.items():
        body = {**config(name), "metadata": {"name": name, "labels": labels}}
        testbed.call("POST", f"/api/v1/namespaces/{namespace}/configmaps", body)
    place = f"/api/v1/namespaces/{namespace}/configmaps"
    before = [testbed.call("GET", f"{place}/{name}")["metadata"]["resourceVersion"] for name in ("foreign", "theirs")]
    clean = Environment(testbed, namespace)
    # Short, for whoever comes after a run that could not give it back; long enough for a machine under load.
    clean.lease_seconds = 6
    first = {name: choose.randrange(4) for name in NAMES if choose.random() < 0.7}
    assert clean.sync(*bodies(first), pace=FAST).error("prod") is None
    proxy = proxies(seed)
    prod = Environment(testbed, namespace, client=faulty(testbed, proxy))
    prod.lease_seconds = 6
    second = {name: choose.randrange(4) for name in NAMES if choose.random() < 0.6}
    try:
        went_well = prod.sync(*bodies(second), pace=FAST).error("prod") is None
    except OverlayError:
        went_well = False
    proxy.is_on = False
    there = state(testbed, namespace, clean.record.owner)
    inventory = {name for _, _, _, name in clean.record.inventory}
    assert set(there) <= inventory, "the inventory lists every object that is ours (I3)"
    if went_well:
        assert there == expected(second)
    assert clean.sync(*bodies(second), pace=FAST).error("prod") is None
    assert state(testbed, namespace, clean.record.owner) == expected(second), "the next run ends as it should (I4)"
    assert {name for _, _, _, name in clean.record.inventory} == {"rest", *second}
    after = [testbed.call("GET", f"{place}/{name}")["metadata"]["resourceVersion"] for name in ("foreign", "theirs")]
    assert after == before, "nothing of others is touched"
    prod.close()
    clean.close()
    testbed.call("DELETE", f"/api/v1/namespaces/{namespace}")
