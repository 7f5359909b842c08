"""Runs our own program as a user does, bounded in time: one that hangs says where, in all of its threads."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

# Far above what any run takes on a loaded machine: this finds what never ends.
SECONDS = 300.0


def run(
    *words: str, cwd: Path, env: dict[str, str], given: str = "", seconds: float = SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run `overlay WORDS`; return how it ended and what it said. Fails with the stacks of one that does not end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "overlay", *words], cwd=cwd, env={**env, "PYTHONFAULTHANDLER": "1"}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = process.communicate(given, timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        out, err = process.communicate()
        raise AssertionError(f"overlay {' '.join(words)} did not end in {seconds:g} s:\n{out}\n{err}") from None
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
