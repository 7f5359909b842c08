"""Texts compared line by line, held against what `diff -u` prints."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.diff.text import text_changes

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\nb\n", "a\nb\n", []),
        ("a\nb\nc\n", "a\nx\nc\n", ["@@ -1,3 +1,3 @@", " a", "-b", "+x", " c"]),
        ("", "a\nb\n", ["@@ -0,0 +1,2 @@", "+a", "+b"]),
        ("a\n", "", ["@@ -1,1 +0,0 @@", "-a"]),
        ("a\nb", "a\nb\n", ["@@ -1,2 +1,2 @@", " a", "-b", "\\ no line feed at the end", "+b"]),
        ("a\nb\n", "x\ny\n", ["@@ -1,2 +1,2 @@", "-a", "-b", "+x", "+y"]),
        ("a\u2028b\n", "a\u2028c\n", ["@@ -1,1 +1,1 @@", "-a\u2028b", "+a\u2028c"]),
    ],
)
def test_lines_that_differ_stand_between_those_around_them(old: str, new: str, expected: list[str]) -> None:
    assert text_changes(old, new) == expected


def test_what_is_far_apart_stands_in_hunks_of_its_own() -> None:
    old = "".join(f"{at}\n" for at in range(20))
    new = old.replace("2\n", "two\n", 1).replace("\n15\n", "\n").replace("\n18\n", "\n18\nmore\n")
    assert text_changes(old, new) == [
        "@@ -1,6 +1,6 @@", " 0", " 1", "-2", "+two", " 3", " 4", " 5",
        "@@ -13,8 +13,8 @@", " 12", " 13", " 14", "-15", " 16", " 17", " 18", "+more", " 19",
    ]  # fmt: skip


@given(LINES, LINES)
def test_patch_makes_the_new_text_of_the_old_one(before: list[str], after: list[str]) -> None:
    old, new = ("".join(f"{line}\n" for line in lines) for lines in (before, after))
    assert applied(old, text_changes(old, new)) == new


def applied(old: str, changes: list[str]) -> str:
    """Do what a patch says, as patch(1) does, without looking for places."""
    rest, found = old.split("\n")[:-1], []
    done = 0
    for line in changes:
        if line.startswith("@@"):
            first, count = (int(part) for part in line.split()[1].removeprefix("-").split(","))
            start = first - 1 if count else first
            found += rest[done:start]
            done = start
        elif line.startswith("+"):
            found.append(line[1:])
        else:
            assert rest[done] == line[1:]
            found += [line[1:]] if line.startswith(" ") else []
            done += 1
    return "".join(f"{line}\n" for line in [*found, *rest[done:]])


def test_it_is_what_diff_prints(tmp_path: Path) -> None:
    old = "".join(f"line {at}\n" for at in range(40))
    new = old.replace("line 3\n", "").replace("line 20\n", "line twenty\nand more\n").replace("line 39\n", "line 39")
    for name, text in (("old", old), ("new", new)):
        (tmp_path / name).write_text(text)
    done = subprocess.run(["diff", "-u", "old", "new"], cwd=tmp_path, capture_output=True, text=True, check=False)
    printed = done.stdout.replace("\\ No newline at end of file", "\\ no line feed at the end")
    assert text_changes(old, new) == printed.splitlines()[2:]
