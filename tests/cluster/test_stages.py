"""What is applied when."""

from __future__ import annotations

import pytest

from overlay.cluster.stages import DEPENDS_ON, WAVE, make_stages
from overlay.errors import ManifestError
from overlay.model.resource import Resource
from tests.cluster.harness import resource


def an(kind: str, name: str = "", *, group: str = "", namespace: str = "shop", **annotations: str) -> Resource:
    keys = {"wave": WAVE, "depends": DEPENDS_ON}
    return resource(
        {
            "apiVersion": f"{group}/v1" if group else "v1", "kind": kind,
            "metadata": {
                "name": name or kind.lower(), **({"namespace": namespace} if namespace else {}),
                "annotations": {keys[key]: text for key, text in annotations.items()},
            },
        }
    )  # fmt: skip


def shown(objects: list[Resource]) -> list[list[str]]:
    """Return the names of each stage, `!` behind those that are awaited."""
    return [
        [f"{one.id.name}{'!' if one.id.key in stage.awaited else ''}" for one in stage.objects]
        for stage in make_stages(objects)
    ]


def test_kinds_come_in_their_order() -> None:
    kinds = ["ValidatingWebhookConfiguration", "Deployment", "Widget", "Secret", "Namespace", "CustomResourceDefinition",
             "Service", "Job", "ServiceAccount", "APIService"]  # fmt: skip
    assert shown([an(kind) for kind in kinds]) == [
        ["customresourcedefinition!"],
        ["namespace!"],
        ["secret", "service", "serviceaccount"],
        ["deployment", "widget", "job"],
        ["validatingwebhookconfiguration", "apiservice"],
    ]


def test_nothing_has_no_stages() -> None:
    assert make_stages([]) == ()


def test_waves_wait_for_each_other() -> None:
    objects = [
        an("Deployment", "late", wave="5"),
        an("Deployment", "usual"),
        an("ConfigMap", "early", wave="-1"),
        an("Secret", "key", wave="5"),
    ]
    assert shown(objects) == [["early!"], ["usual!"], ["key"], ["late"]]


def test_dependencies_come_before_and_are_awaited() -> None:
    objects = [
        an("Deployment", "web", depends="apps/namespaces/shop/Deployment/db, /namespaces/shop/ConfigMap/flags", group="apps"),
        an("Deployment", "db", depends="apps/namespaces/shop/Deployment/disk", group="apps"),
        an("Deployment", "disk", group="apps"),
        an("ConfigMap", "flags"),
        an("Deployment", "other", group="apps"),
    ]  # fmt: skip
    assert shown(objects) == [["flags!"], ["disk!", "other"], ["db!"], ["web"]]


def test_the_token_of_an_account_comes_after_it() -> None:
    def token(account: str) -> Resource:
        annotations = {"kubernetes.io/service-account.name": account}
        metadata = {"name": f"{account}-token", "namespace": "shop", "annotations": annotations}
        kind = "kubernetes.io/service-account-token"
        return resource({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind})

    objects = [token("ours"), token("theirs"), an("ServiceAccount", "ours"), an("Secret", "key")]
    assert shown(objects) == [["theirs-token", "ours!", "key"], ["ours-token"]]


def test_a_needed_kind_may_depend_on_a_later_one() -> None:
    objects = [
        an("ConfigMap", "flags", depends="apps/namespaces/shop/Deployment/web"),
        an("Deployment", "web", group="apps"),
    ]
    assert shown(objects) == [["web!"], ["flags"]]


def test_cluster_scoped_references_have_three_parts() -> None:
    objects = [an("Widget", "w", depends="/Namespace/shop", group="x"), an("Namespace", "shop", namespace="")]
    assert shown(objects) == [["shop!"], ["w"]]


@pytest.mark.parametrize(
    ("objects", "message", "place"),
    [
        ([an("Deployment", "web", wave="soon")], f"the annotation {WAVE} must be a number, found 'soon'", "Deployment/shop/web"),
        (
            [an("Deployment", "web", depends="web")],
            f"the annotation {DEPENDS_ON} names 'web', which is no reference", "Deployment/shop/web",
        ),
        (
            [an("Deployment", "web", depends="/namespaces/shop/Secret/s")],
            f"the annotation {DEPENDS_ON} names '/namespaces/shop/Secret/s', which is not among the objects", "Deployment/shop/web",
        ),
        (
            [an("Pod", "a", depends="/namespaces/shop/Pod/b"), an("Pod", "b", depends="/namespaces/shop/Pod/a")],
            "objects depend on each other in a circle: Pod/shop/a → Pod/shop/b → Pod/shop/a", "Pod/shop/a",
        ),
        (
            [an("Pod", "a", depends="/namespaces/shop/Pod/a")],
            "objects depend on each other in a circle: Pod/shop/a → Pod/shop/a", "Pod/shop/a",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_ordered_is_an_error(objects: list[Resource], message: str, place: str) -> None:
    with pytest.raises(ManifestError) as caught:
        make_stages(objects)
    assert (caught.value.message, caught.value.object) == (message, place)
    assert str(caught.value.location) == "manifests.yaml:1:1"
