"""A project's policy: each rule as a table of what it lets pass and what it tells, at the line that makes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from overlay.check.policy import BUILT_IN, violations
from overlay.inspect.lint import lint
from overlay.inspect.session import Workshop
from overlay.load.fields import Fields
from overlay.load.policy import RULES, read_policy
from overlay.model.location import Location
from overlay.model.policy import Policy
from overlay.model.resource import ObjectId, Origin, Resource
from overlay.yaml import read_mapping
from tests.gitops.projects import git, overlay, shop


def resource(body: dict[str, Any]) -> Resource:
    meta = body.setdefault("metadata", {"name": "web"})
    group, _, version = body.setdefault("apiVersion", "v1").rpartition("/")
    identity = ObjectId(group, version, body["kind"], meta.get("namespace", ""), meta["name"])
    return Resource(identity, body, Origin("resource", Location("a.yaml", 1, 1)))


def deployment(container: dict[str, Any], **pod: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "web", **container}], **pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": spec}}}


def policy(**fields: Any) -> Policy:
    document = read_mapping(json.dumps({"spec": {"policy": fields}}), "overlay.yaml")
    errors: list[Any] = []
    read = read_policy(Fields(document, document.value["spec"], ("spec",), errors))
    assert [one.message for one in errors] == []
    return read


CPU = {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}
PROBES = {"readinessProbe": {"exec": {}}, "livenessProbe": {"exec": {}}}


@pytest.mark.parametrize(
    ("rule", "body", "told"),
    [
        ("latest-tag", deployment({"image": "web:1.2"}), []),
        ("latest-tag", deployment({"image": "web@sha256:ab"}), []),
        ("latest-tag", deployment({"image": "localhost:5000/web:1"}), []),
        ("latest-tag", deployment({"image": "web"}), ["the image web has no tag"]),
        ("latest-tag", deployment({"image": "localhost:5000/web"}), ["the image localhost:5000/web has no tag"]),
        ("latest-tag", deployment({"image": "web:latest"}), ["the image web:latest is whatever is latest"]),
        (
            "latest-tag",
            deployment({"image": "web:1"}, initContainers=[{"name": "i", "image": "init:latest"}]),
            ["the image init:latest is whatever is latest"],
        ),
        ("latest-tag", {"kind": "ConfigMap", "data": {"image": "web:latest"}}, []),
        ("requests", deployment(CPU), []),
        ("requests", deployment({}), ["the container web requests no cpu and no memory"]),
        (
            "requests",
            deployment({"resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}}}),
            ["the container web requests no memory"],
        ),
        ("probes", deployment(PROBES), []),
        ("probes", deployment({"livenessProbe": {"exec": {}}}), ["the container web has no readinessProbe"]),
        ("probes", deployment({}), ["the container web has no readinessProbe and no livenessProbe"]),
        ("probes", {"kind": "Pod", "spec": {"containers": [{"name": "job"}]}}, []),
        ("privileged", deployment({"securityContext": {"privileged": False}}), []),
        ("privileged", deployment({"securityContext": {"privileged": True}}), ["the container web is privileged"]),
        ("privileged", deployment({}, hostPID=True), ["hostPID gives the pods a part of the node"]),
        (
            "privileged",
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "spec": {"jobTemplate": {"spec": {"template": {"spec": {"hostNetwork": True, "containers": []}}}}},
            },
            ["hostNetwork gives the pods a part of the node"],
        ),
        ("plain-variable", deployment({"env": [{"name": "LEVEL", "value": "info"}]}), []),
        ("plain-variable", deployment({"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {}}}]}), []),
        (
            "plain-variable",
            deployment({"env": [{"name": "A", "value": "b"}, {"name": "DB_PASSWORD", "value": "hunter2"}]}),
            ["the variable DB_PASSWORD has its value in the open"],
        ),
        ("namespaces", {"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop-prod"}}, []),
        (
            "namespaces",
            {"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "kube-system"}},
            ["the namespace kube-system is none of those allowed"],
        ),
        ("namespaces", {"kind": "Namespace", "metadata": {"name": "shop-dev"}}, []),
        ("namespaces", {"kind": "Namespace", "metadata": {"name": "a"}}, ["the namespace a is none of those allowed"]),
        ("registries", deployment({"image": "registry.example/shop/web:1"}), []),
        ("registries", deployment({"image": "nginx"}), []),
        (
            "registries",
            deployment({"image": "registry.example/shopping/web:1"}),
            ["the image registry.example/shopping/web:1 is from a registry that is not allowed"],
        ),
        (
            "registries",
            deployment({"image": "registry.example.evil/shop/web"}),
            ["the image registry.example.evil/shop/web is from a registry that is not allowed"],
        ),
        (
            "registries",
            deployment({"image": "bitnami/redis"}),
            ["the image bitnami/redis is from a registry that is not allowed"],
        ),
    ],
)
def test_a_rule_tells_what_breaks_it_and_nothing_else(rule: str, body: dict[str, Any], told: list[str]) -> None:
    lists = {"namespaces": ["shop-*"], "registries": ["registry.example/shop", "docker.io/library/"]}
    used = policy(rules={rule: "error"}, **({rule: lists[rule]} if rule in lists else {}))
    found = list(violations([resource(body)], used, {}))
    assert [one.message for one in found] == told
    assert {one.rule for one in found} <= {rule}
    assert "hunter2" not in "".join([one.message + one.hint for one in found])


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("has(object.metadata.labels) && 'owner' in object.metadata.labels", ["who owns it?"]),
        ("object.metadata.name == 'web'", []),
        ("environment.name == 'prod'", []),
        ("object.spec.template.spec.containers.all(c, c.image.startsWith('registry.example/'))", ["who owns it?"]),
        (
            "object.metadata.labels.owner != ''",
            ["the rule owner cannot be evaluated: there is no labels"],
        ),
        ("object.metadata.name", ["the rule owner gives no true or false"]),
    ],
)  # fmt: skip
def test_a_rule_of_the_project_is_an_expression(expression: str, told: list[str]) -> None:
    used = policy(
        own=[{"name": "owner", "expression": expression, "message": "who owns it?", "target": {"kind": "Deployment"}}]
    )
    objects = [resource(deployment({"image": "web:1"})), resource({"kind": "ConfigMap"})]
    found = list(violations(objects, used, {"name": "prod"}))
    assert [(one.rule, one.message) for one in found] == [("policy/owner", text) for text in told]


def test_a_rule_does_not_apply_to_what_is_exempt() -> None:
    used = policy(
        rules={"latest-tag": "error"},
        own=[{"name": "no", "expression": "false", "message": "no"}],
        exempt=[
            {"rule": "latest-tag", "target": {"name": "web"}, "because": "it is built beside us"},
            {"rule": "no", "target": {"kind": "ConfigMap"}, "because": "it may"},
        ],
    )
    objects = [resource(deployment({"image": "web"})), resource({"kind": "ConfigMap"})]
    assert [(one.rule, one.resource.id.kind) for one in violations(objects, used, {})] == [("policy/no", "Deployment")]


def test_the_reader_and_the_rules_know_the_same_names() -> None:
    assert tuple(BUILT_IN) == RULES


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"rules": {"latest": "warn"}}, ["unknown field spec.policy.rules.latest"]),
        ({"rules": {"probes": "warning"}}, ["spec.policy.rules.probes is 'warning', expected ignore, warn, error"]),
        (
            {"rules": {"registries": "warn"}},
            ["policy.rules.registries means nothing without policy.registries, which lists what is allowed"],
        ),
        ({"own": [{"name": "a"}]}, ["spec.policy.own[0] needs expression", "spec.policy.own[0] needs message"]),
        (
            {"own": [{"name": "probes", "expression": "true", "message": "m"}]},
            ["spec.policy.own[0].name 'probes' is taken, or no name: small letters, digits and -"],
        ),
        (
            {"own": [{"name": "a", "expression": "true", "message": "m", "field": "a..b"}]},
            ["spec.policy.own[0].field 'a..b' has two dots in a row"],
        ),
        (
            {"exempt": [{"rule": "probs", "target": {"name": "a"}, "because": "b"}]},
            ["spec.policy.exempt[0].rule is 'probs', and no rule is called so"],
        ),
        ({"exempt": [{"rule": "probes", "target": {"name": "a"}}]}, ["spec.policy.exempt[0] needs because"]),
    ],
)
def test_a_policy_that_cannot_mean_anything_is_refused(fields: dict[str, Any], told: list[str]) -> None:
    document = read_mapping(json.dumps({"spec": {"policy": fields}}), "overlay.yaml")
    errors: list[Any] = []
    read_policy(Fields(document, document.value["spec"], ("spec",), errors))
    assert [one.message for one in errors] == told


def test_a_rule_that_is_not_there_is_told_with_each_that_is_once() -> None:
    document = read_mapping(json.dumps({"spec": {"policy": {"rules": {"bogus": "warn", "probes": "warn"}}}}), "o.yaml")
    errors: list[Any] = []
    read_policy(Fields(document, document.value["spec"], ("spec",), errors))
    assert [one.hint for one in errors] == [
        "known here: latest-tag, namespaces, plain-variable, privileged, probes, registries, requests"
    ]


HEAD = "apiVersion: overlay.dev/v1\nkind: {}\nmetadata: {{name: {}}}\nspec:\n"
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
"""


