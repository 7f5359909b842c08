"""`overlay status`: which environments lag behind what is checked out, and by which commits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gitops.projects import DEV, PROD, change, git, overlay, published, shop, sync, write
from tests.source.projects import state


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def head(project: Path, name: str = "HEAD") -> str:
    return git(project, "rev-parse", "--short=7", name).strip()


def by_hand(project: Path, files: dict[str, str], branch: str = "environments/prod") -> None:
    """Let somebody else commit files on a branch of the remote."""
    other = project.parent / "other"
    git(project.parent, "clone", "-q", "-b", branch, "remote.git", "other")
    write(other, files)
    git(other, "add", ".")
    git(other, "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-m", "by hand")
    git(other, "push", "-q")


def row(project: Path, name: str = "prod", *arguments: str) -> list[str]:
    """Return the cells of an environment's row."""
    done = overlay(project, "status", "--git", name, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[1].split(maxsplit=4)


def test_what_lags_is_told_with_the_commits_behind_it(tmp_path: Path) -> None:
    project = shop(tmp_path, environments=("dev", "prod", "qa"))
    first = head(project)
    sync(project, "dev", "prod")
    change(project, "prod", "1.1.0")
    write(project, {"README.md": "shop\n"})
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "words")
    change(project, "prod", "1.2.0", "Web 1.2.0\n\nFaster.")
    done = overlay(project, "status", "--git", "--all")
    assert done.returncode == 0
    assert done.stdout == (
        "ENVIRONMENT   REVISION   STATUS        SOURCE    BEHIND   CHANGES\n"
        f"dev           1          current       {first}   0 of 3   -\n"
        f"prod          1          behind        {first}   2 of 3   1 object, 1 field\n"
        "qa            -          unpublished   -         -        3 objects\n"
        f"\nprod\n  {head(project)}  Web 1.2.0\n  {head(project, 'HEAD~2')}  web 1.1.0 in prod\n"
    )
    assert done.stderr == ""


def test_programs_get_commits_and_fields(project: Path) -> None:
    sync(project, "prod")
    commit = change(project, "prod", "1.1.0")
    date = git(project, "log", "-1", "--format=%aI").strip()
    found = json.loads(overlay(project, "status", "--git", "prod", "-o", "json").stdout)
    assert found == {
        "apiVersion": "overlay.dev/v1",
        "kind": "Status",
        "source": {"commit": commit, "branch": "main"},
        "environments": [
            {
                "environment": "prod",
                "status": "behind",
                "repository": str(project.parent / "remote.git"),
                "branch": "environments/prod",
                "path": ".",
                "revision": 1,
                "source": published(project, "prod")["source"]["commit"],
                "held": None,
                "behind": {"commits": 1, "total": 1},
                "commits": [
                    {
                        "commit": commit,
                        "author": "Ada <ada@shop.example>",
                        "date": date,
                        "subject": "web 1.1.0 in prod",
                    }
                ],
                "effect": [
                    {
                        "object": "Deployment/shop-prod/web",
                        "path": "spec.template.spec.containers.[name=web].image",
                        "change": "changed",
                        "before": "shop/web:1.0.0",
                        "after": "shop/web:1.1.0",
                    }
                ],
                "problems": [],
            }
        ],
    }


def test_commits_that_change_nothing_rendered_are_told_from_others(project: Path) -> None:
    sync(project, "--all")
    with (project / PROD).open("a") as file:
        file.write("  # a comment\n")
    git(project, "commit", "-q", "-a", "-m", "comment")
    done = overlay(project, "status", "--git", "--all")
    assert [line.split()[2] for line in done.stdout.splitlines()[1:3]] == ["current", "same"]
    assert f"\nprod\n  {head(project)}  comment\n" in done.stdout


def test_a_file_that_was_read_then_counts_too(project: Path) -> None:
    sync(project, "prod")
    (project / "environments/base/manifests/service.yaml").unlink()
    git(project, "commit", "-q", "-a", "-m", "no service")
    assert row(project)[2:] == ["behind", head(project, "HEAD~1"), "1 of 1   1 object"]


def test_a_merge_is_no_change_of_its_own(project: Path) -> None:
    sync(project, "prod")
    git(project, "checkout", "-q", "-b", "side")
    change(project, "prod", "1.1.0")
    git(project, "checkout", "-q", "main")
    git(project, "commit", "-q", "--allow-empty", "-m", "else")
    git(project, "merge", "-q", "--no-edit", "side")
    assert row(project)[4].startswith("1 of 3 ")


