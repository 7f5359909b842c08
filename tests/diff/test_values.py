"""Differences between values: lists as their types say, scalars as written, and the laws."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.diff.change import MISSING, Change
from overlay.diff.values import value_changes
from overlay.kube.dotted import format_path
from overlay.kube.types import load_types
from tests.diff.applying import applied

POD = load_types("1.34").root("", "v1", "Pod")
assert POD is not None


def shown(old: Any, new: Any, kind: Any = None) -> list[str]:
    out = []
    for change in value_changes(old, new, kind):
        before = "-" if change.old is MISSING else change.old
        after = "-" if change.new is MISSING else change.new
        if change.kind == "moved":
            before, after = ",".join(map(str, before)), ",".join(map(str, after))
        out.append(f"{change.kind} {format_path(change.path)}: {before} > {after}")
    return out


def pod(**spec: Any) -> dict[str, Any]:
    return {"spec": spec}


PLAIN = [
    ("a scalar", {"a": 1}, {"a": 2}, ["changed a: 1 > 2"]),
    ("a field that comes", {"a": 1}, {"a": 1, "b": {"c": 2}}, ["added b: - > {'c': 2}"]),
    ("a field that goes", {"a": 1, "b": 2}, {"a": 1}, ["removed b: 2 > -"]),
    ("null is a value", {"a": None}, {}, ["removed a: None > -"]),
    ("an empty map is a value", {"a": {}}, {}, ["removed a: {} > -"]),
    ("a map made from nothing", {"a": {}}, {"a": {"b": 1}}, ["added a.b: - > 1"]),
    ("a map for a scalar", {"a": 1}, {"a": {"b": 1}}, ["changed a: 1 > {'b': 1}"]),
    ("a number as text", {"a": 1}, {"a": "1"}, ["changed a: 1 > 1"]),
    ("true is not 1", {"a": True}, {"a": 1}, ["changed a: True > 1"]),
    ("1.0 is not 1", {"a": 1.0}, {"a": 1}, ["changed a: 1.0 > 1"]),
    ("quantities as written", {"cpu": "0.5"}, {"cpu": "500m"}, ["changed cpu: 0.5 > 500m"]),
    ("the order of a map's keys", {"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
    ("one of many arguments", list("abcd"), list("abxd"), ["changed 2: c > x"]),
    ("an argument in the middle", list("abd"), list("abcd"), ["added 2: - > c"]),
    ("the first argument", list("abcd"), list("bcd"), ["removed 0: a > -"]),
    ("first to last", list("abcd"), list("bcda"), ["removed 0: a > -", "added 3: - > a"]),
    ("an element of the same place", [{"x": 1, "y": 1}], [{"x": 1, "y": 2}], ["changed 0.y: 1 > 2"]),
    ("elements of unknown type by name", [{"name": "a", "v": 1}], [{"name": "b"}, {"name": "a", "v": 2}],
     ["added [name=b]: - > {'name': 'b'}", "changed [name=a].v: 1 > 2", "moved : [name=a] > [name=b],[name=a]"]),
    ("two elements of one name have no names", [{"name": "a"}, {"name": "a"}], [{"name": "a"}], ["removed 1: {'name': 'a'} > -"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), [pytest.param(*case[1:], id=case[0]) for case in PLAIN])
def test_values_differ_as_they_are_written(old: Any, new: Any, expected: list[str]) -> None:
    assert shown(old, new) == expected


TYPED = [
    ("containers by name", pod(containers=[{"name": "a", "image": "x"}]), pod(containers=[{"name": "a", "image": "y"}]),
     ["changed spec.containers.[name=a].image: x > y"]),
    ("the order of containers", pod(containers=[{"name": "a"}, {"name": "b"}]), pod(containers=[{"name": "b"}, {"name": "a"}]), []),
    ("the order of init containers", pod(initContainers=[{"name": "a"}, {"name": "b"}]), pod(initContainers=[{"name": "b"}, {"name": "a"}]),
     ["moved spec.initContainers: [name=a],[name=b] > [name=b],[name=a]"]),
    ("an init container in front", pod(initContainers=[{"name": "a"}]), pod(initContainers=[{"name": "b"}, {"name": "a"}]),
     ["added spec.initContainers.[name=b]: - > {'name': 'b'}", "moved spec.initContainers: [name=a] > [name=b],[name=a]"]),
    ("an init container behind", pod(initContainers=[{"name": "a"}]), pod(initContainers=[{"name": "a"}, {"name": "b"}]),
     ["added spec.initContainers.[name=b]: - > {'name': 'b'}"]),
    ("a port whose protocol is the default", pod(containers=[{"name": "a", "ports": [{"containerPort": 80}]}]),
     pod(containers=[{"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP"}]}]),
     ["added spec.containers.[name=a].ports.[containerPort=80,protocol=TCP].protocol: - > TCP"]),
    ("arguments have an order", pod(containers=[{"name": "a", "args": ["x", "y"]}]), pod(containers=[{"name": "a", "args": ["y", "x"]}]),
     ["removed spec.containers.[name=a].args.0: x > -", "added spec.containers.[name=a].args.1: - > x"]),
    ("variables have none", pod(containers=[{"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}]),
     pod(containers=[{"name": "a", "env": [{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}]}]), []),
    ("but for those that name others", pod(containers=[{"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "$(X)"}]}]),
     pod(containers=[{"name": "a", "env": [{"name": "Y", "value": "$(X)"}, {"name": "X", "value": "1"}]}]),
     ["moved spec.containers.[name=a].env: [name=X],[name=Y] > [name=Y],[name=X]"]),
    ("finalizers are a set", {"metadata": {"finalizers": ["a", "b"]}}, {"metadata": {"finalizers": ["c", "b"]}},
     ["added metadata.finalizers.[=c]: - > c", "removed metadata.finalizers.[=a]: a > -"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), [pytest.param(*case[1:], id=case[0]) for case in TYPED])
def test_lists_differ_as_their_types_say(old: Any, new: Any, expected: list[str]) -> None:
    assert shown(old, new, POD) == expected


def test_elements_of_a_list_without_keys_are_told_apart_by_their_names() -> None:
    crd = load_types("1.34").root("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    v1, beta = {"name": "v1", "storage": True}, {"name": "v1beta1", "storage": False}
    old, new = [v1, beta], [{"name": "v2", "storage": True}, {**v1, "storage": False}, beta]
    assert shown({"spec": {"versions": old}}, {"spec": {"versions": new}}, crd) == [
        "added spec.versions.[name=v2]: - > {'name': 'v2', 'storage': True}",
        "changed spec.versions.[name=v1].storage: True > False",
        "moved spec.versions: [name=v1],[name=v1beta1] > [name=v2],[name=v1],[name=v1beta1]",
    ]
    assert shown({"spec": {"versions": [v1, v1]}}, {"spec": {"versions": [v1]}}, crd) == [
        "removed spec.versions.1: {'name': 'v1', 'storage': True} > -"
    ]


def test_what_both_share_is_not_looked_at() -> None:
    class Untouchable(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            raise AssertionError("shared, and walked all the same")

    shared = Untouchable(a=1)
    assert value_changes({"x": shared, "y": 1}, {"x": shared, "y": 2}, None) == [Change("changed", ("y",), 1, 2)]


def test_long_lists_without_anything_in_common_take_no_square_of_time() -> None:
    old, new = [f"a{n}" for n in range(3_000)], [f"b{n}" for n in range(3_001)]
    assert len(value_changes(old, new, None)) == 6_001


NAMES = st.sampled_from(["a", "b", "c", "d"])
SCALARS = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["1", "x", "$(a)", 0.5])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(NAMES, inner, max_size=4)
        | st.lists(st.fixed_dictionaries({"name": NAMES, "v": inner}), max_size=4)
    ),
    max_leaves=20,
)
CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={
            "image": SCALARS,
            "args": st.lists(NAMES, max_size=5),
            "env": st.lists(st.fixed_dictionaries({"name": NAMES, "value": SCALARS}), max_size=4),
            "ports": st.lists(
                st.fixed_dictionaries(
                    {"containerPort": st.integers(1, 3)}, optional={"protocol": st.sampled_from(["TCP", "UDP"])}
                ),
                max_size=3,
            ),
        },
    ),
    max_size=4,
)
PODS = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.fixed_dictionaries({"finalizers": st.lists(NAMES, max_size=3)}),
        "spec": st.fixed_dictionaries({"containers": CONTAINERS}, optional={"initContainers": CONTAINERS}),
    },
)
PAIRS = st.tuples(VALUES, VALUES, st.none()) | st.tuples(PODS, PODS, st.just(POD))


@given(PAIRS)
def test_law_changes_done_to_the_old_give_the_new(pair: tuple[Any, Any, Any]) -> None:
    old, new, kind = pair
    kept = copy.deepcopy(old)
    made = applied(old, value_changes(old, new, kind))
    assert old == kept
    # But for the order of what has none.
    assert value_changes(made, new, kind) == []
    if kind is None:
        assert repr_sorted(made) == repr_sorted(new)


def repr_sorted(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: repr_sorted(item[key]) for key in sorted(item)}.__repr__()
    return [repr_sorted(each) for each in item] if isinstance(item, list) else repr(item)


@given(PAIRS)
def test_law_a_value_does_not_differ_from_its_copy(pair: tuple[Any, Any, Any]) -> None:
    assert value_changes(pair[0], copy.deepcopy(pair[0]), pair[2]) == []


@given(PAIRS)
def test_law_what_is_added_one_way_is_removed_the_other_way(pair: tuple[Any, Any, Any]) -> None:
    old, new, kind = pair
    forth, back = value_changes(old, new, kind), value_changes(new, old, kind)
    count = {"added": "removed", "removed": "added", "changed": "changed"}
    for name, other in count.items():
        assert sum(one.kind == name for one in forth) == sum(one.kind == other for one in back)
    fields = {(str(one.kind), repr(one.old), repr(one.new)) for one in forth if one.kind == "changed"}
    assert fields == {(str(one.kind), repr(one.new), repr(one.old)) for one in back if one.kind == "changed"}
