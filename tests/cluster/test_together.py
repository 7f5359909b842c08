"""Several environments of one run: side by side, apart from each other, and ended together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.projects import Shop, git
from tests.cluster.testbed import REPOSITORY, Testbed

pytestmark = pytest.mark.cluster

WAITS = """  cluster:
    context: testbed
    timeout: 10m
    health: [{apiVersion: v1, kind: ConfigMap, current: "data.ready == 'yes'"}]
"""


@pytest.fixture
def make(tmp_path: Path, testbed: Testbed, namespace: str) -> Callable[..., Shop]:
    def made(*names: str, cluster: str | None = None, prefix: bool = True) -> Shop:
        shop = Shop(tmp_path, testbed, namespace)
        prod = (shop.folder / "environments/prod/environment.yaml").read_text()
        git(shop.folder, "rm", "-q", "-r", "environments/prod")
        for name in names:
            text = prod.replace("name: prod", f"name: {name}")
            text = text.replace("  images:", f"  namePrefix: {name}-\n  images:") if prefix else text
            text = text.replace("  cluster: {context: testbed}\n", cluster) if cluster else text
            place = shop.folder / "environments" / name
            place.mkdir(parents=True)
            (place / "environment.yaml").write_text(text)
        shop.commit()
        return shop

    return made


def start(shop: Shop, *arguments: str) -> subprocess.Popen[str]:
    env = {**os.environ, "KUBECONFIG": str(shop.testbed.kubeconfig()), "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(
        [sys.executable, "-m", "overlay", "sync", "--all", "-y", "--first-contact", *arguments], cwd=shop.folder, env=env,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def are_there(shop: Shop, *names: str) -> bool:
    return all(shop.live(f"configmaps/{name}-settings") is not None for name in names)


def ready(shop: Shop, name: str) -> None:
    shop.testbed.call(
        "PATCH", f"/api/v1/namespaces/{shop.namespace}/configmaps/{name}-settings", {"data": {"ready": "yes"}},
        content="application/merge-patch+json",
    )  # fmt: skip


def holders(shop: Shop, *names: str) -> list[str]:
    leases = [shop.live(f"coordination.k8s.io/v1:leases/overlay-{name}") for name in names]
    return [lease["spec"]["holderIdentity"] for lease in leases if lease is not None]


def test_environments_wait_side_by_side_and_tell_one_event_a_line(make: Callable[..., Shop]) -> None:
    shop = make("a", "b", "c", cluster=WAITS)
    process = start(shop, "-o", "json")
    # In turn, none but the first would be there before the first is healthy.
    shop.testbed.wait(lambda: are_there(shop, "a", "b", "c"), "the objects of all three")
    shop.testbed.wait(lambda: all(holders(shop, "a", "b", "c")), "a lease for each")
    for name in ("c", "b", "a"):
        ready(shop, name)
    out, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    events = [json.loads(line) for line in out.splitlines()]
    assert sorted(one["environment"] for one in events if one["event"] == "applied") == ["a", "b", "c"]
    assert holders(shop, "a", "b", "c") == ["", "", ""]


def test_sigterm_ends_all_runs_and_gives_each_lease_back(make: Callable[..., Shop]) -> None:
    shop = make("a", "b", cluster=WAITS)
    process = start(shop)
    shop.testbed.wait(lambda: are_there(shop, "a", "b") and all(holders(shop, "a", "b")), "both runs")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert said.endswith("interrupted\n")
    assert holders(shop, "a", "b") == ["", ""]
    ready(shop, "a")
    ready(shop, "b")
    done = shop.overlay("sync", "--all", "-y")
    assert done.returncode == 0, done.stderr


def test_K26_an_object_of_two_environments_is_refused_before_either_has_it(make: Callable[..., Shop]) -> None:
    shop = make("a", "b", prefix=False)
    done = shop.overlay("sync", "--all", "-y", "--first-contact")
    assert done.returncode == 4
    for one, other in (("a", "b"), ("b", "a")):
        assert (
            f"error in {one}: ConfigMap/{shop.namespace}/settings is an object of {other} too, in the same cluster\n"
            "  hint: an object belongs to one environment: give one of them another namespace or name\n"
        ) in done.stderr
    assert shop.live("configmaps/settings") is None
    assert "environments/" not in git(shop.folder.parent / "remote.git", "branch", "--list")


def test_one_that_fails_does_not_keep_the_others_and_the_code_says_so(make: Callable[..., Shop]) -> None:
    shop = make("a", "b", cluster=WAITS)
    for name, rule in (("a", 'failed: "true", current: "false"'), ("b", 'current: "true"')):
        place = shop.folder / f"environments/{name}/environment.yaml"
        place.write_text(place.read_text().replace("current: \"data.ready == 'yes'\"", rule))
    shop.commit()
    done = shop.overlay("sync", "--all", "-y", "--first-contact")
    assert done.returncode == 5
    assert (
        f"error in a: ConfigMap/{shop.namespace}/a-settings is not healthy: Failed, `failed` of cluster.health is true"
        in done.stderr
    )
    assert "b: 3 applied in testbed (revision 1)" in done.stderr
