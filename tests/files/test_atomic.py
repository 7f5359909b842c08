"""A file is there whole or not at all, and killed runs leave nothing for ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from overlay.files.atomic import write_atomic

ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import os, sys
from overlay.files import atomic
steps = int(sys.argv[1])
class Counted:
    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in ("open", "replace", "fsync", "unlink", "listdir"):
            return real
        def call(*args, **more):
            global steps
            if steps == 0:
                os.kill(os.getpid(), 9)
            steps -= 1
            return real(*args, **more)
        return call
atomic.os = Counted()
atomic.write_atomic("file", b"new")
"""


def test_killed_at_any_step_the_file_is_old_or_new_and_the_next_run_cleans_up(tmp_path: Path) -> None:
    for step in range(20):
        write_atomic(str(tmp_path / "file"), b"old")
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", KILLED, str(step)], cwd=tmp_path, env=env, capture_output=True)
        assert (tmp_path / "file").read_bytes() in (b"old", b"new")
        write_atomic(str(tmp_path / "file"), b"next")
        assert [path.name for path in tmp_path.iterdir()] == ["file"]
        if done.returncode == 0:
            assert step > 4
            return
        assert done.returncode == -9, done.stderr
    raise AssertionError("the writing never came to its end")


def test_what_another_run_is_writing_stays(tmp_path: Path) -> None:
    other = tmp_path / f".overlay-{os.getppid()}.file"
    other.write_bytes(b"half")
    write_atomic(str(tmp_path / "file"), b"new")
    assert other.exists()


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError):
        write_atomic(str(tmp_path / "file"), b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
