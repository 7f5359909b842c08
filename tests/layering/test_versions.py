"""Kubernetes versions that have no types here are told, and checked as the nearest one."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlay import Options, build
from overlay.kube.types import nearest_version


def project(root: Path, version: str) -> str:
    files = {
        "environment.yaml": (
            "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\n"
            f"spec: {{resources: [a.yaml], kubernetesVersion: '{version}'}}\n"
        ),
        "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    }
    for name, text in files.items():
        path = root / "environments/prod" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(root)


@pytest.mark.parametrize("version", ["1.20", "1.99"])
def test_a_version_without_types_is_a_warning(version: str, tmp_path: Path) -> None:
    root = project(tmp_path, version)
    assert [(one.rule, one.message) for one in build("prod", project=root).findings] == [
        (
            "kubernetes-version",
            f"Kubernetes {version} is not known here: patches and objects are checked as for {nearest_version(version)}",
        )
    ]
    assert build("prod", project=root, options=Options(validate=False)).findings == ()


@pytest.mark.parametrize("version", ["1.25", "1.34", "1.34.2"])
def test_a_version_with_types_is_none(version: str, tmp_path: Path) -> None:
    assert build("prod", project=project(tmp_path, version)).findings == ()
