"""Names, replacements, order and origins across layers; kustomize is the measure where it has the field."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from overlay import build
from overlay.errors import OverlayError

OBJECTS = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: robot
      containers: [{name: web, image: "shop/web:1", envFrom: [{configMapRef: {name: flags}}]}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hook}
webhooks: []
"""


def write(folder: Path, name: str, spec: dict, *, kind: str = "Environment", kustomization: dict | None = None) -> Path:
    place = folder / "environments" / name
    place.mkdir(parents=True)
    document = {"apiVersion": "overlay.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    (place / f"{kind.lower()}.yaml").write_text(json.dumps(document, indent=1))
    if kustomization is not None:
        (place / "kustomization.yaml").write_text(json.dumps(kustomization))
    return place


def render(name: str, folder: Path) -> list[dict]:
    done = subprocess.run(
        [sys.executable, "-m", "overlay", "render", name, "-o", "json"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def kustomized(tool, place: Path) -> list[dict]:
    done = subprocess.run([tool("kustomize"), "build", place], capture_output=True, text=True, check=True)
    return list(yaml.load_all(done.stdout, yaml.CSafeLoader))


def by_label(objects: list[dict]) -> dict[str, dict]:
    return dict(zip(labels(objects), objects, strict=True))


def labels(objects: list[dict]) -> list[str]:
    return [f"{one['kind']}/{one['metadata']['name']}" for one in objects]


@pytest.mark.parametrize(
    "options",
    [
        {"order": "fifo"},
        {"order": "legacy"},
        {"order": "legacy", "legacySortOptions": {"orderFirst": ["Deployment"], "orderLast": ["Namespace", "Service"]}},
        {"order": "legacy", "legacySortOptions": {"orderLast": ["Deployment"]}},
    ],
)
def test_the_order_that_sort_options_ask_for_is_kustomizes(options: dict, tool, tmp_path: Path) -> None:
    fields = {"resources": ["all.yaml"], "sortOptions": options}
    place = write(tmp_path, "prod", fields, kustomization=fields)
    (place / "all.yaml").write_text(OBJECTS)
    assert labels(render("prod", tmp_path)) == labels(kustomized(tool, place))


def test_each_layer_adds_its_part_to_the_name_and_references_follow(tool, tmp_path: Path) -> None:
    flags = {"name": "flags", "literals": {"a": "1"}}
    base = write(
        tmp_path,
        "base",
        {"resources": ["all.yaml"], "namePrefix": "shop-", "configMaps": [flags]},
        kind="Base",
        kustomization={
            "resources": ["all.yaml"],
            "namePrefix": "shop-",
            "configMapGenerator": [{"name": "flags", "literals": ["a=1"]}],
        },
    )
    (base / "all.yaml").write_text(OBJECTS)
    target = {"kind": "Deployment", "name": "web"}
    patch = [{"op": "add", "path": "/spec/replicas", "value": 3}]
    place = write(
        tmp_path,
        "prod",
        {"extends": ["../base"], "nameSuffix": "-eu", "patches": [{"target": target, "jsonPatch": patch}]},
        kustomization={
            "resources": ["../base"],
            "nameSuffix": "-eu",
            "patches": [{"target": target, "patch": json.dumps(patch)}],
        },
    )
    ours = by_label(render("prod", tmp_path))
    theirs = by_label(kustomized(tool, place))
    assert ours == theirs
    assert "Deployment/shop-web-eu" in ours


def test_origin_annotations_name_the_file_from_the_project_folder(tmp_path: Path) -> None:
    base = write(tmp_path, "base", {"resources": ["all.yaml"]}, kind="Base")
    (base / "all.yaml").write_text(OBJECTS)
    write(
        tmp_path,
        "prod",
        {
            "extends": ["../base"],
            "configMaps": [{"name": "flags", "literals": {"a": "1"}}],
            "buildMetadata": ["originAnnotations"],
        },
    )
    found = {one["kind"]: one["metadata"]["annotations"] for one in render("prod", tmp_path)}
    assert found["Deployment"] == {"config.kubernetes.io/origin": "path: environments/base/all.yaml\n"}
    assert found["ConfigMap"] == {
        "config.kubernetes.io/origin": "configuredBy:\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n"
        "configuredIn: environments/prod/environment.yaml\n"
    }


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        ("name", "prod"),
        ("namespace", "shop-prod"),
        ("releaseName", "prod"),
        ("kubernetesVersion", "1.34"),
        ("cluster", "prod-eu"),
    ],
)
def test_a_replacement_uses_a_fact_of_the_environment(fact: str, expected: str, tmp_path: Path) -> None:
    place = write(
        tmp_path,
        "prod",
        {
            "resources": ["all.yaml"],
            "kubernetesVersion": "1.34",
            "release": {"namespace": "shop-prod"},
            "cluster": {"context": "prod-eu"},
            "replacements": [
                {
                    "source": {"fact": fact},
                    "targets": [
                        {
                            "select": {"kind": "Service"},
                            "fieldPaths": ["metadata.annotations.[shop.example/where]"],
                            "options": {"create": True},
                        }
                    ],
                }
            ],
        },
    )
    (place / "all.yaml").write_text(OBJECTS)
    service = next(one for one in render("prod", tmp_path) if one["kind"] == "Service")
    assert service["metadata"]["annotations"] == {"shop.example/where": expected}


def test_a_replacement_takes_the_place_of_words_in_a_text_wherever_they_stand(tmp_path: Path) -> None:
    target = {"select": {"kind": "ConfigMap"}, "fieldPaths": ["data.a", "metadata.name"], "options": {"replace": "ENV"}}
    place = write(
        tmp_path,
        "prod",
        {
            "resources": ["all.yaml"],
            "namespace": "shop-prod",
            "replacements": [{"source": {"fact": "namespace"}, "targets": [target]}],
        },
    )
    text = (
        '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c-ENV"}, "data": {"a": "ENV.x, http://a.ENV"}}'
    )
    (place / "all.yaml").write_text(text)
    (found,) = render("prod", tmp_path)
    assert (found["metadata"]["name"], found["data"]) == ("c-shop-prod", {"a": "shop-prod.x, http://a.shop-prod"})


WEB = {"kind": "Deployment", "name": "web"}
IMAGE = "spec.template.spec.containers.[name=web].image"


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        (
            {"source": {"kind": "Service", "name": "wbe"}, "targets": [{"select": WEB, "fieldPaths": [IMAGE]}]},
            "no object matches the source",
            "did you mean Service/web?",
        ),
        (
            {"source": {"kind": ".*", "name": "web"}, "targets": [{"select": WEB, "fieldPaths": [IMAGE]}]},
            "the source matches 2 objects: Service/web, Deployment/web",
            "narrow it to one object",
        ),
        (
            {
                "source": {"kind": "Service", "fieldPath": "spec.clusterIP"},
                "targets": [{"select": WEB, "fieldPaths": [IMAGE]}],
            },
            "Service/web has no spec.clusterIP",
            None,
        ),
        (
            {"sourceValue": "x", "targets": [{"select": {"kind": "Deploymnt"}, "fieldPaths": [IMAGE]}]},
            "no object matches the target",
            "there are objects of the kinds Deployment, Namespace, Service, ServiceAccount, "
            "ValidatingWebhookConfiguration",
        ),
        (
            {"sourceValue": "x", "targets": [{"select": WEB, "fieldPaths": ["spec.template.spec.hostname"]}]},
            "Deployment/web has no spec.template.spec.hostname",
            "options: {create: true} makes it",
        ),
        (
            {"sourceValue": "v2", "targets": [{"select": WEB, "fieldPaths": ["apiVersion"]}]},
            "a replacement cannot change apiVersion, which makes Deployment/web another object",
            None,
        ),
        (
            {
                "source": {"kind": "Deployment", "fieldPath": IMAGE, "options": {"delimiter": ":", "index": 2}},
                "targets": [{"select": WEB, "fieldPaths": ["metadata.name"]}],
            },
            "spec.template.spec.containers.[name=web].image is 'shop/web:1': it has 2 parts between ':', no part 2",
            "parts count from 0",
        ),
        (
            {
                "sourceValue": "x",
                "targets": [{"select": WEB, "fieldPaths": [IMAGE], "options": {"replace": "shop-dev"}}],
            },
            "spec.template.spec.containers.[name=web].image does not hold the words 'shop-dev'",
            None,
        ),
        (
            {
                "sourceValue": "x",
                "targets": [{"select": WEB, "options": {"replace": "web", "delimiter": "-"}}],
            },
            "spec.replacements[0].targets[0].options.delimiter means nothing beside replace, "
            "which changes words of a text",
            None,
        ),
        (
            {"source": {"fact": "cluster"}, "targets": [{"select": WEB}]},
            "this environment has no cluster",
            "set cluster: {context: …} in the environment",
        ),
        (
            {"sourceValue": "x", "targets": [{"select": WEB, "fieldPaths": ["spec..replicas"]}]},
            "spec.replacements[0].targets[0].fieldPaths[0] 'spec..replicas' has two dots in a row",
            "write it like spec.ports.[name=http].port",
        ),
    ],
)
def test_a_replacement_that_cannot_be_made_says_why(entry: dict, message: str, hint: str, tmp_path: Path) -> None:
    place = write(tmp_path, "prod", {"resources": ["all.yaml"], "replacements": [entry]})
    (place / "all.yaml").write_text(OBJECTS)
    with pytest.raises(OverlayError) as caught:
        build("prod", project=str(tmp_path))
    (problem,) = caught.value.each()
    assert (problem.message, problem.hint) == (message, hint)
    assert problem.location.file == "environments/prod/environment.yaml"
    assert problem.location.line > 0
