"""A push that is refused because the branch moved: each environment is looked at again for itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gitops.projects import change, git, log, overlay, published, shop, sync, write
from tests.servers.git_http import GitServer, meanwhile

PUSH = "POST git-receive-pack"


@pytest.fixture
def project(tmp_path: Path, git_http: GitServer) -> Path:
    made = shop(tmp_path, environments=("dev", "prod", "qa"))
    git(made, "remote", "set-url", "origin", git_http.url("remote.git"))
    sync(made, "--all")
    for name in ("dev", "prod", "qa"):
        change(made, name, "1.1.0")
    return made


def by_hand(folder: Path, branch: str, files: dict[str, str]) -> Callable[[], None]:
    """Return what lets somebody else commit to a branch."""

    def act() -> None:
        at = folder / "other"
        git(folder, "clone", "-q", "-b", branch, "remote.git", "other")
        write(at, files)
        git(at, "add", ".")
        git(at, "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-m", "by hand")
        git(at, "push", "-q")

    return act


def test_G23_an_edit_that_comes_meanwhile_stops_its_environment_alone(
    project: Path, tmp_path: Path, git_http: GitServer
) -> None:
    edit = by_hand(tmp_path, "environments/prod", {"deployment-web.yaml": "by hand\n"})
    git_http.faults[PUSH] = [meanwhile(edit)]
    done = overlay(project, "sync", "--all", "-y")
    assert done.returncode == 5
    assert [line.partition(" as ")[0] for line in done.stderr.splitlines()] == [
        "dev: published revision 2",
        "qa: published revision 2",
        "error in prod: deployment-web.yaml on environments/prod was edited by somebody else",
        "  hint: make the change in the source, or throw it away with --overwrite-edits",
    ]
    assert [published(project, name)["revision"] for name in ("dev", "prod", "qa")] == [2, 1, 2]
    assert log(project, "environments/prod")[0] == "by hand"


def test_G23_where_nobody_is_left_nothing_is_pushed(project: Path, tmp_path: Path, git_http: GitServer) -> None:
    git_http.faults[PUSH] = [meanwhile(by_hand(tmp_path, "environments/prod", {"deployment-web.yaml": "by hand\n"}))]
    git_http.seen.clear()
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 4
    assert len(git_http.asked(PUSH)) == 1


def test_a_saved_plan_is_carried_out_whole_or_not_at_all(project: Path, tmp_path: Path, git_http: GitServer) -> None:
    file = str(tmp_path / "plan.json")
    assert overlay(project, "plan", "--all", "--out", file).returncode == 0
    git_http.faults[PUSH] = [meanwhile(by_hand(tmp_path, "environments/prod", {"deployment-web.yaml": "by hand\n"}))]
    done = overlay(project, "sync", "--plan", file)
    assert done.returncode == 4, done.stderr
    assert [published(project, name)["revision"] for name in ("dev", "prod", "qa")] == [1, 1, 1]


def test_a_rollback_that_comes_meanwhile_is_a_hold(project: Path, git_http: GitServer) -> None:
    sync(project, "prod")
    change(project, "prod", "1.2.0")
    own = {"XDG_CACHE_HOME": str(project.parent / "elsewhere")}
    git_http.faults[PUSH] = [meanwhile(lambda: overlay(project, "rollback", "prod", "1", "-y", **own))]
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr.splitlines()[-2]) == (
        4,
        "error in prod: prod is held at revision 1: publishing would undo the rollback",
    )
    assert published(project, "prod")["held"] == {"revision": 1, "reason": ""}
