"""What people set for Git themselves: their ways to write and to reach repositories change nothing of what is published."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from overlay.git.repository import Repository
from tests.gitops.projects import PROD, change, git, log, overlay, published, shop, shown, sync, tree, write

EXTRA = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n"


def home(text: str) -> None:
    (Path(os.environ["HOME"]) / ".gitconfig").write_text(text)


def by_hand(project: Path, files: dict[str, str]) -> None:
    """Commit files to prod's branch as somebody else."""
    other = project.parent / "other"
    git(project.parent, "clone", "-q", "-b", "environments/prod", "remote.git", "other")
    write(other, files)
    git(other, "add", ".")
    git(other, "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-m", "by hand")
    git(other, "push", "-q")


def test_a_file_whose_name_has_another_case_is_somebody_elses(tmp_path: Path) -> None:
    # As Git sets it itself where the file system knows no case: on macOS.
    home("[core]\n\tignoreCase = true\n")
    project = shop(tmp_path)
    sync(project, "prod")
    by_hand(project, {"ConfigMap-extra.yaml": "mine\n"})
    write(project, {"environments/base/manifests/extra.yaml": EXTRA})
    git(project, "add", ".")
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    assert {"ConfigMap-extra.yaml", "configmap-extra.yaml"} < set(tree(project, "environments/prod"))
    assert shown(project, "environments/prod:ConfigMap-extra.yaml") == "mine\n"
    assert "up to date" in sync(project, "prod")


@pytest.mark.parametrize("name", ["commitEncoding", "logOutputEncoding"])
def test_words_stay_what_they_are_whatever_encoding_people_use(tmp_path: Path, name: str) -> None:
    project = shop(tmp_path)
    change(project, "prod", "1.1.0", "Größe für Zoë")
    home(f"[i18n]\n\t{name} = ISO-8859-1\n")
    sync(project, "prod")
    commit = git(tmp_path / "remote.git", "cat-file", "commit", "environments/prod")
    assert ": Größe für Zoë\n" in commit
    assert "\nencoding " not in commit
    assert json.loads(shown(project, "environments/prod:hydrator.metadata"))["subject"] == "Größe für Zoë"


def test_commits_are_found_below_the_top_whatever_paths_people_are_shown(tmp_path: Path) -> None:
    project = shop(tmp_path)
    (project / "apps").mkdir()
    git(project, "mv", "environments", "apps/environments")
    git(project, "commit", "-q", "-m", "below")
    git(project, "push", "-q", "origin", "main")
    home("[diff]\n\trelative = true\n")
    sync(project / "apps", "prod")
    path = project / "apps" / PROD
    path.write_text(path.read_text().replace("1.0.0", "1.1.0"))
    git(project, "commit", "-q", "-a", "-m", "web 1.1.0 in prod")
    done = overlay(project / "apps", "status", "--git", "prod")
    assert "behind" in done.stdout
    assert "web 1.1.0 in prod" in done.stdout


def test_G39_a_setting_that_stands_alone_means_yes(tmp_path: Path) -> None:
    project = shop(tmp_path)
    home("[commit]\n\tgpgSign\n[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = /nothing\n")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert done.stderr.startswith("error in prod: the commit cannot be signed: ")


def test_a_check_of_certificates_that_stands_alone_is_none_less(tmp_path: Path) -> None:
    project = shop(tmp_path)
    with (project / ".git/config").open("a") as file:
        file.write("[http]\n\tsslVerify\n")
    assert Repository(str(project), os.environ).transport() == [("http.sslverify", "true")]


@pytest.mark.parametrize("setting", ["insteadOf", "pushInsteadOf"])
def test_a_url_of_the_documents_is_used_as_the_user_rewrites_it(tmp_path: Path, setting: str) -> None:
    project = shop(tmp_path, publish="{repository: 'https://shop.example/rendered.git'}")
    home(
        f'[url "file://{tmp_path}/remote.git"]\n\tinsteadOf = https://shop.example/rendered.git\n'
        f'[url "ssh://nobody.example/"]\n\t{setting} = file://{tmp_path}/other.git\n'
        f'[url "ssh://nobody.example/"]\n\tpushInsteadOf = file://{tmp_path}/remote.git\n'
    )
    sync(project, "prod")
    assert log(project, "environments/prod") == [log(project, "main", "%h: %s")[0]]
    assert published(project, "prod")["settings"]["publish"]["repository"] == "https://shop.example/rendered.git"


def test_Z04_a_password_in_the_url_of_the_documents_is_not_published(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{repository: 'https://ada:s3cr3t@shop.example/rendered.git'}")
    home(f'[url "file://{tmp_path}/remote.git"]\n\tinsteadOf = https://ada:s3cr3t@shop.example/rendered.git\n')
    sync(project, "prod")
    assert "s3cr3t" not in shown(project, "environments/prod:overlay.metadata")


def test_a_url_that_is_rewritten_to_one_that_is_not_used_is_refused(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{repository: 'https://shop.example/rendered.git'}")
    home(f'[url "ext::sh -c touch% {tmp_path}/canary "]\n\tinsteadOf = https://\n[protocol "ext"]\n\tallow = always\n')
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr.startswith("error: 'ext::sh")) == (2, True), done.stderr
    assert not (tmp_path / "canary").exists()