def write(folder: Path, rules: str, spec: str = "") -> Path:
    (folder / "environments/prod").mkdir(parents=True)
    (folder / "overlay.yaml").write_text(HEAD.format("Project", "shop") + f"  policy: {rules}\n")
    text = f"{HEAD.format('Environment', 'prod')}  resources: [web.yaml]\n{spec}"
    (folder / "environments/prod/environment.yaml").write_text(text)
    (folder / "environments/prod/web.yaml").write_text(WEB)
    return folder


def test_lint_tells_the_line_that_breaks_a_rule(tmp_path: Path) -> None:
    own = "{name: two, expression: 'object.spec.replicas > 1', message: one is none, field: spec.replicas, severity: warn}"
    rules = f"{{rules: {{latest-tag: error, requests: warn}}, own: [{own}]}}"
    spec = "  images: [{name: web, newTag: latest}]\n  replicas: [{name: web, count: 1}]\n"
    with Workshop(project=str(write(tmp_path, rules, spec))) as workshop:
        found = lint(workshop, "prod")
    assert [(one.severity, one.rule, str(one.location), one.message, one.object) for one in found] == [
        (
            "error", "latest-tag", "environments/prod/environment.yaml:6:32",
            "the image web:latest is whatever is latest", "Deployment/web",
        ),
        (
            "warning", "requests", "environments/prod/web.yaml:10:9",
            "the container web requests no cpu and no memory", "Deployment/web",
        ),
        ("warning", "policy/two", "environments/prod/environment.yaml:7:33", "one is none", "Deployment/web"),
    ]  # fmt: skip


