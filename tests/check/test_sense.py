"""What the API server asks beyond types: names, labels, and fields of one object that must fit each other."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.check.objects import check_objects
from overlay.kube.custom import CustomKinds
from overlay.kube.names import is_image, is_key, is_label, is_name
from overlay.kube.types import load_types
from overlay.model.location import Location
from overlay.model.resource import ObjectId, Origin, Resource
from overlay.yaml import read_document
from tests.check.documents import right
from tests.check.test_objects import DEPLOYMENT, VERSION, checked, told

STATEFUL_SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: db
          image: postgres:16
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {resources: {requests: {storage: 1Gi}}}
"""
LABEL = "letters, digits, `-`, `_` and `.`, at most 63, a letter or digit at both ends"

# What the API server refuses, though the published schemas do not say it: (old, new) in DEPLOYMENT, what is told.
REFUSED = {
    "a selector that is not the template's": (
        "matchLabels: {app: web}", "matchLabels: {app: wbe}",
        "spec.selector.matchLabels.app is 'wbe', but the pods of its template have 'web'", None,
    ),
    "a selector that the template lacks": (
        "matchLabels: {app: web}", "matchLabels: {app: web, tier: x}",
        "spec.selector.matchLabels.tier is 'x', but the pods of its template have no such label", None,
    ),
    "a container without image": (
        "          image: shop/web:1\n", "", "spec.template.spec.containers[web] needs image", None,
    ),
    "an element that was meant to merge": (
        "          ports:", "        - name: wbe\n          ports:",
        "spec.template.spec.containers[wbe] needs image", "did you mean the element web?",
    ),
    "a mount of no volume": (
        "          ports:", "          volumeMounts: [{name: tmp, mountPath: /tmp}]\n          ports:",
        "spec.template.spec.containers[web].volumeMounts[tmp].name names no volume of the pod, found the string 'tmp'",
        None,
    ),
    "a mount of nearly a volume": (
        "      containers:\n        - name: web\n",
        "      volumes: [{name: temp, emptyDir: {}}]\n      containers:\n        - name: web\n"
        "          volumeMounts: [{name: tmep, mountPath: /tmp}]\n",
        "spec.template.spec.containers[web].volumeMounts[tmep].name names no volume of the pod, found the string 'tmep'",
        "did you mean temp?",
    ),
    "a label's value": (
        "metadata: {name: web}", "metadata: {name: web, labels: {v: 1.0+7}}",
        f"the label v must be {LABEL}, found the string '1.0+7'", None,
    ),
    "a label's name": (
        "metadata: {name: web}", "metadata: {name: web, labels: {a/b/c: x}}",
        f"the label a/b/c is no name of a label: [example.com/] and {LABEL}", None,
    ),
    "an annotation's name": (
        "metadata: {name: web}", "metadata: {name: web, annotations: {a b: x}}",
        f"metadata.annotations[a b] is no name of an annotation: [example.com/] and {LABEL}", None,
    ),
    "an object's name": (
        "metadata: {name: web}", "metadata: {name: Web}",
        "metadata.name must be lower-case letters, digits, `-` and `.`, a letter or digit at both ends, found the "
        "string 'Web'", "did you mean web?",
    ),
    "a name that no small change mends": (
        "metadata: {name: web}", "metadata: {name: my_web.}",
        "metadata.name must be lower-case letters, digits, `-` and `.`, a letter or digit at both ends, found the "
        "string 'my_web.'", None,
    ),
    "a name with an underscore": (
        "metadata: {name: web}", "metadata: {name: my_web}",
        "metadata.name must be lower-case letters, digits, `-` and `.`, a letter or digit at both ends, found the "
        "string 'my_web'", "did you mean my-web?",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_api_server_refuses_is_an_error_that_kubeconform_does_not_see(case: str, kubeconform) -> None:
    old, new, message, hint = REFUSED[case]
    assert old in DEPLOYMENT
    text = DEPLOYMENT.replace(old, new, 1)
    assert told(text) == [(message, hint)]
    body = read_document(text, "all.yaml").value
    assert [answer["status"] for answer in kubeconform([body], VERSION)] == ["statusValid"]


def test_the_name_of_a_secret_is_none():
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: My_key}\n"
    assert told(text) == [
        (
            "metadata.name must be lower-case letters, digits, `-` and `.`, a letter or digit at both ends, found the "
            "string 'My_key'",
            "did you mean my-key?",
        )
    ]


def test_a_claim_of_a_stateful_set_is_a_volume():
    assert told(STATEFUL_SET) == []


def test_what_does_not_fit_is_told_once_the_types_are_right():
    text = DEPLOYMENT.replace("matchLabels: {app: web}", "matchLabels: {app: wbe}").replace(
        "replicas: 2", "replicas: x"
    )
    assert [message for message, _ in told(text)] == ["spec.replicas must be an integer, found the string 'x'"]


@pytest.mark.parametrize(
    "image", ["shop/web:", "shop/Web:1", "shop/web:1:2", "shop/web@sha256:12", "shop web", "<image>"]
)
def test_an_image_that_no_runtime_can_read_is_a_warning(image: str):
    found = checked(DEPLOYMENT.replace("shop/web:1", json.dumps(image)))
    assert [(one.rule, one.severity, one.message, one.hint) for one in found.findings] == [
        (
            "odd-image", "warning",
            f"spec.template.spec.containers[web].image is {image!r}, which no container runtime can read",
            "write it like registry.example/shop/web:2.4.1, in lower case",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "image",
    [
        "web", "web:1", "shop/web:2.4.1-rc.1_x", "localhost:5000/web", "REG.example/shop/web", "[::1]:5000/web:1",
        "a.b/c__d/e-f.g:1@sha256:" + "0a" * 32, "auto", " ",
    ],
)  # fmt: skip
def test_images_that_runtimes_read_are_silent(image: str):
    assert checked(DEPLOYMENT.replace("shop/web:1", json.dumps(image))).findings == ()
    assert is_image(image) or image == " "


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("app", "", True), ("app", "a", True), ("app", "a" * 63, True), ("app", "a" * 64, False), ("app", "-a", False),
        ("app", "a.", False), ("A_b.c-d", "x", True), ("example.com/a", "x", True), ("Example.com/a", "x", False),
        ("/a", "x", False), ("a/", "x", False), ("a" * 64, "x", False), ("", "x", False), ("app", "a\n", False),
    ],
)  # fmt: skip
def test_labels_are_named_as_kubernetes_allows(key: str, value: str, expected: bool):
    assert is_label(key, value) is expected


