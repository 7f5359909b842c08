"""Runs of the program that are made to end at one of its steps, in every way in which a run can end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# group: as a container's or a job's end, which takes all processes at once, children and theirs included.
WAYS = ("kill", "group", "raise", "term", "interrupt", "enospc")
KILLED = ("kill", "group")
_CODES = {"kill": -signal.SIGKILL, "group": -signal.SIGKILL, "raise": 2, "term": 130, "interrupt": 130, "enospc": 2}
_SIGNALS = {"term": signal.SIGTERM, "interrupt": signal.SIGINT}
# In a child's environment it says which test started it.
MARK = "OVERLAY_TEST_MARK"


def steps(prefix: str) -> set[str]:
    """Return the names of all failpoints that begin so."""
    form = re.compile(rf"failpoint\(\"({prefix}\.[a-z]+)\"\)")
    return {name for path in (ROOT / "overlay").rglob("*.py") for name in form.findall(path.read_text())}


def crash(
    folder: Path, arguments: tuple[str, ...], step: str, way: str, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command that ends at a step; env: with MARK."""
    how = way if way in ("kill", "raise", "enospc") else "hang"
    process = subprocess.Popen(
        [sys.executable, "-m", "overlay", *arguments], cwd=folder, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env, "OVERLAY_FAILPOINT": f"{step}:{how}"},
    )  # fmt: skip
    assert process.stderr is not None
    said = ""
    if how == "hang":
        while f"hangs at {step}\n" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        if way == "group":
            kill_all(process, env[MARK])
        else:
            process.send_signal(_SIGNALS[way])
    out, more = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, said + more)


def kill_all(process: subprocess.Popen[str], mark: str) -> None:
    """Kill a process's group, and then whatever it started that has a group of its own."""
    os.killpg(process.pid, signal.SIGKILL)
    while found := marked(mark):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def marked(mark: str) -> list[int]:
    """Return the processes that have a mark and live."""
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _has(pid, mark)]


def _has(pid: str, mark: str) -> bool:
    try:
        # What was killed and not yet waited for has an empty environment.
        return f"{MARK}={mark}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def assert_ended(done: subprocess.CompletedProcess[str], step: str, way: str) -> None:
    """Hold exit code and words of a run that was made to end against how that was done."""
    assert done.returncode == _CODES[way], done.stderr
    if way == "raise":
        assert f": made to fail at {step}\n" in done.stderr
    if way == "enospc":
        doing = "used" if step == "git.store" else "written"
        assert f"error: {step} cannot be {doing}: no space left on device\n  hint: " in done.stderr
    if way in ("term", "interrupt"):
        assert done.stderr.endswith("interrupted\n")
