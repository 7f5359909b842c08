"""Schemas for kubeconform, written once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def kubeconform(tool, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[dict[str, Any]]]:
    """Ask kubeconform -strict about objects: one answer each, in their order."""
    program = tool("kubeconform")
    folder = tmp_path_factory.mktemp("kubeconform")
    done: set[tuple[str, ...]] = set()

    def ask(bodies: list[dict[str, Any]], version: str, *crds: Path) -> list[dict[str, Any]]:
        place = folder / version
        if (version, *map(str, crds)) not in done:
            script = [sys.executable, ROOT / "scripts" / "write_kubeconform_schemas.py", place, *crds]
            subprocess.run([*script, "--kubernetes", version], check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
            done.add((version, *map(str, crds)))
        file = folder / "objects.yaml"
        file.write_text("\n---\n".join(map(json.dumps, bodies)))
        found = subprocess.run(
            [program, "-strict", "-n", "1", "-output", "json", "-verbose",
             "-schema-location", f"{place}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", file],
            capture_output=True, text=True,
        )  # fmt: skip
        answers = json.loads(found.stdout)["resources"]
        assert len(answers) == len(bodies), found.stdout[:1000]
        return answers

    return ask
