"""States of the user's repository and of the remote in which `overlay sync` works, or says what is missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.gitops.projects import PROD, change, git, log, overlay, published, shop, sync, tree, write
from tests.source.projects import state

NO_REMOTE = "  hint: add one with `git remote add origin URL`, or name it with --remote\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def test_G14_a_detached_head_is_published(project: Path) -> None:
    git(project, "checkout", "-q", "--detach")
    sync(project, "prod")
    assert published(project, "prod")["source"]["branch"] is None


def test_G14_a_detached_head_has_no_branch_to_put_a_folder_on(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{path: 'rendered/{environment}'}")
    git(project, "checkout", "-q", "--detach")
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (
        2,
        "error: rendered/prod is a folder of the branch that is checked out, and none is (detached HEAD)\n"
        "  hint: name one: spec.publish.branch\n",
    )


def test_G15_G37_worktrees_and_sparse_checkouts_work(project: Path, tmp_path: Path) -> None:
    git(project, "worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    sync(tmp_path / "tree", "prod")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--sparse", f"file://{tmp_path}/remote.git", "sparse")
    sparse = tmp_path / "sparse"
    git(sparse, "config", "user.name", "Ada")
    git(sparse, "config", "user.email", "ada@shop.example")
    git(sparse, "sparse-checkout", "set", "environments/base", "environments/prod")
    assert not (sparse / "environments/dev").exists()
    before = state(sparse, but="nothing")
    assert "up to date" in sync(sparse, "prod")
    change(sparse, "prod", "1.1.0")
    sync(sparse, "prod")
    assert published(project, "prod")["revision"] == 2
    assert state(sparse, but="nothing")[3] == before[3]


def test_G28_files_of_a_submodule_are_refused_by_name(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "shared")
    write(tmp_path / "shared", {"more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"})
    git(tmp_path / "shared", "add", ".")
    git(tmp_path / "shared", "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-m", "x")
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../shared", "shared")
    path = project / PROD
    path.write_text(path.read_text() + "  resources: [../../shared/more.yaml]\n")
    git(project, "commit", "-q", "-a", "-m", "shared")
    done = overlay(project, "sync", "--all", "-y")
    assert done.returncode == 2
    assert done.stderr == (
        "error: shared/more.yaml is in the submodule shared, and prod reads it: the commit does not hold its files\n"
        "  hint: keep it in this repository, or fetch it as a remote input, which overlay.lock pins\n"
    )
    sync(project, "dev")


@pytest.mark.parametrize(("source", "target"), [("sha1", "sha256"), ("sha256", "sha1"), ("sha256", "sha256")])
@pytest.mark.parametrize("empty", [True, False])
def test_G37_source_and_remote_may_name_objects_differently(
    tmp_path: Path, source: str, target: str, empty: bool
) -> None:
    project = shop(tmp_path, publish="{repository: rendered}", form=source)
    git(tmp_path, "init", "-q", "--bare", f"--object-format={target}", "rendered.git")
    git(project, "remote", "add", "rendered", str(tmp_path / "rendered.git"))
    if not empty:
        git(tmp_path, "init", "-q", f"--object-format={target}", "other")
        git(tmp_path / "other", "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "--allow-empty", "-m", "x")
        git(tmp_path / "other", "push", "-q", str(tmp_path / "rendered.git"), "HEAD:topic")
    sync(project, "prod")
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    bare = tmp_path / "rendered.git"
    assert git(bare, "rev-list", "--count", "environments/prod") == "2\n"
    assert len(git(bare, "rev-parse", "environments/prod").strip()) == (64 if target == "sha256" else 40)
    assert git(bare, "fsck", "--strict") == ""


def test_G16_nothing_committed_yet(project: Path) -> None:
    shutil.rmtree(project / ".git")
    git(project, "init", "-q")
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (
        2,
        "error: nothing is committed yet\n  hint: commit the project first: what is published names its commit\n",
    )


@pytest.mark.parametrize(("arguments", "name"), [((), "origin"), (("--remote", "upstream"), "upstream")])
def test_G16_a_remote_that_is_not_there_is_named(project: Path, arguments: tuple[str, ...], name: str) -> None:
    git(project, "remote", "remove", "origin")
    done = overlay(project, "sync", "prod", "-y", *arguments)
    assert (done.returncode, done.stderr) == (2, f"error: there is no remote {name!r}\n{NO_REMOTE}")


@pytest.mark.parametrize(("more", "there"), [((), "is origin"), (("rendered", "zoo"), "are origin, rendered, zoo")])
def test_G16_the_remotes_that_there_are_are_named(project: Path, more: tuple[str, ...], there: str) -> None:
    for name in more:
        git(project, "remote", "add", name, "https://h.example/x")
    for command in (("sync", "prod", "-y"), ("history", "prod"), ("status", "--git", "prod"), ("audit", "prod")):
        done = overlay(project, *command, "--remote", "nope")
        assert (done.returncode, done.stderr) == (2, f"error: there is no remote 'nope'\n  hint: there {there}\n")


def test_G16_a_remote_that_was_moved_is_told(project: Path, tmp_path: Path) -> None:
    (tmp_path / "remote.git").rename(tmp_path / "moved.git")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: git cannot use {tmp_path}/remote.git: '{tmp_path}/remote.git' does not ")


def test_G16_an_empty_remote_gets_its_first_branch(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    git(project, "remote", "set-url", "origin", str(tmp_path / "empty.git"))
    assert "published revision 1" in sync(project, "prod")


@pytest.mark.parametrize("under_way", ["merge", "rebase", "cherry-pick"])
def test_G18_what_is_under_way_in_the_work_tree_is_left_alone(project: Path, under_way: str) -> None:
    git(project, "checkout", "-q", "-b", "side")
    write(project, {"README.md": "side\n"})
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "side")
    git(project, "checkout", "-q", "main")
    write(project, {"README.md": "main\n"})
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "main")
    git(project, under_way, "side", check=False)
    before = state(project, but="nothing"), git(project, "status", "--porcelain=v2", "--branch")
    sync(project, "prod")
    assert (state(project, but="nothing"), git(project, "status", "--porcelain=v2", "--branch")) == before
    assert published(project, "prod")["source"]["commit"] == git(project, "rev-parse", "HEAD").strip()


def test_G34_other_line_ends_than_committed_are_named(project: Path) -> None:
    git(project, "config", "core.autocrlf", "true")
    (project / PROD).unlink()
    git(project, "checkout", "-q", "--", PROD)
    assert b"\r\n" in (project / PROD).read_bytes()
    assert git(project, "status", "--porcelain") == ""
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (
        2,
        f"error: {PROD} has other line ends here than in the commit, and prod reads it\n"
        "  hint: git config core.autocrlf false, and check it out again; or say --allow-dirty, which is recorded\n",
    )


def test_G34_a_file_that_a_filter_keeps_elsewhere_is_named(project: Path, tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 12\n"
    path = project / "environments/base/manifests/settings.yaml"
    text = path.read_text()
    path.write_text(pointer)
    git(project, "commit", "-q", "-a", "-m", "pointer")
    path.write_text(text)
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (
        2,
        "error: environments/base/manifests/settings.yaml is kept in Git LFS: the commit does not hold it, and prod "
        "reads it\n  hint: git lfs migrate export puts it into the repository; or say --allow-dirty, which is recorded\n",
    )


def test_G37_a_project_below_the_top_publishes_its_own_files(tmp_path: Path) -> None:
    flat = shop(tmp_path / "flat")
    mono = tmp_path / "mono"
    shutil.copytree(flat, mono / "teams/shop é", ignore=shutil.ignore_patterns(".git"))
    git(mono, "init", "-q", "-b", "main")
    git(mono, "config", "user.name", "Ada")
    git(mono, "config", "user.email", "ada@shop.example")
    git(mono, "add", ".")
    git(mono, "commit", "-q", "-m", "shop")
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(mono, "remote", "add", "origin", "../remote.git")
    project = mono / "teams/shop é"
    for _ in range(2):
        done = overlay(project, "sync", "--all", "-y")
        assert done.returncode == 0, done.stderr
    bare = tmp_path / "remote.git"
    assert git(bare, "rev-list", "--count", "environments/prod") == "1\n"
    sync(flat, "--all")
    names = "deployment-web.yaml", "service-web.yaml"
    for name in names:
        assert git(bare, "show", f"environments/prod:{name}") == git(
            tmp_path / "flat/remote.git", "show", f"environments/prod:{name}"
        )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_G27_a_repository_of_another_user_is_explained(project: Path) -> None:
    for path in (project, project / ".git"):
        os.chown(path, 12345, 12345)
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (
        2,
        f"error: {project} belongs to another user, so git does not use it\n"
        f"  hint: git config --global --add safe.directory {project}\n",
    )
    git(project.parent, "config", "--global", "--add", "safe.directory", str(project))
    sync(project, "prod")
    assert tree(project, "environments/prod")
    assert log(project, "environments/prod", "%an") == ["Ada"]
