"""A text cut where documents begin: each part alone says what it says in the whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.errors import OverlayError
from overlay.yaml import read_documents
from overlay.yaml.parts import cut, part_of

PIECES = (
    "---\n", "--- ", "---\r\n", "----\n", "---a\n", "...\n", "a: 1\n", "  b: 2\n", "- c\n", "x: |\n", "  ---\n", "x: 'q\n",
    "'\n", 'y: "\n', '"\n', "# c\n", "\n", "a: &n 1\n", "b: *n\n", "%YAML 1.1\n", "{\n", "}\n", "[d,\n", "]\n", "\r", "---",
    "\u2028", "? k\n", ": v\n", "apiVersion: v1\n",
)  # fmt: skip


def read(text: str, first: int = 0) -> list[tuple[object, int]]:
    return [(one.value, one.line) for one in read_documents(text, "f.yaml", first)]


def outcome(text: str) -> object:
    try:
        return [value for value, _ in read(text)]
    except OverlayError:
        return None


TEXT = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(TEXT)
def test_law_parts_read_alone_are_the_whole_read_at_once(text: str) -> None:
    found = cut(text.encode())
    assert found.text() == text
    try:
        whole = read(text)
    except OverlayError:
        return
    # A line that only libyaml takes for one moves the places below it in the whole text, too.
    lines = not {"\r", "\u2028"} & set(text)
    apart = []
    above = found.first_line
    for at, part in enumerate(found.parts):
        apart += [(one, line if lines else 0) for one, line in read(found.text(at, at + 1), max(above, 0))]
        above += part.count(b"\n") + 1
    assert apart == [(one, line if lines else 0) for one, line in whole]


@given(TEXT, TEXT)
def test_law_parts_that_are_the_same_mean_the_same(text: str, other: str) -> None:
    sides = [cut(one.encode()) for one in (text, other, f"---\n{text}---\n{other}", f"# x\n---\n{other}")]
    meanings: dict[bytes, object] = {}
    for side in sides:
        for at, part in enumerate(side.parts):
            if b"\n..." in part:
                continue  # an end of nothing is wrong at the beginning of a text alone
            meant = outcome(side.text(at, at + 1))
            assert meanings.setdefault(part, meant) == meant


@pytest.mark.parametrize(
    ("text", "parts", "first"),
    [
        ("", [""], -1),
        ("a: 1\n", ["\na: 1"], -1),
        ("---\na: 1\n---\nb: 2\n", ["\na: 1", "\nb: 2"], 0),
        ("a: 1\n---\nb: 2", ["\na: 1", "\nb: 2\0"], -1),
        ("a: 1\n--- # said\nb: 2\n", ["\na: 1", " # said\nb: 2"], -1),
        ("a: 1\n---\r\nb: 2\r\n", ["\na: 1", "\r\nb: 2\r"], -1),
        ("a: |\n  ---\n  b\n----\n---a\n", ["\na: |\n  ---\n  b\n----\n---a"], -1),
        ("---\n%TAG ! !x\n---\nb: 2\n", ["\0---\n%TAG ! !x\n---\nb: 2"], -1),
        ("a: 1\r%YAML 1.1\r\n---\nb: 2\n", ["\0a: 1\r%YAML 1.1\r\n---\nb: 2"], -1),
        ("---a\n---", ["\n---a", "\0"], -1),
        ("---", ["\0"], 0),
    ],
    ids=[
        "nothing", "one", "two", "no line end", "a comment behind", "Windows", "no start", "a directive",
        "a directive after CR", "an end", "dashes alone",
    ],
)  # fmt: skip
def test_parts_begin_behind_three_dashes(text: str, parts: list[str], first: int) -> None:
    found = cut(text.encode())
    assert [part.decode() for part in found.parts] == parts
    assert found.first_line == first


def test_a_document_is_the_part_that_it_is_in_a_text() -> None:
    assert [part_of("a: 1\n"), part_of("b: 2\n")] == cut(b"---\na: 1\n---\nb: 2\n").parts
    assert part_of("b: 2") == cut(b"a: 1\n---\nb: 2").parts[1]


def test_a_place_in_a_part_is_the_place_in_the_file() -> None:
    found = cut(b"a: 1\n---\n# said\nb:\n  c: 2\n")
    (document,) = read_documents(found.text(1, 2), "f.yaml", 1)
    assert str(document.location(("b", "c"))) == "f.yaml:5:6"
    assert document.line == 4
