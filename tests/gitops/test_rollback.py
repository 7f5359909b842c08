"""`overlay rollback`: an earlier revision whole, held until it is released, and numbers that only go up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gitops.projects import PROD, change, git, log, overlay, published, shop, shown, sync, tree, write
from tests.source.projects import state

BRANCH = "environments/prod"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project whose prod was published with web 1.0.0, 1.1.0 and 1.2.0."""
    project = shop(tmp_path)
    sync(project, "--all")
    for tag in ("1.1.0", "1.2.0"):
        change(project, "prod", tag)
        sync(project, "prod")
    return project


def tip(project: Path, branch: str = BRANCH) -> str:
    return git(project.parent / "remote.git", "rev-parse", branch).strip()


def test_it_is_a_new_revision_with_exactly_the_files_of_the_earlier_one(project: Path) -> None:
    source = published(project, "prod", f"{BRANCH}~1")["source"]["commit"]
    newest = published(project, "prod")["source"]["commit"]
    done = overlay(project, "rollback", "prod", "2", "--reason", "checkout  fails\nOverlay-Revision: 99", "-y")
    assert done.returncode == 0
    assert done.stdout == (
        "ENVIRONMENT   BRANCH              REVISION   ADDED   CHANGED   REMOVED   OBJECTS   SOURCE\n"
        f"prod          environments/prod   3 → 4      0       1         0         3         {newest[:7]} → {source[:7]}\n"
        "\nprod\n  Deployment/shop-prod/web\n"
        "    spec.template.spec.containers.[name=web].image: shop/web:1.2.0 → shop/web:1.1.0\n"
    )
    assert done.stderr == (
        f"prod: rolled back to revision 2, published as revision 4 in {tip(project)[:12]} on environments/prod\n"
        "prod: held there; `overlay sync prod --release` goes on\n"
    )
    message = git(project.parent / "remote.git", "log", "-1", "--format=%B", BRANCH).strip()
    assert message == (
        "Roll back prod to revision 2: checkout fails Overlay-Revision: 99\n\n"
        f"Overlay-Environment: prod\nOverlay-Revision: 4\nOverlay-Source: {source}\nOverlay-Restores: 2"
    )
    before, after = published(project, "prod", f"{BRANCH}~2"), published(project, "prod")
    assert (before.pop("revision"), after.pop("revision")) == (2, 4)
    assert (before.pop("held"), after.pop("held")) == (
        None,
        {"revision": 2, "reason": "checkout fails Overlay-Revision: 99"},
    )
    assert before == after
    changed = git(project.parent / "remote.git", "diff", "--name-only", f"{BRANCH}~2", BRANCH).split()
    assert changed == ["overlay.metadata"]


def test_it_is_held_until_it_is_released_and_numbers_only_go_up(project: Path) -> None:
    overlay(project, "rollback", "prod", "2", "--reason", "checkout fails", "-y")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 4
    assert done.stderr == (
        "error in prod: prod is held at revision 2 (checkout fails): publishing would undo the rollback\n"
        "  hint: when it may go on: overlay sync prod --release\n"
    )
    assert sync(project, "--all").endswith("prod: held at revision 2; --release goes on\n")
    sync(project, "prod", "--release")
    assert (published(project, "prod")["revision"], published(project, "prod")["held"]) == (5, None)
    assert "1.2.0" in shown(project, f"{BRANCH}:deployment-web.yaml")
    assert overlay(project, "rollback", "prod", "1", "-y").returncode == 0
    rows = [line.split()[::2][:2] for line in overlay(project, "history", "prod").stdout.splitlines()[1:]]
    assert rows == [[str(at), "superseded"] for at in range(1, 6)] + [["6", "held"]]


def test_a_release_of_what_is_rendered_now_is_a_revision_of_its_own(project: Path) -> None:
    overlay(project, "rollback", "prod", "2", "-y")
    change(project, "prod", "1.1.0")
    assert overlay(project, "sync", "prod", "-y").returncode == 0
    assert published(project, "prod")["held"] == {"revision": 2, "reason": ""}
    sync(project, "prod", "--release")
    assert (published(project, "prod")["revision"], published(project, "prod")["held"]) == (5, None)


