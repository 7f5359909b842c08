"""A release's whole life by the real Helm and by ours: the same objects after each step, but for whose they are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.projects import CLUSTER, Shop
from tests.cluster.testbed import REPOSITORY, Testbed
from tests.gitops.projects import write

pytestmark = pytest.mark.cluster

SAMPLE = REPOSITORY / "environments" / "base"
FIRST = "ingress: {host: one.example, tls: true}\nextra: true\n"
SECOND = "ingress: {host: two.example, tls: false}\nworker: {concurrency: 16}\nweb: {tag: 9.9.9}\nextra: false\n"
# An object that leaves with the second revision and comes back with the rollback.
EXTRA = "{{ if .Values.extra }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {a: b}\n{{ end }}\n"
ENVIRONMENT = (
    "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: prod}}\nspec:\n  chart: {{path: chart}}\n"
    "  release: {{name: shop}}\n  namespace: {namespace}\n  values: [values.yaml]\n  crds: [crds.yaml]\n{cluster}"
)
# step: Helm's command line, ours, what the environment's values are then.
STEPS: dict[str, tuple[list[str], list[list[str]], str]] = {
    "install": (["install", "shop", "{chart}", "-f", "{values}"], [["sync", "prod", "-y", "--first-contact", "--no-wait"]], FIRST),
    "upgrade": (["upgrade", "shop", "{chart}", "-f", "{values}"], [["sync", "prod", "-y", "--no-wait"]], SECOND),
    "rollback": (
        ["rollback", "shop", "1"],
        [["rollback", "prod", "1", "-y", "--no-wait"]],
        SECOND,
    ),
    "uninstall": (["uninstall", "shop"], [["delete", "prod", "-y"]], SECOND),
}  # fmt: skip
KINDS = (
    "api/v1:configmaps", "api/v1:serviceaccounts", "api/v1:services", "apis/apps/v1:deployments", "apis/batch/v1:cronjobs",
    "apis/autoscaling/v2:horizontalpodautoscalers", "apis/networking.k8s.io/v1:ingresses",
    "apis/networking.k8s.io/v1:networkpolicies", "apis/shop.example/v1:databaseclaims",
    "apis/external-secrets.io/v1:externalsecrets",
)  # fmt: skip
# Whose an object is, and what is another one's in each cluster.
OWNERSHIP = ("applyset.kubernetes.io/part-of", "meta.helm.sh/release-name", "meta.helm.sh/release-namespace", "app.kubernetes.io/managed-by")  # fmt: skip
OF_A_MOMENT = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "namespace")
NOT_OURS = ("kube-root-ca.crt", "default", "overlay-prod")


@pytest.fixture
def definitions(testbed: Testbed) -> Any:
    """Kinds of the chart that are in the cluster before it, for both."""
    paths = [SAMPLE / "crds" / "external-secrets.yaml", *sorted((SAMPLE / "chart" / "crds").glob("*.yaml"))]
    arguments = [part for path in paths for part in ("-f", str(path))]
    testbed.kubectl("apply", "--server-side", *arguments)
    testbed.kubectl("wait", "--for=condition=Established", "crd", "externalsecrets.external-secrets.io", "databaseclaims.shop.example")  # fmt: skip
    yield
    testbed.kubectl("delete", "--wait=false", *arguments)


def states(testbed: Testbed, namespace: str) -> dict[str, Any]:
    """Return all objects of a namespace as both should have made them."""
    found: dict[str, Any] = {}
    for place in KINDS:
        root, _, plural = place.partition(":")
        for one in testbed.call("GET", f"/{root}/namespaces/{namespace}/{plural}")["items"]:
            if one["metadata"]["name"] not in NOT_OURS:
                found[f"{plural}/{one['metadata']['name']}"] = plain(one)
    for name, one in found.items():
        if name.startswith("horizontalpodautoscalers/"):
            # Its controller sets them, in either namespace when it gets there.
            found[f"deployments/{one['spec']['scaleTargetRef']['name']}"]["spec"].pop("replicas", None)
    return found


def plain(body: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: item for key, item in body["metadata"].items() if key not in OF_A_MOMENT}
    for name in ("labels", "annotations"):
        kept = {key: text for key, text in (metadata.pop(name, None) or {}).items() if key not in OWNERSHIP and not key.startswith("deployment.kubernetes.io/")}  # fmt: skip
        if kept:
            metadata[name] = kept
    spec = {key: item for key, item in (body.get("spec") or {}).items() if not key.startswith("clusterIP")}
    rest = {key: item for key, item in body.items() if key not in ("metadata", "status", "spec", "apiVersion", "kind")}
    return {"metadata": metadata, "spec": spec, **rest}


def test_each_step_of_a_release_ends_in_the_same_objects(
    tmp_path: Path, testbed: Testbed, namespace: str, tool: Callable[[str], str], definitions: None
) -> None:
    shop = Shop(tmp_path, testbed, namespace)
    shutil.rmtree(shop.folder / "environments")
    place = shop.folder / "environments" / "prod"
    shutil.copytree(SAMPLE / "chart", place / "chart", ignore=shutil.ignore_patterns("crds", "values.schema.json"))
    shutil.copy(SAMPLE / "crds" / "external-secrets.yaml", place / "crds.yaml")
    with (place / "crds.yaml").open("a") as file:
        file.write("---\n" + (SAMPLE / "chart" / "crds" / "databaseclaims.yaml").read_text())
    write(place, {
        "chart/templates/extra.yaml": EXTRA,
        "chart/values.yaml": (SAMPLE / "chart" / "values.yaml").read_text() + "extra: false\n",
        "environment.yaml": ENVIRONMENT.format(namespace=namespace, cluster=CLUSTER),
    })  # fmt: skip
    theirs = f"{namespace}-helm"
    testbed.call("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": theirs}})

    def helm(*arguments: str) -> str:
        done = subprocess.run(
            [tool("helm"), *arguments, "-n", theirs], capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(testbed.kubeconfig())},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    for step, (command, ours, values) in STEPS.items():
        (place / "values.yaml").write_text(values)
        if step in ("install", "upgrade"):
            shop.commit(step)
        words = {"chart": str(place / "chart"), "values": str(place / "values.yaml")}
        helm(*[part.format(**words) for part in command])
        for arguments in ours:
            done = shop.overlay(*arguments)
            assert done.returncode == 0, (step, done.stderr)
        expected, found = states(testbed, theirs), states(testbed, namespace)
        assert sorted(found) == sorted(expected), step
        for name, body in expected.items():
            assert found[name] == body, (step, name)
        listed = json.loads(helm("list", "-o", "json"))
        rows = json.loads(shop.overlay("list", "-A", "-o", "json").stdout)
        rows = [one for one in rows if one["namespace"] == namespace]
        assert [(one["chart"], one["appVersion"], str(one["revision"]), one["status"]) for one in rows] == [
            (one["chart"], one["app_version"], one["revision"], one["status"]) for one in listed
        ], step
        assert bool(found) == (step != "uninstall")