def test_an_expression_that_cannot_be_read_is_told_at_its_line(tmp_path: Path) -> None:
    folder = write(tmp_path, "\n    own:\n    - name: two\n      message: m\n      expression: object.spec.replicas >")
    with Workshop(project=str(folder)) as workshop:
        (found,) = lint(workshop, "prod")
    assert (found.severity, found.rule, str(found.location)) == ("error", "policy/two", "overlay.yaml:9:19")
    assert found.message.startswith("the rule two cannot be read: ")


def test_what_a_rule_of_ones_own_says_is_told_with_the_line_of_the_rule(tmp_path: Path) -> None:
    rule = "\n    own:\n    - name: two\n      message: m\n      target: {kind: Deployment}\n      expression: "
    folder = write(tmp_path, f"{rule}object.metadata.name")
    with Workshop(project=str(folder)) as workshop:
        (found,) = lint(workshop, "prod")
    assert (found.message, [(name, str(place)) for name, place in found.related]) == (
        "the rule two gives no true or false", [("the rule", "overlay.yaml:10:19")],
    )  # fmt: skip


def test_an_expression_without_end_is_ended_and_told(tmp_path: Path) -> None:
    endless = "[0,1,2,3,4,5,6,7,8,9]" + ".map(x, [0,1,2,3,4,5,6,7,8,9].map(y, [x, y]))" * 9 + ".size() > 0"
    used = policy(own=[{"name": "slow", "expression": endless, "message": "m"}])
    (found,) = violations([resource({"kind": "ConfigMap"})], used, {})
    assert found.rule == "policy/slow"


def test_sync_publishes_nothing_that_breaks_a_rule(tmp_path: Path) -> None:
    project = shop(tmp_path)
    (project / "overlay.yaml").write_text(
        HEAD.format("Project", "shop") + "  policy: {registries: [registry.example]}\n"
    )
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "policy")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert "the image shop/web:1.0.0 is from a registry that is not allowed\n" in done.stderr
    assert git(tmp_path / "remote.git", "branch", "--list", "environments/*") == ""
