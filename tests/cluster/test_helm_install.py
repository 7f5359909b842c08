"""The base chart from a registry, installed by plain Helm into a real cluster."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.testbed import Testbed
from tests.fetch.servers import RegistryProcess
from tests.oci.test_package import make_shop
from tests.source.projects import overlay

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("program", ["helm3", "helm43"])
def test_helm_installs_our_chart_from_a_registry(
    testbed: Testbed,
    namespace: str,
    registry: RegistryProcess,
    tool: Callable[[str], str],
    tmp_path: Path,
    program: str,
) -> None:
    shop = make_shop(tmp_path / "shop")
    place = f"oci://{registry.host}/{namespace}"
    pushed = overlay(shop, "chart", "push", place)
    assert pushed.returncode == 0, pushed.stderr
    done = subprocess.run(
        [tool(program), "install", "release", f"{place}/shop", "--plain-http", "--version", "1.0.0", "-n", namespace,
         "--kubeconfig", str(testbed.kubeconfig()), "--wait", "--timeout", "5m"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"Digest: {pushed.stdout.strip()}" in done.stdout + done.stderr
    live = testbed.find(f"/apis/apps/v1/namespaces/{namespace}/deployments/web")
    images = [one["image"] for one in live["spec"]["template"]["spec"]["containers"]]
    assert images == ["shop/web:1.0.0", "shop/api:1.0.0"]
    assert live["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"
