"""Managed fields: what they say of owners, and that a skipped request would have changed nothing."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overlay.cluster.client import Client
from overlay.cluster.kubeconfig import find_access
from overlay.cluster.managed import entry_of, holds, manages, migrated
from overlay.kube.objects import identify
from tests.cluster.testbed import Testbed

names = st.sampled_from(["a", "b.c", "d/e", "app.kubernetes.io/name"])
texts = st.sampled_from(["", "x", "y", "1", "true"])
labels = st.dictionaries(names, st.sampled_from(["x", "y"]), max_size=3)
quantities = st.sampled_from(["100m", "0.1", "1", "1000m", 1])


def _maybe(draw: Any, body: dict[str, Any], key: str, strategy: st.SearchStrategy[Any]) -> None:
    if draw(st.booleans()):
        body[key] = draw(strategy)


@st.composite
def config_maps(draw: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    _maybe(draw, body["metadata"], "labels", labels)
    _maybe(draw, body["metadata"], "annotations", labels)
    _maybe(draw, body["metadata"], "finalizers", st.lists(st.sampled_from(["e.x/a", "e.x/b"]), unique=True, max_size=2))
    _maybe(draw, body, "data", st.dictionaries(st.sampled_from(["a", "b.c", "d"]), texts, max_size=3))
    return body


@st.composite
def services(draw: Any) -> dict[str, Any]:
    port = st.fixed_dictionaries(
        {"name": st.sampled_from(["p", "q"]), "port": st.sampled_from([80, 81])},
        optional={"protocol": st.sampled_from(["TCP", "UDP"]), "targetPort": st.sampled_from([80, "web"])},
    )
    ports = st.lists(port, min_size=1, max_size=2, unique_by=(lambda one: one["name"], lambda one: one["port"]))
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "x"},
        "spec": {"ports": draw(ports)},
    }
    _maybe(draw, body["metadata"], "labels", labels)
    _maybe(draw, body["spec"], "selector", st.dictionaries(st.sampled_from(["app", "tier"]), st.just("x"), max_size=2))
    _maybe(draw, body["spec"], "type", st.sampled_from(["ClusterIP", "NodePort"]))
    _maybe(draw, body["spec"], "sessionAffinity", st.just("None"))
    return body


@st.composite
def deployments(draw: Any) -> dict[str, Any]:
    env = st.lists(
        st.fixed_dictionaries({"name": st.sampled_from(["A", "B", "C"])}, optional={"value": texts}), max_size=3,
        unique_by=lambda one: one["name"],
    )  # fmt: skip
    container = st.fixed_dictionaries(
        {"name": st.sampled_from(["main", "side"]), "image": st.sampled_from(["i:1", "i:2"])},
        optional={
            "env": env, "args": st.lists(texts, max_size=2),
            "ports": st.lists(st.fixed_dictionaries({"containerPort": st.sampled_from([80, 81])}), max_size=2, unique_by=lambda one: one["containerPort"]),
            "resources": st.fixed_dictionaries({"requests": st.dictionaries(st.just("cpu"), quantities)}),
            "securityContext": st.just({}),
        },
    )  # fmt: skip
    containers = draw(st.lists(container, min_size=1, max_size=2, unique_by=lambda one: one["name"]))
    pod: dict[str, Any] = {"containers": containers}
    _maybe(draw, pod, "volumes", st.just([{"name": "v", "emptyDir": {}}]))
    _maybe(
        draw,
        pod,
        "tolerations",
        st.lists(
            st.fixed_dictionaries({"key": st.sampled_from(["a", "b"]), "operator": st.just("Exists")}), max_size=2
        ),
    )
    body: dict[str, Any] = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"},
        "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {"metadata": {"labels": {"app": "x"}}, "spec": pod}},
    }  # fmt: skip
    _maybe(draw, body["metadata"], "labels", labels)
    _maybe(draw, body["spec"], "replicas", st.just(0))
    _maybe(draw, body["spec"], "paused", st.booleans())
    return body


@pytest.fixture(scope="module")
def client(testbed: Testbed) -> Any:
    made = Client(find_access({}, kubeconfig=str(testbed.kubeconfig())))
    testbed.call(
        "POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "managed"}}
    )
    yield made
    made.close()


_numbers = itertools.count()


@pytest.mark.cluster
@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_skipped_would_have_changed_nothing(client: Client, data: st.DataObject) -> None:
    """The decision without a request is the server's own, for objects of ours that others have changed or not."""
    kind = data.draw(st.sampled_from([config_maps(), services(), deployments()]))
    first, wanted = data.draw(kind), data.draw(kind)
    if data.draw(st.booleans()):
        wanted = first
    name = f"x{next(_numbers)}"
    first, wanted = (
        {**one, "metadata": {**one["metadata"], "name": name, "namespace": "managed"}} for one in (first, wanted)
    )
    identity = identify(first)
    served = client.kinds().find(identity.group, identity.version, identity.kind)
    assert served is not None
    _, live = client.apply(served, "managed", name, first)
    if data.draw(st.booleans()):
        theirs = data.draw(kind)
        theirs = {**theirs, "metadata": {**theirs["metadata"], "name": name, "namespace": "managed"}}
        try:
            _, live = client.apply(served, "managed", name, theirs, manager="other", force=data.draw(st.booleans()))
        except Exception:  # noqa: BLE001  # a conflict: nothing of theirs came
            pass
    if not holds(wanted, live, "overlay"):
        return
    _, after = client.apply(served, "managed", name, wanted, dry_run=True)
    assert entry_of(after, "overlay") == entry_of(live, "overlay")
    assert wishes(after) == wishes(live)


