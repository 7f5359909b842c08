"""`overlay adopt-live` takes over what the real helm, kubectl and kustomize applied."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.projects import Shop
from tests.cluster.testbed import Testbed
from tests.gitops.projects import MANIFESTS, write

pytestmark = pytest.mark.cluster

# As the shop's manifests, with fields that no file of the environment has.
SETTINGS = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, labels: {old: label}}\ndata: {level: info, gone: x}\n"
)
WEB = MANIFESTS["web.yaml"].replace("  selector:", "  replicas: 2\n  selector:").replace("image: shop/web", "image: shop/web:0.9.0, env: [{name: OLD, value: x}]")  # fmt: skip
BEFORE = {"web.yaml": WEB, "settings.yaml": SETTINGS, "service.yaml": MANIFESTS["service.yaml"]}
EXTRA = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n"


@pytest.fixture
def shop(tmp_path: Path, testbed: Testbed, namespace: str) -> Shop:
    return Shop(tmp_path, testbed, namespace)


def helm(shop: Shop, program: str, *arguments: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(shop.folder.parent), "KUBECONFIG": str(shop.testbed.kubeconfig())}
    done = subprocess.run(
        [program, *arguments, "-n", shop.namespace], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def install(shop: Shop, program: str, *options: str) -> Path:
    chart = shop.folder.parent / "chart"
    files = {f"templates/{name}": text for name, text in BEFORE.items()}
    write(chart, {"Chart.yaml": "apiVersion: v2\nname: old\nversion: 1.0.0\n", **files, "templates/extra.yaml": EXTRA})
    helm(shop, program, "install", "old", str(chart), *options)
    return chart


def adopt(shop: Shop, *arguments: str) -> subprocess.CompletedProcess[str]:
    return shop.overlay("adopt-live", "prod", "-y", "--first-contact", *arguments)


def check_taken(shop: Shop) -> None:
    """What the environment renders is there, all of it ours, and nothing else of the objects is."""
    settings, web = shop.live("configmaps/settings"), shop.live("apps/v1:deployments/web")
    assert settings is not None
    assert web is not None
    assert settings["data"] == {"level": "info"}
    assert "annotations" not in settings["metadata"]
    assert list(settings["metadata"]["labels"]) == ["applyset.kubernetes.io/part-of"]
    assert web["spec"]["replicas"] == 1
    assert "env" not in web["spec"]["template"]["spec"]["containers"][0]
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:1.0.0"
    for body in (settings, web, shop.live("services/web")):
        assert body is not None
        assert {one["manager"] for one in body["metadata"]["managedFields"] if not one.get("subresource")} <= {
            "overlay", "kube-controller-manager",
        }  # fmt: skip
    again = shop.sync()
    assert again.returncode == 0, again.stderr
    assert "prod: testbed is as it shall be (revision 1)\n" in again.stderr


@pytest.mark.parametrize("options", [(), ("--server-side=false",)], ids=["server-side", "client-side"])
def test_K09_a_helm_release_is_taken_over(shop: Shop, tool: Callable[[str], str], options: tuple[str, ...]) -> None:
    program = tool("helm")
    chart = install(shop, program, *options)
    refused = shop.sync("--first-contact")
    assert refused.returncode == 4
    assert (
        f"error in prod: ConfigMap/{shop.namespace}/settings: it belongs to the Helm release old in {shop.namespace}\n"
        "  hint: `overlay adopt-live` takes it over\n"
    ) in refused.stderr
    done = adopt(shop)
    assert done.returncode == 0, done.stderr
    assert (
        f"  adopt     ConfigMap/{shop.namespace}/settings (it belongs to the Helm release old in {shop.namespace})\n"
        in done.stdout
    )
    for line in (
        "data.gone: x → none", "metadata.labels.old: label → none", "spec.replicas: 2 → 1",
        "metadata.annotations.[meta.helm.sh/release-name]: old → none",
    ):  # fmt: skip
        assert f"              {line}\n" in done.stdout
    assert (
        f"warning in prod: the Helm release old in {shop.namespace} still lists what was taken over: `helm uninstall old`"
        f" would delete it\n  hint: let Helm forget it: kubectl delete secret -n {shop.namespace} -l owner=helm,name=old\n"
    ) in done.stderr
    check_taken(shop)
    assert shop.live("configmaps/extra") is not None, "what is not rendered is left alone"
    shop.testbed.kubectl("delete", "secret", "-n", shop.namespace, "-l", "owner=helm,name=old")
    assert "old" not in helm(shop, program, "list")
    assert (chart / "Chart.yaml").exists()


@pytest.mark.parametrize("options", [(), ("--server-side",)], ids=["client-side", "server-side"])
def test_K09_what_kubectl_applied_is_taken_over(shop: Shop, options: tuple[str, ...]) -> None:
    shop.testbed.kubectl("apply", "-n", shop.namespace, "-f", "-", *options, stdin="---\n".join(BEFORE.values()))
    done = adopt(shop)
    assert done.returncode == 0, done.stderr
    assert (
        f"  adopt     ConfigMap/{shop.namespace}/settings (it exists already and is not of this environment)\n"
        in done.stdout
    )
    assert "              data.gone: x → none\n" in done.stdout
    assert "[name=web].env" in done.stdout
    check_taken(shop)


def test_K09_what_kustomize_made_and_people_edited_is_taken_over(shop: Shop) -> None:
    folder = shop.folder.parent / "old"
    write(
        folder, {**BEFORE, "kustomization.yaml": f"resources: [{', '.join(BEFORE)}]\ncommonAnnotations: {{by: us}}\n"}
    )
    shop.testbed.kubectl("apply", "-n", shop.namespace, "-k", str(folder))
    shop.testbed.kubectl("patch", "-n", shop.namespace, "configmap", "settings", "-p", '{"data": {"level": "debug"}}')
    done = adopt(shop)
    assert done.returncode == 0, done.stderr
    assert "              data.level: debug → info\n" in done.stdout
    check_taken(shop)


def test_what_controllers_write_again_is_not_taken(shop: Shop) -> None:
    for name, key, text in (
        ("settings", "annotations", {"argocd.argoproj.io/tracking-id": "shop:/ConfigMap:shop/settings"}),
        (
            "web",
            "labels",
            {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"},
        ),
    ):
        kind, path = ("ConfigMap", "configmaps") if name == "settings" else ("Service", "services")
        body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, key: text}}
        body |= {"spec": {"ports": [{"port": 80}]}} if kind == "Service" else {}
        shop.testbed.call("POST", f"/api/v1/namespaces/{shop.namespace}/{path}", body)
    done = adopt(shop)
    assert done.returncode == 4
    assert (
        f"ConfigMap/{shop.namespace}/settings: it belongs to the Argo CD application shop, which cannot be adopted from"
        in done.stderr
    )
    assert (
        f"Service/{shop.namespace}/web: it belongs to Flux's Kustomization flux/apps, which cannot be adopted from"
        in done.stderr
    )
    assert shop.live("apps/v1:deployments/web") is None
