"""What the server refuses, or does not tell: found before anything is written, named, and never taken for nothing."""

from __future__ import annotations

from typing import Any

import pytest

from overlay.cluster.client import Client
from overlay.cluster.kubeconfig import find_access
from overlay.errors import ClusterError, ManifestError, OverlayError
from overlay.model.value import replace
from tests.cluster.harness import Environment, config, deployment
from tests.cluster.testbed import Testbed

pytestmark = pytest.mark.cluster


def definition(group: str, *versions: str, scope: str = "Namespaced") -> dict[str, Any]:
    """Return a CustomResourceDefinition of Widgets; the last version is the one that is stored."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group, "scope": scope, "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [
                {"name": one, "served": True, "storage": one == versions[-1], "schema": schema} for one in versions
            ],
        },
    }  # fmt: skip


def test_K11_a_definition_may_grow_but_lose_no_stored_version_nor_change_its_scope(prod: Environment) -> None:
    group = f"{prod.namespace}.example.com"
    widget = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w"}}
    assert prod.sync(definition(group, "v1"), widget).error("prod") is None
    grown = definition(group, "v1", "v2")
    assert prod.sync(grown, widget).error("prod") is None
    assert prod.plan(grown, widget).is_idle
    for changed, expected in (
        (definition(group, "v2"), 'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions'),
        (definition(group, "v1", "v2", scope="Cluster"), "spec.scope: Invalid value: "),
    ):
        plan = prod.plan(changed)
        (refused,) = plan.of("refused")
        assert expected in refused.why
        assert "--replace" not in refused.why, "it would take every object of the kind with it"
        with pytest.raises(OverlayError):
            prod.sync(changed)
    assert prod.testbed.find(f"/apis/{group}/v1/namespaces/{prod.namespace}/widgets/w") is not None


def test_K39_two_versions_of_a_kind_side_by_side_are_each_looked_at_in_their_own(prod: Environment) -> None:
    old, new = (
        {
            "apiVersion": f"autoscaling/{version}", "kind": "HorizontalPodAutoscaler", "metadata": {"name": version},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": version}, "maxReplicas": 3,
                **more,
            },
        }
        for version, more in (("v1", {"targetCPUUtilizationPercentage": 50}), ("v2", {}))
    )  # fmt: skip
    assert prod.sync(old, new).error("prod") is None
    for shortcut in (True, False):
        for wanted in ((old, new), (new, old)):
            plan = prod.plan(*wanted, shortcut=shortcut)
            assert [(one.verb, one.changes) for one in plan.actions] == [("unchanged", ()), ("unchanged", ())]
    # What is pruned is listed in the version that the server likes best.
    assert prod.verbs(prod.plan(old)) == {
        "HorizontalPodAutoscaler/v1": "unchanged", "HorizontalPodAutoscaler/v2": "prune",
    }  # fmt: skip


@pytest.mark.parametrize("is_there", [False, True])
def test_K39_a_version_that_the_environment_s_own_definition_does_not_serve_is_refused_at_once(
    prod: Environment, *, is_there: bool
) -> None:
    group = f"{prod.namespace}.example.com"
    widget = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w"}}
    if is_there:
        assert prod.sync(definition(group, "v1", "v2"), widget).error("prod") is None
    with pytest.raises(ManifestError) as caught:
        prod.plan(definition(group, "v2"), widget)
    assert caught.value.message == (f"the environment's own CustomResourceDefinition does not serve {group}/v1 Widget")
    assert caught.value.hint == "it serves v2"


def test_K16_K17_a_quota_that_is_full_is_named_and_the_next_run_goes_on(prod: Environment) -> None:
    prod.sync(config("old"), config("rest"))
    # Every dry-run fits into it alone.
    used = len(prod.testbed.call("GET", f"/api/v1/namespaces/{prod.namespace}/configmaps")["items"])
    quota = {
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"},
        "spec": {"hard": {"count/configmaps": str(used + 1)}},
    }  # fmt: skip
    place = f"/api/v1/namespaces/{prod.namespace}/resourcequotas"
    prod.testbed.call("POST", place, quota)
    prod.testbed.wait(
        lambda: (prod.testbed.call("GET", f"{place}/few").get("status") or {}).get("used"), "a quota that counts"
    )
    wanted = [config("rest"), *[config(f"new-{n}") for n in range(4)]]
    outcome = prod.sync(*wanted)
    error = outcome.error("prod")
    assert error is not None
    assert error.message.startswith(f"1 of 4 objects were applied: PATCH ConfigMap/{prod.namespace}/new-")
    assert "exceeded quota: few, requested: count/configmaps=1, used: " in error.message
    assert (error.exit_code, error.hint) == (5, "nothing was pruned; the next run goes on from here")
    assert prod.testbed.find(f"/api/v1/namespaces/{prod.namespace}/configmaps/old") is not None
    assert {f"new-{n}" for n in range(4)} <= {key[3] for key in prod.record.inventory}
    (refused, *_) = prod.plan(*wanted).of("refused")
    assert "exceeded quota: few" in refused.why
    prod.testbed.call("DELETE", f"{place}/few")
    assert prod.sync(*wanted).error("prod") is None
    assert {key[3] for key in prod.record.inventory} == {one["metadata"]["name"] for one in wanted}


def test_K16_what_a_namespace_does_not_admit_is_refused_in_the_plan(prod: Environment) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    prod.testbed.call(
        "PATCH", f"/api/v1/namespaces/{prod.namespace}", {"metadata": {"labels": labels}},
        content="application/merge-patch+json",
    )  # fmt: skip
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    plan = prod.plan(config("flags"), pod)
    (refused,) = plan.of("refused")
    assert 'violates PodSecurity "restricted:latest"' in refused.why
    with pytest.raises(OverlayError):
        prod.sync(config("flags"), pod)
    assert prod.testbed.find(f"/api/v1/namespaces/{prod.namespace}/configmaps/flags") is None


def test_K16_rights_that_are_missing_for_one_kind_name_it(testbed: Testbed, prod: Environment) -> None:
    place = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{prod.namespace}"
    rules = [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]},
    ]
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "some"}, "rules": rules}
    testbed.call("POST", f"{place}/roles", role)
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "some"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "some"},
        "subjects": [{"kind": "User", "name": "viewer", "apiGroup": "rbac.authorization.k8s.io"}],
    }  # fmt: skip
    testbed.call("POST", f"{place}/rolebindings", binding)
    client = Client(find_access({}, kubeconfig=str(testbed.kubeconfig("viewer"))))
    viewer = Environment(testbed, prod.namespace, client=client)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}}
    testbed.wait(lambda: not viewer.plan(config("flags")).is_stopped, "rights")
    (refused,) = viewer.plan(config("flags"), secret).of("refused")
    assert refused.id.name == "s"
    assert 'User "viewer" cannot patch resource "secrets" in API group "" in the namespace' in refused.why
    viewer.close()


def test_K20_without_the_right_to_list_nothing_is_taken_for_gone(testbed: Testbed, prod: Environment) -> None:
    prod.sync(config("flags"), deployment("web", replicas=0))
    client = Client(find_access({}, kubeconfig=str(testbed.kubeconfig("deployer"))))
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "maps"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}],
    }  # fmt: skip
    place = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{prod.namespace}"
    testbed.call("POST", f"{place}/roles", role)
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "maps"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "maps"},
        "subjects": [{"kind": "User", "name": "deployer", "apiGroup": "rbac.authorization.k8s.io"}],
    }  # fmt: skip
    testbed.call("POST", f"{place}/rolebindings", binding)
    deployer = Environment(testbed, prod.namespace, client=client)
    messages: list[str] = []

    def is_told() -> bool:
        with pytest.raises(ClusterError) as caught:
            deployer.plan(config("flags"))
        messages.append(caught.value.message)
        return "deployments" in messages[-1]

    testbed.wait(is_told, "rights")
    assert messages[-1].startswith(f"LIST Deployment/{prod.namespace}: ")
    deployer.close()


def test_K20_an_api_that_does_not_answer_stops_the_plan(testbed: Testbed, prod: Environment) -> None:
    group = f"gone-{prod.namespace}.example.com"
    prod.sync(config("flags"))
    record = prod.record
    there = (group, "Widget", prod.namespace, "w")
    prod.store.write(replace(record, inventory=record.inventory | {there}))
    service = {
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": f"v1.{group}"},
        "spec": {
            "group": group, "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 1, "insecureSkipTLSVerify": True,
            "service": {"name": "nobody", "namespace": prod.namespace},
        },
    }  # fmt: skip
    place = "/apis/apiregistration.k8s.io/v1/apiservices"
    testbed.call("POST", place, service)
    try:
        testbed.wait(
            lambda: any(one.startswith(group) for one in prod.client.kinds(again=True).stale), "an API without a server"
        )
        with pytest.raises(ClusterError) as caught:
            prod.plan(config("flags"))
        assert caught.value.message == f"the API {group} does not answer, so it is not known what is there of it"
    finally:
        testbed.call("DELETE", f"{place}/v1.{group}")
    assert there in prod.record.inventory


def test_Z02_Z03_a_secret_that_the_server_refuses_is_told_without_its_values(prod: Environment) -> None:
    canary = "hunter2hunter2"
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    (refused,) = prod.plan({**secret, "data": {"a": f"{canary}!"}}).of("refused")
    assert refused.why == (
        "failed to convert new object: illegal base64 data at input byte 14; what it says of a Secret is not shown"
    )
    assert prod.sync({**secret, "immutable": True, "stringData": {"a": "one"}}).error("prod") is None
    (refused,) = prod.plan({**secret, "immutable": True, "stringData": {"a": canary}}).of("refused")
    assert refused.why == (
        "the server refuses it (Invalid): data; what it says of a Secret is not shown; --replace, or the annotation "
        'overlay.dev/replace: "true", replaces it'
    )
    with pytest.raises(OverlayError) as caught:
        prod.sync({**secret, "type": canary, "immutable": True, "stringData": {"a": "one"}})
    assert canary not in f"{caught.value} {caught.value.hint}"
