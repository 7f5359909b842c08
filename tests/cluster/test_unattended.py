"""Runs that nobody watches: ended from outside, and beside each other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.projects import Shop, git
from tests.cluster.testbed import REPOSITORY, Testbed

pytestmark = pytest.mark.cluster

STUCK = "  patches:\n  - target: {kind: Deployment}\n    jsonPatch:\n    - {op: add, path: /spec/template/spec/nodeSelector, value: {a: b}}\n"


@pytest.fixture
def make(tmp_path: Path, testbed: Testbed, namespace: str) -> Callable[..., Shop]:
    return lambda **given: Shop(tmp_path, testbed, namespace, **given)


def start(shop: Shop, *arguments: str) -> subprocess.Popen[str]:
    env = {**os.environ, "KUBECONFIG": str(shop.testbed.kubeconfig()), "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(
        [sys.executable, "-m", "overlay", "sync", "prod", "-y", *arguments], cwd=shop.folder, env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def holder(shop: Shop) -> str | None:
    found = shop.live("coordination.k8s.io/v1:leases/overlay-prod")
    return found["spec"]["holderIdentity"] if found else None


def test_sigterm_ends_a_run_soon_and_gives_the_lease_back(make: Callable[..., Shop]) -> None:
    shop = make()
    shop.write("1.0.0", more=STUCK)
    shop.commit()
    process = start(shop, "--first-contact", "--rollout-timeout", "5m")
    shop.testbed.wait(lambda: shop.live("apps/v1:deployments/web"), "the object that is waited for")
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - started < 10
    assert said.endswith("interrupted\n")
    assert holder(shop) == ""
    shop.write("1.0.0")
    shop.commit()
    assert shop.sync().returncode == 0


def test_K29_D13_a_second_run_waits_or_says_who_holds_the_lease(make: Callable[..., Shop]) -> None:
    shop = make()
    shop.write("1.0.0", more=STUCK)
    shop.commit()
    process = start(shop, "--first-contact", "--rollout-timeout", "5m")
    shop.testbed.wait(lambda: shop.live("apps/v1:deployments/web"), "the object that is waited for")
    shop.write("2.0.0")
    shop.commit()
    done = shop.sync("--lease-timeout", "1s")
    assert done.returncode in (5, 6)
    assert f"another run holds the lease {shop.namespace}/overlay-prod: {holder(shop)}" in done.stderr
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert shop.sync().returncode == 0


def test_K46_one_broken_environment_does_not_stop_the_others(make: Callable[..., Shop]) -> None:
    shop = make()
    prod = (shop.folder / "environments" / "prod" / "environment.yaml").read_text()
    names = [f"e{n}" for n in range(6)]
    for name in names:
        text = prod.replace("name: prod", f"name: {name}").replace("  images:", f"  namePrefix: {name}-\n  images:")
        if name == "e2":
            # Refused by the server alone.
            text += (
                "  patches:\n  - target: {kind: Service}\n"
                "    jsonPatch:\n    - {op: add, path: /spec/clusterIP, value: 300.0.0.1}\n"
            )
        place = shop.folder / "environments" / name
        place.mkdir()
        (place / "environment.yaml").write_text(text)
    shop.commit()
    done = shop.overlay("sync", *names, "-y", "--first-contact")
    assert done.returncode == 5
    errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert len(errors) == 1
    assert errors[0].startswith(f"error in e2: Service/{shop.namespace}/e2-web: ")
    assert "must be a valid IP address" in errors[0]
    for name in names:
        is_there = shop.live(f"apps/v1:deployments/{name}-web") is not None
        assert is_there == (name != "e2")
    assert shop.live("services/e2-web") is None
    assert "environments/e2" not in git(shop.folder.parent / "remote.git", "branch", "--list")