def wishes(body: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what controllers write meanwhile."""
    metadata = {key: item for key, item in body["metadata"].items() if key in ("labels", "finalizers", "annotations")}
    noted = {
        key: text
        for key, text in (metadata.pop("annotations", None) or {}).items()
        if "deployment.kubernetes" not in key
    }
    return {
        **{key: item for key, item in body.items() if key not in ("metadata", "status")},
        **metadata,
        "noted": noted,
    }


@pytest.mark.cluster
@pytest.mark.parametrize(
    "body",
    [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "s", "labels": {"a.b/c": "d"}}, "data": {"a.b": "c"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": None, "data": {"a": "YQ=="}, "type": "Opaque"},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
         "spec": {"selector": {"app": "x"}, "ports": [{"port": 80, "name": "a"}, {"port": 81, "protocol": "UDP", "name": "b", "targetPort": "b"}]}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "s"},
         "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "s"}}, "template": {"metadata": {"labels": {"app": "s"}}, "spec": {
             "volumes": [{"name": "v", "emptyDir": {}}],
             "containers": [{"name": "m", "image": "i", "args": ["a", "b"], "env": [{"name": "A", "value": "1"}, {"name": "B"}],
                             "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}],
                             "resources": {"limits": {"cpu": "100m"}}, "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]}}}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "s"},
         "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]},
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "s"},
         "spec": {"rules": [{"host": "a.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "s", "port": {"number": 80}}}}]}}]}},
    ],
    ids=lambda body: body["kind"],
)  # fmt: skip
def test_usual_objects_need_no_request(client: Client, body: dict[str, Any]) -> None:
    """Completeness: the shortcut recognises what people have, or a run with nothing to do would not be cheap."""
    body = {key: item for key, item in body.items() if item is not None}
    body["metadata"] = {**body["metadata"], "namespace": "managed"}
    identity = identify(body)
    served = client.kinds().find(identity.group, identity.version, identity.kind)
    assert served is not None
    _, live = client.apply(served, "managed", body["metadata"]["name"], body)
    assert holds(body, live, "overlay")


def web(volume: dict[str, Any], **pod: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "m", "image": "i"}], "volumes": [{"name": "v", **volume}], **pod}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"y{next(_numbers)}", "namespace": "managed"},
        "spec": {
            "replicas": 0, "selector": {"matchLabels": {"app": "x"}},
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": spec},
        },
    }  # fmt: skip


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("ours", "theirs", "wanted"),
    [
        # An empty map that others filled with what we want now: it would become ours.
        (web({"emptyDir": {}}), web({"emptyDir": {"sizeLimit": "1Gi"}}), web({"emptyDir": {"sizeLimit": "1Gi"}})),
        # An element that is atomic, without what names it.
        (web({}, imagePullSecrets=[{"name": "a"}]), None, web({}, imagePullSecrets=[{}])),
    ],
)
def test_what_looks_alike_and_would_change_is_asked_for(client: Client, ours: Any, theirs: Any, wanted: Any) -> None:
    served = client.kinds().find("apps", "v1", "Deployment")
    assert served is not None
    name = ours["metadata"]["name"]
    _, live = client.apply(served, "managed", name, ours)
    assert holds(ours, live, "overlay"), "atomic elements need no request"
    if theirs:
        theirs = {**theirs, "metadata": ours["metadata"]}
        _, live = client.apply(served, "managed", name, theirs, manager="other", force=True)
    wanted = {**wanted, "metadata": ours["metadata"]}
    assert not holds(wanted, live, "overlay")
    _, after = client.apply(served, "managed", name, wanted, dry_run=True)
    assert entry_of(after, "overlay") != entry_of(live, "overlay")


LIVE = {
    "apiVersion": "v1", "kind": "ConfigMap",
    "metadata": {
        "name": "x",
        "managedFields": [
            {"manager": "overlay", "operation": "Apply", "apiVersion": "v1", "time": "t1", "fieldsV1": {"f:data": {"f:a": {}}}},
            {"manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "v1", "time": "t2",
             "fieldsV1": {"f:data": {".": {}, "f:b": {}}, "f:metadata": {"f:annotations": {"f:kubectl.kubernetes.io/last-applied-configuration": {}}}}},
            {"manager": "controller", "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {}}},
            {"manager": "autoscaler", "operation": "Update", "fieldsV1": {"f:spec": {}}},
        ],
    },
    "data": {"a": "1", "b": "2"},
}  # fmt: skip


def test_K09_what_others_wrote_before_becomes_ours() -> None:
    entries = migrated(LIVE, "overlay")
    assert entries is not None
    assert [one["manager"] for one in entries] == ["controller", "autoscaler", "overlay"]
    assert entries[-1] == {
        "manager": "overlay", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "time": "t2",
        "fieldsV1": {"f:data": {".": {}, "f:a": {}, "f:b": {}}, "f:metadata": {"f:annotations": {}}},
    }  # fmt: skip
    assert migrated({**LIVE, "metadata": {"managedFields": LIVE["metadata"]["managedFields"][:1]}}, "overlay") is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("spec", "containers", 0, "image"), True),
        (("spec", "containers", 0, "args", 1), True),
        (("spec", "containers", 1), False),
        (("spec", "finalizers", 0), True),
        (("spec", "replicas"), False),
        (("metadata",), False),
    ],
)
def test_whose_field_it_is(path: tuple[str | int, ...], expected: bool) -> None:
    fields = {
        "f:spec": {"f:containers": {'k:{"name":"a"}': {"f:image": {}, "f:args": {}}}, "f:finalizers": {'v:"x"': {}}}
    }
    body = {"spec": {"containers": [{"name": "a", "args": ["1", "2"]}, {"name": "b"}], "finalizers": ["x"]}}
    assert manages(fields, path, body) is expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"data": {"a": "1"}}, True),
        ({"data": {"a": "2"}}, False),
        ({"data": {"a": 1}}, False),
        ({"data": {"a": "1", "b": "2"}}, False),
        ({"data": {}}, False),
        ({}, False),
        ({"data": {"a": "1"}, "immutable": True}, False),
        ({"apiVersion": "v2", "data": {"a": "1"}}, False),
    ],
)
def test_only_the_very_fields_and_values_count(wanted: dict[str, Any], expected: bool) -> None:
    assert (
        holds({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, **wanted}, LIVE, "overlay")
        is expected
    )
    assert (
        holds({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, **wanted}, LIVE, "nobody") is False
    )


@pytest.mark.parametrize("live", [[1], {"a": 1}, {"a": [True, 1]}, True])
def test_a_number_in_the_place_of_a_truth_value_is_a_change_at_any_depth(live: Any) -> None:
    wanted = json.loads(json.dumps(live).replace("1", "true") if live is not True else "1")
    thing = {"apiVersion": "shop.example/v1", "kind": "Thing", "metadata": {"name": "x"}}
    fields = {"f:spec": {"f:free": {}}}
    entry = {"manager": "overlay", "operation": "Apply", "apiVersion": "shop.example/v1", "fieldsV1": fields}
    there = {**thing, "metadata": {"name": "x", "managedFields": [entry]}, "spec": {"free": live}}
    assert holds({**thing, "spec": {"free": live}}, there, "overlay")
    assert not holds({**thing, "spec": {"free": wanted}}, there, "overlay")
