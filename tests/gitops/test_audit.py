"""`overlay audit`: what should not stand in the history of what was published, in any revision of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.gitops.projects import PROD, change, git, log, overlay, published, shop, sync, write

SECRET = "  secrets: [{name: key, literals: {token: s3cr3t, user: ada}, options: {disableNameSuffixHash: true}}]\n"
ALLOWED = "  publish: {secrets: [key]}\n"
TOKEN = "ghp_" + "a1B2" * 9
ROTATE = (
    "  hint: rotate it: who can read the branch, or could, has it; then keep it out of Git "
    "(ExternalSecret, SealedSecret, SOPS)\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = shop(tmp_path)
    sync(made, "--all")
    return made


def commit(project: Path, text: str) -> None:
    """Write prod's document anew, and commit it."""
    (project / PROD).write_text(text)
    git(project, "commit", "-q", "-a", "-m", "prod")


def other(project: Path, branch: str = "environments/prod") -> Path:
    """Return somebody else's clone of what is published."""
    folder = project.parent / "other"
    if not folder.exists():
        git(project.parent, "clone", "-q", "-b", branch, "remote.git", "other")
        git(folder, "config", "user.name", "Bob")
        git(folder, "config", "user.email", "bob@x.example")
    git(folder, "pull", "-q")
    return folder