def test_again_is_nothing(project: Path) -> None:
    overlay(project, "rollback", "prod", "2", "--reason", "checkout fails", "-y")
    first = tip(project)
    for arguments in (("2",), ("4",), ("2", "--reason", "checkout fails")):
        done = overlay(project, "rollback", "prod", *arguments)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == f"prod: held at revision {arguments[0]} already, at {first[:12]} (revision 4)\n"
    assert tip(project) == first
    overlay(project, "rollback", "prod", "2", "--reason", "payment fails, too", "-y")
    assert published(project, "prod")["held"] == {"revision": 2, "reason": "payment fails, too"}


def test_what_stands_there_can_be_held_as_it_is(project: Path) -> None:
    assert overlay(project, "rollback", "prod", "3", "-y").returncode == 0
    assert published(project, "prod")["held"] == {"revision": 3, "reason": ""}
    change(project, "prod", "1.3.0")
    assert overlay(project, "sync", "prod", "-y").returncode == 4


def test_without_a_number_it_is_the_one_before(project: Path) -> None:
    overlay(project, "rollback", "prod", "-y")
    assert published(project, "prod")["held"] == {"revision": 2, "reason": ""}
    overlay(project, "rollback", "prod", "-y")
    assert published(project, "prod")["held"] == {"revision": 3, "reason": ""}
    done = overlay(project, "rollback", "dev", "-y")
    assert (done.returncode, done.stderr) == (2, "error: dev has no revision before 1\n")


def test_nothing_of_the_source_matters_and_nothing_of_it_is_touched(project: Path) -> None:
    git(project, "checkout", "-q", "--orphan", "elsewhere")
    write(project, {"environments/base/manifests/web.yaml": "kind: [", "staged.txt": "mine\n"})
    git(project, "add", "staged.txt")
    with (project / PROD).open("a") as file:
        file.write("  values: [gone.yaml]\n")
    before = state(project, but="nothing"), git(project, "for-each-ref"), sorted((project / ".git").rglob("*"))
    assert overlay(project, "rollback", "prod", "1", "-y").returncode == 0
    assert (
        state(project, but="nothing"),
        git(project, "for-each-ref"),
        sorted((project / ".git").rglob("*")),
    ) == before
    assert "1.0.0" in shown(project, f"{BRANCH}:deployment-web.yaml")


def test_objects_that_came_since_go_and_those_that_went_come_back(project: Path) -> None:
    (project / "environments/base/manifests/service.yaml").unlink()
    write(
        project, {"environments/base/manifests/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"}
    )
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "another")
    sync(project, "prod")
    assert "service-web.yaml" not in tree(project, BRANCH)
    overlay(project, "rollback", "prod", "-y")
    assert git(project.parent / "remote.git", "diff", "--name-only", f"{BRANCH}~2", BRANCH).split() == [
        "overlay.metadata"
    ]


def test_G23_an_edit_by_hand_is_a_conflict_here_too(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "-b", BRANCH, "remote.git", "other")
    write(tmp_path / "other", {"deployment-web.yaml": "by hand\n"})
    git(tmp_path / "other", "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-a", "-m", "by hand")
    git(tmp_path / "other", "push", "-q")
    done = overlay(project, "rollback", "prod", "2", "-y")
    assert done.returncode == 4
    assert done.stderr == (
        "error in prod: deployment-web.yaml on environments/prod was edited by somebody else\n"
        "  hint: make the change in the source, or throw it away with --overwrite-edits\n"
    )
    assert overlay(project, "rollback", "prod", "2", "-y", "--overwrite-edits").returncode == 0
    assert "1.1.0" in shown(project, f"{BRANCH}:deployment-web.yaml")
    assert log(project, BRANCH)[1] == "by hand"


