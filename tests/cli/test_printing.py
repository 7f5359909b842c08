"""Documents for programs, which people look at in terminals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.cli.main import COMMANDS, load_command
from overlay.report.document import as_document
from overlay.yaml import read_mapping

TEXTS = {
    "plain": "größer, 東京, 😀",
    "an escape": "\x1b[31mred",
    "an escape of one character": "\x9b31mred",
    "another order": "a\u202eb\u2066c\u200b",
    "a tag that nobody sees": "\U000e0041",
    "the character that deletes": "a\x7fb",
    "lines": "a\nb\u2028c\x85d",
}


@pytest.mark.parametrize("form", ["json", "yaml"])
@pytest.mark.parametrize("text", TEXTS)
def test_C09_nothing_in_a_document_acts_on_a_terminal(form: str, text: str) -> None:
    written = as_document({"a": TEXTS[text]}, form)
    assert all(c.isprintable() or c == "\n" for c in written)
    assert not set(written) & set("\u202e\u2066\u200b")
    read = json.loads(written) if form == "json" else read_mapping(written, "x").value
    assert read == {"a": TEXTS[text]}


def test_what_can_be_read_is_written_as_it_is() -> None:
    assert as_document({"a": TEXTS["plain"]}, "json") == '{\n  "a": "größer, 東京, 😀"\n}\n'


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
    )
)
def test_law_json_gives_the_same_values(value: Any) -> None:
    assert json.loads(as_document(value, "json")) == value


@pytest.mark.parametrize("words", COMMANDS)
def test_each_command_that_prints_json_prints_yaml_too(words: tuple[str, ...]) -> None:
    forms = {form for one in load_command(COMMANDS[words]).params if one.name == "output" for form in one.choices}
    # These tell events, a line each, while they act.
    assert "json" not in forms or "yaml" in forms or words in (("sync",), ("rollback",), ("adopt-live",))
