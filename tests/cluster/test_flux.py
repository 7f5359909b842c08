"""What we publish, in the hands of Flux's own controllers: the same objects as `overlay sync` applies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.flux import Flux, programs
from tests.cluster.projects import Shop, git
from tests.cluster.testbed import Testbed
from tests.conftest import IN_CI
from tests.fetch.servers import RegistryProcess
from tests.servers.git_http import GitServer
from tests.source.projects import write

pytestmark = pytest.mark.cluster

MORE = {
    "environments/base/manifests/reader.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: reader}\n"
    "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader}\n"
    "rules: [{apiGroups: [''], resources: [configmaps], verbs: [get]}]\n"
    "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: reader}\n"
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}\n"
    "subjects: [{kind: ServiceAccount, name: reader}]\n",
    "environments/base/manifests/nightly.yaml": "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\n"
    "spec:\n  schedule: '0 3 * * *'\n  suspend: true\n  jobTemplate:\n    spec:\n      template:\n        spec:\n"
    "          restartPolicy: Never\n          containers: [{name: job, image: 'shop/web:1'}]\n",
    "environments/base/manifests/budget.yaml": "apiVersion: policy/v1\nkind: PodDisruptionBudget\n"
    "metadata: {name: web}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}\n",
}
GENERATED = "  configMaps:\n  - {name: flags, literals: {search: 'on'}}\n"
KINDS = (
    "/api/v1:configmaps", "/api/v1:services", "/api/v1:serviceaccounts", "/apis/apps/v1:deployments",
    "/apis/batch/v1:cronjobs", "/apis/policy/v1:poddisruptionbudgets", "/apis/rbac.authorization.k8s.io/v1:roles",
    "/apis/rbac.authorization.k8s.io/v1:rolebindings",
)  # fmt: skip


@pytest.fixture(scope="module")
def flux(testbed: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flux]:
    if not (programs() / "complete").exists():
        (pytest.fail if IN_CI else pytest.skip)("Flux is not built; `make flux` builds it")
    made = Flux(testbed, tmp_path_factory.mktemp("flux"))
    yield made
    made.close()


@pytest.fixture
def shop(tmp_path: Path, testbed: Testbed, namespace: str) -> Shop:
    made = Shop(tmp_path, testbed, namespace)
    write(made.folder, MORE)
    made.write("1.0.0", more=GENERATED)
    made.commit("More of all kinds")
    return made


def applied(shop: Shop) -> dict[str, Any]:
    """Return what the namespace holds, without what the server and whoever applied it add."""
    found = {}
    for kind in KINDS:
        root, _, plural = kind.partition(":")
        for body in shop.testbed.call("GET", f"{root}/namespaces/{shop.namespace}/{plural}")["items"]:
            name = body["metadata"]["name"]
            if name in ("kube-root-ca.crt", "overlay-prod", "default"):
                continue
            body.pop("status", None)
            metadata = body["metadata"]
            for key in ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"):
                metadata.pop(key, None)
            for key in ("labels", "annotations"):
                kept = {one: text for one, text in metadata.pop(key, {}).items() if not _is_of_a_tool(one)}
                metadata.update({key: kept} if kept else {})
            for key in ("clusterIP", "clusterIPs"):
                body.get("spec", {}).pop(key, None)
            found[f"{plural}/{name}"] = body
    return found


def _is_of_a_tool(name: str) -> bool:
    return name.partition("/")[0] in (
        "kustomize.toolkit.fluxcd.io", "applyset.kubernetes.io", "deployment.kubernetes.io"
    )  # fmt: skip


def sync(shop: Shop, *words: str) -> dict[str, Any]:
    done = shop.overlay("sync", "prod", "-y", "--first-contact", *words)
    assert done.returncode == 0, done.stderr
    return applied(shop)


def test_flux_applies_our_bundle_as_we_do(flux: Flux, shop: Shop, registry: RegistryProcess) -> None:
    repository = f"oci://{registry.host}/{shop.namespace}/shop"
    pushed = shop.overlay("push", repository, "--version", "1.4.0", "-q")
    assert pushed.returncode == 0, pushed.stderr
    digest = pushed.stdout.strip()
    flux.source(shop.namespace, "OCIRepository", {"url": repository, "insecure": True, "ref": {"semver": "^1.4"}})
    status = flux.apply(shop.namespace, "OCIRepository", "./environments/prod")
    assert status["lastAppliedRevision"] == f"1.4.0@{digest}"
    theirs = applied(shop)
    flux.forget(shop.namespace)
    assert applied(shop) == {}
    assert sync(shop, "--bundle", f"{repository}@{digest}") == theirs
    assert [name.partition("-")[0] for name in sorted(theirs)] == [
        "configmaps/flags", "configmaps/settings", "cronjobs/nightly", "deployments/web", "poddisruptionbudgets/web",
        "rolebindings/reader", "roles/reader", "serviceaccounts/reader", "services/web",
    ]  # fmt: skip


def test_flux_applies_our_branch_as_we_do(flux: Flux, shop: Shop, git_http: GitServer) -> None:
    assert shop.sync("--git-only").returncode == 0
    spec = {"url": git_http.url("remote.git"), "ref": {"branch": "environments/prod"}}
    flux.source(shop.namespace, "GitRepository", spec)
    status = flux.apply(shop.namespace, "GitRepository", "./")
    commit = git(shop.folder.parent / "remote.git", "rev-parse", "environments/prod").strip()
    assert status["lastAppliedRevision"] == f"environments/prod@sha1:{commit}"
    theirs = applied(shop)
    flux.forget(shop.namespace)
    assert applied(shop) == {}
    assert sync(shop, "--from-git") == theirs
