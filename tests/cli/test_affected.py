"""`overlay affected`: whole output, and its document."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.gitops.projects import PROD, git, overlay, shop, write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def test_nothing_is_said_to_be_nothing(project: Path) -> None:
    done = overlay(project, "affected", "--base", "origin/main")
    commit = git(project, "rev-parse", "--short=7", "HEAD").strip()
    expected = f"no environment differs between origin/main ({commit}) and now\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")


def test_each_environment_is_told_with_its_files(project: Path) -> None:
    write(project, {"environments/base/manifests/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n"})
    (project / PROD).write_text((project / PROD).read_text() + "# more\n")
    done = overlay(project, "affected")
    assert done.stdout == (
        "dev: changed\n"
        "  environments/base/manifests/more.yaml added, of environments/base/base.yaml\n"
        "prod: changed\n"
        "  environments/base/manifests/more.yaml added, of environments/base/base.yaml\n"
        "  environments/prod/environment.yaml changed\n"
    )


def test_the_document_is_one_line_with_the_names_for_a_matrix(project: Path) -> None:
    git(project, "rm", "-q", "-r", "environments/dev")
    git(project, "mv", "environments/base/manifests/web.yaml", "environments/base/manifests/site.yaml")
    done = overlay(project, "affected", "-o", "json")
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout) == {
        "apiVersion": "overlay.dev/v1",
        "kind": "Affected",
        "base": {"ref": "HEAD", "commit": git(project, "rev-parse", "HEAD").strip()},
        "environments": ["prod"],
        "removed": ["dev"],
        "why": [
            {
                "environment": "dev",
                "change": "removed",
                "problem": None,
                "files": [
                    {"path": path, "change": "removed", "by": by, "from": None}
                    for path, by in [
                        ("environments/base/manifests/web.yaml", "environments/base/base.yaml"),
                        ("environments/dev/environment.yaml", "environments/dev/environment.yaml"),
                    ]
                ],
            },
            {
                "environment": "prod",
                "change": "changed",
                "problem": None,
                "files": [
                    {
                        "path": "environments/base/manifests/site.yaml",
                        "change": "renamed",
                        "by": "environments/base/base.yaml",
                        "from": "environments/base/manifests/web.yaml",
                    }
                ],
            },
        ],
    }


def test_C09_a_name_of_a_file_cannot_act_on_the_terminal(project: Path) -> None:
    write(project, {"environments/base/manifests/\x1b[31m\u202e.yaml": ""})
    assert "manifests/\\x1b[31m\\u202e.yaml added" in overlay(project, "affected").stdout


def test_outside_of_git_it_says_what_is_missing(tmp_path: Path) -> None:
    write(tmp_path, {"overlay.yaml": "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: x}\n"})
    done = overlay(tmp_path, "affected")
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {tmp_path} is in no Git repository\n"
        "  hint: a change is what differs from a commit: git init, and commit\n"
    )


def test_Z17_no_process_of_a_run_leaves_a_core_dump(project: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    real = shutil.which("git")
    program.write_text(f'#!/bin/sh\necho "$(ulimit -H -c) $(ulimit -S -c)" >> {tmp_path}/limits\nexec {real} "$@"\n')
    program.chmod(0o755)
    done = overlay(project, "affected", "--base", "main", PATH=f"{program.parent}:/usr/bin:/bin")
    assert done.returncode == 0
    assert set((tmp_path / "limits").read_text().splitlines()) == {"0 0"}
