"""`overlay check` of 100 environments: the first run, and further ones that know what it found."""

from __future__ import annotations

import os
import shutil
import subprocess
from statistics import median

from benchmarks import environments
from benchmarks.measure import cpu_once

COUNT = 100
RUNS = 5


def run(folder: str, overlay: str, root: str, env: dict[str, str]) -> None:
    """Print processor seconds (other load hardly moves them), and their ratios run by run."""
    place, cache = os.path.join(folder, "checks"), os.path.join(folder, "checks-cache")
    environments.write(place, root, COUNT)
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@shop.example"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "base"]):
        subprocess.run([*git, *words], cwd=place, check=True, env=env)
    path = os.path.join(place, "environments", "env-002", "environment.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    print(f"\n## overlay check --all of {COUNT} environments, the second time with one changed")
    print("| | first cpu s | one changed | nothing changed | one / first | nothing / first |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for label, more in (("alone", []), ("--base HEAD", ["--base", "HEAD"])):
        command = [overlay, "check", "--all", "--quiet", "--cache-dir", cache, *more]
        rows = []
        for turn in range(RUNS):
            shutil.rmtree(cache, ignore_errors=True)
            _write(path, text)
            first = cpu_once(command, place, env)
            _write(path, text.replace("count: 3", f"count: {turn + 20}"))
            rows.append((first, cpu_once(command, place, env), cpu_once(command, place, env)))
        first, one, same = [median(column) for column in zip(*rows, strict=True)]
        ratios = [median([row[at] / row[0] for row in rows]) for at in (1, 2)]
        print(f"| {label} | {first:.2f} | {one:.2f} | {same:.2f} | {ratios[0]:.0%} | {ratios[1]:.0%} |", flush=True)
        _write(path, text)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