@pytest.mark.parametrize(
    ("name", "group", "kind", "expected"),
    [
        ("web.v1-2", "apps", "Deployment", True), ("Web", "apps", "Deployment", False), ("a_b", "", "ConfigMap", False),
        ("system:node", "rbac.authorization.k8s.io", "ClusterRole", True), ("a" * 254, "", "Secret", False),
        ("v1.apps", "apiregistration.k8s.io", "APIService", True), ("-a", "shop.example", "Claim", False),
        ("2001:db8::1", "networking.k8s.io", "IPAddress", True), ("a..b", "", "Secret", False),
    ],
)  # fmt: skip
def test_objects_are_named_as_their_kind_allows(name: str, group: str, kind: str, expected: bool):
    assert is_name(name, group, kind) is expected


def test_names_take_linear_time():
    assert not is_name("a-" * 100_000, "", "Secret")
    assert not is_key("a." * 100_000 + "/b!")
    assert not is_image("a-" * 100_000 + "!")


WORKLOADS = (
    ("", "v1", "Pod"), ("", "v1", "ReplicationController"), ("apps", "v1", "Deployment"), ("apps", "v1", "StatefulSet"),
    ("batch", "v1", "Job"), ("batch", "v1", "CronJob"), ("", "v1", "PodTemplate"),
)  # fmt: skip


@given(st.sampled_from(WORKLOADS).flatmap(lambda gvk: st.tuples(st.just(gvk), right(load_types(VERSION).root(*gvk)))))
def test_a_law_no_object_of_the_right_type_makes_a_check_fail(case):
    (group, version, kind), body = case
    body = {**body, "apiVersion": f"{group}/{version}" if group else version, "kind": kind}
    body["metadata"] = {"name": "a", **(body.get("metadata") or {})}
    one = Resource(ObjectId(group, version, kind, "", "a"), body, Origin("resource", Location("a.yaml")))
    types = load_types(VERSION)
    check_objects([one], types, VERSION, custom=CustomKinds([], types.metadata))
