"""Fields of others: found in our body, left, taken or refused."""

from __future__ import annotations

from typing import Any

import pytest

from overlay.cluster.conflicts import Conflict, locate, parse_conflicts, settle, without, without_left
from overlay.model.cluster import ConflictRule

BODY = {
    "kind": "Deployment",
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
    ("rules", "taken", "expected"),
    [
        ([], [], (BODY, False, (REPLICAS, IMAGE))),
        ([ConflictRule("spec.replicas", "leave")], [], (without(BODY, ("spec", "replicas")), False, (IMAGE,))),
        (
            [ConflictRule("spec.replicas", "leave"), ConflictRule("spec.containers.[name=a].image", "take")], [],
            (without(BODY, ("spec", "replicas")), True, ()),
        ),
        ([ConflictRule("spec", "take")], [], (BODY, True, ())),
        ([ConflictRule("spec", "take"), ConflictRule("spec.containers.*.image", "fail")], [], (BODY, False, (IMAGE,))),
        ([ConflictRule("spec.containers.[name=c]", "take")], ["autoscaler"], (BODY, False, (IMAGE,))),
        ([], ["autoscaler", "kubectl-edit"], (BODY, True, ())),
        ([ConflictRule("", "leave", manager="auto*")], [], (without(BODY, ("spec", "replicas")), False, (IMAGE,))),
        ([ConflictRule("spec", "take", manager="kubectl-*")], [], (BODY, False, (REPLICAS,))),
        ([ConflictRule("spec.replicas", "take", manager="kubectl-*")], [], (BODY, False, (REPLICAS, IMAGE))),
        ([ConflictRule("spec", "take"), ConflictRule("spec", "fail", kind="Job")], [], (BODY, True, ())),
        ([ConflictRule("spec", "take"), ConflictRule("spec", "fail", kind="Deployment")], [], (BODY, False, (REPLICAS, IMAGE))),
    ],
)  # fmt: skip
def test_rules_settle_conflicts(rules: list[ConflictRule], taken: list[str], expected: Any) -> None:
    assert settle(BODY, [REPLICAS, IMAGE], rules, taken=taken) == expected


def test_several_elements_are_left_at_once() -> None:
    conflicts = [Conflict('.spec.finalizers[="one"]', "x"), Conflict('.spec.finalizers[="two"]', "x")]
    body, _, stay = settle(BODY, conflicts, [ConflictRule("spec.finalizers", "leave")])
    assert (body["spec"].get("finalizers"), stay) == (None, ())


def owned(**fields: Any) -> dict[str, Any]:
    entries = [
        {"manager": name, "operation": "Apply" if name == "overlay" else "Update", "fieldsV1": tree}
        for name, tree in fields.items()
    ]
    return {"metadata": {"managedFields": entries}}


SCALED = {"f:spec": {"f:replicas": {}}}
LABELS = {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}}


@pytest.mark.parametrize(
    ("live", "paths", "expected"),
    [
        # The autoscaler has just the number that Git has.
        (owned(overlay=LABELS, autoscaler=SCALED), ["spec.replicas"], without(BODY, ("spec", "replicas"))),
        (owned(autoscaler=SCALED), ["spec"], without(BODY, ("spec", "replicas"))),
        (owned(overlay=SCALED, autoscaler=SCALED), ["spec.replicas"], BODY),
        (owned(overlay=SCALED), ["spec.replicas"], BODY),
        (owned(overlay=LABELS, autoscaler=SCALED), ["metadata"], BODY),
        (owned(overlay=LABELS, autoscaler=SCALED), [], BODY),
        # What others have of a map leaves the rest of it.
        (owned(overlay=SCALED, labeller=LABELS), ["metadata.labels"], without(BODY, ("metadata", "labels", "app"))),
        (
            owned(other={"f:spec": {"f:containers": {'k:{"name":"a"}': {".": {}, "f:image": {}}}, "f:finalizers": {'v:"two"': {}}}}),
            ["spec.containers.*.image", "spec.finalizers"],
            without(without(BODY, ("spec", "finalizers", 1)), ("spec", "containers", 0, "image")),
        ),
    ],
)  # fmt: skip
def test_what_is_left_to_others_stays_theirs_where_they_have_our_value(live: Any, paths: Any, expected: Any) -> None:
    rules = [ConflictRule(path, "leave") for path in paths]
    assert without_left(BODY, live, rules, "overlay") == expected
    assert (
        without_left(BODY, live, [*rules, ConflictRule("spec", "take"), ConflictRule("metadata", "fail")], "overlay")
        == BODY
    )


def test_what_is_left_to_one_manager_is_not_left_to_another() -> None:
    rules = [ConflictRule("", "leave", manager="auto*")]
    left = without(BODY, ("spec", "replicas"))
    assert without_left(BODY, owned(overlay=LABELS, autoscaler=SCALED), rules, "overlay") == left
    assert without_left(BODY, owned(overlay=LABELS, kubectl=SCALED), rules, "overlay") == BODY


def test_managers_are_read_from_what_the_server_says() -> None:
    assert parse_conflicts([(".a", 'conflict with "kubectl" with subresource "scale" using apps/v1'), (".b", "odd")]) == (
        Conflict(".a", "kubectl"), Conflict(".b", "another manager"),
    )  # fmt: skip
