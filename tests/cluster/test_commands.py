"""`overlay diff --live`, `status`, `wait`, `list`, `notes` and `delete` on a real API server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay.cluster.record import parse, render
from overlay.model.value import replace
from tests.cluster.projects import Shop
from tests.cluster.testbed import Testbed

pytestmark = pytest.mark.cluster


@pytest.fixture
def make(tmp_path: Path, testbed: Testbed, namespace: str) -> Callable[..., Shop]:
    return lambda **given: Shop(tmp_path, testbed, namespace, **given)


@pytest.fixture
def shop(make: Callable[..., Shop]) -> Shop:
    made = make()
    done = made.sync("--first-contact")
    assert done.returncode == 0, done.stderr
    return made


def test_a_diff_says_what_would_change_and_writes_nothing(shop: Shop) -> None:
    same = shop.overlay("diff", "prod", "--live")
    assert (same.returncode, same.stdout, same.stderr) == (0, "", "")
    shop.write("2.0.0")
    before = shop.live("apps/v1:deployments/web")
    done = shop.overlay("diff", "prod", "--live")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "prod in context testbed: 1 update, 2 unchanged\n"
        f"  update    Deployment/{shop.namespace}/web\n"
        "              spec.template.spec.containers.[name=web].image: shop/web:1.0.0 → shop/web:2.0.0\n"
    )
    assert shop.live("apps/v1:deployments/web") == before
    document = json.loads(shop.overlay("diff", "prod", "--live", "-o", "json").stdout)
    assert document["actions"][0]["changes"] == [
        {
            "path": "spec.template.spec.containers.[name=web].image", "change": "changed",
            "before": "shop/web:1.0.0", "after": "shop/web:2.0.0",
        },
    ]  # fmt: skip


def test_a_diff_shows_a_prune_where_it_is_asked_for(shop: Shop) -> None:
    (shop.folder / "environments/base/manifests/settings.yaml").unlink()
    kept = shop.overlay("diff", "prod", "--live")
    assert (kept.returncode, kept.stdout) == (0, "")
    done = shop.overlay("diff", "prod", "--live", "--with-prune")
    assert done.returncode == 1
    assert f"  prune     ConfigMap/{shop.namespace}/settings\n" in done.stdout


def test_a_diff_with_a_conflict_is_exit_code_4(shop: Shop) -> None:
    shop.testbed.kubectl("patch", "-n", shop.namespace, "configmap", "settings", "-p", '{"data": {"level": "debug"}}')
    done = shop.overlay("diff", "prod", "--live")
    assert done.returncode == 4
    assert f"  conflict  ConfigMap/{shop.namespace}/settings (.data.level belongs to kubectl-patch)\n" in done.stdout


def test_the_columns_of_helm_list(shop: Shop) -> None:
    done = shop.overlay("list", "-n", shop.namespace)
    assert done.returncode == 0, done.stderr
    head, row = done.stdout.splitlines()
    assert head.split() == ["NAME", "NAMESPACE", "REVISION", "UPDATED", "STATUS", "CHART", "APP", "VERSION"]
    assert row.split()[:3] == ["prod", shop.namespace, "1"]
    assert row.split()[4] == "deployed"
    found = json.loads(shop.overlay("list", "-A", "-o", "json").stdout)
    mine = next(one for one in found if one["namespace"] == shop.namespace)
    assert (mine["revision"], mine["status"], mine["objects"]) == (1, "deployed", 3)


def test_a_namespace_in_which_nothing_is_says_where_else_to_look(shop: Shop) -> None:
    done = shop.overlay("list", "-n", "kube-public")
    assert (done.returncode, done.stderr) == (0, "nothing in namespace kube-public; -A looks in all of them\n")
    assert shop.overlay("list", "-n", "kube-public", "-q").stderr == ""


def test_the_status_of_every_object(shop: Shop) -> None:
    done = shop.overlay("status", "prod")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("prod: revision 1 (")
    assert lines[1].split() == ["OBJECT", "STATUS", "AGE", "MESSAGE"]
    row = next(line for line in lines if line.startswith(f"Deployment/{shop.namespace}/web"))
    assert row.split("   ")[-1].strip() == "1 of 1 pods are ready"


def test_K35_the_story_of_what_is_not_healthy(shop: Shop) -> None:
    patch = '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "missing"}]'
    shop.testbed.kubectl("patch", "-n", shop.namespace, "deployment", "web", "--type=json", "-p", patch)

    def told() -> bool:
        return (
            'container web: ImagePullBackOff: Back-off pulling image "missing"' in shop.overlay("status", "prod").stdout
        )

    shop.testbed.wait(told, "a story")
    assert shop.overlay("status", "prod").returncode == 5
    done = shop.overlay("wait", "prod", "--timeout", "1s")
    assert done.returncode == 5
    assert done.stderr.startswith(f"error in prod: Deployment/{shop.namespace}/web is not healthy: InProgress, ")


def test_waiting_for_what_is_healthy(shop: Shop) -> None:
    done = shop.overlay("wait", "prod")
    assert (done.returncode, done.stderr) == (0, "prod: all 3 objects are healthy\n")


def test_what_the_cluster_knows_no_more_is_not_healthy(shop: Shop) -> None:
    """The definition of a kind has gone, and every object with it."""
    live = shop.live("configmaps/overlay-prod")
    assert live is not None
    record = parse(live)
    lost = ("example.com", "Widget", shop.namespace, "w")
    path = f"/api/v1/namespaces/{shop.namespace}/configmaps/overlay-prod"
    shop.testbed.call("PUT", path, render(replace(record, inventory=record.inventory | {lost})))
    done = shop.overlay("wait", "prod")
    assert (done.returncode, done.stderr) == (
        5,
        f"error in prod: Widget/{shop.namespace}/w is not healthy: NotFound, the cluster does not know its kind\n"
        "  hint: see `overlay status prod`\n",
    )


def test_everything_goes_by_the_inventory(shop: Shop) -> None:
    refused = shop.overlay("delete", "prod")
    assert (refused.returncode, refused.stderr) == (
        2, "error: nothing is deleted without a yes, and nobody can be asked here\n  hint: say -y/--yes\n",
    )  # fmt: skip
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}}
    shop.testbed.call("POST", f"/api/v1/namespaces/{shop.namespace}/configmaps", other)
    done = shop.overlay("delete", "prod", "-y")
    assert done.returncode == 0, done.stderr
    assert "prod: 3 deleted in testbed\n" in done.stderr
    for path in ("configmaps/settings", "configmaps/overlay-prod", "apps/v1:deployments/web", "services/web"):
        assert shop.live(path) is None
    assert shop.live("configmaps/other") is not None
    gone = shop.overlay("status", "prod")
    assert (gone.returncode, gone.stderr) == (
        2, "error in prod: prod is not in the cluster of context testbed\n  hint: `overlay sync prod` applies it\n",
    )  # fmt: skip


def test_an_environment_without_a_cluster_says_so(make: Callable[..., Shop]) -> None:
    shop = make(cluster="")
    for words in (("diff", "prod", "--live"), ("status", "prod"), ("wait", "prod"), ("delete", "prod", "-y")):
        done = shop.overlay(*words)
        assert done.returncode == 2
        way = "`overlay status --git prod` shows it in Git; or " if words[0] == "status" else ""
        assert f"prod names no cluster\n  hint: {way}set spec.cluster.context in it\n" in done.stderr
    done = shop.overlay("adopt-live", "prod", "-y")
    assert (done.returncode, done.stderr) == (
        2, "error in prod: prod names no cluster\n  hint: set spec.cluster.context in it\n",
    )  # fmt: skip
    done = shop.sync("--context", "testbed")
    assert done.returncode == 0
    assert (
        "warning in prod: --context means nothing: no cluster is named, so nothing is applied\n"
        "  hint: set spec.cluster.context in it\n"
    ) in done.stderr
    assert shop.live("configmaps/overlay-prod") is None
