"""What checking costs: a render with and without it, and the same manifests through kubeconform, on one core."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks import objects
from benchmarks.measure import compare

COUNT = 4000
ENVIRONMENT = (
    "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: checked}\nspec: {resources: [../../all.yaml]}\n"
)


def write(folder: str, overlay: str, root: str, env: dict[str, str]) -> list[str]:
    """Write 4,000 Deployments as a project, its rendered result, and schemas; return kubeconform's arguments."""
    objects.write(folder, COUNT)
    done = subprocess.run([overlay, "render", "prod"], cwd=folder, env=env, capture_output=True, check=True)
    with open(os.path.join(folder, "all.yaml"), "wb") as file:
        file.write(done.stdout)
    place = os.path.join(folder, "environments", "checked")
    os.makedirs(place)
    with open(os.path.join(place, "environment.yaml"), "w", encoding="utf-8") as file:
        file.write(ENVIRONMENT)
    schemas = os.path.join(folder, "schemas")
    script = os.path.join(root, "scripts", "write_kubeconform_schemas.py")
    subprocess.run([sys.executable, script, schemas, "--kubernetes", "1.37"], check=True, env={"PYTHONPATH": root})
    pattern = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    return ["-strict", "-n", "1", "-schema-location", pattern, "all.yaml"]


def run(folder: str, overlay: str, tools: str, root: str, env: dict[str, str]) -> None:
    """Print medians of nine runs each, in turn."""
    place = os.path.join(folder, "validation")
    arguments = write(place, overlay, root, env)
    core = ["taskset", "-c", "0"]
    kubeconform = [*core, os.path.join(tools, "kubeconform")]
    figures = compare(
        {
            "render": [overlay, "render", "prod"],
            "render, no checks": [overlay, "render", "prod", "--no-validate"],
            "overlay": [*core, overlay, "render", "checked", "-o", "name"],
            "overlay, no checks": [*core, overlay, "render", "checked", "-o", "name", "--no-validate"],
            "kubeconform": [*kubeconform, *arguments],
            # It reads every document all the same.
            "kubeconform, no checks": [*kubeconform, "-skip", "Deployment", *arguments],
        },
        folder=place,
        runs=9,
        env=env,
    )
    wall = {name: figure.wall for name, figure in figures.items()}
    print(f"\n## checks of {COUNT} Deployments")
    print("| | with checks s | without s | with / without | checks alone s |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, label in (
        ("render", "overlay render"),
        ("overlay", "overlay, read and check, one core"),
        ("kubeconform", "kubeconform -strict, one core"),
    ):
        both, less = wall[name], wall[f"{name}, no checks"]
        print(f"| {label} | {both:.3f} | {less:.3f} | {both / less:.2f} | {both - less:.3f} |", flush=True)
    ours = wall["overlay"] - wall["overlay, no checks"]
    theirs = wall["kubeconform"] - wall["kubeconform, no checks"]
    print(f"\nread and check: kubeconform / overlay {wall['kubeconform'] / wall['overlay']:.2f}")
    print(f"checks alone: kubeconform / overlay {theirs / max(ours, 0.001):.1f}")
