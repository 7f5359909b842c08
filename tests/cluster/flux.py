"""Flux's own controllers, which `make flux` builds, beside a testbed."""

from __future__ import annotations

import os
import socket
import subprocess
import urllib.error
import urllib.request
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.testbed import CACHE, DIE_WITH_US, REPOSITORY, Testbed

MODULES = REPOSITORY / "tests" / "cluster" / "flux"
SOURCE = "/apis/source.toolkit.fluxcd.io/v1/namespaces"
KUSTOMIZE = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces"
Body = dict[str, Any]


def programs() -> Path:
    """Return the folder of what `make flux` builds; scripts/build_flux.sh names it in the same way."""
    digest = sha256()
    for name in ("go.mod", "go.sum"):
        for path in sorted(MODULES.glob(f"*/{name}")):
            digest.update(path.read_bytes())
    digest.update((REPOSITORY / "scripts" / "build_flux.sh").read_bytes())
    return CACHE / f"flux-{digest.hexdigest()[:16]}"


class Flux:
    """The source-controller and the kustomize-controller, on loopback alone; `close` ends them."""

    def __init__(self, testbed: Testbed, folder: Path) -> None:
        self.testbed = testbed
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        for path in sorted((programs() / "crds").glob("*.yaml")):
            for document in yaml.safe_load_all(path.read_text()):
                testbed.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", document)
        for path in (f"{SOURCE}/default/ocirepositories", f"{SOURCE}/default/gitrepositories",
                     f"{KUSTOMIZE}/default/kustomizations"):  # fmt: skip
            testbed.wait(lambda path=path: self._is_served(path), f"Flux's types at {path}")
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}}
        testbed.call("POST", "/api/v1/namespaces", namespace)
        try:
            storage = f"127.0.0.1:{_free_port()}"
            (folder / "storage").mkdir()
            self._run(
                "source-controller", f"--storage-path={folder}/storage", f"--storage-addr={storage}",
                f"--storage-adv-addr={storage}",
            )  # fmt: skip
            self._run("kustomize-controller")
        except BaseException:
            self.close()
            raise

    def _is_served(self, path: str) -> bool:
        try:
            return self.testbed.find(path) is not None
        except urllib.error.HTTPError as error:
            # Storage for a type that is new is made ready for a moment.
            if error.code in (429, 503):
                return False
            raise

    def _run(self, name: str, *more: str) -> None:
        health = f"127.0.0.1:{_free_port()}"
        temporary = self.folder / f"{name}-tmp"
        temporary.mkdir()
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*DIE_WITH_US, programs() / name, "--metrics-addr=0", f"--health-addr={health}",
                 "--enable-leader-election=false", "--log-level=info", *more],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=temporary,
                env={"PATH": os.environ["PATH"], "HOME": str(temporary), "TMPDIR": str(temporary),
                     "KUBECONFIG": str(self.testbed.kubeconfig()), "RUNTIME_NAMESPACE": "flux-system"},
            )  # fmt: skip
        self._processes.append(process)

        def is_up() -> bool:
            assert process.poll() is None, (self.folder / f"{name}.log").read_text()[-4000:]
            try:
                with urllib.request.urlopen(f"http://{health}/readyz", timeout=5):
                    return True
            except (OSError, urllib.error.URLError):
                return False

        self.testbed.wait(is_up, f"a {name} that is ready")

    def source(self, namespace: str, kind: str, spec: Body) -> None:
        """Make an OCIRepository or GitRepository named `shop`."""
        body = {
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": kind,
            "metadata": {"name": "shop", "namespace": namespace}, "spec": {"interval": "10m", **spec},
        }  # fmt: skip
        plural = {"OCIRepository": "ocirepositories", "GitRepository": "gitrepositories"}[kind]
        self.testbed.call("POST", f"{SOURCE}/{namespace}/{plural}", body)
        self._ready(f"{SOURCE}/{namespace}/{plural}/shop", kind)

    def apply(self, namespace: str, kind: str, path: str) -> Body:
        """Make a Kustomization `shop` of a source, wait until all of it is applied; return its status."""
        body = {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "shop", "namespace": namespace},
            "spec": {"interval": "10m", "path": path, "prune": True, "wait": True, "timeout": "2m",
                     "sourceRef": {"kind": kind, "name": "shop"}},
        }  # fmt: skip
        self.testbed.call("POST", f"{KUSTOMIZE}/{namespace}/kustomizations", body)
        return self._ready(f"{KUSTOMIZE}/{namespace}/kustomizations/shop", "Kustomization")

    def forget(self, namespace: str) -> None:
        """Delete the Kustomization, and with it what it applied."""
        path = f"{KUSTOMIZE}/{namespace}/kustomizations/shop"
        self.testbed.call("DELETE", path)
        self.testbed.wait(lambda: self.testbed.find(path) is None, "no Kustomization any more")

    def _ready(self, path: str, what: str) -> Body:
        found: Body = {}

        def is_ready() -> bool:
            found.clear()
            found.update(self.testbed.call("GET", path).get("status") or {})
            # A condition may be there a moment before what it is about.
            return ("artifact" in found or "lastAppliedRevision" in found) and any(
                one["type"] == "Ready" and one["status"] == "True" for one in found.get("conditions") or ()
            )

        try:
            self.testbed.wait(is_ready, f"a {what} that is ready")
        except AssertionError as error:
            raise AssertionError(f"{error}: {found.get('conditions')}") from None
        return found

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()
        for process in self._processes:
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
