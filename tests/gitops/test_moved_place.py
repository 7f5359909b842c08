"""An environment whose `spec.publish` names another place than before: numbers, what is left behind, names of branches."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gitops.projects import PROD, change, git, overlay, published, shop, sync, tree, write

FORM = "{branch: deploy, path: 'v1/{environment}'}"


def move(project: Path, publish: str, name: str = PROD) -> None:
    """Let an environment name another place."""
    path = project / name
    kept = [line for line in path.read_text().splitlines() if not line.startswith("  publish:")]
    path.write_text("\n".join([*kept, f"  publish: {publish}", ""]))
    git(project, "commit", "-q", "-a", "-m", f"to {publish}")
    git(project, "push", "-q", "origin", "HEAD:main")


def numbers(project: Path) -> list[str]:
    done = overlay(project, "history", "prod")
    assert done.returncode == 0, done.stderr
    return [line.split()[0] for line in done.stdout.splitlines()[1:]]


def test_another_folder_of_the_same_branch_goes_on_counting(tmp_path: Path) -> None:
    project = shop(tmp_path, publish=FORM)
    sync(project, "--all")
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    # Somebody else's file of that name says nothing.
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", "-b", "deploy", "remote.git", "other")
    write(other, {"notes/overlay.metadata": "{}\n"})
    git(other, "add", ".")
    git(other, "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-m", "notes")
    git(other, "push", "-q")
    move(project, "{branch: deploy, path: 'v2/{environment}'}")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 0
    assert "none → 3 " in done.stdout
    assert done.stderr.startswith(
        "warning in prod: what was published of prod before, revision 2, stays at deploy:v1/prod\n"
        "  hint: remove that folder when nothing reads it any more\n"
        "prod: published revision 3 as "
    )
    assert published(project, "prod", "deploy", "v2/prod/")["revision"] == 3
    assert published(project, "prod", "deploy", "v1/prod/")["revision"] == 2, "who reads it goes on reading it"
    assert numbers(project) == ["1", "2", "3"]
    change(project, "prod", "1.2.0")
    assert sync(project, "prod").startswith("prod: published revision 4 as ")
    assert numbers(project) == ["1", "2", "3", "4"]
    assert overlay(project, "rollback", "prod", "3", "-y").returncode == 0
    earlier = overlay(project, "rollback", "prod", "2", "-y")
    assert earlier.returncode == 2
    assert "error: revision 2 of prod is not in deploy:v2/prod at " in earlier.stderr
    assert "may have been published to another folder then" in earlier.stderr


def test_a_folder_that_was_removed_and_comes_back_goes_on_counting_too(tmp_path: Path) -> None:
    project = shop(tmp_path, publish=FORM)
    sync(project, "--all")
    move(project, "{branch: deploy, path: 'v2/{environment}'}")
    sync(project, "prod")
    git(tmp_path, "clone", "-q", "-b", "deploy", "remote.git", "other")
    git(tmp_path / "other", "rm", "-q", "-r", "v1/prod")
    git(tmp_path / "other", "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-m", "nobody reads it")
    git(tmp_path / "other", "push", "-q")
    move(project, FORM)
    sync(project, "prod")
    assert published(project, "prod", "deploy", "v1/prod/")["revision"] == 3


def test_another_branch_is_another_history(tmp_path: Path) -> None:
    project = shop(tmp_path)
    sync(project, "--all")
    move(project, "{branch: live}")
    assert sync(project, "prod").startswith("prod: published revision 1 as ")
    assert numbers(project) == ["1"]


@pytest.mark.parametrize(("before", "after"), [("env", "env/prod"), ("env/prod/eu", "env/prod"), ("env", "env/b-prod")])
def test_G24_a_branch_may_be_called_as_a_folder_of_another_one_was(tmp_path: Path, before: str, after: str) -> None:
    project = shop(tmp_path, environments=("prod",))
    move(project, f"{{branch: {before}}}")
    sync(project, "prod")
    assert numbers(project) == ["1"]
    both = overlay(project, "audit", "prod")
    assert both.returncode == 0
    git(tmp_path / "remote.git", "update-ref", "-d", f"refs/heads/{before}")
    move(project, f"{{branch: {after}}}")
    for revision in (1, 2):
        assert sync(project, "prod").startswith(f"prod: published revision {revision} as ")
        change(project, "prod", f"{revision}.5.0")
    assert numbers(project) == ["1", "2"]
    assert overlay(project, "audit", "prod").returncode == 0
    assert tree(project, after)
    git(tmp_path / "remote.git", "update-ref", "-d", f"refs/heads/{after}")
    assert overlay(project, "sync", "prod", "-y").returncode == 4, "what was seen of it is remembered"


def test_a_branch_below_one_that_the_remote_has_is_told(tmp_path: Path) -> None:
    project = shop(tmp_path, environments=("prod",))
    move(project, "{branch: main/prod}")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error in prod: {tmp_path}/remote.git refuses the branch: [remote rejected] ")


def test_two_environments_cannot_need_both(tmp_path: Path) -> None:
    project = shop(tmp_path)
    move(project, "{branch: live}", "environments/dev/environment.yaml")
    move(project, "{branch: live/eu/prod}")
    for command in (("plan", "--all"), ("sync", "--all", "-y")):
        done = overlay(project, *command)
        assert (done.returncode, done.stderr) == (
            2,
            "error: dev would be published to the branch live and prod to live/eu/prod, and Git cannot have both\n"
            "  hint: give one of them another spec.publish.branch\n",
        )


@pytest.mark.parametrize(
    "path", ["./v1/{environment}", "v1//{environment}", "v1/./{environment}/", "v1/x/../{environment}"]
)
def test_a_folder_is_one_however_it_is_written(tmp_path: Path, path: str) -> None:
    project = shop(tmp_path, publish=FORM)
    sync(project, "prod")
    change(project, "prod", "1.1.0")
    move(project, f"{{branch: deploy, path: '{path}'}}")
    assert sync(project, "prod").startswith("prod: published revision 2 as ")
    assert published(project, "prod", "deploy", "v1/prod/")["revision"] == 2
    assert git(tmp_path / "remote.git", "fsck", "--strict") == ""
    move(
        project,
        f"{{branch: deploy, path: '{path.replace('{environment}', 'prod')}'}}",
        "environments/dev/environment.yaml",
    )
    done = overlay(project, "plan", "--all")
    assert done.returncode == 2
    assert done.stderr.startswith("error: dev and prod would both be published to deploy:v1/prod\n")


def test_the_top_of_a_branch_may_be_called_a_dot(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{branch: 'only/{environment}', path: ./}")
    sync(project, "prod")
    assert "deployment-web.yaml" in tree(project, "only/prod")
