"""Charts in real Git repositories over HTTP, with what repositories can hold that must not act."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay.errors import FetchError, OverlayError, Temporary
from overlay.fetch.git import Git
from tests.fetch.projects import chart, chart_files, index, overlay, project, write
from tests.fetch.servers import Handler, Web, git_backend, send


def git(folder: Path, *words: str) -> str:
    env = {**os.environ, "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
    settings = ["-c", "user.name=me", "-c", "user.email=me@shop.example", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *settings, *words], cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


class Remote:
    """A work tree and the bare repository that it is pushed to, served over HTTP."""

    def __init__(self, folder: Path, web: Web) -> None:
        self.tree, self.bare = folder / "tree", folder / "served" / "charts.git"
        self.bare.parent.mkdir()
        git(folder, "init", "-q", "--bare", str(self.bare))
        git(folder, "init", "-q", str(self.tree))
        self.url = f"{web.url}/charts.git"
        self.web = web
        web.answers["*"] = git_backend(self.bare.parent)
        write(self.tree, {f"charts/web/{name}": text for name, text in chart_files("web", "1.0.0").items()})
        write(
            self.tree, {"plain/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n", "README.md": "x\n"}
        )
        self.first = self.commit()
        git(self.tree, "tag", "-a", "v1.0.0", "-m", "one")
        write(self.tree, {f"charts/web/{name}": text for name, text in chart_files("web", "1.1.0").items()})
        self.second = self.commit()
        self.push()

    def commit(self) -> str:
        git(self.tree, "add", "-A")
        git(self.tree, "commit", "-q", "-m", "x")
        return git(self.tree, "rev-parse", "HEAD")

    def push(self) -> None:
        git(self.tree, "push", "-q", "--tags", str(self.bare), "HEAD:main")


@pytest.fixture
def remote(tmp_path: Path, web: Web) -> Remote:
    (tmp_path / "remote").mkdir()
    return Remote(tmp_path / "remote", web)


def checkout(remote: Remote, ref: str = "main", path: str = "charts/web", seconds: float = 20):
    return Git(os.environ, seconds=seconds).checkout(remote.url, ref, path)


@pytest.mark.parametrize(
    ("ref", "which", "version"),
    [
        ("main", "second", "1.1.0"),
        ("refs/heads/main", "second", "1.1.0"),
        ("v1.0.0", "first", "1.0.0"),
        ("refs/tags/v1.0.0", "first", "1.0.0"),
    ],
)
def test_a_chart_of_a_branch_or_tag_is_locked_at_its_commit(
    remote: Remote, tmp_path: Path, ref: str, which: str, version: str
) -> None:
    folder = project(tmp_path / "p", f"{{git: {remote.url}, ref: {ref}, path: charts/web}}")
    done = overlay(folder, "lock")
    commit = getattr(remote, which)
    assert (done.returncode, done.stderr) == (0, f"locked web {commit} from {remote.url}@{commit}\n")
    rendered = overlay(folder, "render", "prod")
    assert (rendered.returncode, f'version: "{version}"' in rendered.stdout) == (0, True)


def test_a_branch_that_moved_moves_nothing_until_it_is_upgraded(remote: Remote, tmp_path: Path) -> None:
    folder = project(tmp_path / "p", f"{{git: {remote.url}, ref: main, path: charts/web}}")
    overlay(folder, "lock")
    before = overlay(folder, "render", "prod").stdout
    write(remote.tree, {f"charts/web/{name}": text for name, text in chart_files("web", "3.0.0").items()})
    third = remote.commit()
    remote.push()
    again = overlay(folder, "lock", XDG_CACHE_HOME=str(tmp_path / "other"))
    assert (again.returncode, again.stderr) == (0, "overlay.lock is up to date: 1 input\n")
    assert overlay(folder, "render", "prod", XDG_CACHE_HOME=str(tmp_path / "other")).stdout == before
    assert third in overlay(folder, "lock", "--upgrade", "web").stderr


def test_a_commit_and_a_folder_of_plain_manifests(remote: Remote, tmp_path: Path) -> None:
    folder = project(tmp_path / "p", f"{{git: {remote.url}, ref: {remote.first}, path: plain}}")
    assert overlay(folder, "vendor", "-q").returncode == 0
    assert (
        overlay(folder, "render", "prod", "-o", "name", XDG_CACHE_HOME=str(tmp_path / "other")).stdout
        == "configmap/a\n"
    )
    assert [path.suffix for path in (folder / "vendor").iterdir() if path.name.startswith("plain")] == [".tar"]


def test_a_chart_in_git_may_want_sub_charts_from_elsewhere(
    remote: Remote, make_web: Callable[..., Web], tmp_path: Path
) -> None:
    other = make_web()
    data = chart("db", "1.2.0")
    other.answers |= {"/index.yaml": index(("db", "1.2.0", data)), "/db-1.2.0.tgz": data}
    more = f"dependencies:\n- {{name: db, version: ^1, repository: {other.url}}}\n"
    write(remote.tree, {f"charts/web/{name}": text for name, text in chart_files("web", "4.0.0", more).items()})
    remote.commit()
    remote.push()
    folder = project(tmp_path / "p", f"{{git: {remote.url}, ref: main, path: charts/web}}")
    assert overlay(folder, "lock").stderr.count("locked ") == 2
    assert overlay(folder, "render", "prod", "-o", "name").stdout == "configmap/shop-db\nconfigmap/shop-web\n"
    assert overlay(folder, "lock", "--check").returncode == 0
    elsewhere = overlay(folder, "lock", "--check", XDG_CACHE_HOME=str(tmp_path / "other"))
    assert (elsewhere.returncode, elsewhere.stdout) == (0, "")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///tmp/x.git", "only https:// and ssh:// are fetched from"),
        ("ext::sh -c touch% /tmp/x", "is no URL of a Git repository"),
        ("fd::17", "is no URL of a Git repository"),
        ("git://x.example/x.git", "only https:// and ssh:// are fetched from"),
        ("http://x.example/x.git", "is not encrypted"),
        ("/tmp/x.git", "is no URL of a Git repository"),
        ("../x.git", "is no URL of a Git repository"),
        ("--upload-pack=x", "is no URL of a Git repository"),
        ("ssh://-oProxyCommand=x/y", "is no URL of a Git repository"),
        ("ssh://-x@h.example/y", "is no URL of a Git repository"),
        ("-x@h.example:y", "is no URL of a Git repository"),
        ("https://me:s3cret@x.example/x.git", "the URL of x.example has a user name in it"),
        ("https://x.example/x\n.git", "is no URL of a Git repository"),
    ],
)
def test_G25_G29_urls_that_could_do_something_else_are_refused(url: str, message: str) -> None:
    with pytest.raises(FetchError) as caught:
        Git(os.environ).checkout(url, "main", "")
    assert message in caught.value.message
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize(
    "ref",
    [
        "../x",
        "-x",
        "--upload-pack=x",
        "@{-1}",
        "a..b",
        "x.lock",
        "a b",
        "a:b",
        "refs/heads/*",
        "a//b",
        "",
        "a/.b",
        "a\n",
        "HEAD~1",
    ],
)
def test_G36_refs_that_are_none_are_refused(ref: str) -> None:
    with pytest.raises(FetchError, match="is no branch, tag or commit of Git"):
        Git(os.environ).checkout("https://x.example/x.git", ref, "")


def test_what_is_not_there_is_named(remote: Remote) -> None:
    for ref, path, message in (
        ("mian", "", f"{remote.url} has no branch or tag mian"),
        ("main", "charts/wbe", f"{remote.url}@{remote.second[:12]} has no folder charts/wbe"),
        ("0" * 40, "", f"git cannot fetch {remote.url}: "),
    ):
        with pytest.raises(FetchError) as caught:
            checkout(remote, ref, path)
        assert message in caught.value.message


def test_a_name_that_is_branch_and_tag_is_refused(remote: Remote) -> None:
    git(remote.tree, "push", "-q", str(remote.bare), f"{remote.first}:refs/heads/v2", f"{remote.second}:refs/tags/v2")
    with pytest.raises(FetchError, match="has both a branch and a tag v2"):
        checkout(remote, "v2")
    assert checkout(remote, "refs/heads/v2").commit == remote.first


def test_P01_a_link_in_a_repository_is_refused(remote: Remote) -> None:
    (remote.tree / "charts" / "web" / "leak.txt").symlink_to("/etc/passwd")
    remote.commit()
    remote.push()
    with pytest.raises(FetchError, match=r"charts/web/leak.txt is a symlink; links are never followed"):
        checkout(remote)


def test_G28_submodules_are_never_fetched(remote: Remote) -> None:
    git(remote.tree, "update-index", "--add", "--cacheinfo", f"160000,{remote.first},charts/web/sub")
    git(remote.tree, "commit", "-q", "-m", "x")
    remote.push()
    with pytest.raises(FetchError, match=r"charts/web/sub is a submodule; submodules are never fetched"):
        checkout(remote)


def test_G34_attributes_of_a_repository_change_nothing(remote: Remote) -> None:
    write(
        remote.tree,
        {
            "charts/web/.gitattributes": "*.txt filter=evil text eol=crlf export-ignore ident\n",
            "charts/web/a.txt": "$Id$\nx\n",
        },
    )
    remote.commit()
    remote.push()
    found = dict(checkout(remote).files)
    assert found["a.txt"] == b"$Id$\nx\n"


def test_G26_G38_no_hook_and_no_inherited_setting_acts(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    hook = tmp_path / "hooks" / "reference-transaction"
    write(tmp_path, {"hooks/reference-transaction": f"#!/bin/sh\ntouch {canary}\n"})
    hook.chmod(0o755)
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    os.link(hook, template / "reference-transaction")
    (template.parent / "config").write_text("[http]\n\tproxy = http://127.0.0.1:1\n")
    home = Path(os.environ["HOME"])
    (home / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {tmp_path / 'hooks'}\n\tfsmonitor = touch {canary}\n[init]\n\ttemplateDir = {tmp_path / 'template'}\n"
    )
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "http.proxy")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "http://127.0.0.1:1")
    assert checkout(remote).commit == remote.second
    assert not canary.exists()


def test_a_private_repository_gets_what_gits_own_credential_helper_says(remote: Remote, tmp_path: Path) -> None:
    remote.web.answers["*"] = git_backend(remote.bare.parent, password="me:s3cret")
    with pytest.raises(FetchError) as caught:
        checkout(remote)
    assert caught.value.message == f"{remote.url} wants a login"
    assert caught.value.hint == "give it to Git: a credential helper (git config --global) or an SSH key"
    store = tmp_path / "store"
    store.write_text(f"http://me:s3cret@{remote.web.host}\n")
    (Path(os.environ["HOME"]) / ".gitconfig").write_text(f"[credential]\n\thelper = store --file {store}\n")
    assert checkout(remote).commit == remote.second


def test_G33_a_redirect_is_not_followed(remote: Remote, make_web: Callable[..., Web]) -> None:
    other = make_web()
    remote.web.answers["*"] = lambda handler: send(handler, 302, Location=f"{other.url}{handler.path}")
    with pytest.raises(FetchError):
        checkout(remote)
    assert other.seen == []


def test_R12_a_server_that_stalls_is_left(remote: Remote) -> None:
    def stall(handler: Handler) -> None:
        time.sleep(3)

    remote.web.answers["*"] = stall
    start = time.monotonic()
    with pytest.raises(Temporary, match=f"git took longer than 0.7 seconds for {remote.url}"):
        checkout(remote, seconds=0.7)
    assert time.monotonic() - start < 2.5


def test_G06_a_busy_server_is_temporary(remote: Remote) -> None:
    remote.web.answers["*"] = lambda handler: send(handler, 503)
    with pytest.raises(Temporary):
        checkout(remote)


def test_a_repository_with_sha256_names(tmp_path: Path, web: Web) -> None:
    bare = tmp_path / "served" / "charts.git"
    bare.parent.mkdir()
    git(tmp_path, "init", "-q", "--bare", "--object-format=sha256", str(bare))
    git(tmp_path, "init", "-q", "--object-format=sha256", "tree")
    write(tmp_path / "tree", {"a.yaml": "x\n"})
    git(tmp_path / "tree", "add", "-A")
    git(tmp_path / "tree", "commit", "-q", "-m", "x")
    git(tmp_path / "tree", "push", "-q", str(bare), "HEAD:main")
    web.answers["*"] = git_backend(bare.parent)
    found = Git(os.environ, seconds=20).checkout(f"{web.url}/charts.git", "main", "")
    assert (len(found.commit), dict(found.files)) == (64, {"a.yaml": b"x\n"})


@pytest.mark.parametrize("path", ["../x", "a/../../b", "/etc", "./a", "a//b"])
def test_P05_the_folder_is_one_of_the_repository(remote: Remote, tmp_path: Path, path: str) -> None:
    done = overlay(project(tmp_path / "p", f"{{git: {remote.url}, ref: main, path: {path}}}"), "lock")
    assert done.returncode == 2
    assert isinstance(done.stderr, str)
    assert "bug" not in done.stderr


def test_files_of_a_chart_keep_their_bytes_whatever_their_names(remote: Remote) -> None:
    names = {"charts/web/a b.txt": "1\n", "charts/web/ü.txt": "2\n", "charts/web/" + "x" * 120 + ".txt": "3\n"}
    write(remote.tree, names)
    remote.commit()
    remote.push()
    found = dict(checkout(remote).files)
    assert {f"charts/web/{name}": text.decode() for name, text in found.items() if name.endswith(".txt")} == names


def test_a_missing_git_is_named(tmp_path: Path) -> None:
    with pytest.raises(OverlayError, match="git cannot be run: no such file or directory"):
        Git({"PATH": str(tmp_path)}).checkout("https://x.example/x.git", "main", "")
