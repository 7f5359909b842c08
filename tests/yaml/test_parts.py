"""A text cut where documents begin: each part alone says what it says in the whole."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.errors import OverlayError
from overlay.yaml import read_documents
from overlay.yaml.parts import part_edges

PIECES = (
    "---\n", "--- ", "---\r\n", "----\n", "---a\n", "...\n", "a: 1\n", "  b: 2\n", "- c\n", "x: |\n", "  ---\n", "x: 'q\n",
    "'\n", 'y: "\n', '"\n', "# c\n", "\n", "a: &n 1\n", "b: *n\n", "%YAML 1.1\n", "{\n", "}\n", "[d,\n", "]\n", "\r", "---",
    "\u2028", "? k\n", ": v\n", "apiVersion: v1\n",
)  # fmt: skip


def parts_of(text: str) -> list[str]:
    return [text[start:end] for start, end in pairwise(part_edges(text))]


def read(text: str, first: int = 0) -> list[tuple[object, int]]:
    return [(one.value, one.line) for one in read_documents(text, "f.yaml", first)]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_law_parts_read_alone_are_the_whole_read_at_once(text: str) -> None:
    parts = parts_of(text)
    assert "".join(parts) == text
    try:
        whole = read(text)
    except OverlayError:
        return
    # A line that only libyaml takes for one moves the places below it in the whole text, too.
    lines = not {"\r", "\u2028"} & set(text)
    starts = accumulate([part.count("\n") for part in parts], initial=0)
    apart = [
        (found, line if lines else 0) for at, part in zip(starts, parts, strict=False) for found, line in read(part, at)
    ]
    assert apart == [(found, line if lines else 0) for found, line in whole]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [""]),
        ("a: 1\n", ["a: 1\n"]),
        ("---\na: 1\n---\nb: 2\n", ["---\na: 1\n", "---\nb: 2\n"]),
        ("a: 1\n--- # said\nb: 2", ["a: 1\n", "--- # said\nb: 2"]),
        ("a: 1\n---\r\nb: 2\r\n", ["a: 1\n", "---\r\nb: 2\r\n"]),
        ("a: |\n  ---\n  b\n----\n---a\n", ["a: |\n  ---\n  b\n----\n---a\n"]),
        ("a: 1\n...\n%TAG ! !x\n---\nb: 2\n", ["a: 1\n...\n%TAG ! !x\n---\nb: 2\n"]),
        ("a: 1\r%YAML 1.1\r\n---\nb: 2\n", ["a: 1\r%YAML 1.1\r\n---\nb: 2\n"]),
    ],
    ids=["nothing", "one", "two", "a comment behind", "Windows", "no start", "a directive", "a directive after CR"],
)
def test_documents_begin_with_three_dashes_in_a_line(text: str, parts: list[str]) -> None:
    assert parts_of(text) == parts


def test_a_place_in_a_part_is_the_place_in_the_file() -> None:
    text = "a: 1\n---\n# said\nb:\n  c: 2\n"
    first, part = parts_of(text)
    (document,) = read_documents(part, "f.yaml", first.count("\n"))
    assert str(document.location(("b", "c"))) == "f.yaml:5:6"
    assert document.line == 4
