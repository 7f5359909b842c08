"""K30 where the clone does not know: shallow checkouts of CI, and clones that are behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gitops.projects import change, git, overlay, published, shop, sync
from tests.servers.git_http import GitServer


@pytest.fixture
def project(tmp_path: Path, git_http: GitServer) -> Path:
    return at_server(shop(tmp_path), git_http)


def at_server(project: Path, server: GitServer) -> Path:
    git(project, "remote", "set-url", "origin", server.url("remote.git"))
    return project


def checkout(project: Path, url: str, commit: str = "", *, branch: str = "main", depth: str = "1") -> Path:
    """Clone as actions/checkout does; a commit that is no tip is one of a run that is repeated."""
    at = project.parent / f"ci-{commit or branch}"
    at.mkdir()
    git(at, "init", "-q", "-b", "main")
    git(at, "remote", "add", "origin", url)
    git(at, "config", "user.name", "CI")
    git(at, "config", "user.email", "ci@shop.example")
    what = commit or f"refs/heads/{branch}"
    git(at, "fetch", "-q", "--no-tags", f"--depth={depth}", "origin", f"+{what}:refs/remotes/origin/{branch}")
    git(at, "checkout", "-q", "--force", "-B", branch, f"refs/remotes/origin/{branch}")
    return at


def told(source: str, published_from: str) -> str:
    return (
        f"error in prod: environments/prod was published from {published_from[:7]}, which is newer than {source[:7]}\n"
        "  hint: publish the newer commit; --allow-rollback goes back to this one\n"
    )


def test_K30_a_shallow_checkout_of_a_branchs_newest_commit_asks_nothing_further(
    project: Path, git_http: GitServer
) -> None:
    sync(project, "prod")
    change(project, "prod", "1.1.0")
    new = change(project, "prod", "1.2.0")
    at = checkout(project, git_http.url("remote.git"))
    git_http.seen.clear()
    assert "warning" not in sync(at, "prod")
    assert published(project, "prod")["source"]["commit"] == new
    assert len(git_http.asked("POST git-upload-pack")) == 1


def test_K30_a_run_that_is_repeated_does_not_go_back(project: Path, git_http: GitServer) -> None:
    old = git(project, "rev-parse", "HEAD").strip()
    change(project, "prod", "1.1.0")
    new = change(project, "prod", "1.2.0")
    sync(project, "prod")
    at = checkout(project, git_http.url("remote.git"), old)
    done = overlay(at, "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (4, told(old, new))
    assert "warning" not in sync(at, "prod", "--allow-rollback")
    assert published(project, "prod")["source"]["commit"] == old


def test_a_commit_between_what_is_published_and_the_newest_goes_on(project: Path, git_http: GitServer) -> None:
    sync(project, "prod")
    for at in range(60):
        git(project, "commit", "-q", "--allow-empty", "-m", f"words {at}")
    middle = change(project, "prod", "1.1.0")
    change(project, "prod", "1.2.0")
    at = checkout(project, git_http.url("remote.git"), middle)
    assert "warning" not in sync(at, "prod")
    assert published(project, "prod")["source"]["commit"] == middle


def test_K30_a_clone_that_is_behind_does_not_go_back(project: Path, git_http: GitServer, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", git_http.url("remote.git"), "colleague")
    old = git(project, "rev-parse", "HEAD").strip()
    new = change(project, "prod", "1.1.0")
    sync(project, "prod")
    git(tmp_path / "colleague", "config", "user.email", "b@x")
    git(tmp_path / "colleague", "config", "user.name", "B")
    done = overlay(tmp_path / "colleague", "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (4, told(old, new))


def test_commits_that_went_different_ways_are_not_older(project: Path, git_http: GitServer) -> None:
    git(project, "checkout", "-q", "-b", "side")
    change(project, "prod", "1.1.0")
    git(project, "push", "-q", "origin", "HEAD~1:main", "--force")
    git(project, "push", "-q", "origin", "side")
    sync(project, "prod")
    git(project, "checkout", "-q", "main")
    mine = change(project, "prod", "1.2.0")
    git(project, "commit", "-q", "--allow-empty", "-m", "more")
    git(project, "push", "-q", "origin", "main")
    at = checkout(project, git_http.url("remote.git"), mine)
    assert "warning" not in sync(at, "prod")
    assert published(project, "prod")["source"]["commit"] == mine


def test_K30_the_newest_commit_of_another_branch_may_be_older(project: Path, git_http: GitServer) -> None:
    old = git(project, "rev-parse", "HEAD").strip()
    git(project, "push", "-q", "origin", "HEAD:refs/heads/release")
    new = change(project, "prod", "1.1.0")
    sync(project, "prod")
    at = checkout(project, git_http.url("remote.git"), branch="release")
    done = overlay(at, "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (4, told(old, new))


def test_what_cannot_be_told_is_said_and_not_stopped(project: Path, git_http: GitServer) -> None:
    lost = change(project, "prod", "1.1.0")
    sync(project, "prod")
    git(project, "reset", "-q", "--hard", "HEAD~1")
    git(project, "push", "-q", "--force", "origin", "HEAD:main")
    git(project.parent / "remote.git", "reflog", "expire", "--expire=now", "--all")
    git(project.parent / "remote.git", "prune", "--expire=now")
    mine = change(project, "prod", "1.2.0")
    git(project, "commit", "-q", "--allow-empty", "-m", "more")
    git(project, "push", "-q", "origin", "HEAD:main")
    at = checkout(project, git_http.url("remote.git"), mine)
    assert sync(at, "prod").startswith(
        f"warning in prod: whether {mine[:7]} comes after {lost[:7]}, from which environments/prod was published, "
        "cannot be told\n  hint: the source's remote should have both commits; in CI, `fetch-depth: 0` fetches all of "
        "them\n"
    )
    assert published(project, "prod")["source"]["commit"] == mine


def test_where_output_goes_to_another_repository_the_source_is_asked(tmp_path: Path, git_http: GitServer) -> None:
    project = at_server(shop(tmp_path, publish="{repository: rendered}"), git_http)
    git(tmp_path, "init", "-q", "--bare", "rendered.git")
    git(project, "remote", "add", "rendered", git_http.url("rendered.git"))
    old = git(project, "rev-parse", "HEAD").strip()
    sync(project, "prod")
    new = change(project, "prod", "1.1.0")
    for commit, code, words in (("", 0, "published revision 2"), (old, 4, told(old, new))):
        at = checkout(project, git_http.url("remote.git"), commit)
        git(at, "remote", "add", "rendered", git_http.url("rendered.git"))
        done = overlay(at, "sync", "prod", "-y")
        assert done.returncode == code, done.stderr
        assert words in done.stderr
        assert "warning" not in done.stderr
    assert git(tmp_path / "rendered.git", "rev-list", "--count", "environments/prod") == "2\n"