def test_what_was_published_once_may_be_published_again_though_it_holds_a_secret(project: Path) -> None:
    path = project / PROD
    text = path.read_text()
    secret = "  secrets: [{name: key, literals: {token: s3cr3t}, options: {disableNameSuffixHash: true}}]\n"
    path.write_text(f"{text}{secret}  publish: {{secrets: [key]}}\n")
    git(project, "commit", "-q", "-a", "-m", "a secret")
    sync(project, "prod")
    path.write_text(text)
    git(project, "commit", "-q", "-a", "-m", "none")
    sync(project, "prod")
    done = overlay(project, "rollback", "prod", "4", "-y")
    assert (done.returncode, "s3cr3t" in done.stdout + done.stderr) == (0, False)
    assert "secret-key.yaml" in tree(project, BRANCH)


def test_nobody_is_asked_where_there_is_no_terminal(project: Path) -> None:
    before = tip(project)
    done = overlay(project, "rollback", "prod", "2")
    assert done.returncode == 2
    assert (
        done.stderr == "error: nothing is published without a yes, and nobody can be asked here\n  hint: say -y/--yes\n"
    )
    assert tip(project) == before


def test_events_are_lines_of_json(project: Path) -> None:
    done = overlay(project, "rollback", "prod", "2", "-y", "-o", "json")
    planned, made = [json.loads(line) for line in done.stdout.splitlines()]
    assert (planned["event"], planned["plan"]["action"], planned["plan"]["revision"]) == ("planned", "update", 4)
    assert made == {
        "apiVersion": "overlay.dev/v1",
        "kind": "SyncEvent",
        "event": "published",
        "environment": "prod",
        "revision": 4,
        "branch": BRANCH,
        "commit": tip(project),
        "restored": 2,
    }
    again = overlay(project, "rollback", "prod", "2", "-o", "json")
    assert [json.loads(line)["event"] for line in again.stdout.splitlines()] == ["planned", "unchanged"]
    assert done.stderr + again.stderr == ""


def test_what_there_is_not_is_said(project: Path) -> None:
    done = overlay(project, "rollback", "prod", "9", "-y")
    assert (done.returncode, done.stderr) == (
        2,
        "error: prod has no revision 9\n  hint: the newest is 3; overlay history prod lists them\n",
    )
    done = overlay(project, "rollback", "prod", "last", "-y")
    assert (done.returncode, done.stderr) == (
        2,
        "error: 'last' is no revision\n  hint: it is a number, which `overlay history` shows\n",
    )
    done = overlay(project, "rollback", "prod@2", "-y")
    assert (done.returncode, done.stderr) == (
        2,
        "error: 'prod@2' is no name of an environment\n  hint: write `overlay rollback prod 2`\n",
    )


def test_a_plan_of_a_held_environment_shows_what_waits(project: Path) -> None:
    overlay(project, "rollback", "prod", "2", "-y")
    assert overlay(project, "plan", "prod").stdout.endswith(
        "prod\n  Deployment/shop-prod/web\n"
        "    spec.template.spec.containers.[name=web].image: shop/web:1.1.0 → shop/web:1.2.0\n"
        "prod: held at revision 2; `overlay sync prod --release` goes on\n"
    )


def test_who_has_a_cluster_is_told_how_it_gets_there(project: Path) -> None:
    with (project / PROD).open("a") as file:
        file.write("  cluster: {context: nowhere}\n")
    git(project, "commit", "-q", "-a", "-m", "prod has a cluster")
    change(project, "prod", "1.3.0")
    sync(project, "prod", "--git-only")
    change(project, "prod", "1.4.0")
    sync(project, "prod", "--git-only")
    words = "prod: in its cluster nothing changed by this; `overlay sync prod --from-git` applies it there\n"
    assert overlay(project, "rollback", "prod", "4", "-y", "--git-only").stderr.endswith(
        f"prod: held there; `overlay sync prod --release` goes on\n{words}"
    )
    assert overlay(project, "rollback", "prod", "4", "-y", "--git-only").stderr.endswith(f"(revision 6)\n{words}")
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        4,
        "  hint: its cluster gets what is held by overlay sync prod --from-git; "
        "when it may go on: overlay sync prod --release",
    )
    # A revision from before it had one names none, so that nothing could be applied by it.
    assert words not in overlay(project, "rollback", "prod", "2", "-y", "--git-only").stderr
