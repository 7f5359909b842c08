"""Single values changed in YAML text: exactly those bytes, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.errors import OverlayError
from overlay.yaml import read_documents, write_document
from overlay.yaml.edit import drop, put, rename

BLOCK = """\
# top
spec:   # of it
  images:
    # the web
    - name: shop/web   # by hand
      newTag: 2.4.1    # see #12
    - {name: 'shop/api', newTag: "1.0"}
  values: [values.yaml]
  chart:
    # pinned
    version: '1.2.3'
# end
"""

PUTS = {
    "a plain version stays plain": (("spec", "images", 0, "newTag"), "2.4.2", "newTag: 2.4.1    # see", "newTag: 2.4.2    # see"),
    "a text that a number could be is quoted": (("spec", "images", 0, "newTag"), "2", "newTag: 2.4.1", 'newTag: "2"'),
    "double quotes stay": (("spec", "images", 1, "newTag"), "2.0", '"1.0"', '"2.0"'),
    "single quotes stay and double inside": (("spec", "chart", "version"), "it's", "'1.2.3'", "'it''s'"),
    "an item goes behind the last, written as that one": (
        ("spec", "images", 2), {"name": "x", "newTag": "a,b"},
        '"1.0"}\n', '"1.0"}\n    - {name: x, newTag: "a,b"}\n',
    ),
    "an item of a list in brackets": (("spec", "values", 1), "more.yaml", "[values.yaml]", "[values.yaml, more.yaml]"),
    "a key goes behind the last of its map": (
        ("spec", "chart", "name"), "shop", "version: '1.2.3'\n", "version: '1.2.3'\n    name: shop\n",
    ),
    "maps and lists on the way are made as the document indents them": (
        ("spec", "configMaps", 0, "name"), "a",
        "version: '1.2.3'\n", "version: '1.2.3'\n  configMaps:\n    - name: a\n",
    ),
    "a map in a map": (("a", "b", "c"), [1, {"d": True}, []], "# end\n", "# end\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", PUTS)
def test_only_the_place_itself_is_written_anew(case: str) -> None:
    path, value, old, new = PUTS[case]
    found = put(BLOCK, path, value, "f")
    if old == new:
        assert found == BLOCK.replace("# end\n", "a:\n  b:\n    c:\n      - 1\n      - d: true\n      - []\n# end\n")
    else:
        assert BLOCK.count(old) == 1
        assert found == BLOCK.replace(old, new)


OTHERS = [
    ("a: 1\r\nb:\r\n  c: x # y\r\n", ("b", "d"), 2, "a: 1\r\nb:\r\n  c: x # y\r\n  d: 2\r\n"),
    ("a: 1", ("b",), 2, "a: 1\nb: 2"),
    ("spec:\n", ("spec", "images"), [{"name": "a"}], "spec:\n  images:\n    - name: a\n"),
    ("spec: ~ # none\n", ("spec", "a"), 1, "spec:\n  a: 1 # none\n"),
    ("spec: {}\n", ("spec", "images"), [{"name": "a"}], "spec: {images: [{name: a}]}\n"),
    ("a: {b: 1, c: [ ]} # x\n", ("a", "c", 0), "q", "a: {b: 1, c: [q ]} # x\n"),
    ("l:\n- a\n- b   # two\n\n# end\n", ("l", 2), "c", "l:\n- a\n- b   # two\n- c\n\n# end\n"),
    ("l:\n- a: 1\n  b: 2\nk: v\n", ("l", 1), {"a": 3, "b": 4}, "l:\n- a: 1\n  b: 2\n- a: 3\n  b: 4\nk: v\n"),
    ("a: |\n  text\n  more\n\n# c\nb: 1\n", ("a",), "one", "a: one\n\n# c\nb: 1\n"),
    ("a: |\n  text\n", ("b",), 1, "a: |\n  text\nb: 1\n"),
    ("a:\nb: 1\n", ("a",), "x", "a: x\nb: 1\n"),
    ("a:   1\n", ("a",), {"b": [1]}, "a:\n  b:\n    - 1\n"),
    ("a:\n  b: 1\n  # c\n  d: 2\ne: 3\n", ("a",), 1, "a: 1\ne: 3\n"),
    ("a:\n  - 1\n  - 2\ne: 3\n", ("a",), [4], "a:\n  - 4\ne: 3\n"),
    ('{"a": {"b": 1},\n "c": 2}\n', ("a", "d"), "x", '{"a": {"b": 1, d: x},\n "c": 2}\n'),
    ("---\na: 1\n---\na: 2\n", ("b",), 2, "---\na: 1\nb: 2\n---\na: 2\n"),
    ("# only a comment\n", ("a", "b"), 1, "# only a comment\na:\n  b: 1\n"),
    ("", ("a",), "1", 'a: "1"\n'),
    ("<<: {a: 1}\nb: 2\n", ("a",), 3, "<<: {a: 1}\nb: 2\na: 3\n"),
    ("a: 1\n", ("a",), True, "a: true\n"),
    ("a: 2024\n", ("a",), "2024-01-02", 'a: "2024-01-02"\n'),
    ("a: x\n", ("a",), "on", 'a: "on"\n'),
    ("a: x\n", ("a",), "two\nlines", 'a: "two\\nlines"\n'),
    ("ü: é # ☃\nb: x\n", ("b",), "z", "ü: é # ☃\nb: z\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "value", "expected"), OTHERS)
def test_every_layout_stays_as_it_is(text: str, path: Any, value: Any, expected: str) -> None:
    assert put(text, path, value, "f") == expected


def test_the_same_value_changes_nothing_and_an_equal_one_of_another_type_does() -> None:
    assert put("a: 0x1 # c\n", ("a",), 1, "f") == "a: 0x1 # c\n"
    assert put("a: 1\n", ("a",), True, "f") == "a: true\n"


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("a: 1\nb: 2 # two\n# c\nc: 3\n", ("b",), "a: 1\n# c\nc: 3\n"),
        ("a: {b: 1, c: 2, d: 3}\n", ("a", "c"), "a: {b: 1, d: 3}\n"),
        ("a: {b: 1, c: 2}\n", ("a", "c"), "a: {b: 1}\n"),
        ("- digest: x # c\n  # d\n  name: y\n", (0, "digest"), "- # d\n  name: y\n"),
        ("- name: y\n  digest: x", (0, "digest"), "- name: y\n"),
    ],
)
def test_a_key_goes_with_its_line_and_no_other(text: str, path: Any, expected: str) -> None:
    assert drop(text, path, "f") == expected


def test_a_key_is_renamed_where_it_stands() -> None:
    assert rename("a:\n  'b' : 1 # x\n", ("a", "b"), "c", "f") == "a:\n  'c' : 1 # x\n"


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("a: &x 1\nb: *x\n", ("b",), "this place is shared by an anchor and an alias"),
        ("a: &x {c: 1}\nb: *x\n", ("a", "c"), "this place is shared by an anchor and an alias"),
        ("a: text\n", ("a", "b"), "this place holds another kind of value than the one to be set in it"),
        ("a: [1]\n", ("a", 3), "this place holds another kind of value than the one to be set in it"),
        ("a: 'x'y\n", ("b",), "did not find expected key"),
    ],
)
def test_what_cannot_be_changed_alone_is_refused(text: str, path: Any, message: str) -> None:
    with pytest.raises(OverlayError) as caught:
        put(text, path, {"z": 1}, "f")
    assert caught.value.message.startswith(message)


KEYS = st.sampled_from(["a", "b", "on", "x y", "1", "é"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["", "x", "2.4.1", "a: b", "#", "it's", '"', "1", "yes", "l\nm\n", "[", "a,b"])
)  # fmt: skip
VALUES = st.recursive(SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3))


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += paths(item, (*path, key))
    if isinstance(value, dict):
        found.append((*path, "new"))
    if isinstance(value, list):
        found.append((*path, len(value)))
    return found


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=3), VALUES, st.data())
def test_law_a_change_means_that_change_and_keeps_all_other_comments(old: Any, value: Any, data: Any) -> None:
    lines = write_document(old).splitlines()
    plain = not any("|" in line for line in lines)
    text = "\n".join([f"{line} # {at}" if plain and not line.endswith("|") else line for at, line in enumerate(lines)])
    path = data.draw(st.sampled_from([path for path in paths(old) if path]))
    found = put(text + "\n", path, value, "f")
    assert found == text + "\n" or read_documents(found, "f")[0].value != old
    if path[-1] == "new":
        # What is added is one piece: every byte that was there still is.
        before = next((at for at, (a, b) in enumerate(zip(text, found, strict=False)) if a != b), len(text))
        behind = next(
            (at for at, (a, b) in enumerate(zip(text[::-1], found[-2::-1], strict=False)) if a != b), len(text)
        )
        assert before + behind >= len(text)
