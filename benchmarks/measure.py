"""Run whole commands in turn and compare their wall time and peak memory."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """Medians over all counted runs: wall seconds, and the largest resident set of any process in MiB."""

    wall: float
    peak: float


@dataclass(frozen=True, slots=True)
class Seconds:
    """Medians over all counted runs: by the clock, and of all processors together."""

    wall: float
    cpu: float


def run_once(
    command: Sequence[str], folder: str, env: dict[str, str], *, codes: Sequence[int] = (0,)
) -> tuple[float, float]:
    """Run a command in its own process; return wall seconds and peak MiB (its children included).

    codes: the exit codes that mean that it did its work.
    """
    start = time.perf_counter()
    usage = _run(command, folder, env, codes)
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def cpu_once(command: Sequence[str], folder: str, env: dict[str, str], *, codes: Sequence[int] = (0,)) -> float:
    """Run a command in its own process; return processor seconds, those of its children included."""
    usage = _run(command, folder, env, codes)
    return usage.ru_utime + usage.ru_stime


def _run(command: Sequence[str], folder: str, env: dict[str, str], codes: Sequence[int]) -> resource.struct_rusage:
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise SystemExit(f"{' '.join(command)} exited with {process.returncode}")
    return usage


def compare_seconds(
    commands: dict[str, Sequence[str]], *, folder: str, runs: int, env: dict[str, str], codes: Sequence[int]
) -> dict[str, Seconds]:
    """Run the commands in turn, once more than counted; return medians."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            cpu = cpu_once(command, folder, env, codes=codes)
            if turn:
                seen[name].append((time.perf_counter() - start, cpu))
    return {name: Seconds(median(w for w, _ in rows), median(c for _, c in rows)) for name, rows in seen.items()}


def compare(
    commands: dict[str, Sequence[str]], *, folder: str, runs: int, env: dict[str, str], warm_up: int = 1
) -> dict[str, Figure]:
    """Run the commands A B A B …, so that a drifting machine slows all alike."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for turn in range(runs + warm_up):
        for name, command in commands.items():
            figure = run_once(command, folder, env)
            if turn >= warm_up:
                seen[name].append(figure)
    return {name: Figure(median(w for w, _ in rows), median(p for _, p in rows)) for name, rows in seen.items()}
