"""Laws of merging, for any values."""

from __future__ import annotations

import contextlib
import copy

import jsonpatch as oracle
from hypothesis import given
from hypothesis import strategies as st

from overlay.errors import OverlayError
from overlay.kube.types import load_types
from overlay.merge.jsonpatch import json_patch, parse_operations
from overlay.merge.mergepatch import merge_patch
from overlay.merge.patterns import Pattern, PatternError
from overlay.merge.pointer import format_pointer, parse_pointer
from overlay.merge.same import same
from overlay.merge.selectors import SelectorError, parse_selector
from overlay.merge.strategic import strategic_merge
from overlay.model.location import Location

PLACE = Location("a.yaml", 1, 1)
POD = load_types("1.34").root("", "v1", "Pod")

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b", "~/"])
keys = st.sampled_from(["a", "b", "c", "/", "~1", "", "0"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=12
)
maps = st.dictionaries(keys, values, max_size=4)

names = st.sampled_from(["x", "y", "z"])
directives = st.none() | st.sampled_from(["delete", "replace", "merge"])


def named(**fields):
    return st.fixed_dictionaries({"name": names}, optional=fields)


def unique(element):
    return st.lists(element, max_size=3, unique_by=lambda item: item["name"])


env = unique(named(value=st.sampled_from(["1", "2"])))
containers = unique(named(image=st.sampled_from(["i", "j"]), env=env, args=st.lists(names, max_size=2)))
pods = st.fixed_dictionaries(
    {"apiVersion": st.just("v1"), "kind": st.just("Pod"), "metadata": st.just({"name": "p"})},
    optional={"spec": st.fixed_dictionaries({}, optional={"containers": containers, "nodeSelector": maps})},
)


def with_directives(item):
    return item.flatmap(lambda body: directives.map(lambda found: body if found is None else {**body, "$patch": found}))


patches = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.fixed_dictionaries(
            {},
            optional={"finalizers": st.lists(names, max_size=3), "labels": st.none() | st.dictionaries(names, names)},
        ),
        "spec": with_directives(
            st.fixed_dictionaries(
                {},
                optional={
                    "containers": unique(
                        with_directives(named(image=st.none() | names, env=unique(with_directives(named(value=names)))))
                    ),
                    "nodeSelector": st.dictionaries(names, st.none() | names),
                },
            )
        ),
    },
)


def strategic(base, patch):
    return strategic_merge(base, patch, POD, lambda _: PLACE, PLACE)


@given(pods)
def test_M16_an_empty_strategic_patch_gives_the_same_value(pod):
    assert strategic(pod, {}) is pod
    assert strategic(pod, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}) is pod


@given(pods, patches)
def test_M16_a_strategic_patch_applied_twice_changes_nothing_more_and_no_input(pod, patch):
    before = copy.deepcopy((pod, patch))
    once = strategic(pod, patch)
    assert (pod, patch) == before
    assert once is not None
    assert strategic(once, patch) is once
    assert (pod, patch) == before
    assert "$patch" not in repr(once)


@given(pods, maps)
def test_a_strategic_patch_of_anything_gives_an_object_or_our_error(pod, patch):
    try:
        result = strategic(pod, {"spec": patch, "metadata": patch})
    except OverlayError:
        return
    assert result["metadata"]["name"] == "p"


@given(maps)
def test_M16_an_empty_merge_patch_gives_the_same_value(target):
    assert merge_patch(target, {}) is target


@given(values, values)
def test_M16_a_merge_patch_applied_twice_changes_nothing_more_and_no_input(target, patch):
    before = copy.deepcopy((target, patch))
    once = merge_patch(target, patch)
    assert same(merge_patch(once, patch), once)
    assert (target, patch) == before


def difference(old, new):
    """Return the smallest merge patch from old to new; neither may hold null."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    patch = {key: None for key in old if key not in new}
    for key, item in new.items():
        if key not in old:
            patch[key] = item
        elif not same(old[key], item):
            patch[key] = difference(old[key], item)
    return patch


def without_null(item):
    if isinstance(item, dict):
        return {key: without_null(child) for key, child in item.items() if child is not None}
    return [without_null(child) for child in item if child is not None] if isinstance(item, list) else item


@given(maps, maps)
def test_M16_the_smallest_merge_patch_leads_from_one_value_to_the_other(old, new):
    old, new = without_null(old), without_null(new)
    patch = difference(old, new)
    assert same(merge_patch(old, patch), new)
    assert (patch == {}) == same(old, new)


def locate(path):
    return PLACE


def run(document, operations):
    return json_patch(document, parse_operations(operations, locate), locate)


@given(maps, maps)
def test_M01_a_patch_that_another_library_makes_gives_what_it_gives_there(old, new):
    operations = oracle.make_patch(old, new).patch
    # The other library takes 1 and true for one value, so compare with what it gives, not with `new`.
    expected = oracle.apply_patch(copy.deepcopy(old), operations)
    if operations and all(operation["path"] for operation in operations):
        before = copy.deepcopy(old)
        assert same(run(old, operations), expected)
        assert same(old, before)


paths = st.lists(keys | st.sampled_from(["1", "-"]), min_size=1, max_size=3).map(
    lambda parts: format_pointer(tuple(parts))
)
operations = st.lists(
    st.one_of(
        st.fixed_dictionaries({"op": st.sampled_from(["add", "replace"]), "path": paths, "value": values}),
        st.fixed_dictionaries({"op": st.just("remove"), "path": paths}),
        st.fixed_dictionaries({"op": st.sampled_from(["move", "copy"]), "path": paths, "from": paths}),
    ),
    min_size=1,
    max_size=4,
)


@given(maps, operations)
def test_M01_what_both_libraries_accept_gives_the_same_and_what_we_accept_it_does(document, patch):
    before = copy.deepcopy((document, patch))
    try:
        ours = run(document, patch)
    except OverlayError:
        assert (document, patch) == before
        return
    assert (document, patch) == before
    assert same(ours, oracle.apply_patch(copy.deepcopy(document), copy.deepcopy(patch)))


@given(st.lists(st.text(max_size=5), max_size=5).map(tuple))
def test_M08_a_pointer_read_back_is_the_same(parts):
    assert parse_pointer(format_pointer(parts)) == parts


@given(st.text(alphabet="ab=!,() <>./-in", max_size=20))
def test_any_text_is_a_selector_or_our_error(text):
    try:
        parse_selector(text)
    except SelectorError as error:
        assert 0 <= error.column <= len(text)


@given(st.text(alphabet="ab*+?{}()[]|\\^$.,1:-", max_size=12))
def test_any_text_is_a_pattern_or_our_error(text):
    with contextlib.suppress(PatternError):
        Pattern(text).accepts("abab")
