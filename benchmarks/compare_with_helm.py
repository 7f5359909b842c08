"""Compare every object of real charts with what the `helm` program renders: no timing, only the same or not.

    python benchmarks/compare_with_helm.py [--values FILE] CHART…

Each chart folder becomes a project of one environment in a temporary folder. Fields that helm itself renders
differently each time (generated keys and passwords) are found by running it twice, and counted apart. Exit code 1 on
a difference.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from overlay.yaml import read_documents  # noqa: E402  # found through the line above; tests hold it against Helm's

ENVIRONMENT = """\
apiVersion: overlay.dev/v1
kind: Environment
metadata: {name: prod}
spec:
  chart: {path: chart}
  release: {name: rel, namespace: ns}
  kubernetesVersion: "1.34"
"""
Objects = dict[tuple[str, str, str, str], Any]


def helm_objects(helm: str, chart: str, values: list[str]) -> tuple[Objects, float]:
    """Return what `helm template` renders, by identity, and how long that took."""
    command = [helm, "template", "rel", chart, "-n", "ns", "--include-crds", "--skip-tests", "--kube-version", "1.34"]
    start = time.perf_counter()
    text = subprocess.run([*command, *values], capture_output=True, text=True, check=True).stdout
    took = time.perf_counter() - start
    return by_identity([document.value for document in read_documents(text, chart)]), took


def by_identity(bodies: Any) -> Objects:
    """Return objects by apiVersion, kind, namespace and name; lists are taken apart."""
    found: Objects = {}
    for body in bodies:
        if not body:
            continue
        for one in body["items"] if body["kind"].endswith("List") and "items" in body else [body]:
            metadata = one["metadata"]
            key = (one["apiVersion"], one["kind"], metadata.get("namespace") or "", metadata["name"])
            found[key] = one
    return found


def differing(left: Any, right: Any, path: str = "") -> list[str]:
    """Return the paths at which two values differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        keys = [*left, *[key for key in right if key not in left]]
        return [found for key in keys for found in differing(left.get(key), right.get(key), f"{path}.{key}")]
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        pairs = enumerate(zip(left, right, strict=True))
        return [found for at, (one, other) in pairs for found in differing(one, other, f"{path}[{at}]")]
    return [] if left == right and isinstance(left, bool) == isinstance(right, bool) else [path]


def compare(chart: str, helm: str, values: list[str]) -> bool:
    """Compare one chart; print a line, and every difference."""
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, "environments", "prod")
        os.makedirs(place)
        shutil.copytree(chart, os.path.join(place, "chart"))
        with open(os.path.join(place, "environment.yaml"), "w", encoding="utf-8") as file:
            file.write(ENVIRONMENT)
        try:
            expected, helm_took = helm_objects(helm, chart, values)
            again, _ = helm_objects(helm, chart, values)
        except subprocess.CalledProcessError as error:
            print(f"{os.path.basename(chart):40} helm refuses it: {error.stderr.strip().splitlines()[-1][:140]}")
            return True
        command = [sys.executable, "-m", "overlay", "render", "prod", "-o", "json", "--no-cache", "--no-validate"]
        start = time.perf_counter()
        done = subprocess.run([*command, *values], cwd=folder, capture_output=True, text=True, check=False)
        took = time.perf_counter() - start
    if done.returncode:
        print(f"{os.path.basename(chart):40} overlay refuses it:\n{done.stderr}")
        return False
    found = by_identity(json.loads(done.stdout))
    unsteady = {(key, path) for key in expected for path in differing(expected[key], again.get(key))}
    problems = [f"only helm has {key}" for key in expected if key not in found]
    problems += [f"only overlay has {key}" for key in found if key not in expected]
    for key in expected.keys() & found.keys():
        problems += [f"{key}{path}" for path in differing(expected[key], found[key]) if (key, path) not in unsteady]
    print(
        f"{os.path.basename(chart):40} {len(expected):4} objects, {len(problems)} differences, "
        f"{len(unsteady)} fields random, overlay/helm {took / helm_took:.2f}"
    )
    for problem in problems[:20]:
        print(f"    {problem}")
    return not problems


def main() -> None:
    """Compare the charts of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("charts", nargs="+", metavar="CHART")
    parser.add_argument("--values", action="append", default=[])
    args = parser.parse_args()
    tools = os.environ.get("OVERLAY_TOOLS", ".tools/bin")
    helm = os.path.join(tools, "helm") if os.path.exists(os.path.join(tools, "helm")) else "helm"
    values = [word for file in args.values for word in ("--values", os.path.abspath(file))]
    results = [compare(os.path.abspath(chart), helm, values) for chart in args.charts]
    raise SystemExit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