def test_many_commits_are_counted_and_the_newest_shown(project: Path) -> None:
    sync(project, "prod")
    for number in range(12):
        change(project, "prod", f"2.0.{number}")
    done = overlay(project, "status", "--git", "prod")
    lines = done.stdout.splitlines()
    assert "12 of 12" in lines[1]
    assert (lines[4], len(lines), lines[-1]) == (f"  {head(project)}  web 2.0.11 in prod", 15, "  … 2 more")


def test_an_edit_by_hand_is_told_with_its_file(project: Path) -> None:
    sync(project, "prod")
    by_hand(project, {"configmap-settings.yaml": "by hand\n"})
    done = overlay(project, "status", "--git", "prod")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].split()[2] == "edited"
    assert "\nprod\n  configmap-settings.yaml on environments/prod was edited by somebody else\n" in done.stdout


def test_a_rollback_that_holds_is_told_with_its_reason(project: Path) -> None:
    sync(project, "prod")
    held = {**published(project, "prod"), "held": {"revision": 1, "reason": "1.1.0 loses orders"}}
    by_hand(project, {"overlay.metadata": json.dumps(held)})
    change(project, "prod", "1.1.0")
    done = overlay(project, "status", "--git", "prod")
    assert done.stdout.splitlines()[1].split()[2] == "held"
    assert (
        f"\nprod\n  held at revision 1 (1.1.0 loses orders); overlay sync --release goes on\n  {head(project)}  web 1.1.0 in prod\n"
    ) in done.stdout


def test_K30_published_from_a_newer_commit(project: Path) -> None:
    old = head(project)
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    new = head(project)
    git(project, "checkout", "-q", old)
    done = overlay(project, "status", "--git", "prod")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].split()[2:5] == ["ahead", new, "0"]
    assert f"\nprod\n  published from {new}, which is newer than {old}\n" in done.stdout


def test_K30_G15_published_from_a_newer_commit_that_is_not_in_this_clone(project: Path) -> None:
    git(project.parent, "clone", "-q", "--depth=1", f"file://{project.parent}/remote.git", "shallow")
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    done = overlay(project.parent / "shallow", "status", "--git", "prod")
    assert done.stdout.splitlines()[1].split()[2:5] == ["ahead", head(project), "-"]
    assert f"\nprod\n  published from {head(project)}, which is newer than {head(project, 'HEAD~1')}\n" in done.stdout


def test_published_from_another_branch(project: Path) -> None:
    start = head(project)
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    other = head(project)
    git(project, "checkout", "-q", "-b", "mine", start)
    (project / DEV).write_text((project / DEV).read_text().replace("1.0.0", "3.0.0"))
    git(project, "commit", "-q", "-a", "-m", "mine")
    done = overlay(project, "status", "--git", "prod")
    assert done.stdout.splitlines()[1].split()[2:] == ["diverged", other, "0", "of", "1", "1", "object,", "1", "field"]
    assert f"\nprod\n  published from {other}, which does not belong to what is checked out\n" in done.stdout


@pytest.mark.parametrize("tag", ["1.0.0", "1.1.0"])
def test_G15_a_shallow_clone_says_what_it_cannot_tell(project: Path, tag: str) -> None:
    sync(project, "prod")
    first = head(project)
    (project / PROD).write_text((project / PROD).read_text().replace("1.0.0", tag) + "  # more\n")
    git(project, "commit", "-q", "-a", "-m", "more")
    git(project, "push", "-q", "origin", "main")
    git(project.parent, "clone", "-q", "--depth=1", f"file://{project.parent}/remote.git", "shallow")
    shallow = project.parent / "shallow"
    done = overlay(shallow, "status", "--git", "prod")
    state, changes = ("same", "-") if tag == "1.0.0" else ("unknown", "1 object, 1 field")
    assert done.stdout.splitlines()[1].split(maxsplit=5)[1:] == ["1", state, first, "-", changes]
    assert (
        f"\nprod\n  published from {first}, which is not in this clone; it is shallow: git fetch --unshallow\n"
        in done.stdout
    )
    git(shallow, "fetch", "-q", "--unshallow")
    assert row(shallow)[2] == {"same": "same", "unknown": "behind"}[state]


