"""Fields that the project hides (`diff.mask`) are hidden wherever differences are shown (hazard Z08)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gitops.projects import git, manifest, overlay, shop, sync, write

IMAGE = "spec.template.spec.containers.[name=web].image"
MASK = """\
apiVersion: overlay.dev/v1
kind: Project
metadata: {name: shop}
spec: {diff: {mask: [{path: spec.template.spec.containers.*.image}]}}
"""
SECRET = ("hunter2", "swordfish", "1.0.0")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of which revision 1 is published, with another image that nobody shall see."""
    project = shop(tmp_path)
    commit(project, "Nobody sees images", {"overlay.yaml": MASK})
    sync(project, "--all")
    commit(project, "A change", {"environments/prod/environment.yaml": manifest("prod", "hunter2")})
    return project


def commit(project: Path, message: str, files: dict[str, str]) -> None:
    write(project, files)
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", message)
    git(project, "push", "-q", "origin", "HEAD:main")


def shown(project: Path, *arguments: str) -> str:
    """Return what a command prints, which names the field and no value of it."""
    text = overlay(project, *arguments).stdout
    assert IMAGE in text, arguments
    assert [one for one in SECRET if one in text] == [], arguments
    return text


def test_Z08_what_a_project_hides_is_hidden_in_plans_revisions_bundles_and_environments(project: Path) -> None:
    assert f"{IMAGE}: •••• → •••• (changed)\n" in shown(project, "plan", "prod")
    shown(project, "plan", "prod", "-o", "json")
    shown(project, "compare", "dev", "prod")
    shown(project, "compare", "dev", "prod", "-o", "json")
    shown(project, "sync", "prod", "-y")
    assert f"{IMAGE}: •••• → •••• (changed)\n" in shown(project, "diff", "prod@1..prod@2")
    [change] = json.loads(shown(project, "diff", "prod@1..prod@2", "-o", "json"))["changes"]
    assert (change["before"], change["after"]) == ("••••", "•••• (changed)")
    shown(project, "diff", "prod@2..dev@1")
    assert overlay(project, "package", "--version", "0.1.2").returncode == 0
    commit(project, "Another", {"environments/prod/environment.yaml": manifest("prod", "swordfish")})
    shown(project, "diff", "prod", "--against", "shop:0.1.2")
    promoted = overlay(project, "promote", "dev", "prod", "--dry-run").stdout
    assert f"{IMAGE}: •••• → •••• (changed)\n" in promoted, "what is rendered; the setting itself is told"
    shown(project, "rollback", "prod", "1", "-y")


def test_Z08_a_change_that_hides_less_shows_nothing_of_what_was_hidden(project: Path) -> None:
    environment = {"environments/prod/environment.yaml": manifest("prod", "swordfish")}
    commit(project, "All is seen", {**environment, "overlay.yaml": MASK.replace("spec.template.spec", "spec.nothing")})
    shown(project, "plan", "prod")
    shown(project, "sync", "prod", "-y")
    shown(project, "diff", "prod@1..prod@2")


def test_Z08_what_the_project_hides_now_is_hidden_in_what_was_published_before(project: Path) -> None:
    write(project, {"overlay.yaml": MASK.replace("spec.template.spec", "spec.nothing")})
    sync(project, "--all", "--allow-dirty")
    commit(project, "Another", {"environments/prod/environment.yaml": manifest("prod", "swordfish")})
    sync(project, "--all")
    commit(project, "Nobody sees images again", {"overlay.yaml": MASK})
    shown(project, "diff", "prod@2..prod@3")
    shown(project, "rollback", "prod", "2", "-y")
