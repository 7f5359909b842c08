"""Revisions read from what `git log` prints: which commits are some, and which of them count."""

from __future__ import annotations

import pytest

from overlay.gitops.revisions import Revision, one_line_of_descent, read_log


def logged(*messages: str) -> bytes:
    commits = [f"{at:040x}\0{1_700_000_000 + at}\0Bot <bot@x>\0{text}\0" for at, text in enumerate(messages)]
    return "".join(commits).encode()


def revision(number: int) -> Revision:
    return Revision(
        number=number, commit="", updated="", source="", chart="", app_version="", author="", description=""
    )


def numbers(given: list[int], current: int | None) -> list[int]:
    return [one.number for one in one_line_of_descent([revision(number) for number in given], current)]


def test_a_publication_says_all_of_itself_in_its_trailers() -> None:
    message = (
        "1234567: web: 1.1.0\n\nFaster.\n\nCo-authored-by: Ada <ada@x>\nOverlay-Environment: prod\n"
        "Overlay-Revision: 12\nOverlay-Source: 1234567890\nOverlay-Chart: shop-1.0.0\nOverlay-App-Version: 2.4.0\n"
    )
    assert read_log(logged(message), "prod") == [
        Revision(
            number=12,
            commit="0" * 40,
            updated="2023-11-14T22:13:20Z",
            source="1234567890",
            chart="shop-1.0.0",
            app_version="2.4.0",
            author="Ada <ada@x>",
            description="web: 1.1.0",
        )
    ]


def test_a_source_that_was_not_as_committed_says_so() -> None:
    message = "words\n\nOverlay-Environment: prod\nOverlay-Revision: 1\nOverlay-Dirty: "
    assert [read_log(logged(f"{message}{word}\n"), "prod")[0].dirty for word in ("true", "no")] == [True, False]


def test_a_rollback_is_by_whoever_made_the_commit() -> None:
    message = (
        "Roll back prod to revision 11\n\nOverlay-Environment: prod\nOverlay-Revision: 13\nOverlay-Source: 1234567890\n"
        "Overlay-Restores: 11\n"
    )
    found = read_log(logged(message), "prod")[0]
    assert (found.author, found.restores, found.description) == ("Bot <bot@x>", 11, "Roll back prod to revision 11")


@pytest.mark.parametrize(
    "message",
    [
        "words",
        "words\n\nOverlay-Environment: dev\nOverlay-Revision: 1\n",
        "words\n\nOverlay-Environment: prod\nOverlay-Revision: 1\n\nand more words\n",
        "words\n\nOverlay-Environment: prod\n",
        "words\n\nOverlay-Environment: prod\nOverlay-Revision: one\n",
        "words\n\nOverlay-Environment: prod\nOverlay-Revision: ٣\n",
        "words\n\nOverlay-Environment: prod\nOverlay-Revision: 99999999999999999999\n",
        "words\n\n Overlay-Environment: prod\n Overlay-Revision: 3\n",
        "",
    ],
)
def test_G42_what_does_not_say_so_in_its_last_paragraph_is_no_revision(message: str) -> None:
    assert read_log(logged(message), "prod") == []


def test_a_commit_from_beyond_all_calendars_has_a_date() -> None:
    data = logged("x\n\nOverlay-Environment: prod\nOverlay-Revision: 1\n").replace(b"1700000000", b"9" * 15)
    assert read_log(data, "prod")[0].updated == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize(
    ("given", "current", "expected"),
    [
        ([3, 2, 1], 3, [3, 2, 1]),
        # A copy of 2 (a cherry-pick) above 3, which is what stands there.
        ([2, 3, 2, 1], 3, [3, 2, 1]),
        # A copy below it.
        ([3, 2, 2, 1], 3, [3, 2, 1]),
        # Somebody reverted 3: the record says 2 again.
        ([3, 2, 1], 2, [3, 2, 1]),
        # The folder was emptied, and numbers began anew.
        ([2, 1, 3, 2, 1], 2, [2, 1]),
        # The newest publication lost its trailers.
        ([2, 1], 3, [2, 1]),
        # Somebody removed the record.
        ([3, 2, 1], None, [3, 2, 1]),
        ([], 3, []),
    ],
)
def test_revisions_lead_to_the_one_that_stands_there(
    given: list[int], current: int | None, expected: list[int]
) -> None:
    assert numbers(given, current) == expected
