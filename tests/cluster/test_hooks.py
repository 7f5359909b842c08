"""Helm's hooks: when they run, in which order, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from overlay.cluster.apply import Pace
from overlay.cluster.hooks import OF, divide, due
from tests.cluster.harness import Environment, config, resource


def hook(
    name: str, events: str, *, image: str = "work", weight: str = "0", policy: str = "", kind: str = "Job"
) -> dict[str, Any]:
    annotations = {"helm.sh/hook": events, "helm.sh/hook-weight": weight}
    if policy:
        annotations["helm.sh/hook-delete-policy"] = policy
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": image}]}
    spec = {"backoffLimit": 0, "template": {"spec": pod}} if kind == "Job" else pod
    return {
        "apiVersion": "batch/v1" if kind == "Job" else "v1", "kind": kind,
        "metadata": {"name": name, "annotations": annotations}, **({"spec": spec} if kind != "ConfigMap" else {}),
    }  # fmt: skip


def test_hooks_are_told_from_ordinary_objects_and_tests() -> None:
    bodies = [
        config("flags"),
        hook("a", "pre-install, post-upgrade", weight="5"),
        hook("t", "test"),
        hook("odd", "crd-install"),
    ]
    ordinary, hooks = divide([resource(body) for body in bodies])
    assert [one.id.name for one in ordinary] == ["flags", "odd"]
    assert [(one.object.id.name, one.events, one.weight, one.policies) for one in hooks] == [
        ("a", {"pre-install", "post-upgrade"}, 5, {"before-hook-creation"}),
    ]  # fmt: skip


def test_hooks_run_by_weight_and_name() -> None:
    bodies = [
        hook("late", "pre-install", weight="10"), hook("b", "pre-install"), hook("a", "pre-install", weight="no number"),
        hook("first", "pre-install", weight="-1"), hook("other", "post-install"),
    ]  # fmt: skip
    hooks = divide([resource(body) for body in bodies])[1]
    assert [one.object.id.name for one in due(hooks, "pre-install")] == ["first", "a", "b", "late"]


def told(prod: Environment) -> list[tuple[str, str]]:
    return [(one.what, one.id.name) for one in prod.events if one.what != "health"]


def jobs(prod: Environment) -> dict[str, str]:
    found = prod.testbed.call("GET", f"/apis/batch/v1/namespaces/{prod.namespace}/jobs")["items"]
    return {one["metadata"]["name"]: one["metadata"]["uid"] for one in found}


@pytest.mark.cluster
def test_hooks_run_around_an_install_and_an_upgrade(prod: Environment) -> None:
    hooks = [
        hook("before", "pre-install,pre-upgrade"), hook("after", "post-install", policy="hook-succeeded"),
        hook("settings", "pre-install", weight="-5", kind="ConfigMap"),
    ]  # fmt: skip
    assert prod.sync(config("flags", mode="a"), *hooks).error("prod") is None
    assert told(prod) == [
        ("hook pre-install", "settings"), ("hook pre-install", "before"), ("create", "flags"), ("hook post-install", "after"),
    ]  # fmt: skip
    first = jobs(prod)
    assert set(first) == {"before"}, "a hook that asks for it is deleted when it succeeded"
    assert {key[3] for key in prod.record.inventory} == {"flags"}, "hooks are no members"
    assert prod.plan(config("flags", mode="a"), *hooks).is_idle
    assert prod.sync(config("flags", mode="b"), *hooks).error("prod") is None
    assert told(prod) == [("hook pre-upgrade", "before"), ("update", "flags")]
    assert jobs(prod)["before"] != first["before"], "it was made anew"


@pytest.mark.cluster
def test_a_hook_that_fails_stops_the_run_before_anything_is_applied(prod: Environment) -> None:
    outcome = prod.sync(config("flags"), hook("migrate", "pre-install", image="fails"))
    error = outcome.error("prod")
    assert error is not None
    assert error.exit_code == 5
    assert error.message.startswith(
        f"the pre-install hook Job/{prod.namespace}/migrate has not ended well: Failed, BackoffLimitExceeded"
    )
    assert prod.testbed.find(f"/api/v1/namespaces/{prod.namespace}/configmaps/flags") is None
    assert prod.record.current is not None
    assert prod.record.current.status == "failed"
    assert prod.sync(config("flags"), hook("migrate", "pre-install")).error("prod") is None, (
        "the next run is an install still"
    )
    assert ("hook pre-install", "migrate") in told(prod)


@pytest.mark.cluster
def test_after_a_hook_that_fails_nothing_is_pruned(prod: Environment) -> None:
    prod.sync(config("old"), config("rest"))
    outcome = prod.sync(config("rest", mode="b"), hook("check", "post-upgrade", image="fails"))
    assert outcome.error("prod") is not None
    assert prod.testbed.find(f"/api/v1/namespaces/{prod.namespace}/configmaps/old") is not None


@pytest.mark.cluster
def test_an_object_of_others_is_no_hook_of_ours(prod: Environment) -> None:
    theirs = {**hook("migrate", "pre-install"), "metadata": {"name": "migrate"}}
    prod.testbed.call("POST", f"/apis/batch/v1/namespaces/{prod.namespace}/jobs", theirs)
    before = jobs(prod)
    error = prod.sync(config("flags"), hook("migrate", "pre-install")).error("prod")
    assert error is not None
    assert error.message == f"Job/{prod.namespace}/migrate exists already and is no hook of this environment"
    assert jobs(prod) == before


@pytest.mark.cluster
def test_an_object_becomes_a_hook_and_an_object_again(prod: Environment) -> None:
    """A chart turns its Job into a hook: what was applied is made anew as one, and is no member any more."""
    job = hook("migrate", "pre-upgrade")
    plain = {**job, "metadata": {"name": "migrate"}}
    assert prod.sync(config("flags"), plain).error("prod") is None
    first = jobs(prod)
    stopped = prod.sync(config("flags"), hook("migrate", "pre-upgrade", image="fails"))
    assert stopped.error("prod") is not None, "the next run finds a hook in the inventory"
    assert prod.sync(config("flags"), job).error("prod") is None
    assert jobs(prod)["migrate"] != first["migrate"]
    assert {key[3] for key in prod.record.inventory} == {"flags"}
    plan = prod.plan(config("flags"), job)
    assert prod.verbs(plan) == {"ConfigMap/flags": "unchanged"}
    assert prod.sync(config("flags"), plain).error("prod") is None
    assert {key[3] for key in prod.record.inventory} == {"flags", "migrate"}
    labels = prod.testbed.call("GET", f"/apis/batch/v1/namespaces/{prod.namespace}/jobs/migrate")["metadata"]["labels"]
    assert OF not in labels


@pytest.mark.cluster
def test_an_object_becomes_a_hook_in_one_run(prod: Environment) -> None:
    job = hook("migrate", "pre-upgrade")
    assert prod.sync(config("flags"), {**job, "metadata": {"name": "migrate"}}).error("prod") is None
    assert prod.sync(config("flags"), job).error("prod") is None
    assert set(jobs(prod)) == {"migrate"}
    assert {key[3] for key in prod.record.inventory} == {"flags"}


@pytest.mark.cluster
def test_a_volume_does_not_go_because_its_chart_makes_it_a_hook(prod: Environment) -> None:
    claim = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }  # fmt: skip
    assert prod.sync(config("flags"), claim, pace=Pace(wait=False)).error("prod") is None
    place = f"/api/v1/namespaces/{prod.namespace}/persistentvolumeclaims/data"
    uid = prod.testbed.call("GET", place)["metadata"]["uid"]
    metadata = {"name": "data", "annotations": {"helm.sh/hook": "pre-upgrade"}}
    error = prod.sync(config("flags", mode="b"), {**claim, "metadata": metadata}).error("prod")
    assert error is not None
    assert (
        error.message
        == f"PersistentVolumeClaim/{prod.namespace}/data exists already and is no hook of this environment"
    )
    assert prod.testbed.call("GET", place)["metadata"]["uid"] == uid


@pytest.mark.cluster
def test_a_pod_that_is_ready_has_not_ended(prod: Environment) -> None:
    outcome = prod.sync(config("flags"), hook("check", "pre-install", kind="Pod"), pace=Pace(timeout=2))
    error = outcome.error("prod")
    assert error is not None
    assert error.message.endswith("has not ended well: InProgress, the pod is running")
    labels = prod.testbed.call("GET", f"/api/v1/namespaces/{prod.namespace}/pods/check")["metadata"]["labels"]
    assert labels == {OF: prod.record.owner}


@pytest.mark.cluster
def test_hooks_run_around_a_deletion(prod: Environment) -> None:
    hooks = [
        hook("before", "pre-delete", policy="hook-succeeded"),
        hook("after", "post-delete", policy="hook-succeeded"),
    ]
    prod.sync(config("flags"), *hooks)
    assert told(prod) == [("create", "flags")]
    assert prod.sync(*hooks, is_delete=True).error("prod") is None
    assert told(prod) == [("hook pre-delete", "before"), ("prune", "flags"), ("hook post-delete", "after")]
    assert jobs(prod) == {}
    assert prod.record.current is None


@pytest.mark.cluster
def test_a_deletion_whose_hook_fails_deletes_nothing(prod: Environment) -> None:
    prod.sync(config("flags"))
    assert prod.sync(hook("before", "pre-delete", image="fails"), is_delete=True).error("prod") is not None
    assert prod.testbed.find(f"/api/v1/namespaces/{prod.namespace}/configmaps/flags") is not None
    assert prod.record.current is not None
