"""Path fields: plain relative paths inside the project folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.errors import PathError
from overlay.files.names import refuse_name
from overlay.files.paths import resolve
from overlay.model.location import Location

HERE = Location("environments/prod/environment.yaml", 5, 7)


@pytest.mark.parametrize(
    ("folder", "ref", "path"),
    [
        ("environments/prod", "values.yaml", "environments/prod/values.yaml"),
        ("environments/prod", "../base", "environments/base"),
        ("environments/prod", "./a/../b/", "environments/prod/b"),
        ("environments/prod", "../..", ""),
        ("", "a", "a"),
        ("environments", "..a/b..", "environments/..a/b.."),
    ],
)
def test_a_reference_is_relative_to_its_document(folder: str, ref: str, path: str) -> None:
    assert resolve(folder, ref, HERE) == path


OUTSIDE = "is outside the project folder"
NO_PATH = "is no relative path (URLs, drives and backslashes are not allowed)"


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("../../../x", OUTSIDE), ("../../../etc/passwd", OUTSIDE), ("a/../../../..", OUTSIDE), ("/abs", OUTSIDE), ("~", OUTSIDE), ("~/x", OUTSIDE),
        ("file:///etc/passwd", NO_PATH), ("https://x.example/y", NO_PATH), ("oci://x/y", NO_PATH), ("git::https://x", NO_PATH), ("s3://b", NO_PATH),
        ("ssh://x", NO_PATH), ("\\\\host\\share", NO_PATH), ("C:\\x", NO_PATH), ("C:/x", NO_PATH), ("a\\b", NO_PATH),
        ("%2e%2e/x", "has percent-encoded dots or slashes"), ("a%2Fb", "has percent-encoded dots or slashes"),
        ("a\0b", "has control characters, or spaces at an end"), ("a\r", "has control characters, or spaces at an end"),
        ("a ", "has control characters, or spaces at an end"), ("-rf", "starts with a dash"), ("", "is empty, a path is expected"),
        ("x" * 5_000, "is longer than 4096 bytes"), ("x" * 300, "has a name longer than 255 bytes"),
    ],
)  # fmt: skip
def test_P05_P06_P14_P19_anything_else_is_refused(ref: str, reason: str) -> None:
    with pytest.raises(PathError) as caught:
        resolve("environments/prod", ref, HERE)
    assert caught.value.message.endswith(reason)
    assert caught.value.location == HERE


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("../../C:x", "is no relative path (URLs, drives and backslashes are not allowed)"),
        ("../../-rf", "starts with a dash"),
        ("../../~root", "is outside the project folder"),
    ],
)
def test_P05_P19_what_a_way_up_leads_to_is_looked_at_again(ref: str, reason: str) -> None:
    with pytest.raises(PathError) as caught:
        resolve("environments/prod", ref, HERE)
    assert (caught.value.message, caught.value.location) == (f"{ref!r} {reason}", HERE)


@given(
    st.lists(
        st.sampled_from(["..", ".", "a", "b.c", "/", "//", "\\", "%2e", "~", " ", "C:", "\0", "é", "-"]), max_size=9
    ).map("".join)
)
def test_P22_fuzz_a_result_is_below_the_root_and_stays_what_it_is(ref: str) -> None:
    try:
        path = resolve("environments/prod", ref)
    except PathError:
        return
    assert not path.startswith("/")
    assert ".." not in path.split("/")
    if path:
        assert resolve("", path) == path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("prod", None), ("prod-eu2", None), ("a" * 63, None),
        *[(name, "is no DNS label: lower-case letters, digits and dashes, a letter or digit at both ends")
          for name in ("..", ".", "a/b", "-rf", "", "trailing.", "a ", "a\r", "Prod", "prоd", "a_b")],
        ("a" * 64, "is longer than 63 characters"), ("a" * 300, "is longer than 63 characters"),
        ("con", "is a reserved name on Windows"), ("lpt1", "is a reserved name on Windows"),
    ],
)  # fmt: skip
def test_P09_names_that_become_paths_and_labels_follow_one_rule(name: str, reason: str | None) -> None:
    assert refuse_name(name) == reason
