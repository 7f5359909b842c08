"""The private repository: damaged, left in use, full, or not to be written (hazards G17, G19, G20, G22)."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.gitops.invariants import World, assert_converges, assert_invariants, plant
from tests.gitops.projects import PROD, change, git, overlay, published, shop, sync
from tests.source.projects import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project that is published once; its private repository is as a first run leaves it."""
    project = shop(tmp_path, environments=("prod",))
    plant(project)
    sync(project, "prod")
    return project


def store() -> Path:
    return next((Path(os.environ["XDG_CACHE_HOME"]) / "overlay/git").glob("*.sha1"))


def _no_head(store: Path) -> None:
    (store / "HEAD").unlink()


def _no_config(store: Path) -> None:
    (store / "config").write_text("[core\n")


def _empty_ref(store: Path) -> None:
    (store / "refs/overlay/seen/d-environments/b-prod").write_text("")


def _no_objects(store: Path) -> None:
    for path in (store / "objects").rglob("*"):
        if path.is_file():
            path.unlink()


def _truncated(store: Path) -> None:
    for path in (store / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _garbage(store: Path) -> None:
    for path in (store / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(bytes(255 - c for c in path.read_bytes()))


DAMAGES = (_no_head, _no_config, _empty_ref, _no_objects, _truncated, _garbage)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("moved", [False, True])
def test_G22_a_damaged_private_repository_is_noticed_and_made_again(
    project: Path, damage: Callable[[Path], None], moved: bool
) -> None:
    change(project, "prod", "2.0.0")
    if moved:
        sync(project, "prod", XDG_CACHE_HOME=str(project.parent / "elsewhere"))
        change(project, "prod", "3.0.0")
    damage(store())
    world = World(project=project)
    done = world.sync("prod")
    assert done.returncode == 0, done.stderr
    assert f"warning: {store()} was damaged and is made anew" in done.stderr
    assert_invariants(world, done)
    assert published(project, "prod")["revision"] == (3 if moved else 2)
    assert_converges(world, "prod")
    git(store(), "fsck", "--strict", "--no-dangling")


def test_G17_files_that_a_killed_git_left_do_not_matter_and_are_removed(project: Path) -> None:
    left = ["config.lock", "packed-refs.lock", "refs/overlay/seen/d-environments/b-prod.lock", "objects/pack/tmp_pack_a1",
            "objects/ab/tmp_obj_x1", "objects/tmp_objdir-incoming-a/pack/tmp_pack_b", "shallow.lock",
            "fast_import_crash_77", "refs/overlay/here/d-environments/b-prod.lock"]  # fmt: skip
    for name in left:
        (store() / name).parent.mkdir(parents=True, exist_ok=True)
        (store() / name).write_text("x")
    Path(f"{store()}.new").mkdir()
    Path(f"{store()}.run-0123456789ab").write_text("")
    change(project, "prod", "2.0.0")
    world = World(project=project)
    done = world.sync("prod")
    assert done.returncode == 0, done.stderr
    Path(f"{store()}.new").rmdir()  # of a store that was never finished: removed when one is made
    assert_invariants(world, done)


def slow_ssh(folder: Path, seconds: float) -> dict[str, str]:
    """Return what makes each connection to a remote by SSH take its time before the server answers."""
    script = folder / "slow-ssh"
    script.write_text(f'#!/bin/sh\nsleep {seconds}\nfor last; do :; done\nexec sh -c "$last"\n')
    script.chmod(0o755)
    return {"GIT_SSH_COMMAND": str(script), "GIT_SSH_VARIANT": "ssh"}


def test_G17_what_a_live_git_writes_is_not_swept_though_its_overlay_was_killed(project: Path, tmp_path: Path) -> None:
    git(project, "remote", "set-url", "origin", f"ssh://shop.example{tmp_path}/remote.git")
    quick = slow_ssh(tmp_path, 0)
    world = World(project=project)
    assert world.sync("prod", **quick).returncode == 0
    newest = max(store().parent.glob("*.sha1"), key=lambda path: path.stat().st_mtime)
    commit(project, "2.0.0")
    world.note()
    process = subprocess.Popen(
        [sys.executable, "-m", "overlay", "sync", "prod", "-y"], cwd=project, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), **world.env(**slow_ssh(tmp_path, 3))},
    )  # fmt: skip
    _wait_for(lambda: any(newest.parent.glob(f"{newest.name}.run-*")))
    process.kill()
    process.wait()
    precious = newest / "objects/pack/tmp_pack_of_a_live_git"
    with _child_of_a_killed_run(newest):
        precious.write_text("x")
        start = time.monotonic()
        done = world.sync("prod", "--timeout", "1s", **slow_ssh(tmp_path, 0))
        assert done.returncode == 0, done.stderr
        assert time.monotonic() - start > 1
        assert precious.exists()
    assert_converges(world, "prod", **quick)
    assert not precious.exists()
    assert not any(newest.parent.glob("*.run-*"))


@contextmanager
def _child_of_a_killed_run(store: Path) -> Iterator[None]:
    """Be what a killed run left behind: a process that inherited its lock."""
    with Path(f"{store}.run-fedcba987654").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def commit(project: Path, tag: str) -> None:
    """Commit another tag, which no remote sees."""
    path = project / PROD
    path.write_text(path.read_text().replace("1.0.0", tag))
    git(project, "commit", "-q", "-a", "-m", tag)


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_daemon_that_a_credential_helper_leaves_keeps_nobody_waiting(project: Path, tmp_path: Path) -> None:
    script = tmp_path / "ssh-with-daemon"
    script.write_text('#!/bin/sh\nsleep 60 >/dev/null 2>&1 </dev/null &\nfor last; do :; done\nexec sh -c "$last"\n')
    script.chmod(0o755)
    git(project, "remote", "set-url", "origin", f"ssh://shop.example{tmp_path}/remote.git")
    env = {"GIT_SSH_COMMAND": str(script), "GIT_SSH_VARIANT": "ssh", "MARK_OF_DAEMON": "1"}
    start = time.monotonic()
    commit(project, "2.0.0")
    for _ in range(2):
        assert overlay(project, "sync", "prod", "-y", **env).returncode == 0
    assert time.monotonic() - start < 15
    for pid in [pid for pid in os.listdir("/proc") if pid.isdigit()]:
        try:
            if b"MARK_OF_DAEMON=1" in Path(f"/proc/{pid}/environ").read_bytes():
                os.kill(int(pid), signal.SIGKILL)
        except OSError:
            continue


@pytest.mark.parametrize("hook", ["pre-receive", "post-receive"])
def test_a_cache_that_is_emptied_meanwhile_makes_no_error_of_what_is_published(project: Path, hook: str) -> None:
    change(project, "prod", "1.1.0")
    path = project.parent / "remote.git/hooks" / hook
    path.write_text(f"#!/bin/sh\nrm -rf {os.environ['XDG_CACHE_HOME']}/overlay\n")
    path.chmod(0o755)
    world = World(project=project)
    done = overlay(project, "sync", "prod", "-y", **world.env())
    assert (done.returncode, "prod: published revision 2 as " in done.stderr) == (0, True), done.stderr
    assert_invariants(world, done)
    path.unlink()
    assert_converges(world, "prod")
    assert published(project, "prod")["revision"] == 2
