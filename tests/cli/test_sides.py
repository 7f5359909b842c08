"""What `ENV@NUMBER` and two of them mean on a command line."""

from __future__ import annotations

import pytest

from overlay.cli.sides import AtRevision, read_number, read_revision, read_sides
from overlay.errors import UsageError

FORM = "write ENV@NUMBER or ENV@NUMBER..ENV@NUMBER; --live compares with the cluster"


def test_a_name_alone_means_the_newest() -> None:
    assert read_revision("prod") == AtRevision("prod")
    assert read_revision("prod-eu@12") == AtRevision("prod-eu", 12)


@pytest.mark.parametrize("text", ["prod@", "@12", "prod@0", "prod@012", "prod@-1", "prod@1.5", "prod@٣", "prod@1@2"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_revision(text)
    assert caught.value.message == f"{text!r} names no revision"
    assert caught.value.hint == "write ENV@NUMBER, such as prod@12"


def test_one_side_is_held_against_the_newest() -> None:
    assert read_sides("prod@11") == (AtRevision("prod", 11), AtRevision("prod"))
    assert read_sides("prod@11..dev@3") == (AtRevision("prod", 11), AtRevision("dev", 3))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("prod", "'prod' does not say which revision of prod", FORM),
        ("prod@1..dev", "'prod@1..dev' does not say which revision of dev", FORM),
        ("prod@1..2", "'prod@1..2' does not say which environment's revision 2 is", "write prod@1..prod@2"),
        ("prod@1..0", "'prod@1..0' does not say which revision of 0", FORM),
        ("..prod@1", "'..prod@1' does not say which revision of what", FORM),
        ("prod@1..prod@2..prod@3", "'prod@2..prod@3' names no revision", "write ENV@NUMBER, such as prod@12"),
    ],
)
def test_sides_that_name_nothing_are_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_sides(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_number_alone() -> None:
    assert read_number("11") == 11
    with pytest.raises(UsageError) as caught:
        read_number("x")
    assert (caught.value.message, caught.value.hint) == (
        "'x' is no revision",
        "it is a number, which `overlay history` shows",
    )
