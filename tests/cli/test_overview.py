"""`overlay --help` and `overlay --version`: what a newcomer asks first."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

from overlay.cli.main import COMMANDS, load_command
from overlay.cli.overview import TOPICS, brief
from tests.gitops.projects import overlay


def test_every_command_stands_there_once_and_no_other(tmp_path: Path) -> None:
    rows = re.findall(r"^  ([a-z][a-z-]*)  ", overlay(tmp_path, "--help").stdout.partition("Begin:")[2], re.MULTILINE)
    assert sorted(rows) == sorted({path[0] for path in COMMANDS})
    assert set(chain.from_iterable(TOPICS.values())) <= set(rows)


def test_a_command_is_told_in_few_words_that_are_not_cut_off(tmp_path: Path) -> None:
    text = overlay(tmp_path, "--help").stdout
    assert "\n\nPublish to Git:\n  plan      Show what `overlay sync` would publish\n" in text
    assert "..." not in text.partition("Begin:")[2]
    for place in COMMANDS.values():
        assert 0 < len(brief(load_command(place).help)) <= 140


def test_a_version_is_asked_for_in_either_way(tmp_path: Path) -> None:
    assert overlay(tmp_path, "--version").stdout == overlay(tmp_path, "version").stdout != ""
