"""Entries by content: what comes back is exactly what was written, or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay.files.entries import Entries


def moved(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def linked(path: Path) -> None:
    moved(path)
    path.symlink_to(path.with_name("elsewhere"))


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def of_another_user(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    os.chown(path, 12345, -1)


@pytest.mark.parametrize(
    "tamper",
    [
        moved,
        linked,
        piped,
        of_another_user,
        lambda path: path.write_bytes(path.read_bytes() + b" "),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
    ],
)
def test_what_is_not_what_was_written_counts_as_absent(tamper: Callable[[Path], object], tmp_path: Path) -> None:
    entries = Entries(str(tmp_path / "entries"))
    entries.put("a", b"one\ntwo")
    assert (entries.get("a"), entries.get("b")) == (b"one\ntwo", None)
    tamper(tmp_path / "entries/a")
    assert entries.get("a") is None


def test_an_entry_is_found_under_its_own_key_alone(tmp_path: Path) -> None:
    entries = Entries(str(tmp_path / "entries"))
    entries.put("a", b"one")
    (tmp_path / "entries/a").rename(tmp_path / "entries/b")
    assert entries.get("b") is None


def test_a_folder_that_others_may_enter_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "entries").mkdir(mode=0o755)
    entries = Entries(str(tmp_path / "entries"))
    entries.put("a", b"one")
    assert (entries.usable, list((tmp_path / "entries").iterdir())) == (False, [])


def test_the_oldest_go_first(tmp_path: Path) -> None:
    entries = Entries(str(tmp_path / "entries"))
    for age, key in enumerate(("new", "middle", "old")):
        entries.put(key, b"x")
        os.utime(tmp_path / "entries" / key, (1_000 - age, 1_000 - age))
    entries.prune(3, 1)
    assert len(list((tmp_path / "entries").iterdir())) == 3
    entries.prune(2, 1)
    assert [found.name for found in (tmp_path / "entries").iterdir()] == ["new"]
