"""Names, URLs and repositories that are not what they should be, under `overlay sync`."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from overlay.git.program import Program
from tests.gitops.projects import PROD, change, git, log, overlay, published, shop, sync


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def test_G17_locks_of_the_users_own_repository_do_not_matter(project: Path) -> None:
    names = ("index.lock", "HEAD.lock", "packed-refs.lock", "refs/heads/main.lock", "config.lock", "shallow.lock")
    for name in names:
        (project / ".git" / name).write_text("")
    sync(project, "--all")
    assert all((project / ".git" / name).exists() for name in names)


def test_G22_replaced_commits_and_grafts_do_not_act(project: Path) -> None:
    new = change(project, "prod", "1.1.0")
    git(project, "replace", new, f"{new}~1")
    sync(project, "prod")
    assert published(project, "prod")["source"]["commit"] == new
    message = git(project.parent / "remote.git", "log", "-1", "--format=%s", "environments/prod")
    assert message == f"{new[:7]}: web 1.1.0 in prod\n"


def test_G22_K30_grafts_do_not_make_a_newer_commit_unknown(project: Path) -> None:
    new = change(project, "prod", "1.1.0")
    sync(project, "prod")
    (project / ".git/info").mkdir(exist_ok=True)
    (project / ".git/info/grafts").write_text(f"{new}\n")
    git(project, "checkout", "-q", "--detach", git(project, "rev-parse", "main@{1}").strip())
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 4
    assert f"environments/prod was published from {new[:7]}, which is newer than " in done.stderr


def test_G22_a_damaged_object_of_the_source_is_named(project: Path) -> None:
    blob = git(project, "rev-parse", f"HEAD:{PROD}").strip()
    loose = project / ".git/objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"garbage")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert done.stderr.startswith("error: git cat-file fails: ")
    assert blob in done.stderr
    assert "bug" not in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% canary",
        "fd::17",
        "git://h.example/a",
        "http://h.example/a",
        "ftp://h.example/a",
        "ssh://-oProxyCommand=touch canary/a",
        "ssh://-x@h.example/a",
        "-x@h.example:a",
        "--upload-pack=touch canary",
        "https://h.example/a%0ab",
        "https://[::1/a",
        "ssh://h.example:port/a",
        "https://h.example/a\nb",
    ],
)
def test_G25_G29_remotes_that_could_do_something_else_are_refused(project: Path, url: str) -> None:
    git(project, "config", "remote.origin.url", url)
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert "is no URL of a remote that is used" in done.stderr or "only https://, ssh://, file:// and" in done.stderr
    assert not list(project.parent.rglob("canary"))


@pytest.mark.parametrize(
    "branch", ["-x", "--force", "a..b", "x.lock", "a b", "@{-1}", "HEAD", "../x", "a:b", "refs/heads/x", "+x", "a^{}"]
)
def test_G30_G32_G36_names_that_are_no_branch_are_refused(tmp_path: Path, branch: str) -> None:
    project = shop(tmp_path, publish=f"{{branch: '{branch}'}}")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert "error" in done.stderr
    assert "bug" not in done.stderr
    assert git(tmp_path / "remote.git", "for-each-ref", "--format=%(refname)") == "refs/heads/main\n"


@pytest.mark.parametrize("parts", [2, 4])
def test_G21_a_file_that_hosts_dislike_is_told_and_one_that_they_refuse_is_not_pushed(
    project: Path, parts: int
) -> None:
    names = [f"part{at}.txt" for at in range(parts)]
    for name in names:
        (project / "environments/prod" / name).write_text("x" * (27 << 20))
    path = project / PROD
    path.write_text(f"{path.read_text()}  configMaps: [{{name: big, files: [{', '.join(names)}]}}]\n")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "big")
    done = overlay(project, "sync", "prod", "-y")
    if parts == 2:
        assert done.returncode == 0
        assert "is larger than 50 MiB; Git's hosts warn of that, and refuse 100\n" in done.stderr
    else:
        assert done.returncode == 2
        assert "is larger than 100 MiB, which Git's hosts refuse" in done.stderr
        assert git(project.parent / "remote.git", "for-each-ref", "refs/heads/environments") == ""


def test_G40_a_collection_of_garbage_meanwhile_loses_nothing(project: Path) -> None:
    sync(project, "--all")
    (store,) = [path for path in (Path(os.environ["XDG_CACHE_HOME"]) / "overlay/git").iterdir() if path.is_dir()]
    over = threading.Event()

    def collect() -> None:
        while not over.is_set():
            for folder in (store, project.parent / "remote.git"):
                subprocess.run(["git", f"--git-dir={folder}", "gc", "--quiet", "--prune=2.weeks.ago"], check=False)

    other = threading.Thread(target=collect)
    other.start()
    try:
        for at in range(4):
            change(project, "prod", f"1.1.{at}")
            sync(project, "--all")
    finally:
        over.set()
        other.join()
    assert len(log(project, "environments/prod")) == 5
    assert git(project.parent / "remote.git", "fsck", "--strict", "--no-dangling") == ""


def test_G43_what_refs_name_is_on_the_disk_first(tmp_path: Path) -> None:
    command = Program(str(tmp_path), {}).command("update-ref")
    assert "core.fsync=committed" in command
    assert "gc.auto=0" in command
