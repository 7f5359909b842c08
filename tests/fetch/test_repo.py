"""`overlay repo` and `helm repo` share one list."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fetch.projects import chart, index, overlay, project
from tests.fetch.servers import Web, send

INDEX = index(("db", "1.2.0", b"x"), ("db", "2.0.0-rc.1", b"y"), ("db", "1.10.0", b"z"), ("cache", "0.1.0", b"w"))


def listing(folder: Path, *words: str) -> list[dict[str, str]]:
    return json.loads(overlay(folder, "repo", *words, "-o", "json").stdout)


def repositories() -> Path:
    return Path(os.environ["HOME"]) / ".config" / "helm" / "repositories.yaml"


def test_helm_and_overlay_know_the_same_repositories(web: Web, tmp_path: Path, tool: Callable[[str], str]) -> None:
    helm = tool("helm")
    web.answers["/a/index.yaml"] = web.answers["/b/index.yaml"] = INDEX
    subprocess.run([helm, "repo", "add", "a", f"{web.url}/a"], check=True, capture_output=True)
    done = overlay(tmp_path, "repo", "add", "b", f"{web.url}/b")
    assert (done.returncode, done.stderr) == (0, "added b: 2 charts\n")
    both = [{"name": "a", "url": f"{web.url}/a"}, {"name": "b", "url": f"{web.url}/b"}]
    assert listing(tmp_path, "list") == both
    assert (
        json.loads(subprocess.run([helm, "repo", "list", "-o", "json"], check=True, capture_output=True).stdout) == both
    )
    found = subprocess.run([helm, "search", "repo", "db", "-o", "json"], check=True, capture_output=True).stdout
    ours = [(row["name"], row["version"]) for row in listing(tmp_path, "search", "db")]
    assert ours == [("a/db", "1.10.0"), ("b/db", "1.10.0")]
    assert [(row["name"], row["version"]) for row in json.loads(found)] == ours
    assert overlay(tmp_path, "repo", "remove", "a").stderr == "removed a\n"
    assert (
        subprocess.run([helm, "repo", "list", "-o", "json"], check=True, capture_output=True, text=True).stdout.count(
            "name"
        )
        == 1
    )
    assert not (Path(os.environ["HOME"]) / "cache" / "helm" / "repository" / "a-index.yaml").exists()


def test_the_list_is_private_and_its_other_fields_stay(web: Web, tmp_path: Path) -> None:
    path = repositories()
    path.parent.mkdir(parents=True)
    path.write_text(
        "apiVersion: v1\ngenerated: '2020-01-01T00:00:00Z'\nfuture: 1\nrepositories:\n- {name: a, url: 'https://a.example', future: 2}\n"
    )
    web.answers["/index.yaml"] = INDEX
    assert (
        overlay(
            tmp_path, "repo", "add", "b", web.url, "--username", "me", "--password-stdin", "-q", given="s3cret\n"
        ).returncode
        == 0
    )
    text = path.read_text()
    assert "future: 1" in text
    assert "future: 2" in text
    assert "password: s3cret" in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    everything = overlay(tmp_path, "repo", "list", "-o", "yaml")
    assert "s3cret" not in everything.stdout + everything.stderr


def test_HELM_REPOSITORY_CONFIG_and_CACHE_are_heard(web: Web, tmp_path: Path) -> None:
    web.answers["/index.yaml"] = INDEX
    env = {"HELM_REPOSITORY_CONFIG": str(tmp_path / "r.yaml"), "HELM_REPOSITORY_CACHE": str(tmp_path / "cache")}
    overlay(tmp_path, "repo", "add", "b", web.url, **env)
    assert (tmp_path / "r.yaml").exists()
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["b-charts.txt", "b-index.yaml"]
    assert (tmp_path / "cache" / "b-charts.txt").read_text() == "cache\ndb\n"
    assert not repositories().exists()


def test_search_looks_at_names_and_descriptions(web: Web, tmp_path: Path) -> None:
    web.answers["/index.yaml"] = INDEX
    overlay(tmp_path, "repo", "add", "b", web.url, "-q")
    assert overlay(tmp_path, "repo", "search", "-o", "name").stdout == "b/cache\nb/db\n"
    assert [row["version"] for row in listing(tmp_path, "search", "b/DB", "-l")] == ["2.0.0-rc.1", "1.10.0", "1.2.0"]
    assert [row["version"] for row in listing(tmp_path, "search", "db", "--version", "~1.2")] == ["1.2.0"]
    assert overlay(tmp_path, "repo", "search", "the cache").stdout.splitlines()[1].split()[:2] == ["b/cache", "0.1.0"]
    assert overlay(tmp_path, "repo", "search", "--version", "=<").returncode == 2


def test_a_repository_that_cannot_be_read_is_not_added(web: Web, tmp_path: Path) -> None:
    web.answers["/index.yaml"] = b"<html>"
    done = overlay(tmp_path, "repo", "add", "b", web.url)
    assert done.returncode == 2
    assert not repositories().exists()


def test_one_repository_that_fails_does_not_stop_the_others(web: Web, tmp_path: Path) -> None:
    web.answers["/a/index.yaml"] = web.answers["/b/index.yaml"] = INDEX
    for name in "ab":
        overlay(tmp_path, "repo", "add", name, f"{web.url}/{name}", "-q")
    web.answers["/a/index.yaml"] = lambda handler: send(handler, 404)
    done = overlay(tmp_path, "repo", "update")
    assert done.returncode == 2
    assert "updated b: 2 charts" in done.stderr
    assert f"{web.url}/a has no index.yaml" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("add", "../x", "https://x.example"), "'../x' is no name of a repository"),
        (("add", "x", "oci://x.example/charts"), "a registry is no Helm repository and needs no adding"),
        (("add", "x", "http://x.example"), "http://x.example is not encrypted"),
        (("add", "x", "https://me:s3cret@x.example"), "the URL of x.example has a user name in it"),
        (("add", "x", "https://x.example", "--username", "me"), "--username needs --password-stdin"),
        (("remove", "nothing"), "no repository is called 'nothing'"),
        (("remove",), "which repository?"),
        (("update", "nothing"), "no repository is called 'nothing'"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    done = overlay(tmp_path, "repo", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert "s3cret" not in done.stderr


def test_another_url_for_a_name_needs_force(web: Web, tmp_path: Path) -> None:
    web.answers["/a/index.yaml"] = web.answers["/b/index.yaml"] = INDEX
    overlay(tmp_path, "repo", "add", "x", f"{web.url}/a", "-q")
    assert f"x is {web.url}/a already" in overlay(tmp_path, "repo", "add", "x", f"{web.url}/b").stderr
    assert overlay(tmp_path, "repo", "add", "x", f"{web.url}/b", "--force", "-q").returncode == 0
    assert listing(tmp_path, "list") == [{"name": "x", "url": f"{web.url}/b"}]


def test_a_repository_behind_its_own_ca(
    make_web: Callable[..., Web], authority: tuple[Path, Path], tmp_path: Path
) -> None:
    web = make_web(tls=True)
    data = chart("db", "1.2.0")
    web.answers |= {"/index.yaml": index(("db", "1.2.0", data)), "/db-1.2.0.tgz": data}
    assert "is not trusted" in overlay(tmp_path, "repo", "add", "x", web.url).stderr
    assert overlay(tmp_path, "repo", "add", "x", web.url, "--ca-file", str(authority[0]), "-q").returncode == 0
    folder = project(tmp_path / "p", f"{{repository: {web.url}, name: db, version: ^1}}")
    assert overlay(folder, "lock").returncode == 0
    missing = overlay(tmp_path, "repo", "add", "y", web.url, "--ca-file", "nothing.pem")
    assert "certificates cannot be read from" in missing.stderr


def test_R08_a_repository_that_is_not_to_be_verified_is_refused(web: Web, tmp_path: Path) -> None:
    path = repositories()
    path.parent.mkdir(parents=True)
    path.write_text(f"repositories:\n- {{name: x, url: '{web.url}', insecure_skip_tls_verify: true}}\n")
    done = overlay(tmp_path, "repo", "update")
    assert done.returncode == 2
    assert "repository x asks not to verify TLS, which is never done" in done.stderr
    assert web.seen == []
