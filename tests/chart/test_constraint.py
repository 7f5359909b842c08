"""kubeVersion constraints mean what they mean to Helm."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from overlay.chart.constraint import BadConstraint, satisfies

CONSTRAINTS = [
    ">=1.25.0", ">=1.25.0-0", "<1.30", "<=1.30", ">1.30", "=1.30", "1.30", "1.30.x", "1.x", "*", "^1.20", "~1.30.1", "~1.30", "~1",
    "!=1.30.2", "!=1.30", ">=1.20 <1.31", ">= 1.20, < 1.30", "1.20 - 1.30", "1.20.0 - 1.30.1", "<1.20 || >1.29", "^1.30.2-0", ">1",
    "^1.31", "~1.29.0", "<=1", "=> 1.30", ">=1.30.2", "<1.30.2", "v1.30.2",
]  # fmt: skip


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_T19_a_constraint_accepts_what_helm_accepts(constraint: str, tool, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text(f"apiVersion: v2\nname: web\nversion: 1.0.0\nkubeVersion: {constraint!r}\n")
    (tmp_path / "templates/a.yaml").write_text("a: 1\n")
    for version in ("1.30.2", "1.29.0", "1.31.0", "2.0.0"):
        done = subprocess.run(
            [tool("helm"), "template", "x", tmp_path, "--kube-version", version], capture_output=True, text=True
        )
        assert "incompatible" in done.stderr or done.returncode == 0, done.stderr
        assert satisfies(version, constraint) == (done.returncode == 0), version


@pytest.mark.parametrize("text", ["nope", ">= x.y", "1.2.3.4", ">="])
def test_what_is_no_constraint_is_refused(text: str) -> None:
    with pytest.raises(BadConstraint):
        satisfies("1.30.0", text)
