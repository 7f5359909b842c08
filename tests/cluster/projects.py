"""The small project of the tests of Git, whose environments name the testbed as their cluster."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.cluster.testbed import Testbed
from tests.gitops.projects import change, git, manifest, overlay, shop, write

__all__ = ["Shop", "change", "git", "write"]

CLUSTER = "  cluster: {context: testbed}\n"


class Shop:
    """A project with one environment `prod` in a namespace of the testbed."""

    def __init__(self, folder: Path, testbed: Testbed, namespace: str, cluster: str = CLUSTER) -> None:
        self.testbed = testbed
        self.namespace = namespace
        self.folder = shop(folder, environments=("prod",))
        self.write("1.0.0", cluster)
        git(self.folder, "commit", "-q", "-a", "--allow-empty", "-m", "The cluster is named")
        git(self.folder, "push", "-q", "origin", "main")

    def write(self, tag: str, cluster: str = CLUSTER, more: str = "") -> None:
        text = manifest("prod", tag).replace("shop-prod", self.namespace)
        write(self.folder, {"environments/prod/environment.yaml": f"{text}{cluster}{more}"})

    def commit(self, message: str = "A change") -> str:
        git(self.folder, "add", ".")
        git(self.folder, "commit", "-q", "-m", message)
        git(self.folder, "push", "-q", "origin", "main")
        return git(self.folder, "rev-parse", "HEAD").strip()

    def overlay(self, *arguments: str, user: str = "admin") -> subprocess.CompletedProcess[str]:
        return overlay(self.folder, *arguments, KUBECONFIG=str(self.testbed.kubeconfig(user)))

    def sync(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.overlay("sync", "prod", "-y", *arguments)

    def live(self, path: str) -> dict | None:
        group, _, rest = path.rpartition(":")
        root = f"/apis/{group}" if group else "/api/v1"
        return self.testbed.find(f"{root}/namespaces/{self.namespace}/{rest}")
