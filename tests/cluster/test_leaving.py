"""What leaves: whose it is, when it goes, in which order; and what is no change at all."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from overlay.cluster.apply import Pace
from tests.cluster.harness import Environment, config, deployment
from tests.cluster.testbed import Testbed

pytestmark = pytest.mark.cluster


def test_K19_a_run_prunes_nothing_of_other_environments(testbed: Testbed, prod: Environment) -> None:
    dev = Environment(testbed, prod.namespace, "dev")
    dev.sync(config("dev-flags"), deployment("dev-web", replicas=0))
    before = versions(prod)
    prod.sync(config("a"), config("b"))
    assert prod.sync(config("a")).error("prod") is None
    assert {key: text for key, text in versions(prod).items() if key in before} == before
    assert dev.plan(config("dev-flags"), deployment("dev-web", replicas=0)).is_idle
    dev.close()


def versions(prod: Environment) -> dict[str, str]:
    listed = prod.testbed.call("GET", f"/api/v1/namespaces/{prod.namespace}/configmaps")["items"]
    return {
        one["metadata"]["name"]: one["metadata"]["resourceVersion"]
        for one in listed
        if "dev" in one["metadata"]["name"]
    }


def mounts(name: str, settings: str, **pod: Any) -> dict[str, Any]:
    body = deployment(name)
    body["spec"]["template"]["spec"] |= {"volumes": [{"name": "v", "configMap": {"name": settings}}], **pod}
    return body


def test_K27_settings_of_a_generated_name_stay_until_the_rollout_is_through(prod: Environment) -> None:
    """Pods of the old revision start again as long as the new ones have not come: they need what they name."""
    assert prod.sync(config("flags-1a"), mounts("web", "flags-1a")).error("prod") is None
    new = config("flags-2b")
    stuck = prod.sync(new, mounts("web", "flags-2b", nodeSelector={"no": "where"}), pace=Pace(timeout=1.5))
    assert stuck.error("prod") is not None
    assert is_there(prod, "flags-1a"), "a rollout that is stuck needs the old one"
    assert prod.sync(new, mounts("web", "flags-2b")).error("prod") is None
    events = [one.what == "prune" for one in prod.events if one.what in ("prune", "health")]
    assert events == sorted(events), "healthy first, then pruned"
    assert not is_there(prod, "flags-1a")


def is_there(prod: Environment, name: str) -> bool:
    return prod.testbed.find(f"/api/v1/namespaces/{prod.namespace}/configmaps/{name}") is not None


def test_K28_dependents_go_first_and_are_waited_for(prod: Environment) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}}
    web = mounts("web", "flags", serviceAccountName="web")
    assert prod.sync(account, config("flags"), web, config("rest")).error("prod") is None
    outcome = prod.sync(config("rest"))
    assert outcome.error("prod") is None
    gone = [one.kind for one in outcome.pruned]
    assert (gone[0], sorted(gone[1:])) == ("Deployment", ["ConfigMap", "ServiceAccount"])
    for path in ("apis/apps/v1:replicasets", "api/v1:pods"):
        root, _, plural = path.partition(":")
        assert prod.testbed.call("GET", f"/{root}/namespaces/{prod.namespace}/{plural}")["items"] == [], "foreground"


def test_K37_an_object_that_goes_while_it_is_waited_for_is_told(prod: Environment) -> None:
    def remove() -> None:
        path = f"/apis/apps/v1/namespaces/{prod.namespace}/deployments/web"
        prod.testbed.wait(lambda: prod.testbed.find(path), "the object that is waited for")
        prod.testbed.call("DELETE", path)

    other = threading.Thread(target=remove)
    other.start()
    outcome = prod.sync(mounts("web", "flags", nodeSelector={"no": "where"}), config("flags"), pace=Pace(timeout=3))
    other.join()
    error = outcome.error("prod")
    assert error is not None
    assert error.message == f"Deployment/{prod.namespace}/web is not healthy: NotFound, the object does not exist"
    assert prod.sync(mounts("web", "flags"), config("flags")).error("prod") is None


def test_K43_what_the_server_writes_in_its_own_way_is_no_change(prod: Environment) -> None:
    web = deployment("web", replicas=0)
    web["metadata"] |= {"annotations": {}, "labels": {"a": "b"}}
    web["spec"]["template"]["spec"]["containers"][0] |= {
        "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {"cpu": 0.5}},
        "ports": [{"containerPort": 80}], "env": [], "securityContext": {},
        "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
    }  # fmt: skip
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }  # fmt: skip
    claim = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}},
    }  # fmt: skip
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}}
    budget = {
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
        "spec": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "web"}}},
    }  # fmt: skip
    objects = [web, service, claim, secret, budget]
    assert prod.sync(*objects, pace=Pace(wait=False)).error("prod") is None
    for shortcut in (True, False):
        plan = prod.plan(*objects, shortcut=shortcut)
        assert [(str(one.id), one.why, one.changes) for one in plan.actions if one.verb != "unchanged"] == []
