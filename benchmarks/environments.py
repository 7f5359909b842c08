"""Many environments over one base: the base is read once, each further environment costs little."""

from __future__ import annotations

import os
import shutil

from benchmarks.measure import compare


def write(folder: str, sample: str, count: int) -> None:
    """Copy the sample's base and components and write environments that differ as prod does."""
    shutil.copytree(os.path.join(sample, "environments"), os.path.join(folder, "environments"))
    shutil.copy(os.path.join(sample, "overlay.yaml"), folder)
    for name in os.listdir(os.path.join(folder, "environments")):
        if name not in ("base", "components"):
            shutil.rmtree(os.path.join(folder, "environments", name))
    for n in range(count):
        place = os.path.join(folder, "environments", f"env-{n:03}")
        os.makedirs(place)
        with open(os.path.join(place, "environment.yaml"), "w", encoding="utf-8") as file:
            file.write(
                "apiVersion: overlay.dev/v1\nkind: Environment\n"
                f"metadata: {{name: env-{n:03}}}\nspec:\n  extends: [../base]\n  namespace: shop-{n:03}\n"
                f"  replicas: [{{name: web, count: {n % 9 + 1}}}]\n"
                f"  labels: [{{pairs: {{tier: 'env-{n}'}}, includeTemplates: true}}]\n"
            )


def run(folder: str, overlay: str, root: str, env: dict[str, str]) -> None:
    """Print the cost of 1, 10 and 100 environments, without the render cache."""
    print("\n## environments over the sample's base (overlay render --all, no cache)")
    print("| environments | s | MiB | of one | each further ms |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    first = 0.0
    for count in (1, 10, 100):
        place = os.path.join(folder, f"environments-{count}")
        write(place, root, count)
        command = {"overlay": [overlay, "render", "--all", "--no-cache", "--quiet", "--output-dir", "out"]}
        figure = compare(command, folder=place, runs=7, env=env)["overlay"]
        first = first or figure.wall
        each = (figure.wall - first) / (count - 1) * 1000 if count > 1 else 0.0
        print(
            f"| {count} | {figure.wall:.3f} | {figure.peak:.0f} | {figure.wall / first:.1f} | {each:.1f} |", flush=True
        )
