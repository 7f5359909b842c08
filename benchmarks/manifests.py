"""Two files of 4,000 Deployments compared, with few, some and all of them changed; against `dyff between`."""

from __future__ import annotations

import os
import shutil

from benchmarks.measure import compare_cpu
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
    """Print processor seconds; without dyff on the PATH or among the tools, ours alone."""
    dyff = shutil.which("dyff", path=f"{tools}{os.pathsep}{env['PATH']}")
    peer = "dyff between" if dyff else "dyff is not here: go install github.com/homeport/dyff/cmd/dyff@v1.12.0"
    print(f"\n## two files of manifests (overlay diff new.yaml --against old.yaml; {peer})")
    print("| objects | changed | overlay cpu s | dyff cpu s | dyff / overlay |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for count in COUNTS:
        place = os.path.join(folder, f"manifests-{count}")
        write(place, count)
        for share in SHARES:
            commands = {"overlay": [overlay, "diff", f"new-{share}.yaml", "--against", "old.yaml"]}
            if dyff:
                commands["dyff"] = [dyff, "between", "old.yaml", f"new-{share}.yaml"]
            cpu = compare_cpu(commands, folder=place, runs=5, env=env, codes=(0, 1))
            theirs = f"{cpu['dyff']:.2f} | {cpu['dyff'] / cpu['overlay']:.1f}" if dyff else "|"
            print(f"| {count} | {share} % | {cpu['overlay']:.2f} | {theirs} |", flush=True)
