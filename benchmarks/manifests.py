"""Two files of 4,000 Deployments compared, with few, some and all of them changed; against `dyff between`."""

from __future__ import annotations

import os
import shutil

from benchmarks.measure import compare_seconds
from benchmarks.objects import DEPLOYMENT

COUNTS = (1_000, 4_000)
SHARES = (0, 1, 10, 100)


def write(folder: str, count: int) -> None:
    """Write one file, and one for each share of its objects, in per cent, whose image and replicas are others."""
    os.makedirs(folder, exist_ok=True)
    documents = [DEPLOYMENT.format(n=n) for n in range(count)]
    for share in (None, *SHARES):
        every = 100 // share if share else count + 1
        changed = [
            one.replace("replicas: 2", "replicas: 3").replace("app:1.", "app:2.") if n % every == every - 1 else one
            for n, one in enumerate(documents)
        ]
        name = "old.yaml" if share is None else f"new-{share}.yaml"
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write("---\n".join(documents if share is None else changed))


def run(folder: str, overlay: str, tools: str, env: dict[str, str]) -> None:
    """Print seconds by the clock and of processors, of which dyff uses all; without dyff, ours alone."""
    dyff = shutil.which("dyff", path=f"{tools}{os.pathsep}{env['PATH']}")
    peer = "dyff between" if dyff else "dyff is not here: go install github.com/homeport/dyff/cmd/dyff@v1.12.0"
    print(f"\n## two files of manifests (overlay diff new.yaml --against old.yaml; {peer})")
    print("| objects | changed | overlay s | dyff s | dyff / overlay | overlay cpu s | dyff cpu s | dyff / overlay |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for count in COUNTS:
        place = os.path.join(folder, f"manifests-{count}")
        write(place, count)
        for share in SHARES:
            commands = {"overlay": [overlay, "diff", f"new-{share}.yaml", "--against", "old.yaml"]}
            if dyff:
                commands["dyff"] = [dyff, "between", "old.yaml", f"new-{share}.yaml"]
            found = compare_seconds(commands, folder=place, runs=7, env=env, codes=(0, 1))
            ours, theirs = found["overlay"], found.get("dyff")
            print(f"| {count} | {share} % | {_row(ours.wall, theirs and theirs.wall)}", end="")
            print(f" | {_row(ours.cpu, theirs and theirs.cpu)} |", flush=True)


def _row(ours: float, theirs: float | None) -> str:
    return f"{ours:.3f} | {theirs:.2f} | {theirs / ours:.1f}" if theirs else f"{ours:.3f} | |"
