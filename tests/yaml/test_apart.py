"""Two texts taken apart: what they share and what each has more is each of them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlay.yaml.apart import apart
from overlay.yaml.parts import cut, parts_between

DOCUMENTS = (
    "a: 1\n",
    "b: 2\n",
    "c: 3\n" * 300,
    "c: 3\n" * 299 + "c: 4\n",
    "",
    "# d\n",
    "---e\n",
    "f: |\n  ---\n",
    "\n",
    "---\n",
)
MARKS = ("---\n", "--- # said\n", "---\r\n", "---\t\n")


@st.composite
def texts(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Return two texts that have much in common."""
    documents = draw(st.lists(st.tuples(st.sampled_from(MARKS), st.sampled_from(DOCUMENTS)), max_size=12))
    sides = []
    for _ in range(2):
        side = list(documents)
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(side)))
            put_in = draw(st.lists(st.tuples(st.sampled_from(MARKS), st.sampled_from(DOCUMENTS)), max_size=2))
            side[at : at + draw(st.integers(0, 2))] = put_in
        text = "".join([mark + one for mark, one in side])
        text = text[draw(st.sampled_from((0, 0, 4))) :]
        sides.append(text[: len(text) - draw(st.sampled_from((0, 0, 1)))].encode())
    return sides[0], sides[1]


@settings(max_examples=500)
@given(texts())
def test_law_what_is_shared_and_what_is_left_over_are_the_texts(sides: tuple[bytes, bytes]) -> None:
    old, new = sides
    found = apart(old, new)
    shared = [part for start, end in found.shared for part in parts_between(old, start, end)]
    assert Counter([*shared, *found.old]) == Counter(cut(old).parts)
    assert Counter([*shared, *found.new]) == Counter(cut(new).parts)
    for start, end in found.shared:
        assert old[start:end] in new


@pytest.mark.parametrize(
    ("old", "new", "shared", "left"),
    [
        ("abcdef", "abcdef", "abcdef", ("", "")),
        ("abcdef", "abxdef", "abdef", ("c", "x")),
        ("abcdef", "abcxdef", "abcdef", ("", "x")),
        ("abcdef", "abdef", "abdef", ("c", "")),
        ("abcdef", "bcdef", "bcdef", ("a", "")),
        ("bcdef", "abcdef", "bcdef", ("", "a")),
        ("abcdef", "abcde", "abcd", ("ef", "e")),
        ("ab", "", "", ("ab", "")),
    ],
    ids=["nothing", "another", "put in", "taken out", "first gone", "first new", "last gone", "all gone"],
)
def test_of_texts_that_differ_in_one_document_the_others_are_shared(
    old: str, new: str, shared: str, left: tuple[str, str]
) -> None:
    sides = [b"".join([f"---\n{one}: {one * 900}\n".encode() for one in each]) for each in (old, new)]
    found = apart(*sides)

    def names(parts: list[bytes]) -> str:
        return "".join([part[1:2].decode() for part in parts if part])

    assert names([part for start, end in found.shared for part in parts_between(sides[0], start, end)]) == shared
    assert (names(found.old), names(found.new)) == left


def test_a_text_with_a_directive_is_left_over_whole() -> None:
    text = b"%YAML 1.1\n---\na: 1\n---\nb: 2\n"
    assert apart(text, text).shared == []
    assert apart(text, b"---\na: 1\n").new == cut(b"---\na: 1\n").parts
