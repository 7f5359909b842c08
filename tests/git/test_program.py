"""The git program where it cannot do what it is asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from overlay.errors import GitError
from overlay.git.program import Program


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    program = Program(str(tmp_path / "gone"), os.environ)
    with pytest.raises(GitError) as caught:
        program.run("version")
    assert (caught.value.message, caught.value.hint) == (f"{tmp_path}/gone is gone", "run the same command again")


def test_a_git_that_is_missing_is_told(tmp_path: Path) -> None:
    program = Program(str(tmp_path), {"PATH": str(tmp_path)})
    with pytest.raises(GitError) as caught:
        program.run("version")
    assert (caught.value.message, caught.value.hint) == ("git cannot be run: no such file or directory", "install git")
