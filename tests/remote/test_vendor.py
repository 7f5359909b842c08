"""vendor/ and overlay.lock: whole or not at all, whenever the program dies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from overlay.errors import OutputError
from overlay.folder.plan import Conflict
from overlay.remote.vendor import vendor

ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import os, sys
from overlay.files import atomic
from overlay.remote import vendor as module
steps = int(sys.argv[1])
class Counted:
    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in ("open", "replace", "unlink", "fsync", "mkdir"):
            return real
        def call(*args, **more):
            global steps
            if steps == 0:
                os.kill(os.getpid(), 9)
            steps -= 1
            return real(*args, **more)
        return call
module.os = atomic.os = Counted()
module.vendor(".", {"b.tgz": b"changed", "c.tgz": b"3"})
"""


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "overlay.metadata"}


def test_A18_killed_at_any_step_the_next_run_finishes_and_nothing_foreign_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "vendor"
    for step in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        vendor(str(tmp_path), {"a.tgz": b"1", "b.tgz": b"2"})
        (folder / "foreign.tgz").write_text("mine")
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", KILLED, str(step)], cwd=tmp_path, env=env, capture_output=True)
        assert (folder / "foreign.tgz").read_text() == "mine"
        assert (folder / "b.tgz").read_bytes() in (b"2", b"changed")
        vendor(str(tmp_path), {"b.tgz": b"changed", "c.tgz": b"3"})
        assert files(folder) == {"b.tgz": b"changed", "c.tgz": b"3", "foreign.tgz": b"mine"}
        if done.returncode == 0:
            assert step > 8
            return
        assert done.returncode == -9, done.stderr
    raise AssertionError("the writing never came to its end")


def test_nothing_to_vendor_makes_no_folder(tmp_path: Path) -> None:
    assert vendor(str(tmp_path), {}).written == ()
    assert not (tmp_path / "vendor").exists()


@pytest.mark.parametrize(
    "record",
    [
        "{",
        "[]",
        '{"kind": "Metadata", "files": []}',
        '{"kind": "Vendor", "files": ["../../x"]}',
        '{"kind": "Vendor", "files": [1]}',
    ],
)
def test_a_record_that_is_not_ours_removes_nothing(tmp_path: Path, record: str) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "overlay.metadata").write_text(record)
    with pytest.raises(OutputError, match="is no record of overlay, so what is ours there is not known"):
        vendor(str(tmp_path), {"a.tgz": b"1"})
    assert files(tmp_path / "vendor") == {}


def test_P11_a_file_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "outside").write_text("kept")
    (tmp_path / "vendor" / "a.tgz").symlink_to(tmp_path / "outside")
    with pytest.raises(Conflict, match=r"vendor/a\.tgz is not ours and would be overwritten"):
        vendor(str(tmp_path), {"a.tgz": b"1"})
    assert (tmp_path / "outside").read_text() == "kept"
