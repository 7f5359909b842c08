"""Entries of YAML texts, moved as they are written."""

from __future__ import annotations

import pytest

from overlay.errors import DocumentError
from overlay.yaml.blocks import Block, block_at, commented, cut, paste

TEXT = """\
# About this file.
spec:
  extends: [../base]
  patches:
    # As measured.
    - target: {kind: Deployment}
      strategicMerge:
        spec:
          # Two are enough.
          replicas: 2 # for now
          paused: true
            # More below.
    - target: {kind: Service}
      jsonPatch:
        - {op: add, path: /a, value: 1}

  images:
  - name: a
    newTag: "1"
  - {name: b, newTag: "2"}
  labels: [{pairs: {a: b, c: d}}]
  text: |
    one
    two
"""


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        (("spec", "patches", 0, "strategicMerge", "spec", "replicas"), ["# Two are enough.", "replicas: 2 # for now"]),
        (("spec", "patches", 1, "jsonPatch"), ["jsonPatch:", "  - {op: add, path: /a, value: 1}"]),
        (("spec", "images", 0), ["- name: a", '  newTag: "1"']),
        (("spec", "images", 0, "name"), ["name: a"]),
        (("spec", "images", 1), ['- {name: b, newTag: "2"}']),
        (("spec", "labels", 0, "pairs", "c"), ["c: d"]),
        (("spec", "text"), ["text: |", "  one", "  two"]),
    ],
)
def test_a_block_is_an_entrys_lines_with_its_comments_at_the_left_margin(path: tuple, lines: list[str]) -> None:
    assert list(block_at(TEXT, path, "a.yaml").lines) == lines


def test_what_is_cut_leaves_every_other_line_as_it_was() -> None:
    text, comments = cut(TEXT, ("spec", "patches", 0), "a.yaml")
    assert comments == ("# As measured.", "# Two are enough.", "# More below.")
    lines = TEXT.splitlines(keepends=True)
    assert text == "".join(lines[:4] + lines[12:])


def test_what_holds_nothing_else_goes_with_what_is_cut() -> None:
    text, _ = cut("a: 1\nspec:\n  patches:\n    - {b: {c: 1}}\n", ("spec", "patches", 0, "b", "c"), "a.yaml")
    assert text == "a: 1\n"
    assert cut("# Kept.\na:\n  b: 1\n", ("a", "b"), "a.yaml") == ("# Kept.\n", ())


def test_the_first_key_behind_a_dash_makes_room_for_the_next() -> None:
    assert cut("x:\n  - a: 1\n    b: 2\n", ("x", 0, "a"), "a.yaml")[0] == "x:\n  - b: 2\n"


@pytest.mark.parametrize(
    ("goal", "path", "expected"),
    [
        (
            "spec:\n  patches:\n  - a: 1\n",
            ("spec", "patches"),
            'spec:\n  patches:\n  - a: 1\n  - name: a\n    newTag: "1"\n',
        ),
        ("spec:\n  x: 1\n", ("spec", "images"), 'spec:\n  x: 1\n  images:\n    - name: a\n      newTag: "1"\n'),
        ("spec: {x: [z]}\n", ("spec", "x"), 'spec: {x: [z, {name: a, newTag: "1"}]}\n'),
        ("", ("spec", "images"), 'spec:\n  images:\n    - name: a\n      newTag: "1"\n'),
        ("a: 1", ("spec", "images"), 'a: 1\nspec:\n  images:\n    - name: a\n      newTag: "1"\n'),
        ("a: 1\r\n", ("b",), 'a: 1\r\nb:\r\n  - name: a\r\n    newTag: "1"\r\n'),
    ],
)
def test_a_block_is_pasted_as_its_new_neighbours_stand(goal: str, path: tuple, expected: str) -> None:
    assert paste(goal, path, block_at(TEXT, ("spec", "images", 0), "a.yaml"), "b.yaml") == expected


def test_a_new_key_stands_where_readers_look_for_it() -> None:
    block = Block(key="components", content=["../c"], lines=("components: [../c]",))
    order = ("extends", "components", "patches")
    assert paste("spec:\n  extends: [b]\n  # All.\n  patches: [1]\n", ("spec",), block, "a.yaml", order) == (
        "spec:\n  extends: [b]\n  components: [../c]\n  # All.\n  patches: [1]\n"
    )


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("a: &x {b: 1}\nc: *x\n", ("a", "b"), "this place is shared by an anchor and an alias"),
        ("a:\n  - &x {b: 1}\nc:\n  - *x\n", ("a",), "this place has an anchor or an alias"),
        ("a: {b: 1, # why\n  c: 2}\n", ("a", "b"), "this place holds comments that would be lost"),
    ],
)
def test_what_cannot_be_moved_as_it_is_written_is_refused(text: str, path: tuple, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        block_at(text, path, "a.yaml")
    assert caught.value.message == message


def test_comments_are_put_above_an_entry() -> None:
    assert commented("x:\n  - a: 1\n", ("x", 0), ["# One."], "a.yaml") == "x:\n  # One.\n  - a: 1\n"
