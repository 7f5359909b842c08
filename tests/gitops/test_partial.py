"""The private repository fetches little: what remotes with and without filters send, counted."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from overlay.errors import Temporary
from overlay.git.remote import Remote
from overlay.git.repository import Repository
from overlay.gitops.store import Store
from tests.gitops.projects import change, git, log, published, shop, sync, tree
from tests.servers.git_http import GitServer, stall

FOLDER = "{branch: shared, path: 'rendered/{environment}'}"
FILES = 20_000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path, publish=FOLDER)


def crowd(bare: Path, files: int) -> int:
    """Put so many files of others on the shared branch, each of some hundred random bytes; return their size."""
    lines = [b"commit refs/heads/shared\ncommitter B <b@x> 1700000000 +0000\ndata 5\ncrowd\n"]
    for at in range(files):
        data = os.urandom(300).hex().encode()
        lines.append(b"M 100644 inline other/%d/%d.txt\ndata %d\n%s\n" % (at // 100, at, len(data), data))
    subprocess.run(["git", "fast-import", "--quiet", "--done"], cwd=bare, input=b"".join(lines) + b"done\n", check=True)
    return files * 300


def with_filter(bare: Path, *, on: bool = True) -> Path:
    git(bare, "config", "uploadpack.allowFilter", str(on).lower())
    return bare


def store_objects() -> dict[str, int]:
    """Return how many objects of each kind the private repository has."""
    (folder,) = [path for path in (Path(os.environ["XDG_CACHE_HOME"]) / "overlay/git").iterdir() if path.is_dir()]
    out = git(folder, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").split()
    return {kind: out.count(kind) for kind in sorted(set(out))}


def fetched(server: GitServer) -> int:
    return sum(one.got for one in server.asked("POST git-upload-pack"))


def test_a_folder_of_a_big_branch_is_published_cheaply(project: Path, git_http: GitServer, tmp_path: Path) -> None:
    bare = with_filter(tmp_path / "remote.git")
    size = crowd(bare, FILES)
    git(project, "remote", "set-url", "origin", git_http.url("remote.git"))
    sync(project, "prod")
    assert fetched(git_http) < size / 4
    # The three manifests, .gitattributes, and the two files of metadata are our own; no file of others was fetched.
    assert store_objects()["blob"] == 6
    assert len(tree(project, "shared")) == FILES + 6
    git_http.seen.clear()
    change(project, "prod", "1.1.0")
    git_http.seen.clear()
    sync(project, "prod")
    assert fetched(git_http) < 1000
    assert sum(one.sent for one in git_http.asked("POST git-receive-pack")) < 10_000
    assert published(project, "prod", "shared", "rendered/prod/")["revision"] == 2
    assert git(bare, "fsck", "--strict") == ""


def test_a_machine_without_the_store_fetches_only_what_it_reads(project: Path, git_http: GitServer, tmp_path: Path):
    with_filter(tmp_path / "remote.git")
    crowd(tmp_path / "remote.git", 200)
    git(project, "remote", "set-url", "origin", git_http.url("remote.git"))
    sync(project, "--all")
    change(project, "prod", "1.1.0")
    git_http.seen.clear()
    os.environ["XDG_CACHE_HOME"] += "-of-another-machine"
    sync(project, "--all")
    # The format and refs; the branch without files, which takes two; both records; the deployment that changes.
    assert len(git_http.asked("POST git-upload-pack")) == 2 + 2 + 1 + 1
    # Two records, and of prod the old and new deployment, description and record.
    assert store_objects()["blob"] == 2 + 2 + 3
    assert published(project, "prod", "shared", "rendered/prod/")["revision"] == 2


@pytest.mark.parametrize("on", [True, False])
def test_others_who_move_the_branch_are_followed(project: Path, git_http: GitServer, tmp_path: Path, on: bool) -> None:
    bare = with_filter(tmp_path / "remote.git", on=on)
    crowd(bare, 50)
    git(project, "remote", "set-url", "origin", git_http.url("remote.git"))
    sync(project, "prod")
    git(tmp_path, "clone", "-q", "-b", "shared", "remote.git", "other")
    git(
        tmp_path / "other", "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-q", "--allow-empty", "-m", "theirs"
    )
    git(tmp_path / "other", "push", "-q")
    change(project, "prod", "1.1.0")
    sync(project, "--all")
    assert log(project, "shared", "%an")[:4] == ["Ada", "Ada", "B", "Ada"]
    assert git(bare, "fsck", "--strict") == ""


@pytest.mark.parametrize("on", [True, False])
def test_a_tree_whose_files_are_not_here_can_be_pushed(
    project: Path, git_http: GitServer, tmp_path: Path, on: bool
) -> None:
    """As a rollback does: an old commit's tree again, without its files."""
    bare = with_filter(tmp_path / "remote.git", on=on)
    for tag in ("1.1.0", "1.2.0", "1.3.0"):
        change(project, "prod", tag)
        sync(project, "prod")
    url = git_http.url("remote.git")
    old, tip = log(project, "shared", "%H")[2], log(project, "shared", "%H")[0]
    repository = Repository(str(project), {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cold")})
    with Store(str(tmp_path / "cold"), repository, url, "sha1") as store:
        remote = Remote(store, url)
        assert store.fetch(remote, {"shared": tip}, accept_rewritten=False) == ({"shared": tip}, {})
        remote.fetch(old, shallow=True, options=("--filter=blob:none",))
        commit = store.write_commit(f"{old}^{{tree}}", tip, "back\n", sign=False)
        remote.push({"shared": commit}, {"shared": tip})
    assert log(project, "shared", "%H %T")[0].split() == [commit, git(bare, "rev-parse", f"{old}^{{tree}}").strip()]
    assert git(bare, "fsck", "--strict", "--no-dangling") == ""


def test_a_store_that_lacks_an_object_gets_it_or_says_so_in_time(
    project: Path, git_http: GitServer, tmp_path: Path
) -> None:
    bare = with_filter(tmp_path / "remote.git")
    sync(project, "prod")
    url = git_http.url("remote.git")
    blobs = {name: git(bare, "rev-parse", f"shared:rendered/prod/{name}").strip() for name in tree_names(bare)}
    repository = Repository(str(project), dict(os.environ), seconds=1)
    with Store(str(tmp_path / "cold"), repository, url, "sha1") as store:
        remote = Remote(store, url)
        store.fetch(remote, {"shared": log(project, "shared", "%H")[0]}, accept_rewritten=False)
        assert store.blob(blobs["service-web.yaml"], remote).startswith(b"apiVersion: v1\nkind: Service\n")
        git_http.faults["POST git-upload-pack"] = [stall]
        start = time.monotonic()
        with pytest.raises(Temporary) as caught:
            store.blob(blobs["configmap-settings.yaml"], remote)
        assert caught.value.message == f"{url}: git fetch took longer than 1 seconds"
        assert time.monotonic() - start < 3
    left = subprocess.run(["pgrep", "-f", f"git.*{git_http.web.host}"], capture_output=True, text=True)
    assert left.stdout == ""


def tree_names(bare: Path) -> list[str]:
    return git(bare, "ls-tree", "--name-only", "shared:rendered/prod").split()
