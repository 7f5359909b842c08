"""`overlay adopt --in-place`: manifests go only where the last commit has them, byte for byte."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.dedupe.test_adopt import config, overlay, texts


def git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    return subprocess.run(["git", *identity, *args], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two committed folders of manifests, one with a file of another kind beside them."""
    for name in ("dev", "prod"):
        config(tmp_path / "apps" / name, "all", "shop")
        config(tmp_path / "apps" / name / "below", "c", "shop", A=name)
    (tmp_path / "apps/prod/README.md").write_text("read me\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "all")
    return tmp_path


def adopt(project: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return overlay("adopt", "apps/dev", "apps/prod", "--write", "--in-place", *more, cwd=project)


def test_adopted_manifests_go_and_what_is_no_manifest_stays(project: Path) -> None:
    done = adopt(project)
    assert done.returncode == 0, done.stderr
    assert texts(project / "apps") == {"prod/README.md": "read me\n"}
    assert not (project / "apps/dev").exists()
    assert "  A: prod\n" in overlay("render", "prod", cwd=project).stdout
    assert done.stderr == (
        "proved: 2 environments build to the objects that they had; wrote environments; "
        "took 4 files away, which the last commit has\n"
    )


def test_json_names_the_files_that_went(project: Path) -> None:
    assert json.loads(adopt(project, "-o", "json").stdout)["removed"] == [
        "apps/dev/all.yaml",
        "apps/dev/below/c.yaml",
        "apps/prod/all.yaml",
        "apps/prod/below/c.yaml",
    ]


def work_tree(project: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in project.rglob("*") if path.is_file() and ".git" not in path.parts}


def refused(project: Path, said: str) -> None:
    before = work_tree(project)
    done = adopt(project)
    assert (done.returncode, done.stderr) == (2, said)
    assert work_tree(project) == before


def test_a_work_tree_with_changes_is_left_alone(project: Path) -> None:
    (project / "notes.txt").write_text("new\n")
    refused(
        project,
        "error: the work tree is not clean: notes.txt\n"
        "  hint: commit or stash that first; --write without --in-place leaves the folders alone\n",
    )


def test_a_manifest_that_git_ignores_would_be_lost_so_nothing_goes(project: Path) -> None:
    (project / ".git/info/exclude").write_text("secret.yaml\n")
    config(project / "apps/dev", "secret", "shop")
    refused(
        project,
        "error: apps/dev/secret.yaml is not in the last commit as it stands here\n"
        "  hint: commit it first; what Git has not could not be brought back\n",
    )


def test_a_change_that_git_was_told_not_to_see_is_seen(project: Path) -> None:
    git(project, "update-index", "--assume-unchanged", "apps/dev/all.yaml")
    config(project / "apps/dev", "all", "shop", A="mine")
    refused(
        project,
        "error: apps/dev/all.yaml is not in the last commit as it stands here\n"
        "  hint: commit it first; what Git has not could not be brought back\n",
    )


def test_folders_outside_of_git_are_left_alone(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        config(tmp_path / "apps" / name, "all", "shop")
    done = adopt(tmp_path)
    assert done.returncode != 0
    assert done.stderr == (
        f"error: {tmp_path}/apps/dev is in no Git repository\n"
        "  hint: --in-place takes away only what Git has; --write without it leaves the folders alone\n"
    )
    assert not (tmp_path / "environments").exists()
    assert len(texts(tmp_path)) == 2


def test_in_place_needs_write(project: Path) -> None:
    done = overlay("adopt", "apps/dev", "apps/prod", "--in-place", cwd=project)
    assert (done.returncode, done.stderr) == (2, "error: --in-place takes folders away, so it needs --write\n")
