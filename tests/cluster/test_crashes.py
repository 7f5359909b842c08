"""Killed at every step: nothing is lost, nothing of others is touched, and the same command again goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from overlay.cluster.applyset import PART_OF
from overlay.kube.objects import identify
from tests.cluster.harness import Environment, config, deployment
from tests.cluster.testbed import REPOSITORY, USERS, Testbed

pytestmark = pytest.mark.cluster

CANARY = "canary-7c1f"
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "password"}, "stringData": {"password": CANARY}}
BEFORE = [config("stays", mode="a"), config("goes"), config("goes-too"), SECRET, deployment("web")]
AFTER = [config("stays", mode="b"), config("comes"), SECRET, deployment("web", "web:2"), deployment("more")]
STEPS = ["lease", "record", "apply-0", "apply-1", "apply-2", "apply-3", "wait", "prune-0", "prune-1", "end"]

HANGING = ["lease", "record", "apply-1", "wait", "prune-0", "end"]


def run(testbed: Testbed, namespace: str, objects: list[dict[str, Any]], failpoint: str = "") -> int:
    """Run in a process of its own; one that hangs is ended as a job is that takes too long."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cluster.crashing", str(testbed.kubeconfig()), namespace], text=True,
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", **({"OVERLAY_FAILPOINT": failpoint} if failpoint else {})},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(objects))
    process.stdin.close()
    process.stdin = None
    said = ""
    if failpoint.endswith(":hang"):
        assert process.stdout.readline() == "hangs\n"
        asked = time.monotonic()
        process.terminate()
        process.wait(timeout=10)
        assert time.monotonic() - asked < 10
    said, wrong = process.communicate(timeout=60)
    assert process.returncode in (0, -9, 2, 5, 130), wrong
    for secret in (CANARY, USERS["admin"][0]):
        assert secret not in said + wrong, "no secret is told (I6)"
    return process.returncode


def canaries(testbed: Testbed, namespace: str) -> list[str]:
    """Return what is not ours in the namespace, as it is now: of nobody, of another set, of another environment."""
    place = f"/api/v1/namespaces/{namespace}/configmaps"
    names = ("foreign", "theirs", "of-dev", "overlay-dev")
    return [testbed.call("GET", f"{place}/{name}")["metadata"]["resourceVersion"] for name in names]


def members(testbed: Testbed, namespace: str, owner: str) -> dict[tuple[str, ...], Any]:
    found = {}
    for path in (
        "api/v1/namespaces/{}/configmaps",
        "api/v1/namespaces/{}/secrets",
        "apis/apps/v1/namespaces/{}/deployments",
    ):
        listed = testbed.call("GET", f"/{path.format(namespace)}?labelSelector={PART_OF}={owner}")
        kind = listed["kind"].removesuffix("List")
        for one in listed["items"]:
            found[identify({"apiVersion": listed["apiVersion"], "kind": kind, **one}).key] = one
    return found


@pytest.mark.parametrize(
    ("step", "how"),
    [(step, how) for step in STEPS for how in ("kill", "raise")] + [(step, "hang") for step in HANGING],
)
def test_a_run_that_ends_anywhere_is_finished_by_the_next(
    testbed: Testbed, namespace: str, step: str, how: str
) -> None:
    for name, labels in {"foreign": {}, "theirs": {PART_OF: "applyset-other-v1"}}.items():
        body = {**config(name), "metadata": {"name": name, "labels": labels}}
        testbed.call("POST", f"/api/v1/namespaces/{namespace}/configmaps", body)
    dev = Environment(testbed, namespace, "dev")
    dev.sync(config("of-dev"))
    dev.close()
    before = canaries(testbed, namespace)
    assert run(testbed, namespace, BEFORE) == 0
    assert run(testbed, namespace, AFTER, f"{step}:{how}") == {"kill": -9, "raise": 2, "hang": 130}[how]
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/overlay-prod"
    assert how == "kill" or not testbed.call("GET", lease)["spec"]["holderIdentity"], "whoever can gives it back (I7)"
    prod = Environment(testbed, namespace)
    record = prod.record
    there = members(testbed, namespace, record.owner)
    assert set(there) <= record.inventory, "the inventory lists every object that is ours (I3)"
    if not step.startswith(("prune", "end")):
        assert {"goes", "goes-too"} <= {key[3] for key in there}, "nothing is deleted before all is applied (I3)"
    assert run(testbed, namespace, AFTER) == 0
    record = prod.record
    there = members(testbed, namespace, record.owner)
    wanted = {
        ("", "ConfigMap", "stays"),
        ("", "ConfigMap", "comes"),
        ("", "Secret", "password"),
        ("apps", "Deployment", "web"),
        ("apps", "Deployment", "more"),
    }
    assert {(group, kind, name) for group, kind, _, name in there} == wanted, "the next run ends as it should (I4)"
    assert set(there) == record.inventory
    assert record.current is not None
    assert record.current.status == "deployed"
    assert there["", "ConfigMap", namespace, "stays"]["data"] == {"mode": "b"}
    assert prod.plan(*AFTER).is_idle
    prod.close()
    assert canaries(testbed, namespace) == before, "nothing of others is touched"
