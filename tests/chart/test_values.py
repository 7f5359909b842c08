"""Values of all layers become one map, as Helm merges them, and nothing that Helm would change on its way."""

from __future__ import annotations

import contextlib
import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.chart.values import MAX_EXACT, apply_sets, merge_values, overlay_maps
from overlay.errors import ChartError, OverlayError, UsageError
from overlay.model.contents import ReadValues
from overlay.model.options import Options
from overlay.yaml import read_document


def layer(text: str, file: str = "values.yaml") -> ReadValues:
    document = read_document(text, file)
    return ReadValues(value=document.value, file=file, locate=document.location)


def merged(*texts: str, **options: object) -> dict:
    return merge_values([layer(text) for text in texts], Options(**options))


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ("a: {b: 1, c: 2}", "a: {b: 3}", {"a": {"b": 3, "c": 2}}),
        ("a: [1, 2]", "a: [3]", {"a": [3]}),
        ("a: {b: 1}", "a: text", {"a": "text"}),
        ("a: text", "a: {b: 1}", {"a": {"b": 1}}),
        ("a: {b: 1}", "a: {b: null}", {"a": {"b": None}}),
        ("a: {b: 1}", "a: null", {"a": None}),
        ("a: null", "a: {b: 1}", {"a": {"b": 1}}),
        ("a: 1", "a: {}", {"a": {}}),
        ("a: {b: 1}", "a: {}", {"a": {"b": 1}}),
    ],
    ids=["maps", "lists", "map to text", "text to map", "null in a map", "null", "after null", "empty map", "same"],
)
def test_M10_maps_merge_and_everything_else_replaces(below: str, above: str, expected: dict) -> None:
    assert merged(below, above) == expected


def test_the_order_is_layers_then_files_then_sets(tmp_path: Path) -> None:
    file = tmp_path / "more.yaml"
    file.write_text("b: file\nc: file\nd: file\n---\nd: second document\n")
    found = merged(
        "a: base\nb: base\nc: base\n",
        "b: child\nc: child\n",
        values=(str(file),),
        sets=(("set", "c=set"), ("set-json", 'c="json"')),
    )
    assert found == {"a": "base", "b": "file", "c": "set", "d": "second document"}


def test_the_order_of_kinds_is_helms_whatever_the_command_line_says() -> None:
    sets = (("set-literal", "a=5"), ("set-string", "a=3"), ("set", "a=2"), ("set-json", "a=1"))
    for shift in range(4):
        assert apply_sets({}, sets[shift:] + sets[:shift]) == {"a": "5"}
    assert apply_sets({}, sets[1:]) == {"a": "3"}
    assert apply_sets({}, sets[2:]) == {"a": 2}


@pytest.mark.parametrize("number", [MAX_EXACT, -MAX_EXACT, 0, True, 1.5])
def test_Y11_numbers_that_helm_holds_are_kept(number: object) -> None:
    assert merged(f"a: {str(number).lower()}") == {"a": number}


def test_Y11_numbers_that_helm_would_round_are_refused_all_at_once() -> None:
    with pytest.raises(OverlayError) as caught:
        merged("a: 9007199254740993\nb:\n- c: -9007199254740993\n", f"d: {'9' * 100}")
    assert [(str(one.location), one.message, one.hint) for one in caught.value.each()] == [
        ("values.yaml:1:4", "Helm cannot hold the number 9007199254740993 exactly", "quote it"),
        ("values.yaml:3:6", "Helm cannot hold the number -9007199254740993 exactly", "quote it"),
        ("values.yaml:1:4", f"Helm cannot hold the number {'9' * 40} exactly", "quote it"),
    ]  # fmt: skip
    assert all(isinstance(one, ChartError) for one in caught.value.each())


def test_a_file_of_the_command_line_must_hold_a_map(tmp_path: Path) -> None:
    file = tmp_path / "list.yaml"
    file.write_text("- 1\n")
    with pytest.raises(ChartError) as caught:
        merged(values=(str(file),))
    assert (str(caught.value.location), caught.value.message) == (f"{file}:1:1", "values must be a map (key: value)")
    with pytest.raises(OverlayError) as missing:
        merged(values=(str(tmp_path / "no.yaml"),))
    assert missing.value.message == f"{tmp_path / 'no.yaml'} cannot be read: no such file or directory"


def test_all_expressions_that_cannot_be_read_are_named() -> None:
    with pytest.raises(OverlayError) as caught:
        apply_sets({}, (("set", "a"), ("set-json", "b={"), ("set", "c=1")))
    assert [str(one.location) for one in caught.value.each()] == ["<--set-json b={>", "<--set a>"]
    assert all(isinstance(one, UsageError) for one in caught.value.each())


scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a"])
maps = st.recursive(
    st.dictionaries(st.sampled_from("abc"), scalars, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), scalars | inner | st.lists(inner, max_size=2), max_size=3),
    max_leaves=8,
)


@given(maps, maps)
def test_M16_law_values_merge_purely_and_twice_is_once(one: dict, two: dict) -> None:
    before = copy.deepcopy((one, two))
    both = overlay_maps(one, two)
    assert overlay_maps(one, {}) == one
    assert overlay_maps({}, one) == one
    assert overlay_maps(both, two) == both
    assert (one, two) == before


@given(maps)
def test_M16_law_sets_change_no_values_that_they_are_given(values: dict) -> None:
    before = copy.deepcopy(values)
    with contextlib.suppress(OverlayError):
        apply_sets(values, (("set", "a.b=1"), ("set", "c[1]=x"), ("set-string", "b.c=2")))
    assert values == before
