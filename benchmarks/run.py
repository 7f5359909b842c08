"""Run all benchmarks and print their ratios as Markdown."""

from __future__ import annotations

import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from benchmarks import (  # noqa: E402  # found through the line above
    bundles,
    checks,
    cluster,
    environments,
    explain,
    manifests,
    objects,
    publishing,
    sample,
    validation,
)


def main() -> None:
    """Run the stories named on the command line, or all of them."""
    overlay = os.path.join(os.path.dirname(sys.executable), "overlay")
    tools = os.environ.get("OVERLAY_TOOLS") or os.path.join(ROOT, ".tools", "bin")
    wanted = sys.argv[1:] or [
        "sample",
        "environments",
        "checks",
        "manifests",
        "objects",
        "validation",
        "explain",
        "publishing",
        "bundles",
        "cluster",
    ]
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_CACHE_HOME": os.path.join(folder, "cache")}
        if "sample" in wanted:
            sample.run(folder, overlay, tools, ROOT, env)
        if "environments" in wanted:
            environments.run(folder, overlay, ROOT, env)
        if "checks" in wanted:
            checks.run(folder, overlay, ROOT, env)
        if "manifests" in wanted:
            manifests.run(folder, overlay, tools, env)
        if "objects" in wanted:
            objects.run(folder, overlay, tools, env)
        if "validation" in wanted:
            validation.run(folder, overlay, tools, ROOT, env)
        if "explain" in wanted:
            explain.run(folder, overlay, env)
        if "publishing" in wanted:
            publishing.run(os.path.join(folder, "publishing"), overlay, env)
        if "bundles" in wanted:
            bundles.run(folder, overlay, tools, env)
        if "cluster" in wanted:
            cluster.run(folder, overlay, env)


if __name__ == "__main__":
    main()