def push(folder: Path, message: str = "by hand") -> str:
    """Commit and push all of a clone; return the commit and its date, as messages show them."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    git(folder, "push", "-q", "origin", "HEAD")
    return git(folder, "log", "-1", "--abbrev=12", "--format=commit %h, Bob <bob@x.example>, %aI").strip()


def findings(project: Path, *arguments: str) -> list[dict]:
    done = overlay(project, "audit", "prod", "-o", "json", *arguments)
    found = json.loads(done.stdout)["findings"]
    assert done.returncode == int(any(one["severity"] == "error" for one in found)), done.stderr
    return found


def rules(project: Path, *arguments: str) -> list[tuple[str, list[str], bool]]:
    return [(one["rule"], one["files"], one["stands"]) for one in findings(project, *arguments)]


def test_a_clean_history_has_no_findings(project: Path) -> None:
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    done = overlay(project, "audit", "--all")
    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing found in 3 commits of 2 environments\n", "")
    found = json.loads(overlay(project, "audit", "dev", "-o", "json").stdout)
    assert found == {
        "apiVersion": "overlay.dev/v1",
        "kind": "Audit",
        "environments": [
            {
                "environment": "dev",
                "repository": str(project.parent / "remote.git"),
                "branch": "environments/dev",
                "path": ".",
                "tip": log(project, "environments/dev", "%H")[0],
                "commits": 1,
            }
        ],
        "findings": [],
    }


def test_Z16_a_secret_of_an_earlier_revision_is_found_without_its_values(project: Path) -> None:
    text = (project / PROD).read_text()
    for secret in (SECRET, SECRET.replace("s3cr3t", "0ther")):
        commit(project, text + secret + ALLOWED)
        sync(project, "prod")
    first, date = git(project.parent / "remote.git", "log", "-1", "--format=%H %aI", "environments/prod~1").split()
    assert overlay(project, "audit", "--all").returncode == 0, "it is allowed by name"
    commit(project, text + SECRET)
    done = overlay(project, "audit", "--all")
    words = f"  = 2 contents since revision 2 ({first[:12]}), Ada <ada@shop.example>, {date}; "
    head = (
        "error in prod: Secret/shop-prod/key holds plain values: token, user\n  --> environments/prod:secret-key.yaml\n"
    )
    summary = "1 error in 4 commits of 2 environments\n"
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        f"{head}{words}still there\n{ROTATE}{summary}",
        "",
    )
    commit(project, text)
    sync(project, "prod")
    done = overlay(project, "audit", "--all")
    assert done.stdout == f"{head}{words}no longer there\n{ROTATE}{summary.replace('4', '5')}"


def test_Z16_a_token_anywhere_is_found_at_its_line(project: Path) -> None:
    path = project / "environments/base/manifests/settings.yaml"
    path.write_text(path.read_text().replace("level: info", f"url: https://{TOKEN}@github.com/shop"))
    prod = project / PROD
    plain = prod.read_text()
    prod.write_text(f"{plain}  publish: {{secrets: [ConfigMap/settings]}}\n")
    git(project, "commit", "-q", "-a", "-m", "oh")
    sync(project, "prod")
    assert overlay(project, "audit", "prod").returncode == 0, "it is allowed by name"
    prod.write_text(plain)
    done = overlay(project, "audit", "prod")
    assert done.returncode == 1
    line = 1 + next(
        number
        for number, text in enumerate(
            git(project.parent / "remote.git", "show", "environments/prod:configmap-settings.yaml").splitlines()
        )
        if "url" in text
    )
    assert done.stdout.startswith(
        "error in prod: configmap-settings.yaml holds a GitHub token\n"
        f"  --> environments/prod:configmap-settings.yaml:{line}\n  = revision 2 ("
    )
    assert TOKEN not in done.stdout + done.stderr
    for form in ("json", "sarif"):
        assert TOKEN not in overlay(project, "audit", "prod", "-o", form).stdout


def test_a_foreign_edit_is_told_with_its_commit_and_author(project: Path) -> None:
    folder = other(project)
    write(folder, {"configmap-settings.yaml": "a: 1\n"})
    (folder / "service-web.yaml").unlink()
    said = push(folder)
    done = overlay(project, "audit", "prod")
    assert done.stdout == (
        "error in prod: a commit that is not overlay's changes configmap-settings.yaml, service-web.yaml\n"
        "  --> environments/prod:configmap-settings.yaml\n  --> environments/prod:service-web.yaml\n"
        f"  = {said}; still there\n"
        "  hint: make the change in the source; overlay sync --overwrite-edits throws an edit away\n"
        "1 error in 2 commits of 1 environment\n"
    )
    sync(project, "prod", "--overwrite-edits")
    assert rules(project) == [("foreign-edit", ["configmap-settings.yaml", "service-web.yaml"], False)]


def test_what_a_side_branch_brings_is_found_once(project: Path) -> None:
    folder = other(project)
    git(folder, "checkout", "-q", "-b", "side")
    write(folder, {"configmap-settings.yaml": f"a: {TOKEN}\n"})
    git(folder, "commit", "-q", "-a", "-m", "side")
    write(folder, {"configmap-settings.yaml": "a: 1\n"})
    git(folder, "commit", "-q", "-a", "-m", "side 2")
    git(folder, "checkout", "-q", "environments/prod")
    git(folder, "merge", "-q", "--no-ff", "--no-edit", "side")
    git(folder, "push", "-q", "origin", "HEAD")
    assert rules(project) == [
        ("foreign-edit", ["configmap-settings.yaml"], False),
        ("token", ["configmap-settings.yaml"], False),
        ("foreign-edit", ["configmap-settings.yaml"], True),
    ]


def test_a_merge_that_changes_more_than_it_merges_is_an_edit(project: Path) -> None:
    folder = other(project)
    git(folder, "checkout", "-q", "-b", "side")
    write(folder, {"README.md": "x\n"})
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "side")
    git(folder, "checkout", "-q", "environments/prod")
    git(folder, "merge", "-q", "--no-ff", "--no-commit", "side")
    write(folder, {"configmap-settings.yaml": "a: 1\n"})
    push(folder, "merge")
    assert rules(project) == [("foreign-edit", ["configmap-settings.yaml"], True)]


def test_an_amended_commit_of_overlays_does_not_agree_with_its_record(project: Path) -> None:
    folder = other(project)
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    git(folder, "pull", "-q")
    write(folder, {"configmap-settings.yaml": "a: 1\n", "more.yaml": "a: 1\n"})
    git(folder, "add", ".")
    git(folder, "commit", "-q", "--amend", "--no-edit")
    git(folder, "push", "-q", "-f", "origin", "HEAD")
    assert [(one["rule"], one["message"]) for one in findings(project)] == [
        ("record-mismatch", "configmap-settings.yaml, more.yaml differ from what the record says"),
        (
            "history-rewritten",
            f"environments/prod does not go on from {git(folder, 'rev-parse', 'HEAD@{1}')[:12]}, which was seen there",
        ),
    ]


def test_trailers_without_a_record_are_no_publication(project: Path) -> None:
    folder = other(project)
    write(folder, {"configmap-settings.yaml": "a: 1\n"})
    push(folder, "mine\n\nOverlay-Environment: prod\nOverlay-Revision: 2")
    assert [one["message"] for one in findings(project)] == [
        "a commit says that it is revision 2 of prod, and has no record that agrees"
    ]


def test_another_environments_commits_on_the_branch(project: Path) -> None:
    remote = project.parent / "remote.git"
    git(remote, "update-ref", "refs/heads/environments/prod", "refs/heads/environments/dev")
    assert "what stands there was published of dev" in [one["message"] for one in findings(project)]


def test_links_submodules_and_files_that_act(project: Path) -> None:
    folder = other(project)
    os.symlink("/etc/passwd", folder / "configmap-x.yaml")
    write(
        folder,
        {
            ".github/workflows/x.yml": "on: push\n",
            "kustomization.yaml": "resources: []\n",
            "sub/kustomization.yaml": "resources: []\n",
            "role.yaml": "a: 1\n",
            "README.md": "words\n",
        },
    )
    tip = git(folder, "rev-parse", "HEAD").strip()
    git(folder, "add", "-A")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{tip},module")
    git(folder, "commit", "-q", "-m", "by hand")
    git(folder, "push", "-q")
    found = [(one["rule"], one["severity"], one["message"]) for one in findings(project)]
    assert sorted(found) == [
        ("acting-file", "error", ".github/workflows/x.yml is run by GitHub Actions"),
        ("foreign-manifest", "warning", "role.yaml is not overlay's"),
        (
            "foreign-settings",
            "warning",
            "kustomization.yaml is not overlay's, and is read by kustomize, Flux and Argo CD",
        ),
        (
            "foreign-settings",
            "warning",
            "sub/kustomization.yaml is not overlay's, and is read by kustomize, Flux and Argo CD",
        ),
        ("link", "error", "configmap-x.yaml is a symbolic link"),
        ("submodule", "error", "module is a submodule"),
    ]


def test_warnings_alone_are_no_failure_unless_strict(project: Path) -> None:
    folder = other(project)
    write(folder, {"role.yaml": "a: 1\n"})
    push(folder)
    done = overlay(project, "audit", "prod")
    assert done.returncode == 0
    assert done.stdout.endswith("1 warning in 2 commits of 1 environment\n")
    assert overlay(project, "audit", "prod", "--strict").returncode == 1
    quiet = overlay(project, "audit", "prod", "-q")
    assert (quiet.returncode, quiet.stdout) == (0, "")


def test_a_secret_that_others_read_although_it_is_odd_yaml(project: Path) -> None:
    folder = other(project)
    write(folder, {"x.yaml": "kind: Secret\nkind: Secret\napiVersion: v1\ndata: {a: Yg==}\n"})
    push(folder)
    assert ("plain-secret", ["x.yaml"], True) in rules(project)


def test_what_was_looked_at_is_left_out(project: Path) -> None:
    folder = other(project)
    write(folder, {"configmap-settings.yaml": "a: 1\n"})
    push(folder)
    sync(project, "prod", "--overwrite-edits")
    tip = log(project, "environments/prod", "%h")[0]
    assert rules(project, "--since", tip) == []
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    assert rules(project, "--since", tip) == []
    assert rules(project, "--since", log(project, "environments/prod", "%h")[-1]) != []
    done = overlay(project, "audit", "prod", "--since", "0123456")
    assert (done.returncode, done.stderr) == (
        2,
        "error: no commit '0123456' stands on these branches\n"
        "  hint: --since takes a commit of an environment's branch, at least seven digits of it\n",
    )


def test_only_the_folder_of_an_environment_is_its_own(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{path: 'rendered/{environment}'}")
    write(project, {".github/workflows/x.yml": "on: push\n", "role.yaml": f"a: {TOKEN}\n"})
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "ours")
    git(project, "push", "-q", "origin", "main")
    sync(project, "--all")
    assert overlay(project, "audit", "--all").stdout == "nothing found in 2 commits of 2 environments\n"
    git(project, "pull", "-q", "origin", "main")
    write(project, {"rendered/prod/configmap-settings.yaml": "a: 1\n"})
    git(project, "commit", "-q", "-a", "-m", "by hand")
    git(project, "push", "-q", "origin", "main")
    done = overlay(project, "audit", "--all", "-o", "json")
    assert [(one["environment"], one["files"]) for one in json.loads(done.stdout)["findings"]] == [
        ("prod", ["rendered/prod/configmap-settings.yaml"])
    ]


def test_sarif_names_files_as_on_the_branch(project: Path) -> None:
    folder = other(project)
    write(folder, {"configmap-settings.yaml": f"# x\na: {TOKEN}\n"})
    push(folder)
    run = json.loads(overlay(project, "audit", "prod", "-o", "sarif").stdout)["runs"][0]
    assert [one["ruleId"] for one in run["results"]] == ["foreign-edit", "token"]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("configmap-settings.yaml", 2)


def test_one_environment_that_cannot_be_looked_at_hides_no_other(project: Path) -> None:
    git(project.parent / "remote.git", "update-ref", "-d", "refs/heads/environments/dev")
    with (project / PROD).open("a") as file:
        file.write("  nonsense: 1\n")
    done = overlay(project, "audit", "--all")
    assert done.returncode == 5
    assert done.stdout == "nothing found in 0 commits of 1 environment\n"
    assert "error in prod: unknown field spec.nonsense" in done.stderr
    assert "error in dev: the branch environments/dev was deleted on" in done.stderr


def test_what_was_never_published_has_no_findings(tmp_path: Path) -> None:
    project = shop(tmp_path)
    done = overlay(project, "audit", "--all")
    assert (done.returncode, done.stdout) == (0, "nothing found in 0 commits of 2 environments\n")


def test_G37_sha256(tmp_path: Path) -> None:
    project = shop(tmp_path, form="sha256")
    sync(project, "--all")
    assert overlay(project, "audit", "--all").stdout == "nothing found in 2 commits of 2 environments\n"


def test_I2_an_audit_accepts_nothing(project: Path) -> None:
    change(project, "prod", "1.1.0")
    sync(project, "prod")
    git(project.parent / "remote.git", "update-ref", "refs/heads/environments/prod", "environments/prod~1")
    for _ in range(2):
        assert [one["rule"] for one in findings(project)] == ["history-rewritten"]
    assert overlay(project, "sync", "prod", "-y").returncode == 4
    assert published(project, "prod")["revision"] == 1
