"""Whole objects: each mistake with its words, its hint and its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from overlay.check import problem
from overlay.check.objects import check_objects
from overlay.kube.custom import CustomKinds
from overlay.kube.objects import parse_objects
from overlay.kube.types import load_types
from overlay.model.location import Location
from overlay.model.resource import Origin, Resource
from overlay.yaml import read_documents

VERSION = "1.36"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: shop/web:1
          ports: [{containerPort: 80}]
"""


def resources(text: str) -> list[Resource]:
    return [
        Resource(identity, body, Origin("resource", place))
        for document in read_documents(text, "all.yaml")
        for identity, body, place in parse_objects(document.value, document.location)
    ]


def checked(text: str, version: str = VERSION, unknown: str = "warn", definitions: str = ""):
    types = load_types(version)
    custom = CustomKinds([one.body for one in resources(definitions)], types.metadata)
    return check_objects(resources(text), types.with_custom(custom.type), version, custom=custom, unknown_kinds=unknown)


def told(text: str, **more: str) -> list[tuple[str, str | None]]:
    return [(error.message, error.hint) for error in checked(text, **more).errors]


def test_an_object_without_mistakes_is_silent():
    found = checked(DEPLOYMENT)
    assert (found.errors, found.findings) == ((), ())


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("replicas: 2", "replcas: 2", "unknown field spec.replcas", "did you mean replicas?"),
        ("replicas: 2", "Replicas: 2", "unknown field spec.Replicas", "did you mean replicas?"),
        ("replicas: 2", "zzz: 2", "unknown field spec.zzz", "known here: minReadySeconds, paused, progressDeadlineSeconds, replicas, revisionHistoryLimit, selector, strategy, template"),
        ("replicas: 2", "replicas: two", "spec.replicas must be an integer, found the string 'two'", None),
        ("replicas: 2", "replicas: '2'", "spec.replicas must be an integer, found the string '2'", "write 2 without quotes"),
        ("replicas: 2", "replicas: 2.5", "spec.replicas must be an integer, found the number 2.5", None),
        ("replicas: 2", "replicas: 3000000000", "spec.replicas must be between -2147483648 and 2147483647, found the number 3000000000", None),
        ("replicas: 2", "paused: 'true'", "spec.paused must be true or false, found the string 'true'", "write true without quotes"),
        ("image: shop/web:1", "image: 1", "spec.template.spec.containers[web].image must be a string, found the number 1", "quote it"),
        ("image: shop/web:1", "image: yes", "spec.template.spec.containers[web].image must be a string, found the boolean true", "quote it"),
        ("image: shop/web:1", "args: run", "spec.template.spec.containers[web].args must be a list, found the string 'run'", None),
        ("image: shop/web:1", "args: [run, 1]", "spec.template.spec.containers[web].args[1] must be a string, found the number 1", "quote it"),
        ("image: shop/web:1", "env: {A: b}", "spec.template.spec.containers[web].env must be a list, found a map", None),
        ("image: shop/web:1", "env: [{name: A, value: 1}]", "spec.template.spec.containers[web].env[A].value must be a string, found the number 1", "quote it"),
        ("image: shop/web:1", "env: [{value: a}]", "spec.template.spec.containers[web].env[0] needs name", None),
        ("image: shop/web:1", "env: [{name: A, value: b}, {name: A, value: c}]", "spec.template.spec.containers[web].env[A] has the name A of an element before it", None),
        ("image: shop/web:1", "imagePullPolicy: always", "spec.template.spec.containers[web].imagePullPolicy must be Always, IfNotPresent or Never, found the string 'always'", "did you mean Always?"),
        ("image: shop/web:1", "resources: {limits: {memory: 512MB}}", "spec.template.spec.containers[web].resources.limits.memory must be a quantity such as 500m or 128Mi, found the string '512MB'", "did you mean 512M or 512Mi?"),
        ("image: shop/web:1", "resources: {limits: [1]}", "spec.template.spec.containers[web].resources.limits must be a map, found a list", None),
        ("ports: [{containerPort: 80}]", "ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}, {containerPort: 80, protocol: TCP}]", "spec.template.spec.containers[web].ports[2] has the containerPort 80 and protocol TCP of an element before it", None),
        ("ports: [{containerPort: 80}]", "livenessProbe: {httpGet: {port: true}}", "spec.template.spec.containers[web].livenessProbe.httpGet.port must be an integer or a string, found the boolean true", None),
        ("  selector: {matchLabels: {app: web}}\n", "", "spec needs selector", None),
        ("{labels: {app: web}}", "{labels: {app: web}, creationTimestamp: today}", "spec.template.metadata.creationTimestamp must be a time such as 2026-01-31T12:00:00Z, found the string 'today'", None),
    ],
)  # fmt: skip
def test_each_mistake_is_told_in_the_words_of_its_writer(old, new, message, hint):
    assert old in DEPLOYMENT
    assert told(DEPLOYMENT.replace(old, new)) == [(message, hint)]


