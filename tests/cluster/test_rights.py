"""The rights that it takes to apply an environment, and the job that has them: decided from objects alone."""

from __future__ import annotations

from typing import Any

import pytest

from overlay.cluster.cronjob import cron_of
from overlay.cluster.rights import Rule, rights_of
from overlay.errors import ClusterError, UsageError
from overlay.kube.plural import is_built_in, plural_of
from tests.cluster.harness import Body, config, resource
from tests.cluster.testbed import Testbed

WRITES = ("create", "delete", "get", "list", "patch", "watch")


def rules(*bodies: Body, where: str = "shop", **given: Any) -> list[Rule]:
    found = rights_of([resource(one) for one in bodies], environment="prod", namespace="shop", **given)
    return list(found.namespaces.get(where, ()) if where else found.cluster)


def thing(api: str, kind: str, name: str = "x", **more: Any) -> Body:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **more}


@pytest.mark.cluster
def test_plurals_are_those_of_a_real_server(testbed: Testbed) -> None:
    # What other tests of this process brought there is not the server's own.
    definitions = testbed.call("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")["items"]
    services = testbed.call("GET", "/apis/apiregistration.k8s.io/v1/apiservices")["items"]
    brought = {one["spec"]["group"] for one in definitions}
    brought |= {one["spec"]["group"] for one in services if one["spec"].get("service")}
    groups = [one for one in testbed.call("GET", "/apis")["groups"] if one["name"] not in brought]
    places = ["/api/v1", *[f"/apis/{version['groupVersion']}" for one in groups for version in one["versions"]]]
    seen = 0
    for place in places:
        for one in testbed.call("GET", place)["resources"]:
            if "/" not in one["name"]:
                assert plural_of(one["kind"]) == one["name"]
                seen += 1
    assert seen > 60
    assert all(is_built_in(one["name"]) for one in groups)


def test_the_lease_and_the_record_are_named() -> None:
    assert rules() == [
        Rule("", ("configmaps",), ("create",)),
        Rule("", ("configmaps",), ("get", "update"), ("overlay-prod",)),
        Rule("", ("events", "pods"), ("list",)),
        Rule("", ("namespaces",), ("get",), ("shop",)),
        Rule("", ("pods/log",), ("get",)),
        Rule("coordination.k8s.io", ("leases",), ("create",)),
        Rule("coordination.k8s.io", ("leases",), ("get", "update"), ("overlay-prod",)),
    ]


def test_objects_give_rights_by_kind_where_they_are() -> None:
    other = config("b")
    other["metadata"]["namespace"] = "other"
    local = config("c", annotations={"config.kubernetes.io/local-config": "true"})
    local["metadata"]["namespace"] = "nowhere"
    objects = (config("a"), other, local, thing("apps/v1", "Deployment"))
    assert Rule("", ("configmaps",), WRITES) in rules(*objects)
    assert Rule("", ("configmaps",), ("update",), ("overlay-prod",)) in rules(*objects)
    assert Rule("apps", ("deployments",), WRITES) in rules(*objects)
    assert rules(*objects, where="other") == [
        Rule("", ("configmaps",), WRITES), Rule("", ("events", "pods"), ("list",)),
        Rule("", ("namespaces",), ("get",), ("other",)), Rule("", ("pods/log",), ("get",)),
    ]  # fmt: skip
    assert rules(*objects, where="nowhere") == []
    assert rules(*objects, where="") == []


def test_outside_namespaces_only_objects_of_these_names_are_written() -> None:
    objects = (thing("v1", "Namespace", "a"), thing("v1", "Namespace", "b"))
    assert rules(*objects, where="", knows_cluster=True) == [
        Rule("", ("namespaces",), ("create", "list", "watch")),
        Rule("", ("namespaces",), ("get", "patch"), ("a", "b")),
        Rule("", ("namespaces",), ("get",), ("kube-system",)),
    ]


def test_protected_kinds_are_deleted_only_on_request() -> None:
    claim = thing("v1", "PersistentVolumeClaim")
    kept = Rule("", ("persistentvolumeclaims",), ("create", "get", "list", "patch", "watch"))
    assert kept in rules(claim)
    assert Rule("", ("persistentvolumeclaims",), WRITES) in rules(claim, deletes=frozenset(("PersistentVolumeClaim",)))


def test_roles_are_handed_out_by_those_who_have_their_rules() -> None:
    rbac, rule = "rbac.authorization.k8s.io/v1", {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    own = [
        thing(rbac, "Role", "reader", rules=[rule]),
        thing(rbac, "RoleBinding", "reader", roleRef={"kind": "Role", "name": "reader"}),
    ]
    found = rights_of([resource(one) for one in own], environment="prod", namespace="shop")
    assert found.rules("shop")[-1] == rule
    assert not any("bind" in one.verbs for one in found.namespaces["shop"])
    viewer = thing(rbac, "RoleBinding", "viewers", roleRef={"kind": "ClusterRole", "name": "view"})
    assert Rule("rbac.authorization.k8s.io", ("clusterroles",), ("bind",), ("view",)) in rules(viewer)
    gathered = thing(rbac, "ClusterRole", "all", aggregationRule={})
    assert Rule("rbac.authorization.k8s.io", ("clusterroles",), ("delete", "escalate", "get", "patch"), ("all",)) in rules(
        gathered, where=""
    )  # fmt: skip


def test_plurals_of_other_kinds_come_from_their_definition_or_a_cluster() -> None:
    definition = thing(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "geese.example.com",
        spec={"group": "example.com", "scope": "Namespaced", "names": {"kind": "Goose", "plural": "geese"}},
    )  # fmt: skip
    goose = thing("example.com/v1", "Goose")
    assert Rule("example.com", ("geese",), WRITES) in rules(definition, goose)
    assert Rule("example.com", ("gaggle",), WRITES) in rules(goose, lookup=lambda _: ("gaggle", True))
    with pytest.raises(ClusterError, match=r"the plural of Goose\.example\.com is not known"):
        rules(goose)


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (60, "* * * * *"), (300, "2-59/5 * * * *"), (600, "2-59/10 * * * *"), (1800, "2-59/30 * * * *"),
        (3600, "2 * * * *"), (21600, "2 3-23/6 * * *"), (86400, "2 3 * * *"),
    ],
)  # fmt: skip
def test_runs_come_at_a_time_of_the_environments_own(every: int, expected: str) -> None:
    assert cron_of(every, "prod") == expected


@pytest.mark.parametrize("every", [0, 30, 420, 5400, 18000, 172800])
def test_what_no_cron_line_says_is_refused(every: int) -> None:
    with pytest.raises(UsageError, match="is no even part of an hour or a day"):
        cron_of(every, "prod")