def test_G15_a_commit_that_was_never_pushed(project: Path) -> None:
    git(project.parent, "clone", "-q", "remote.git", "other")
    change(project, "prod", "1.1.0")
    git(project, "push", "-q", "-f", "origin", "HEAD~1:main")
    sync(project, "prod")
    done = overlay(project.parent / "other", "status", "--git", "prod")
    assert done.stdout.splitlines()[1].split()[2] == "unknown"
    assert f"published from {head(project)}, which is not in this clone; git fetch may get it\n" in done.stdout


def test_one_environment_that_does_not_render_hides_no_other(project: Path) -> None:
    sync(project, "--all")
    with (project / PROD).open("a") as file:
        file.write("  nonsense: 1\n")
    git(project, "commit", "-q", "-a", "-m", "oh")
    done = overlay(project, "status", "--git", "--all")
    assert done.returncode == 5
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["ENVIRONMENT", "REVISION", "STATUS", "SOURCE", "BEHIND", "CHANGES"],
        ["dev", "1", "current", head(project, "HEAD~1"), "0", "of", "1", "-"],
        ["prod", "-", "failed", "-", "-", "-"],
    ]
    assert "unknown field spec.nonsense" in done.stderr
    assert overlay(project, "status", "--git", "prod").returncode == 2


def test_one_branch_that_is_gone_hides_no_other(project: Path) -> None:
    sync(project, "--all")
    git(project.parent / "remote.git", "update-ref", "-d", "refs/heads/environments/prod")
    done = overlay(project, "status", "--git", "--all")
    assert done.returncode == 5
    assert [line.split()[2] for line in done.stdout.splitlines()[1:]] == ["current", "failed"]
    assert done.stderr.startswith("error in prod: the branch environments/prod was deleted on ")


def test_files_that_are_not_committed_count_and_are_named(project: Path) -> None:
    sync(project, "prod")
    (project / PROD).write_text((project / PROD).read_text().replace("1.0.0", "1.1.0"))
    done = overlay(project, "status", "--git", "prod")
    assert done.stdout.splitlines()[1].split()[2:5] == ["behind", head(project), "0"]
    assert done.stderr == (
        "warning: environments/prod/environment.yaml is not as committed, and counts as it is: prod reads it\n"
        "  hint: commit it, or put it away (git stash)\n"
    )


def test_what_was_published_with_uncommitted_changes_says_so(project: Path) -> None:
    text = (project / PROD).read_text()
    (project / PROD).write_text(text.replace("1.0.0", "1.1.0"))
    sync(project, "prod", "--allow-dirty")
    (project / PROD).write_text(text)
    done = overlay(project, "status", "--git", "prod")
    assert (
        "\nprod\n  published with changes that were not committed: environments/prod/environment.yaml\n" in done.stdout
    )


def test_I2_nothing_is_written(project: Path) -> None:
    sync(project, "dev")
    change(project, "dev", "1.1.0")
    remote = project.parent / "remote.git"
    before = state(project, but="nothing"), git(project, "for-each-ref"), git(remote, "for-each-ref")
    overlay(project, "status", "--git", "--all")
    assert (state(project, but="nothing"), git(project, "for-each-ref"), git(remote, "for-each-ref")) == before


def test_C09_a_hostile_subject_cannot_act(project: Path) -> None:
    sync(project, "prod")
    change(project, "prod", "1.1.0", "red \x1b[31m \u202eevil")
    done = overlay(project, "status", "--git", "prod")
    assert "red \\x1b[31m \\u202eevil" in done.stdout


def test_Z01_what_would_stop_publishing_is_no_lag(project: Path) -> None:
    sync(project, "--all")
    with (project / PROD).open("a") as file:
        file.write("  secrets: [{name: key, literals: {token: s3cr3t}}]\n")
    git(project, "commit", "-q", "-a", "-m", "a secret")
    done = overlay(project, "status", "--git", "--all")
    assert done.returncode == 5
    assert [line.split()[2] for line in done.stdout.splitlines()[1:3]] == ["current", "failed"]
    assert done.stderr.startswith("error in prod: Secret/shop-prod/key-")
    assert "spec.publish.secrets: [key]\n" in done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr
    found = json.loads(overlay(project, "status", "--git", "prod", "-o", "json").stdout)["environments"][0]
    assert (found["status"], found["revision"], found["behind"]) == ("failed", 1, {"commits": 1, "total": 1})
    assert found["problems"][0]["hint"].endswith("spec.publish.secrets: [key]")