def test_all_mistakes_of_all_objects_are_told_at_once():
    text = DEPLOYMENT.replace("replicas: 2", "replcas: 2").replace("image:", "imgae:")
    found = checked(f"{text}---\n{text.replace('name: web}', 'name: other}')}")
    assert [(error.object, error.message, str(error.location)) for error in found.errors] == [
        ("Deployment/web", "unknown field spec.replcas", "all.yaml:1:1"),
        ("Deployment/web", "unknown field spec.template.spec.containers[web].imgae", "all.yaml:1:1"),
        ("Deployment/other", "unknown field spec.replcas", "all.yaml:15:1"),
        ("Deployment/other", "unknown field spec.template.spec.containers[web].imgae", "all.yaml:15:1"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("replicas: 2", "replcas: 2", "unknown-field"),
        ("replicas: 2", "replicas: two", "wrong-type"),
        ("replicas: 2", "strategy: {type: Rolling}", "wrong-value"),
        ("  selector: {matchLabels: {app: web}}\n", "", "missing-field"),
        ("[{containerPort: 80}]", "[{containerPort: 80}, {containerPort: 80}]", "duplicate"),
        ("apps/v1", "apps/v1beta1", "removed-api"),
        ("kind: Deployment", "kind: Deploymnt", "unknown-kind"),
    ],
)
def test_each_mistake_has_a_name_for_machines(old, new, rule):
    assert [error.rule for error in checked(DEPLOYMENT.replace(old, new)).errors] == [rule]


def test_every_name_for_machines_is_in_the_reference():
    source = "".join(path.read_text() for path in Path(problem.__file__).parent.glob("*.py"))
    used = set(re.findall(r'(?:Problem|Finding)\(\s*"([a-z-]+)"', source)) | set(
        re.findall(r'rule="([a-z-]+)"', source)
    )
    assert used - {"unknown-and-null"} == set(problem.RULES) - {"removed-api", "missing-api"}


def test_a_caller_may_say_where_fields_stand():
    asked = []

    def place(resource, path, *, key=False, lacking=""):
        asked.append((str(resource.id), path, key))
        return Location("patch.yaml", 3, 5)

    types = load_types(VERSION)
    found = check_objects(
        resources(DEPLOYMENT.replace("replicas: 2", "replcas: two").replace("image: shop/web:1", "image: 1")),
        types,
        VERSION,
        custom=CustomKinds([], types.metadata),
        place=place,
    )
    assert asked == [
        ("Deployment/web", ("spec", "replcas"), True),
        ("Deployment/web", ("spec", "template", "spec", "containers", 0, "image"), False),
    ]
    assert {str(error.location) for error in found.errors} == {"patch.yaml:3:5"}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("kind: Secret\ndata: {key: 1}", "data.key must be a string, found a number (not shown)", "quote it"),
        ("kind: Secret\ndata: {key: hunter2!}", "data.key must be base64, found a string (not shown)", None),
        ("kind: Secret\nstringData: {key: {a: hunter2}}", "stringData.key must be a string, found a map", None),
        ("kind: ConfigMap\ndata: {dbPassword: 4711}", "data.dbPassword must be a string, found a number (not shown)", "quote it"),
        ("kind: Pod\nspec: {containers: [{name: a, env: [{name: API_TOKEN, value: 4711}]}]}", "spec.containers[a].env[API_TOKEN].value must be a string, found a number (not shown)", "quote it"),
        ("kind: Pod\nspec: {containers: [], volumes: [{name: a, secret: {secretName: 4711}}]}", "spec.volumes[a].secret.secretName must be a string, found the number 4711", "quote it"),
    ],
)  # fmt: skip
def test_S09_values_of_secrets_and_of_what_is_named_like_one_are_not_shown(text, message, hint):
    assert told(f"apiVersion: v1\nmetadata: {{name: a}}\n{text}\n") == [(message, hint)]


