"""`overlay sync` on a real bare remote: what is committed, what is not, and what is refused."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
from pathlib import Path

import pytest

from tests.gitops.projects import (
    PROD,
    change,
    git,
    log,
    overlay,
    published,
    shop,
    shown,
    sync,
    tree,
    write,
)
from tests.source.projects import ROOT, state

FILES = [".gitattributes", "configmap-settings.yaml", "deployment-web.yaml", "hydrator.metadata", "overlay.metadata"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def test_a_first_sync_makes_a_branch_without_parents_for_each_environment(project: Path) -> None:
    done = overlay(project, "sync", "--all", "-y")
    assert done.returncode == 0
    commit = git(project, "rev-parse", "--short=7", "HEAD").strip()
    assert done.stdout == (
        "ENVIRONMENT   BRANCH              REVISION   ADDED   CHANGED   REMOVED   OBJECTS   SOURCE\n"
        f"dev           environments/dev    none → 1   3       0         0         3         {commit}\n"
        f"prod          environments/prod   none → 1   3       0         0         3         {commit}\n"
    )
    tip = git(project.parent / "remote.git", "rev-parse", "environments/prod").strip()
    assert done.stderr.endswith(f"prod: published revision 1 as {tip[:12]} on environments/prod\n")
    assert tree(project, "environments/prod") == [*FILES, "service-web.yaml"]
    assert log(project, "environments/prod", "%P") == [""]


def test_the_tree_is_what_render_writes(project: Path, tmp_path: Path) -> None:
    sync(project, "prod")
    assert overlay(project, "render", "prod", "--output-dir", str(tmp_path / "out")).returncode == 0
    names = [path.name for path in (tmp_path / "out/prod").iterdir() if path.suffix == ".yaml"]
    assert sorted(names) == [name for name in tree(project, "environments/prod") if name.endswith(".yaml")]
    for name in names:
        assert shown(project, f"environments/prod:{name}") == (tmp_path / "out/prod" / name).read_text()


def test_the_commit_says_where_it_comes_from_as_argo_cds_hydrator_does(project: Path) -> None:
    source = change(project, "prod", "1.1.0", "web: 1.1.0\n\nFaster.\n\nOverlay-Revision: 99")
    sync(project, "prod")
    message = git(project.parent / "remote.git", "log", "-1", "--format=%B", "environments/prod").strip()
    assert message == (
        f"{source[:7]}: web: 1.1.0\n\nFaster.\n\n Overlay-Revision: 99\n\n"
        "Co-authored-by: Ada <ada@shop.example>\nOverlay-Environment: prod\nOverlay-Revision: 1\n"
        f"Overlay-Source: {source}"
    )
    assert json.loads(shown(project, "environments/prod:hydrator.metadata")) == {
        "repoURL": str(project.parent / "remote.git"),
        "drySha": source,
        "commands": ["overlay render prod"],
        "author": "Ada <ada@shop.example>",
        "date": git(project, "log", "-1", "--format=%aI").strip(),
        "subject": "web: 1.1.0",
        "body": "Faster.\n\nOverlay-Revision: 99",
    }


def test_the_commit_of_the_code_that_a_source_names_is_handed_on(project: Path) -> None:
    trailers = (
        "Argocd-reference-commit-author: Grace <grace@shop.example>\nArgocd-reference-commit-sha: 0123abc\n"
        'Argocd-reference-commit-body: "why\\nand how"\nArgocd-reference-commit-repourl: https://h/code\n'
        "Argocd-reference-commit-sha: no!"
    )
    change(project, "prod", "1.1.0", f"bump\n\n{trailers}")
    sync(project, "prod")
    found = json.loads(shown(project, "environments/prod:hydrator.metadata"))
    assert found["references"] == [
        {
            "commit": {
                "author": {"name": "Grace", "email": "grace@shop.example"},
                "sha": "0123abc",
                "body": "why\nand how",
                "repoURL": "https://h/code",
            }
        }
    ]
    assert found["body"] == "Argocd-reference-commit-sha: no!"


def test_the_record_carries_what_unattended_runs_need(project: Path) -> None:
    sync(project, "prod")
    found = published(project, "prod")
    assert found["source"] == {
        "repository": str(project.parent / "remote.git"),
        "commit": git(project, "rev-parse", "HEAD").strip(),
        "branch": "main",
        "dirty": [],
    }
    assert (found["environment"], found["revision"], found["held"]) == ("prod", 1, None)
    assert found["settings"]["publish"] == {"repository": None, "branch": "environments/prod", "path": "."}
    assert sorted(found["files"]) == [
        ".gitattributes",
        "configmap-settings.yaml",
        "deployment-web.yaml",
        "service-web.yaml",
    ]


def test_G41_nothing_changed_makes_no_commit(project: Path) -> None:
    sync(project, "prod")
    (project / "README.md").write_text("shop\n")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "words")
    tip = git(project.parent / "remote.git", "rev-parse", "environments/prod").strip()
    assert sync(project, "prod") == f"prod: up to date at {tip[:12]} (revision 1)\n"
    assert len(log(project, "environments/prod")) == 1


def test_an_update_is_one_commit_that_shows_the_fields_first(project: Path) -> None:
    sync(project, "--all")
    change(project, "prod", "1.1.0")
    done = overlay(project, "sync", "--all", "-y")
    assert (
        "prod\n  Deployment/shop-prod/web\n    spec.template.spec.containers.[name=web].image: shop/web:1.0.0 → shop/web:1.1.0\n"
        in done.stdout
    )
    assert len(log(project, "environments/prod")) == 2
    assert len(log(project, "environments/dev")) == 1
    assert published(project, "prod")["revision"] == 2


def test_files_of_ours_that_are_no_longer_rendered_go_and_foreign_ones_stay(project: Path, tmp_path: Path) -> None:
    sync(project, "prod")
    git(tmp_path, "clone", "-q", "-b", "environments/prod", "remote.git", "other")
    write(tmp_path / "other", {"README.md": "by hand\n", "notes/x.md": "more\n"})
    git(tmp_path / "other", "add", ".")
    git(tmp_path / "other", "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-m", "by hand")
    git(tmp_path / "other", "push", "-q")
    (project / "environments/base/manifests/service.yaml").unlink()
    git(project, "commit", "-q", "-a", "-m", "no service")
    sync(project, "prod")
    assert tree(project, "environments/prod") == sorted([*FILES, "README.md", "notes/x.md"])


def test_I2_work_tree_index_stash_and_refs_are_left_alone(project: Path) -> None:
    write(project, {"draft.txt": "mine\n", "staged.txt": "staged\n", "stashed.txt": "x\n"})
    git(project, "add", "stashed.txt")
    git(project, "stash", "-q")
    git(project, "add", "staged.txt")
    before = state(project, but="nothing"), git(project, "for-each-ref"), sorted((project / ".git").rglob("*"))
    sync(project, "--all")
    assert (
        state(project, but="nothing"),
        git(project, "for-each-ref"),
        sorted((project / ".git").rglob("*")),
    ) == before


def test_G13_files_that_are_read_and_not_committed_stop_it(project: Path) -> None:
    with (project / PROD).open("a") as file:
        file.write("  annotations: {a: b}\n")
    write(project, {"environments/base/manifests/new.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n"})
    done = overlay(project, "sync", "--all", "-y")
    assert done.returncode == 2
    assert done.stderr == (
        "error: environments/base/manifests/new.yaml is not committed, and dev, prod read it\n"
        "  hint: commit it, or say --allow-dirty, which is recorded\n"
        "error: environments/prod/environment.yaml has changes that are not committed, and prod reads it\n"
        "  hint: commit it, or say --allow-dirty, which is recorded\n"
        "2 problems\n"
    )
    assert git(project.parent / "remote.git", "for-each-ref", "refs/heads/environments") == ""
    sync(project, "prod", "--allow-dirty")
    assert published(project, "prod")["source"]["dirty"] == ["environments/base/manifests/new.yaml", PROD]


def test_G13_other_changes_do_not_matter(project: Path) -> None:
    write(project, {"README.md": "x\n"})
    with (project / PROD).open("a") as file:
        file.write("  annotations: {a: b}\n")
    sync(project, "dev")


def test_G23_an_edit_by_hand_is_a_conflict_that_names_the_file(project: Path, tmp_path: Path) -> None:
    sync(project, "prod")
    git(tmp_path, "clone", "-q", "-b", "environments/prod", "remote.git", "other")
    write(tmp_path / "other", {"configmap-settings.yaml": "by hand\n"})
    (tmp_path / "other/service-web.yaml").unlink()
    git(tmp_path / "other", "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-a", "-m", "by hand")
    git(tmp_path / "other", "push", "-q")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 4
    hint = "  hint: make the change in the source, or throw it away with --overwrite-edits\n"
    assert done.stderr == (
        f"error in prod: configmap-settings.yaml on environments/prod was edited by somebody else\n{hint}"
        f"error in prod: service-web.yaml on environments/prod was edited by somebody else\n{hint}2 problems\n"
    )
    sync(project, "prod", "--overwrite-edits")
    assert "level: info" in shown(project, "environments/prod:configmap-settings.yaml")
    assert log(project, "environments/prod")[1] == "by hand"


def test_a_file_that_is_not_ours_is_never_overwritten(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{branch: main, path: 'rendered/{environment}'}")
    write(project, {"rendered/prod/configmap-settings.yaml": "mine\n"})
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "mine")
    git(project, "push", "-q", "origin", "main")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 4
    assert done.stderr == (
        "error in prod: rendered/prod/configmap-settings.yaml on main is not ours and would be overwritten\n"
        "  hint: move it away, or publish to another folder: spec.publish.path\n"
    )


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_what_stands_in_the_records_place_is_not_overwritten(project: Path, kind: str) -> None:
    sync(project, "prod")
    other = project.parent / "other"
    git(project.parent, "clone", "-q", "-b", "environments/prod", "remote.git", "other")
    (other / "overlay.metadata").unlink()
    if kind == "link":
        (other / "overlay.metadata").symlink_to("hydrator.metadata")
    else:
        write(other, {"overlay.metadata/mine": "mine\n"})
    git(other, "add", ".")
    git(other, "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-m", "by hand")
    git(other, "push", "-q")
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr) == (
        4,
        "error in prod: overlay.metadata on environments/prod is not ours and would be overwritten\n"
        "  hint: move it away, or publish to another folder: spec.publish.path\n",
    )
    assert log(project, "environments/prod")[0] == "by hand"


def test_a_record_that_is_none_stops_its_environment_alone(project: Path) -> None:
    sync(project, "--all")
    other = project.parent / "other"
    git(project.parent, "clone", "-q", "-b", "environments/prod", "remote.git", "other")
    (other / "overlay.metadata").write_text("{}\n")
    git(other, "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "-a", "-m", "by hand")
    git(other, "push", "-q")
    change(project, "dev", "1.1.0")
    message = (
        f"error in prod: {project.parent}/remote.git environments/prod/overlay.metadata is no record of overlay, so "
        "what is ours there is not known\n  hint: put back the file of an earlier commit, or publish elsewhere\n"
    )
    done = overlay(project, "sync", "--all", "-y")
    assert done.returncode == 5
    assert done.stderr.startswith("dev: published revision 2 as ")
    assert done.stderr.endswith(message)
    status = overlay(project, "status", "--git", "--all")
    assert "\ndev " in status.stdout
    assert message in status.stderr
    assert log(project, "environments/prod")[0] == "by hand"


def test_a_folder_of_the_sources_own_branch(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{path: 'rendered/{environment}'}")
    before = git(project, "rev-parse", "HEAD")
    sync(project, "--all")
    assert git(project, "rev-parse", "HEAD") == before
    assert len(log(project, "main")) == 3
    assert "rendered/prod/deployment-web.yaml" in tree(project, "main")
    assert "environments/prod/environment.yaml" in tree(project, "main")
    assert published(project, "dev", "main", "rendered/dev/")["revision"] == 1
    assert "up to date" in sync(project, "--all")


def test_two_environments_never_share_a_folder(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{branch: rendered}")
    done = overlay(project, "sync", "--all", "-y")
    assert done.returncode == 2
    assert done.stderr == (
        "error: dev and prod would both be published to rendered\n"
        "  hint: give each its own: spec.publish.path: rendered/{environment}\n"
    )


def test_another_repository_by_the_name_of_its_remote(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{repository: rendered}")
    git(tmp_path, "init", "-q", "--bare", "rendered.git")
    git(project, "remote", "add", "rendered", "../rendered.git")
    git(project, "remote", "set-url", "rendered", str(tmp_path / "rendered.git"))
    sync(project, "prod")
    assert git(tmp_path / "rendered.git", "branch", "--list", "--format=%(refname:short)") == "environments/prod\n"
    assert git(tmp_path / "remote.git", "branch", "--list", "--format=%(refname:short)") == "main\n"


def test_Z01_a_secret_with_plain_values_is_refused_and_others_go_on(project: Path) -> None:
    secret = "  secrets: [{name: key, literals: {token: s3cr3t}, options: {disableNameSuffixHash: true}}]\n"
    path = project / PROD
    path.write_text(path.read_text() + secret)
    git(project, "commit", "-q", "-a", "-m", "a secret")
    done = overlay(project, "sync", "--all", "-y")
    assert done.returncode == 5
    assert (
        "error in prod: Secret/shop-prod/key holds plain values, and what is published stays in Git's history\n"
        in done.stderr
    )
    assert "allow it: spec.publish.secrets: [key]" in done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr
    assert "dev: published revision 1" in done.stderr
    assert (
        git(project.parent / "remote.git", "branch", "--list", "environments/*", "--format=%(refname)")
        == "refs/heads/environments/dev\n"
    )
    path.write_text(path.read_text() + "  publish: {secrets: [key]}\n")
    git(project, "commit", "-q", "-a", "-m", "allowed")
    sync(project, "prod")
    assert "secret-key.yaml" in tree(project, "environments/prod")


def test_Z01_a_token_in_any_object_is_refused_until_it_is_allowed_by_kind_and_name(project: Path) -> None:
    token = "ghp_" + "a1B2" * 9
    path = project / PROD
    plain = path.read_text()
    generated = f"  configMaps: [{{name: door, literals: {{key: {token}}}}}]\n"
    path.write_text(plain + generated)
    git(project, "commit", "-q", "-a", "-m", "a token")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    head, _, rest = done.stderr.partition("\n")
    assert re.fullmatch(
        r"error in prod: ConfigMap/shop-prod/door-[a-z0-9]{10} holds a GitHub token in data\.key, "
        r"and what is published stays in Git's history",
        head,
    )
    assert "or allow it: spec.publish.secrets: [ConfigMap/door]\n" in rest
    assert token not in done.stdout + done.stderr
    path.write_text(f"{plain}{generated}  publish: {{secrets: [door]}}\n")
    git(project, "commit", "-q", "-a", "-m", "a Secret's name is no ConfigMap's")
    assert overlay(project, "sync", "prod", "-y").returncode == 2
    path.write_text(f"{plain}{generated}  publish: {{secrets: [ConfigMap/door]}}\n")
    git(project, "commit", "-q", "-a", "-m", "allowed, whatever its hash is")
    sync(project, "prod")
    assert overlay(project, "audit", "prod").returncode == 0


@pytest.mark.parametrize(
    "command", [["sync", "-y"], ["plan"], ["status", "--git"], ["audit"]], ids=lambda words: words[0]
)
def test_a_base_is_never_published(project: Path, command: list[str]) -> None:
    done = overlay(project, *command, "dev", "base")
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "error: base is a Base: only Environments are published\n  hint: `overlay render base` shows what it makes\n",
    )
    assert git(project.parent / "remote.git", "for-each-ref", "refs/heads/environments") == ""


def test_nobody_is_asked_where_there_is_no_terminal(project: Path) -> None:
    done = overlay(project, "sync", "prod")
    assert done.returncode == 2
    assert (
        done.stderr == "error: nothing is published without a yes, and nobody can be asked here\n  hint: say -y/--yes\n"
    )
    assert git(project.parent / "remote.git", "for-each-ref", "refs/heads/environments") == ""


def test_K30_an_older_commit_never_overwrites_a_newer_one(project: Path) -> None:
    old = git(project, "rev-parse", "HEAD").strip()
    new = change(project, "prod", "1.1.0")
    sync(project, "prod")
    git(project, "checkout", "-q", old)
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 4
    assert done.stderr == (
        f"error in prod: environments/prod was published from {new[:7]}, which is newer than {old[:7]}\n"
        "  hint: publish the newer commit; --allow-rollback goes back to this one\n"
    )
    assert published(project, "prod")["source"]["commit"] == new
    sync(project, "prod", "--allow-rollback")
    assert published(project, "prod")["source"]["commit"] == old


def test_G24_a_rewritten_branch_stops_it(project: Path) -> None:
    sync(project, "prod")
    first = log(project, "environments/prod", "%H")[0]
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    second = log(project, "environments/prod", "%H")[0]
    git(project.parent / "remote.git", "update-ref", "refs/heads/environments/prod", first)
    change(project, "prod", "1.2.0")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 4
    assert done.stderr == (
        f"error in prod: the history of environments/prod was rewritten on {project.parent}/remote.git: it had {second[:12]}, "
        f"now it has {first[:12]}\n"
        "  hint: find out who did that; --accept-rewritten goes on from what is there now\n"
    )
    sync(project, "prod", "--accept-rewritten")


def test_G24_a_deleted_branch_stops_it_and_numbers_never_come_again(project: Path) -> None:
    sync(project, "prod")
    tip = log(project, "environments/prod", "%H")[0]
    git(project.parent / "remote.git", "update-ref", "-d", "refs/heads/environments/prod")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 4
    assert done.stderr == (
        f"error in prod: the branch environments/prod was deleted on {project.parent}/remote.git; it had {tip[:12]}\n"
        "  hint: put it back, or begin a new history with --accept-rewritten\n"
    )
    sync(project, "prod", "--accept-rewritten")
    assert published(project, "prod")["revision"] == 2


def test_G24_one_branch_that_is_gone_does_not_stop_the_others(project: Path) -> None:
    sync(project, "--all")
    git(project.parent / "remote.git", "update-ref", "-d", "refs/heads/environments/prod")
    change(project, "dev", "1.1.0")
    done = overlay(project, "sync", "--all", "-y")
    assert done.returncode == 5
    assert "dev: published revision 2" in done.stderr
    assert f"error in prod: the branch environments/prod was deleted on {project.parent}/remote.git" in done.stderr


def test_a_plan_is_carried_out_exactly_or_not_at_all(project: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    planned = overlay(project, "plan", "prod", "--out", file)
    assert planned.returncode == 0
    assert git(project.parent / "remote.git", "for-each-ref", "refs/heads/environments") == ""
    change(project, "prod", "1.1.0")
    new = git(project, "rev-parse", "HEAD").strip()
    old = git(project, "rev-parse", "HEAD~1").strip()
    moved = overlay(project, "sync", "--plan", file)
    assert moved.returncode == 4
    assert moved.stderr == (
        f"error in prod: the world moved: the source's commit of prod is {new[:12]}, the plan was made with {old[:12]}\n"
        "  hint: plan again: overlay plan prod\n"
    )
    overlay(project, "plan", "prod", "--out", file)
    done = overlay(project, "sync", "--plan", file)
    assert done.returncode == 0
    again = overlay(project, "sync", "--plan", file)
    tip = log(project, "environments/prod", "%H")[0][:12]
    assert (again.returncode, again.stderr) == (0, f"prod: up to date at {tip} (revision 1)\n"), "the same run again"
    change(project, "prod", "1.2.0")
    sync(project, "prod")
    git(project, "checkout", "-q", "HEAD~1")
    late = overlay(project, "sync", "--plan", file)
    assert late.returncode == 4
    assert "is newer than" in late.stderr


def test_events_are_lines_of_json(project: Path) -> None:
    sync(project, "dev")
    done = overlay(project, "sync", "--all", "-y", "-o", "json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["event"], one["environment"]) for one in events] == [
        ("planned", "dev"),
        ("planned", "prod"),
        ("unchanged", "dev"),
        ("published", "prod"),
    ]
    assert events[1]["plan"]["action"] == "create"
    assert events[3]["commit"] == log(project, "environments/prod", "%H")[0]
    assert done.stderr == ""


def test_a_template_makes_the_message(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{message: '{environment} r{revision} from {sha} by {author} [skip ci]'}")
    source = git(project, "rev-parse", "--short=7", "HEAD").strip()
    sync(project, "prod")
    assert log(project, "environments/prod")[0] == f"prod r1 from {source} by Ada <ada@shop.example> [skip ci]"


def test_D01_SOURCE_DATE_EPOCH_settles_the_commit(project: Path, tmp_path: Path) -> None:
    sync(project, "prod", SOURCE_DATE_EPOCH="1700000000")
    first = log(project, "environments/prod", "%H %at %ct")[0]
    git(project.parent / "remote.git", "update-ref", "-d", "refs/heads/environments/prod")
    sync(project, "prod", SOURCE_DATE_EPOCH="1700000000", XDG_CACHE_HOME=str(tmp_path / "other"))
    assert log(project, "environments/prod", "%H %at %ct")[0] == first
    assert first.endswith(" 1700000000 1700000000")
    refused = overlay(project, "sync", "dev", "-y", SOURCE_DATE_EPOCH="-1")
    assert refused.returncode == 2
    assert "SOURCE_DATE_EPOCH is no number of seconds" in refused.stderr


def on_a_terminal(project: Path, answer: str) -> tuple[int, str]:
    """Run `overlay sync prod` on a terminal of its own, and answer its question; what others do meanwhile is done."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(project)
        os.execve(
            sys.executable, [sys.executable, "-m", "overlay", "sync", "prod"], {**os.environ, "PYTHONPATH": str(ROOT)}
        )
    seen = ""
    while "[y/N]" not in seen:
        seen += os.read(terminal, 4096).decode()
    sync(project, "dev")  # the private repository is free while a person thinks
    os.write(terminal, f"{answer}\n".encode())
    try:
        while chunk := os.read(terminal, 4096):
            seen += chunk.decode()
    except OSError:
        pass  # the terminal is gone with the process
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), seen.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [("y", 0, "prod: published revision 1 as "), ("", 2, "nothing is published"), ("nope", 2, "nothing is published")],
)
def test_a_terminal_is_asked_and_others_need_not_wait_for_the_answer(
    project: Path, answer: str, code: int, said: str
) -> None:
    found, seen = on_a_terminal(project, answer)
    assert (found, said in seen) == (code, True), seen
    assert "Publish 1 environment? [y/N] " in seen
    branches = git(project.parent / "remote.git", "branch", "--list", "--format=%(refname:short)").split()
    assert branches == ["environments/dev", *(["environments/prod"] if answer == "y" else []), "main"]


def test_G04_a_remote_that_refuses_does_not_stop_what_goes_elsewhere(tmp_path: Path) -> None:
    project = shop(tmp_path)
    path = project / PROD
    path.write_text(path.read_text() + "  publish: {repository: other}\n")
    git(project, "commit", "-q", "-a", "-m", "elsewhere")
    git(tmp_path, "init", "-q", "--bare", "other.git")
    git(project, "remote", "add", "other", str(tmp_path / "other.git"))
    hook = tmp_path / "other.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'signed by \033[31mnobody' >&2\nexit 1\n")
    hook.chmod(0o755)
    done = overlay(project, "sync", "--all", "-y")
    assert done.returncode == 5
    assert "dev: published revision 1 as " in done.stderr
    assert done.stderr.endswith(
        f"error in prod: {tmp_path}/other.git refuses the branch: [remote rejected] (pre-receive hook declined) "
        "(signed by \\x1b[31mnobody)\n"
    )
    assert git(tmp_path / "other.git", "for-each-ref") == ""
