"""What holds after every fault (hazards I1, I2, I5, I6 and I7), and that the next run ends well (I4)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.crashing import MARK, marked
from tests.gitops.projects import git, overlay
from tests.source.projects import state

# Planted where a run can read them; seen anywhere, they are lost.
CANARIES = {"GITHUB_TOKEN": "canary-of-the-environment", "SHOP_PASSWORD": "canary-of-a-password"}
HEADER = "AUTHORIZATION: basic canary-of-a-header"


def plant(project: Path) -> None:
    """Put a secret where a CI's checkout has one."""
    git(project, "config", "http.https://shop.example/.extraheader", HEADER)


@dataclass(kw_only=True)
class World:
    """A project with its remotes before a fault.

    remotes: bare repositories that are published to. caches: folders for XDG_CACHE_HOME, one for each machine.
    extra: folders in which a run could leave something, too. is_server_killed: the remotes' own processes die with the
    run; what Git on that side had received then stays in quarantine (git-receive-pack(1)) until `git prune` there.
    """

    project: Path
    remotes: tuple[Path, ...] = ()
    caches: tuple[Path, ...] = ()
    extra: tuple[Path, ...] = ()
    is_server_killed: bool = False
    mark: str = field(default_factory=lambda: os.urandom(8).hex())
    before: dict[Path, dict[str, str]] = field(default_factory=dict)
    mine: object = None

    def __post_init__(self) -> None:
        self.remotes = self.remotes or (self.project.parent / "remote.git",)
        self.caches = self.caches or (Path(os.environ["XDG_CACHE_HOME"]),)
        self.note()

    def note(self) -> None:
        """Remember how things are now."""
        self.before = {remote: branches(remote) for remote in self.remotes}
        self.mine = user_state(self.project)

    def env(self, **more: str) -> dict[str, str]:
        """Return the variables that each run gets."""
        return {**CANARIES, MARK: self.mark, **more}

    def sync(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return overlay(self.project, "sync", *(arguments or ("--all",)), "-y", **self.env(**env))


def assert_invariants(world: World, *runs: subprocess.CompletedProcess[str], killed: bool = False) -> None:
    """Hold a world against I1, I2, I5, I6 and I7.

    runs: what was run. killed: the last one could not clean up; the next one will.
    """
    for remote in world.remotes:
        assert_old_or_whole(remote, world.before[remote])
    assert user_state(world.project) == world.mine, "I2: something of the user's was touched"
    for done in runs:
        assert_message(done)
        assert_nothing_leaks(done.stdout + done.stderr)
    for cache in world.caches:
        assert_nothing_leaks(*[path.read_text("utf-8", "replace") for path in cache.rglob("config")])
    alive = children(world.mark)
    assert not alive, f"I7: children are left: {alive}"
    left = [] if killed else residue(world)
    assert not left, f"I7: files are left: {left}"


def assert_converges(world: World, *arguments: str, twice: bool = True, **env: str) -> None:
    """Run the plain command again: all is as wanted, nothing is left over, and once more changes nothing (I4).

    twice: run it once more, to see that.
    """
    again = world.sync(*arguments, **env)
    assert again.returncode == 0, again.stderr
    assert_invariants(world, again)
    if not twice:
        return
    tips = {remote: branches(remote) for remote in world.remotes}
    more = world.sync(*arguments, **env)
    assert more.returncode == 0, more.stderr
    assert {remote: branches(remote) for remote in world.remotes} == tips
    assert "published" not in more.stderr


def assert_old_or_whole(remote: Path, before: dict[str, str]) -> None:
    """I1: each branch is the commit that it was, or goes on from it by whole publications; all objects are sound."""
    git(remote, "fsck", "--strict", "--no-dangling", "--no-progress")
    for branch, tip in branches(remote).items():
        old = before.get(branch)
        if tip == old:
            continue
        if old is not None:
            assert git(remote, "merge-base", old, tip).strip() == old, f"I1: {branch} was rewritten"
        new = git(remote, "rev-list", "--parents", tip, *([f"^{old}"] if old is not None else [])).splitlines()
        for line in new:
            commit, *parents = line.split()
            assert len(parents) <= 1, f"I1: {branch} is not linear"
            assert_whole(remote, commit)
    assert set(before) <= set(branches(remote)), "I1: a branch is gone"


def assert_whole(remote: Path, commit: str) -> None:
    """Hold a published tree against the records in it: each file that a record names is there, byte for byte."""
    for line in git(remote, "ls-tree", "-r", commit).splitlines():
        head, _, path = line.partition("\t")
        if not path.endswith("overlay.metadata"):
            continue
        record = json.loads(git(remote, "cat-file", "blob", head.split()[2]))
        folder = path.removesuffix("overlay.metadata")
        found = dict(
            reversed(one.split("\t")) for one in git(remote, "ls-tree", f"{commit}:{folder.rstrip('/')}").splitlines()
        )
        texts = _blobs(remote, [found[name].split()[2] for name in record["files"]])
        for (name, digest), data in zip(record["files"].items(), texts, strict=True):
            assert "sha256:" + hashlib.sha256(data).hexdigest() == digest, f"I1: {folder}{name} is not whole"


def _blobs(remote: Path, names: list[str]) -> list[bytes]:
    given = "".join(f"{name}\n" for name in names).encode()
    out = subprocess.run(
        ["git", "cat-file", "--batch"], cwd=remote, input=given, capture_output=True, check=True
    ).stdout
    found = []
    for _ in names:
        head, _, out = out.partition(b"\n")
        size = int(head.split()[2])
        found.append(out[:size])
        out = out[size + 1 :]
    return found


def assert_message(done: subprocess.CompletedProcess[str]) -> None:
    """I5: a failure says what is wrong in a line of its own, and no run shows a traceback."""
    assert "Traceback" not in done.stderr + done.stdout
    assert "bug in overlay" not in done.stderr, done.stderr
    if done.returncode > 0 and done.returncode != 130:
        assert any(line.startswith("error") for line in done.stderr.splitlines()), done.stderr


def assert_nothing_leaks(*texts: str) -> None:
    """I6."""
    for text in texts:
        for canary in (*CANARIES.values(), HEADER):
            assert canary not in text, "I6: a secret is told"


def branches(remote: Path) -> dict[str, str]:
    """Return the commits of a bare repository's branches."""
    lines = git(remote, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads").splitlines()
    return dict(line.split() for line in lines)


def user_state(project: Path) -> object:
    """Return all of a work tree and its repository that is the user's."""
    files = {path: path.read_bytes() for path in sorted((project / ".git").rglob("*")) if path.is_file()}
    return state(project, but="nothing"), git(project, "for-each-ref"), files, git(project, "symbolic-ref", "HEAD")


def residue(world: World) -> list[str]:
    """Return what is left of runs that have ended: temporary files, locks that are held by their existence."""
    found = []
    for folder in (*world.caches, *world.extra, world.project, *world.remotes):
        for path in folder.rglob("*"):
            name = path.name
            if world.is_server_killed and folder in world.remotes and "tmp_objdir-incoming-" in str(path):
                continue
            is_turn = path.parent.name == "git" and name.endswith((".sha1.lock", ".sha256.lock"))
            if (
                name.startswith(("tmp_", ".tmp", ".overlay-", "fast_import_crash_", "bug-"))
                or name.endswith(".new")
                or (name.endswith(".lock") and not is_turn)
                or ".run-" in name
            ):
                found.append(str(path))
    return found


def children(mark: str, seconds: float = 60.0) -> list[str]:
    """Return the processes of a test that still live after a while."""
    end = time.monotonic() + seconds
    while True:
        found = marked(mark)
        if not found or time.monotonic() > end:
            return [f"{pid} {_command(pid)}" for pid in found]
        time.sleep(0.05)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
