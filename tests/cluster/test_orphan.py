"""`overlay delete --orphan`: the objects stay, and nothing says any more that they were ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlay.cluster.applyset import PART_OF
from tests.cluster.projects import Shop
from tests.cluster.testbed import Testbed

pytestmark = pytest.mark.cluster

PLACES = ("apps/v1:deployments/web", "configmaps/settings", "services/web")


@pytest.fixture
def shop(tmp_path: Path, testbed: Testbed, namespace: str) -> Shop:
    made = Shop(tmp_path, testbed, namespace)
    done = made.sync("--first-contact")
    assert done.returncode == 0, done.stderr
    return made


def managers(shop: Shop, place: str) -> set[str]:
    found = shop.live(place)
    assert found is not None
    return {one["manager"] for one in found["metadata"].get("managedFields", ()) if one.get("subresource") != "status"}


def test_the_objects_stay_as_they_are_without_our_label_and_manager(shop: Shop) -> None:
    before = {place: shop.live(place) for place in PLACES}
    done = shop.overlay("delete", "prod", "--orphan", "-y")
    assert (done.returncode, done.stderr) == (0, "prod: 3 left in testbed, and forgotten\n")
    assert done.stdout == "".join(
        [
            f"  leave     {name}\n"
            for name in (f"ConfigMap/{shop.namespace}/settings", f"Service/{shop.namespace}/web", f"Deployment/{shop.namespace}/web")
        ]
    )  # fmt: skip
    for place, was in before.items():
        found = shop.live(place)
        assert found is not None and was is not None
        assert found["metadata"]["uid"] == was["metadata"]["uid"]
        assert PART_OF not in (found["metadata"].get("labels") or {})
        assert "overlay" not in managers(shop, place)
        assert found.get("spec") == was.get("spec")
    assert shop.live("configmaps/overlay-prod") is None
    assert shop.live("coordination.k8s.io/v1:leases/overlay-prod") is None
    assert shop.overlay("status", "prod").returncode == 2, "nothing is known of it"


def test_another_tool_can_remove_fields_of_what_was_left(shop: Shop) -> None:
    assert shop.overlay("delete", "prod", "--orphan", "-y").returncode == 0
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: {shop.namespace}}}\n"
    apply = ("apply", "--server-side", "--force-conflicts", "-f", "-")
    shop.testbed.kubectl(*apply, stdin=text + "data: {level: debug, more: x}\n")
    shop.testbed.kubectl(*apply, stdin=text + "data: {more: x}\n")
    found = shop.live("configmaps/settings")
    assert found is not None
    assert found["data"] == {"more": "x"}


def test_what_was_left_can_be_taken_over_again(shop: Shop) -> None:
    assert shop.overlay("delete", "prod", "--orphan", "-y").returncode == 0
    assert shop.sync("--first-contact").returncode == 4
    done = shop.overlay("adopt-live", "prod", "-y", "--first-contact")
    assert done.returncode == 0, done.stderr
    assert shop.sync().returncode == 0


def test_an_object_that_is_anothers_by_now_is_left_alone(shop: Shop) -> None:
    shop.testbed.kubectl(
        "label", "-n", shop.namespace, "--overwrite", "configmap", "settings", f"{PART_OF}=applyset-other-v1"
    )
    done = shop.overlay("delete", "prod", "--orphan", "-y")
    assert done.returncode == 0, done.stderr
    found = shop.live("configmaps/settings")
    assert found is not None
    assert found["metadata"]["labels"][PART_OF] == "applyset-other-v1"


def test_one_that_is_killed_is_finished_by_the_same_command(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERLAY_FAILPOINT", "orphan:kill")
    assert shop.overlay("delete", "prod", "--orphan", "-y").returncode == -9
    assert shop.live("configmaps/overlay-prod") is not None, "it is still known"
    monkeypatch.delenv("OVERLAY_FAILPOINT")
    done = shop.overlay("delete", "prod", "--orphan", "-y", "--lease-timeout", "2m")
    assert done.returncode == 0, done.stderr
    assert shop.live("configmaps/overlay-prod") is None
    assert shop.live("apps/v1:deployments/web") is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "error: nothing is deleted without a yes, and nobody can be asked here\n  hint: say -y/--yes\n"),
        (("-y", "--no-hooks"), "error: --no-hooks means nothing with --orphan: nothing is deleted\n"),
        (("-y", "--allow-delete", "Namespace"), "error: --allow-delete means nothing with --orphan: nothing is deleted\n"),
    ],
)  # fmt: skip
def test_it_asks_and_takes_no_option_of_a_deletion(shop: Shop, arguments: tuple[str, ...], message: str) -> None:
    done = shop.overlay("delete", "prod", "--orphan", *arguments)
    assert (done.returncode, done.stderr) == (2, message)
    assert shop.live("configmaps/overlay-prod") is not None
