"""Fields of others: found in our body, left, taken or refused."""

from __future__ import annotations

from typing import Any

import pytest

from overlay.cluster.conflicts import Conflict, Policy, locate, parse_conflicts, settle, without

BODY = {
    "metadata": {"labels": {"app": "x", "app.kubernetes.io/name": "web", "app.kubernetes.io": "y"}},
    "spec": {
        "replicas": 3,
        "containers": [{"name": "a", "image": "1"}, {"name": 'b"]', "image": "2", "args": ["x", "y"]}],
        "ports": [{"port": 80, "name": "http"}, {"port": 80, "protocol": "UDP"}],
        "finalizers": ["one", "two"],
    },
}


@pytest.mark.parametrize(
    ("field", "steps"),
    [
        (".spec.replicas", ("spec", "replicas")),
        (".metadata.labels.app", ("metadata", "labels", "app")),
        (".metadata.labels.app.kubernetes.io/name", ("metadata", "labels", "app.kubernetes.io/name")),
        (".metadata.labels.app.kubernetes.io", ("metadata", "labels", "app.kubernetes.io")),
        ('.spec.containers[name="a"].image', ("spec", "containers", 0, "image")),
        ('.spec.containers[name="b\\"]"].args', ("spec", "containers", 1, "args")),
        ('.spec.containers[name="b\\"]"].args[1]', ("spec", "containers", 1, "args", 1)),
        ('.spec.ports[port=80,protocol="TCP"].name', ("spec", "ports", 0, "name")),
        ('.spec.ports[port=80,protocol="UDP"]', ("spec", "ports", 1)),
        ('.spec.finalizers[="two"]', ("spec", "finalizers", 1)),
        (".spec.replica", None),
        (".spec.replicas.more", None),
        ('.spec.containers[name="c"].image', None),
        (".spec.containers[7]", None),
        ("spec", None),
    ],
)
def test_a_field_of_the_server_s_notation_is_found(field: str, steps: tuple[str | int, ...] | None) -> None:
    assert locate(BODY, field) == steps


@pytest.mark.parametrize(
    ("body", "steps", "expected"),
    [
        ({"a": {"b": 1}, "c": 2}, ("a", "b"), {"c": 2}),
        ({"a": {"b": 1, "d": 2}}, ("a", "b"), {"a": {"d": 2}}),
        ({"a": [1, 2, 3]}, ("a", 1), {"a": [1, 3]}),
        ({"a": [{"b": 1, "n": 0}]}, ("a", 0, "b"), {"a": [{"n": 0}]}),
    ],
)
def test_a_field_is_taken_out(body: Any, steps: tuple[str | int, ...], expected: Any) -> None:
    before = repr(body)
    assert without(body, steps) == expected
    assert repr(body) == before


REPLICAS = Conflict(".spec.replicas", "autoscaler")
IMAGE = Conflict('.spec.containers[name="a"].image', "kubectl-edit")


@pytest.mark.parametrize(
    ("policies", "taken", "expected"),
    [
        ([], [], (BODY, False, (REPLICAS, IMAGE))),
        ([Policy("spec.replicas", "leave")], [], (without(BODY, ("spec", "replicas")), False, (IMAGE,))),
        (
            [Policy("spec.replicas", "leave"), Policy("spec.containers.[name=a].image", "take")], [],
            (without(BODY, ("spec", "replicas")), True, ()),
        ),
        ([Policy("spec", "take")], [], (BODY, True, ())),
        ([Policy("spec", "take"), Policy("spec.containers.*.image", "fail")], [], (BODY, False, (IMAGE,))),
        ([Policy("spec.containers.[name=c]", "take")], ["autoscaler"], (BODY, False, (IMAGE,))),
        ([], ["autoscaler", "kubectl-edit"], (BODY, True, ())),
    ],
)  # fmt: skip
def test_policies_settle_conflicts(policies: list[Policy], taken: list[str], expected: Any) -> None:
    assert settle(BODY, [REPLICAS, IMAGE], policies, taken=taken) == expected


def test_several_elements_are_left_at_once() -> None:
    conflicts = [Conflict('.spec.finalizers[="one"]', "x"), Conflict('.spec.finalizers[="two"]', "x")]
    body, _, stay = settle(BODY, conflicts, [Policy("spec.finalizers", "leave")])
    assert (body["spec"].get("finalizers"), stay) == (None, ())


def test_managers_are_read_from_what_the_server_says() -> None:
    assert parse_conflicts([(".a", 'conflict with "kubectl" with subresource "scale" using apps/v1'), (".b", "odd")]) == (
        Conflict(".a", "kubectl"), Conflict(".b", "another manager"),
    )  # fmt: skip
