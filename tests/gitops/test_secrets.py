"""Z01: which Secrets with plain values may be published, by which name, and what is said of all others."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlay.gitops.secrets import lasting_name
from overlay.kube.encrypted import holds_plain
from tests.gitops.projects import PROD, git, overlay, shop, sync, tree

SECRET = "  secrets: [{name: key, literals: {token: TEXT}}]\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def commit(project: Path, text: str) -> None:
    (project / PROD).write_text(text)
    git(project, "commit", "-q", "-a", "-m", "prod")


def test_Z01_a_generated_one_is_allowed_by_the_name_that_lasts(project: Path) -> None:
    text = (project / PROD).read_text()
    commit(project, text + SECRET)
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "  hint: keep it elsewhere (ExternalSecret, SealedSecret, SOPS), or allow it: spec.publish.secrets: [key]"
    )
    allowed = "  publish: {secrets: [key]}\n"
    for content in ("TEXT", "OTHER"):
        commit(project, text + SECRET.replace("TEXT", content) + allowed)
        sync(project, "prod")
        names = [name for name in tree(project, "environments/prod") if name.startswith("secret-key-")]
        assert len(names) == 1, "the name in the cluster has the hash of its content"
    assert overlay(project, "audit", "prod").returncode == 0
    commit(project, text + SECRET)
    assert overlay(project, "audit", "prod").returncode == 1, "it is not allowed any more"


def test_Z01_only_the_hash_of_its_own_content_is_left_out(project: Path) -> None:
    text = (project / PROD).read_text()
    commit(project, text + SECRET.replace("name: key,", "name: key-tm9d6th582,") + "  publish: {secrets: [key]}\n")
    done = overlay(project, "sync", "prod", "-y")
    assert (done.returncode, done.stderr.splitlines()[-1].rpartition(" ")[2]) == (2, "[key-tm9d6th582]")


def test_Z01_in_bundles_the_same_names_count(project: Path) -> None:
    text = (project / PROD).read_text()
    commit(project, text + SECRET)
    done = overlay(project, "package", "prod", "--version", "1.0.0", "--store", str(project.parent / "store"))
    assert done.returncode == 2
    assert "holds plain values, and who can pull the bundle can read it\n" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("spec.publish.secrets: [key]")
    commit(project, text + SECRET + "  publish: {secrets: [key]}\n")
    done = overlay(project, "package", "prod", "--version", "1.0.0", "--store", str(project.parent / "store"))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("body", "holds"),
    [
        ({"data": {"a": "Yg=="}}, True),
        ({"stringData": {"a": "b"}}, True),
        ({"data": {}}, False),
        ({"type": "Opaque"}, False),
        ({"data": {"a": "ENC[x]"}, "sops": {}}, True),
        ({"kind": "ConfigMap", "data": {"a": "b"}}, False),
        ({"apiVersion": "bitnami.com/v1alpha1", "data": {"a": "b"}}, False),
    ],
)
def test_Z01_what_counts_as_plain(body: dict, holds: bool) -> None:
    assert holds_plain({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, **body}) is holds


@pytest.mark.parametrize("data", [None, [], "text", {"a": None}, {1: 2}, {"a": {"b": 1.5}}])
def test_a_name_that_somebody_wrote_by_hand_is_read_whatever_stands_beside(data: object) -> None:
    assert lasting_name({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "data": data}) == "x"