@pytest.mark.parametrize(
    ("api", "kind", "version", "message", "hint"),
    [
        ("extensions/v1beta1", "Ingress", "1.36", "extensions/v1beta1 Ingress was removed in Kubernetes 1.22", "use networking.k8s.io/v1 Ingress"),
        ("policy/v1beta1", "PodSecurityPolicy", "1.25", "policy/v1beta1 PodSecurityPolicy was removed in Kubernetes 1.25", "use Pod Security Admission"),
        ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema", "1.29", "flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema was removed in Kubernetes 1.29", "use flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema"),
        ("resource.k8s.io/v1", "DeviceClass", "1.33", "resource.k8s.io/v1 DeviceClass exists since Kubernetes 1.34, this environment has 1.33", "set kubernetesVersion to the cluster's, or use an older API version"),
    ],
)  # fmt: skip
def test_an_api_that_the_version_does_not_serve_is_an_error(api, kind, version, message, hint):
    text = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: a}}\n"
    assert told(text, version=version) == [(message, hint)]


def test_a_deprecated_api_is_a_warning_once():
    text = "apiVersion: v1\nkind: Endpoints\nmetadata: {name: a}\n"
    found = checked(f"{text}---\n{text.replace('name: a', 'name: b')}")
    assert [(one.rule, one.message, one.hint, one.object) for one in found.findings] == [
        (
            "deprecated-api",
            "v1 Endpoints is deprecated since Kubernetes 1.33",
            "use discovery.k8s.io/v1 EndpointSlice",
            "Endpoints/a",
        )
    ]
    assert checked(text, "1.32").findings == ()


@pytest.mark.parametrize(
    ("what", "version", "hint"),
    [
        ("apps/v1 Deploymnt", "1.36", "did you mean apps/v1 Deployment?"),
        ("v1 Deployment", "1.36", "did you mean apps/v1 Deployment?"),
        ("aps/v1 Deployment", "1.36", "did you mean apps/v1 Deployment?"),
        ("networking.k8s.io/v2 Ingress", "1.36", "did you mean networking.k8s.io/v1 Ingress?"),
        ("apps/v1 Zzz", "1.36", None),
    ],
)
def test_a_kind_that_cannot_exist_is_an_error_whatever_the_project_says(what, version, hint):
    api, kind = what.split()
    text = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: a}}\n"
    assert told(text, version=version, unknown="ignore") == [(f"Kubernetes {version} has no {what}", hint)]


@pytest.mark.parametrize("version", ["1.38", "1.24"])
def test_of_versions_without_a_table_nothing_is_said(version):
    assert told("apiVersion: apps/v1\nkind: Fleet\nmetadata: {name: a}\n", version=version) == []


UNKNOWN = "apiVersion: x.example/v1\nkind: Gadget\nmetadata: {name: a}\n---\napiVersion: x.example/v1\nkind: Gadget\nmetadata: {name: b}\n"
HINT = "name its CustomResourceDefinition under crds, or set validate.unknownKinds in overlay.yaml"


def test_kinds_that_nobody_describes_are_told_once_as_loud_as_the_project_says():
    message = "no schema describes x.example/v1 Gadget: its 2 objects are not checked"
    warned, refused, ignored = (checked(UNKNOWN, unknown=severity) for severity in ("warn", "error", "ignore"))
    assert [(one.rule, one.message, one.hint) for one in warned.findings] == [("unknown-kind", message, HINT)]
    assert [(one.message, one.hint) for one in refused.errors] == [(message, HINT)]
    assert (warned.errors, refused.findings, ignored.errors, ignored.findings) == ((), (), (), ())
