"""A project in a subfolder of its repository: code hosts get paths from the repository's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.source.projects import DOCUMENT, git, overlay, repository, write

PLACE = f"deploy/shop/{DOCUMENT}"
TEST = (
    "apiVersion: overlay.dev/v1\nkind: Test\nmetadata: {name: web}\nspec:\n"
    "  environments: [prod]\n  assertions: [{absent: {kind: Deployment}}]\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    found = repository(tmp_path / "repository", "deploy/shop")
    text = (found / DOCUMENT).read_text()
    (found / DOCUMENT).write_text(
        text.replace("newTag: 2.4.1", "newTag: 2.4.2").replace("spec:", "spec:\n  namePrefx: a")
    )
    write(found, {"tests/web.yaml": TEST})
    return found


@pytest.mark.parametrize("words", [("check", "prod"), ("lint", "prod")])
def test_annotations_and_sarif_name_files_from_the_repository(
    project: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = overlay(project, *words, "-o", "github")
    assert done.returncode == 1
    assert done.stdout.startswith(f"::error file={PLACE},line=7,col=3,title=overlay prod::unknown field spec.namePrefx")
    if words[0] == "check":
        overlay(project, *words, "--report", f"sarif={tmp_path / 'found'}")
        sarif = json.loads((tmp_path / "found").read_text())
    else:
        sarif = json.loads(overlay(project, *words, "-o", "sarif").stdout)
    [result] = sarif["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": PLACE, "uriBaseId": "REPOSITORY"}
    assert sarif["runs"][0]["originalUriBaseIds"] == {
        "REPOSITORY": {"description": {"text": "The repository's folder."}}
    }


def test_errors_tests_and_differences_do_the_same(project: Path) -> None:
    done = overlay(project.parent, "render", "prod", "--error-format", "github", "-C", "shop")
    assert done.stderr.startswith(f"::error file={PLACE},line=7,")
    (project / DOCUMENT).write_text((project / DOCUMENT).read_text().replace("\n  namePrefx: a", ""))
    done = overlay(project, "test", "-o", "github")
    assert done.stdout.startswith("::error file=deploy/shop/tests/web.yaml,line=6,")
    done = overlay(project, "diff", "prod", "-o", "github")
    assert done.returncode == 1
    assert f"file={PLACE},line=" in done.stdout
    assert "2.4.1 → " in done.stdout


def test_without_a_repository_and_at_its_top_paths_are_the_projects(tmp_path: Path) -> None:
    for folder in (repository(tmp_path / "a"), repository(tmp_path / "b")):
        if folder.name == "b":
            git(folder, "worktree", "add", "-q", str(tmp_path / "tree"))
            folder = tmp_path / "tree"  # noqa: PLW2901
        text = (folder / DOCUMENT).read_text()
        (folder / DOCUMENT).write_text(text.replace("spec:", "spec:\n  namePrefx: a"))
        assert overlay(folder, "lint", "prod", "-o", "github").stdout.startswith(f"::error file={DOCUMENT},line=7,")
