"""Times and versions that artifacts carry."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.errors import UsageError
from overlay.oci.epoch import epoch, rfc3339
from overlay.oci.versions import check_version, tag_of, version_of


@pytest.mark.parametrize(
    ("text", "committed", "found"),
    [
        (None, None, 0),
        (None, 1_700_000_000, 1_700_000_000),
        (None, -5, 0),
        ("0", 7, 0),
        ("1700000000", None, 1_700_000_000),
    ],
)
def test_D01_D02_a_time_is_the_variables_or_the_commits_and_never_now(
    text: str | None, committed: int | None, found: int
) -> None:
    assert epoch({} if text is None else {"SOURCE_DATE_EPOCH": text}, committed) == found


@pytest.mark.parametrize("text", ["abc", "-1", "1.5", "", " 1", "1e9", "9223372036854775808", "253402300800", "٣"])
def test_D03_a_wrong_variable_is_an_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        epoch({"SOURCE_DATE_EPOCH": text}, 1)
    assert caught.value.message == f"SOURCE_DATE_EPOCH is {text!r}, expected seconds since 1970"


@given(st.integers(0, 253_402_300_799))
def test_law_times_are_written_as_the_standard_library_does(seconds: int) -> None:
    assert rfc3339(seconds) == datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


@pytest.mark.parametrize("version", ["1.4.0", "0.0.0", "1.0.0-rc.1", "1.0.0-0a.b-c+build.007", "1.2.3+20261128"])
def test_versions_survive_as_tags(version: str) -> None:
    assert version_of(tag_of(check_version(version))) == version


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        ("1.4", "write one such as 1.4.0 or 1.5.0-rc.1"),
        ("v1.4.0", "write 1.4.0"),
        ("latest", "write one such as 1.4.0 or 1.5.0-rc.1"),
        ("01.4.0", "write one such as 1.4.0 or 1.5.0-rc.1"),
        ("1.4.0-01", "write one such as 1.4.0 or 1.5.0-rc.1"),
        ("1.4.0/../x", "write one such as 1.4.0 or 1.5.0-rc.1"),
        ("1.4.0\n", "write one such as 1.4.0 or 1.5.0-rc.1"),
    ],
)
def test_A08_what_is_no_version_is_refused(version: str, hint: str) -> None:
    with pytest.raises(UsageError, match="is no semantic version") as caught:
        check_version(version)
    assert caught.value.hint == hint
