"""`overlay history` and `overlay show`: revisions as branches tell them, and as little of a branch as is needed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.gitops.projects import PROD, change, git, overlay, published, shop, shown, sync, write

HEAD = "REVISION   UPDATED                STATUS       SOURCE    CHART   APP-VERSION   AUTHOR   DESCRIPTION\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def publish(project: Path, *tags: str) -> list[str]:
    """Publish prod once, and once for each tag; return the commits that were rendered."""
    sources = [git(project, "rev-parse", "HEAD").strip()]
    sync(project, "prod", SOURCE_DATE_EPOCH="1700000000")
    for at, tag in enumerate(tags, 1):
        sources.append(change(project, "prod", tag))
        sync(project, "prod", SOURCE_DATE_EPOCH=str(1_700_000_000 + 60 * at))
    return sources


def said(project: Path, *arguments: str, code: int = 0) -> str:
    done = overlay(project, *arguments)
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def stored(kind: str) -> int:
    """Return how many objects of a kind the private repository holds."""
    folder = next(Path(os.environ["XDG_CACHE_HOME"], "overlay/git").glob("*-past.sha1"))
    listing = git(folder, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)")
    return listing.split().count(kind)


def forget() -> None:
    """Let the private repositories be gone, as on another machine."""
    cache = Path(os.environ["XDG_CACHE_HOME"])
    cache.rename(cache.parent / f"old-{len(list(cache.parent.iterdir()))}")


def test_it_says_what_was_published_when_from_what_by_whom(project: Path) -> None:
    one, two, three = publish(project, "1.1.0", "1.2.0")
    assert said(project, "history", "prod") == (
        f"{HEAD}"
        f"1          2023-11-14T22:13:20Z   superseded   {one[:7]}   -       -             Ada      The shop opens\n"
        f"2          2023-11-14T22:14:20Z   superseded   {two[:7]}   -       -             Ada      web 1.1.0 in prod\n"
        f"3          2023-11-14T22:15:20Z   current      {three[:7]}   -       -             Ada      web 1.2.0 in prod\n"
    )
    assert said(project, "history", "prod", "--max", "1") == (
        "REVISION   UPDATED                STATUS    SOURCE    CHART   APP-VERSION   AUTHOR   DESCRIPTION\n"
        f"3          2023-11-14T22:15:20Z   current   {three[:7]}   -       -             Ada      web 1.2.0 in prod\n"
    )


def test_programs_read_whole_commits(project: Path) -> None:
    sources = publish(project, "1.1.0")
    found = json.loads(said(project, "history", "prod", "-o", "json"))
    tip = git(project.parent / "remote.git", "rev-parse", "environments/prod").strip()
    assert found["revisions"].pop() == {
        "revision": 2,
        "updated": "2023-11-14T22:14:20Z",
        "status": "current",
        "source": sources[1],
        "dirty": False,
        "chart": None,
        "appVersion": None,
        "author": "Ada <ada@shop.example>",
        "description": "web 1.1.0 in prod",
        "commit": tip,
        "restores": None,
    }
    assert [one["revision"] for one in found.pop("revisions")] == [1]
    assert found == {
        "apiVersion": "overlay.dev/v1",
        "kind": "History",
        "environment": "prod",
        "repository": str(project.parent / "remote.git"),
        "branch": "environments/prod",
        "path": ".",
    }
    assert said(project, "history", "prod", "-o", "yaml").startswith("apiVersion: overlay.dev/v1\nkind: History\n")


def test_it_survives_a_new_clone_on_another_machine(project: Path, tmp_path: Path) -> None:
    publish(project, "1.1.0", "1.2.0")
    before = said(project, "history", "prod"), said(project, "show", "prod@1")
    forget()
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tmp_path}/remote.git", "clone")
    assert (said(tmp_path / "clone", "history", "prod"), said(tmp_path / "clone", "show", "prod@1")) == before


def test_commits_of_others_are_no_revisions(project: Path, tmp_path: Path) -> None:
    publish(project)
    git(tmp_path, "clone", "-q", "-b", "environments/prod", "remote.git", "other")
    write(tmp_path / "other", {"README.md": "by hand\n"})
    git(tmp_path / "other", "add", ".")
    git(tmp_path / "other", "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-m", "by hand")
    git(tmp_path / "other", "push", "-q")
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    assert [line.split()[0] for line in said(project, "history", "prod").splitlines()] == ["REVISION", "1", "2"]


@pytest.mark.parametrize(
    ("publish_to", "remote", "branch", "path"),
    [
        ("", "remote.git", "environments/prod", ""),
        ("{branch: deploy, path: '{environment}'}", "remote.git", "deploy", "prod/"),
        ("{path: 'rendered/{environment}'}", "remote.git", "main", "rendered/prod/"),
        ("{repository: rendered, branch: deploy, path: '{environment}'}", "rendered.git", "deploy", "prod/"),
    ],
)
def test_environments_are_told_apart_wherever_they_are_published(
    tmp_path: Path, publish_to: str, remote: str, branch: str, path: str
) -> None:
    project = shop(tmp_path, publish=publish_to)
    git(tmp_path, "init", "-q", "--bare", "-b", "deploy", "rendered.git")
    git(project, "remote", "add", "rendered", str(tmp_path / "rendered.git"))
    sync(project, "--all")
    for tag in ("1.1.0", "1.2.0"):
        if branch == "main":
            git(project, "pull", "-q", "--rebase", "origin", "main")
        change(project, "prod", tag)
        if branch == "main":
            git(project, "pull", "-q", "--rebase", "origin", "main")
        sync(project, "--all")
    forget()
    assert [line.split()[0] for line in said(project, "history", "prod").splitlines()[1:]] == ["1", "2", "3"]
    assert [line.split()[0] for line in said(project, "history", "dev").splitlines()[1:]] == ["1"]
    assert "image: shop/web:1.1.0" in said(project, "show", "prod@2", "deploy/web")
    assert overlay(project, "diff", "prod@1..prod@3").stdout == (
        "prod@1 → prod@3\n  Deployment/shop-prod/web\n"
        "    spec.template.spec.containers.[name=web].image: shop/web:1.0.0 → shop/web:1.2.0\n"
    )
    done = overlay(project, "rollback", "prod", "1", "-y")
    assert done.returncode == 0, done.stderr
    assert "image: shop/web:1.0.0" in git(tmp_path / remote, "show", f"{branch}:{path}deployment-web.yaml")
    assert [line.split()[0] for line in said(project, "history", "prod").splitlines()[1:]] == ["1", "2", "3", "4"]


def test_a_sha_256_repository(tmp_path: Path) -> None:
    project = shop(tmp_path, form="sha256")
    publish(project, "1.1.0")
    forget()
    assert [line.split()[0] for line in said(project, "history", "prod").splitlines()[1:]] == ["1", "2"]
    assert "image: shop/web:1.0.0" in said(project, "show", "prod@1", "deploy/web")


def many(project: Path, branch: str, count: int, every: int = 1) -> None:
    """Let a branch have so many commits more, each so-manieth of them a revision of prod; the last has a record."""
    record = published(project, "prod", branch)
    out = []
    for at in range(1, count + 1):
        said = f"commit {at}\n"
        if at % every == 0:
            number = 1 + at // every
            said += f"\nOverlay-Environment: prod\nOverlay-Revision: {number}\nOverlay-Source: {'a' * 40}\n"
        out.append(f"commit refs/heads/{branch}\ncommitter Ada <ada@x> {1_700_000_000 + at} +0000\n")
        out.append(f"data {len(said)}\n{said}" + (f"from refs/heads/{branch}^0\n" if at == 1 else ""))
        if at % every == 0 and at > count - every * 30:
            text = json.dumps({**record, "revision": 1 + at // every})
            out.append(f"M 100644 inline overlay.metadata\ndata {len(text)}\n{text}\n")
    write(project.parent, {"stream": "".join(out)})
    git(project.parent / "remote.git", "config", "fastimport.unpackLimit", "0")
    os.system(f"git -C {project.parent}/remote.git fast-import --quiet < {project.parent}/stream")


@pytest.mark.parametrize("filters", ["true", "false"])
def test_only_as_much_of_a_long_history_is_fetched_as_is_shown(project: Path, filters: str) -> None:
    git(project.parent / "remote.git", "config", "uploadpack.allowFilter", filters)
    publish(project)
    many(project, "environments/prod", 3000)
    forget()
    rows = said(project, "history", "prod").splitlines()[1:]
    assert [int(row.split()[0]) for row in rows] == list(range(2982, 3002))
    assert stored("commit") <= 41
    assert "image: shop/web:1.0.0" in said(project, "show", "prod@2975", "deploy/web")
    assert stored("commit") <= 100
    if filters == "true":
        # Trees of what was read, and of the newest commit, alone.
        assert stored("tree") == 2
    assert len(said(project, "history", "prod", "--max", "4000").splitlines()) == 3002


def test_revisions_are_found_among_many_commits_of_others(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{branch: deploy}", environments=("prod",))
    git(tmp_path / "remote.git", "config", "uploadpack.allowFilter", "true")
    publish(project)
    many(project, "deploy", 2000, every=900)
    forget()
    rows = said(project, "history", "prod", "--max", "2").splitlines()[1:]
    assert [int(row.split()[0]) for row in rows] == [2, 3]
    assert stored("commit") < 2001
    assert [int(row.split()[0]) for row in said(project, "history", "prod").splitlines()[1:]] == [1, 2, 3]


def test_files_of_one_revision_come_together(project: Path) -> None:
    git(project.parent / "remote.git", "config", "uploadpack.allowFilter", "true")
    publish(project, "1.1.0", "1.2.0")
    forget()
    git(project, "config", "--global", "trace2.eventTarget", str(project.parent / "trace"))
    said(project, "show", "prod@1")
    names = [
        json.loads(line)["name"]
        for line in (project.parent / "trace").read_text().splitlines()
        if '"event":"cmd_name"' in line
    ]
    # The newest commit, its record, the history, the tree of revision 1, its record, its files.
    assert names.count("fetch") == 6
    # Both records, and the other files of revision 1 that are not those of the newest.
    assert stored("blob") == 7


def test_show_prints_manifests_in_the_order_in_which_they_are_applied(project: Path) -> None:
    publish(project, "1.1.0")
    assert said(project, "show", "prod@1", "-o", "name") == ("configmap/settings\nservice/web\ndeployment.apps/web\n")
    files = [f"{name}.yaml" for name in ("configmap-settings", "service-web", "deployment-web")]
    documents = "---\n".join([shown(project, f"environments/prod~1:{name}") for name in files])
    assert said(project, "show", "prod@1") == documents
    assert said(project, "show", "prod", "deployment/web") == shown(project, "environments/prod:deployment-web.yaml")
    assert [one["kind"] for one in json.loads(said(project, "show", "prod", "-o", "json"))] == [
        "ConfigMap",
        "Service",
        "Deployment",
    ]
    assert said(project, "show", "prod", "deploy/api", code=2) == (
        "error: there is no deploy/api\n  hint: did you mean deployment/web?\n"
    )


def test_what_there_is_not_is_said(project: Path) -> None:
    assert said(project, "history", "prod", code=2) == (
        "error: nothing of prod was published to environments/prod yet\n  hint: overlay sync prod publishes it\n"
    )
    publish(project, "1.1.0")
    assert said(project, "show", "prod@9", code=2) == (
        "error: prod has no revision 9\n  hint: the newest is 2; overlay history prod lists them\n"
    )
    assert said(project, "show", "prod@two", code=2) == (
        "error: 'prod@two' names no revision\n  hint: write ENV@NUMBER, such as prod@12\n"
    )
    assert said(project, "history", "prod", "--max", "0", code=2) == (
        "error: --max '0' is no number of revisions\n  hint: a number from 1 on\n"
    )
    assert said(project, "history", "base", code=2) == "error: base is a Base: only Environments are published\n"
    assert said(project, "history", "live", code=2) == (
        "error: no environment is called 'live'\n"
        "  hint: there are dev, prod; of one that was removed, check out a commit that still has its documents: they "
        "say where it was published\n"
    )


def test_the_past_is_there_when_nothing_can_be_rendered(project: Path) -> None:
    publish(project, "1.1.0")
    before = said(project, "history", "prod"), said(project, "show", "prod@1")
    (project / "environments/base/manifests/web.yaml").write_text("kind: [")
    path = project / PROD
    path.write_text(path.read_text() + "  patches: [{path: gone.yaml}]\n  values: [gone.yaml]\n")
    assert overlay(project, "render", "prod").returncode == 2
    assert (said(project, "history", "prod"), said(project, "show", "prod@1")) == before


def test_G24_who_only_looks_at_a_rewritten_branch_is_told_and_sync_still_stops(project: Path) -> None:
    publish(project, "1.1.0")
    said(project, "history", "prod")
    second = git(project.parent / "remote.git", "rev-parse", "environments/prod").strip()
    git(project.parent / "remote.git", "update-ref", "refs/heads/environments/prod", f"{second}~1")
    first = git(project.parent / "remote.git", "rev-parse", "environments/prod").strip()
    done = overlay(project, "history", "prod")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["1"]
    assert done.stderr == (
        f"warning: the history of environments/prod was rewritten on {project.parent}/remote.git: it had "
        f"{second[:12]}, now it has {first[:12]}\n  hint: find out who did that\n"
    )
    assert overlay(project, "history", "prod").stderr == ""
    assert overlay(project, "sync", "prod", "-y").returncode == 4
    assert overlay(project, "rollback", "prod", "1", "-y").returncode == 4
    git(project.parent / "remote.git", "update-ref", "-d", "refs/heads/environments/prod")
    assert said(project, "history", "prod", code=4).startswith(
        f"error: the branch environments/prod was deleted on {project.parent}/remote.git; it had {first[:12]}\n"
    )


def test_a_folder_of_another_environment_is_named(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{branch: deploy}", environments=("dev", "prod"))
    sync(project, "prod")
    assert said(project, "history", "dev", code=4) == (
        "error: deploy holds what was published of prod, not of dev\n"
        "  hint: check out the commit whose spec.publish says where it was published\n"
    )


def test_a_revision_that_is_not_what_its_commit_says_is_refused(project: Path, tmp_path: Path) -> None:
    publish(project, "1.1.0")
    git(tmp_path, "clone", "-q", "-b", "environments/prod", "remote.git", "other")
    who = ("-c", "user.name=B", "-c", "user.email=b@x")
    trailers = "Overlay-Environment: prod\nOverlay-Revision: 3"
    git(tmp_path / "other", *who, "commit", "-q", "--allow-empty", "-m", f"mine\n\n{trailers}")
    git(tmp_path / "other", "push", "-q")
    tip = git(tmp_path / "other", "rev-parse", "HEAD").strip()
    assert said(project, "show", "prod@3", code=2) == (
        f"error: the commit {tip[:12]} says that it is revision 3 of prod, and holds revision 2 of prod\n"
        "  hint: somebody made it by hand; name another revision\n"
    )
    assert said(project, "show", "prod") == said(project, "show", "prod@2")


def test_what_was_not_committed_shows_in_each_revision_that_has_it(project: Path) -> None:
    publish(project)
    text = (project / PROD).read_text()
    (project / PROD).write_text(text.replace("1.0.0", "1.1.0"))
    sync(project, "prod", "--allow-dirty")
    (project / PROD).write_text(text)
    sync(project, "prod", "--allow-dirty")
    assert overlay(project, "rollback", "prod", "2", "-y").returncode == 0
    commit = git(project, "rev-parse", "HEAD").strip()
    rows = [line.split()[:4] for line in said(project, "history", "prod").splitlines()[1:]]
    assert [(row[0], row[3]) for row in rows] == [
        ("1", commit[:7]),
        ("2", f"{commit[:7]}-dirty"),
        ("3", commit[:7]),
        ("4", f"{commit[:7]}-dirty"),
    ]
    found = json.loads(said(project, "history", "prod", "-o", "json"))["revisions"]
    assert [(one["source"], one["dirty"]) for one in found] == [
        (commit, False), (commit, True), (commit, False), (commit, True),
    ]  # fmt: skip
