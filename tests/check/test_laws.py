"""Laws of checking: nothing makes it fail, what is right stays right in parts, and time is linear."""

from __future__ import annotations

import gc
import time
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from overlay.check.compile import MERGE, PART, STRATEGIC, STRICT, check_value
from overlay.kube.custom import CustomKinds
from overlay.kube.types import load_types
from overlay.merge.mergepatch import merge_patch
from tests.check.documents import right

TYPES = load_types("1.36")
ROOTS = [
    TYPES.root(*gvk)
    for gvk in (
        ("apps", "v1", "Deployment"),
        ("", "v1", "Pod"),
        ("", "v1", "Service"),
        ("networking.k8s.io", "v1", "Ingress"),
    )
]
WORDS = ("name", "type", "properties", "items", "required", "spec", "$patch", "metadata", "enum", "a")
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(-2, 2)
    | st.sampled_from((*WORDS, "object", "array", "string", "integer", "(", "^a+$"))
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(ROOTS), values, st.sampled_from((STRICT, STRATEGIC, MERGE, PART)))
def test_a_law_no_value_makes_a_check_fail(root, value, mode):
    for problem in check_value(root, value, mode):
        assert problem.message(value, secret=False)
        problem.hint(value, secret=False)


KEYWORDS = ("type", "properties", "items", "required", "enum", "pattern", "minimum", "maximum", "multipleOf", "minLength", "maxItems", "format", "default", "nullable", "anyOf", "oneOf", "allOf", "not", "additionalProperties", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource")  # fmt: skip
TYPED = st.sampled_from(("object", "array", "string", "integer", "number", "boolean"))
schemas: Any = st.deferred(
    lambda: st.fixed_dictionaries({"type": TYPED}, optional={"properties": st.dictionaries(st.sampled_from(WORDS), schemas, max_size=2), "items": schemas, "required": st.lists(st.sampled_from(WORDS), max_size=2), "x-kubernetes-list-type": st.sampled_from(("map", "set")), "x-kubernetes-list-map-keys": st.just(["name"])})
    | st.dictionaries(st.sampled_from(KEYWORDS), values, max_size=4)
)  # fmt: skip


@settings(max_examples=300)
@given(schemas, values)
def test_S07_a_law_no_schema_makes_a_check_fail(schema, value):
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "spec": {
            "group": "x.example",
            "names": {"kind": "Gadget"},
            "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"properties": {"spec": schema}}}}],
        },
    }
    root = CustomKinds([definition], TYPES.metadata).type("x.example/v1/Gadget")
    body = {"apiVersion": "x.example/v1", "kind": "Gadget", "metadata": {"name": "a"}, "spec": value}
    for mode in (STRICT, STRATEGIC):
        for problem in check_value(root, body, mode):
            assert problem.message(body, secret=False)


def difference(before: Any, after: Any) -> Any:
    """Return the merge patch that makes one value of another."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return after
    patch = {key: None for key in before if key not in after}
    for key, item in after.items():
        if key not in before or before[key] != item:
            patch[key] = difference(before.get(key), item)
    return patch


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=60)
@given(st.sampled_from(ROOTS).flatmap(lambda root: st.tuples(st.just(root), right(root), right(root))))
def test_a_law_a_patch_from_one_right_object_to_another_is_right(case):
    root, before, after = case
    before, after = without_nulls(before), without_nulls(after)
    assume(all(one.rule == "duplicate" for one in check_value(root, after, STRICT)))
    patch = difference(before, after)
    assert merge_patch(before, patch) == after
    # What is drawn may hold an element twice.
    assert [one for one in check_value(root, patch, MERGE) if one.rule != "duplicate"] == []


@settings(max_examples=60)
@given(st.sampled_from(ROOTS).flatmap(lambda root: st.tuples(st.just(root), right(root))))
def test_a_law_what_is_right_as_a_whole_is_right_as_a_patch(case):
    root, body = case
    for value, mode in ((body, STRICT), (body, PART), (body, STRATEGIC)):
        assert [one for one in check_value(root, value, mode) if one.rule != "duplicate"] == []


def test_time_is_linear():
    def seconds(count: int) -> float:
        env = [{"name": f"A{n}", "value": n if n % 2 else "x"} for n in range(count)]
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "a"},
            "spec": {"containers": [{"name": "web", "env": env}]},
        }
        best = 1e9
        # As in the program: its collector is off, and would walk over the test's own values.
        gc.disable()
        try:
            for _ in range(7):
                start = time.process_time()
                assert len(check_value(ROOTS[1], body, STRICT)) == count // 2
                best = min(best, time.process_time() - start)
        finally:
            gc.enable()
        return best

    assert seconds(40_000) < 12 * seconds(10_000)
