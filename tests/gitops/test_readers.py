"""What is published can be read by the tools of others: plain YAML for kustomize and kubeconform, commits for GitPython."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.gitops.projects import git, overlay, sync

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def branch(tmp_path: Path) -> Path:
    """Publish the sample project's prod; return its branch, cloned."""
    project = tmp_path / "shop"
    project.mkdir()
    git(project, "init", "-q", "-b", "main")
    git(project, "config", "user.name", "Ada")
    git(project, "config", "user.email", "ada@shop.example")
    shutil.copytree(ROOT / "environments", project / "environments")
    shutil.copy(ROOT / "overlay.yaml", project)
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "The shop")
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(project, "remote", "add", "origin", str(tmp_path / "remote.git"))
    sync(project, "prod")
    git(tmp_path, "clone", "-q", "-b", "environments/prod", "remote.git", "branch")
    return tmp_path / "branch"


def by_name(text: str) -> dict[tuple[str, str], dict]:
    return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(text)}


def test_kustomize_builds_the_folder_to_the_objects_that_are_rendered(branch: Path, tool) -> None:
    manifests = sorted(path.name for path in branch.glob("*.yaml"))
    (branch / "kustomization.yaml").write_text(yaml.safe_dump({"resources": manifests}))
    built = subprocess.run([tool("kustomize"), "build", str(branch)], capture_output=True, text=True, check=True)
    rendered = overlay(branch.parent / "shop", "render", "prod")
    assert by_name(built.stdout) == by_name(rendered.stdout)


def test_kubeconform_accepts_the_folder(branch: Path, tool, tmp_path: Path) -> None:
    schemas = tmp_path / "schemas"
    crds = sorted((ROOT / "environments/base").rglob("crds/*.yaml"))
    subprocess.run([sys.executable, ROOT / "scripts/write_kubeconform_schemas.py", schemas, *crds], check=True)
    done = subprocess.run(
        [tool("kubeconform"), "-strict", "-summary", "-output", "json",
         "-schema-location", f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", str(branch)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["summary"]["valid"] == 18


def test_a_reader_of_every_yaml_and_json_file_finds_manifests_alone(branch: Path) -> None:
    """As Argo CD's directory source and Flux's generated kustomization read a folder."""
    found = [
        path for path in branch.rglob("*") if path.suffix in (".yaml", ".yml", ".json") and ".git" not in path.parts
    ]
    assert len(found) == 18
    assert all({"apiVersion", "kind"} <= set(yaml.safe_load(path.read_text())) for path in found)
