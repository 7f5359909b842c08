"""Machines without room, without a home, with folders that cannot be written (hazards G19, G20)."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.gitops.invariants import World, assert_converges, assert_invariants, plant
from tests.gitops.projects import change, git, overlay, published, shop, sync, tree, write
from tests.source.projects import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = shop(tmp_path, environments=("prod",))
    plant(project)
    return project


def limited(world: World, size: int) -> subprocess.CompletedProcess[str]:
    """Run a sync that can write no file larger than so many bytes."""
    return subprocess.run(
        [sys.executable, "-m", "overlay", "sync", "prod", "-y"], cwd=world.project, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **world.env()},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )  # fmt: skip


@pytest.mark.parametrize("size", [10, 60, 150, 250, 400])
def test_G19_files_that_may_not_grow_are_told_with_their_folder_and_the_next_run_goes_on(
    project: Path, size: int
) -> None:
    world = World(project=project)
    for revision in (1, 2):
        done = limited(world, size)
        if done.returncode:
            assert done.returncode == 2, done.stderr
            assert "cannot be written: file too large\n  hint: make room" in done.stderr or "cannot use" in done.stderr
        assert_invariants(world, done, killed=True)
        assert_converges(world, "prod")
        assert published(project, "prod")["revision"] == revision
        change(project, "prod", f"{revision + 1}.0.0")
        world.note()


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[bool]:
    """Have a file system of its own in a folder; tell whether this user may do that."""
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True).returncode == 0
    yield made
    if made:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("pages", [1, 3, 6, 12, 20, 30])
def test_G19_a_full_disk_is_told_with_its_folder_and_the_next_run_goes_on(
    project: Path, tmp_path: Path, pages: int
) -> None:
    cache = tmp_path / "small"
    world = World(project=project, caches=(cache,))
    with small_disk(cache, f"size={64 * 4096}") as made:
        # Who may mount nothing has the limit of the test above.
        ballast = cache / "ballast"
        if made:
            ballast.write_bytes(bytes((64 - pages) * 4096))
        done = world.sync("prod", XDG_CACHE_HOME=str(cache))
        if done.returncode:
            assert done.returncode == 2
            assert "no space left on device\n" in done.stderr
            assert f"{cache}/overlay/git" in done.stderr
            assert "XDG_CACHE_HOME" in done.stderr
        ballast.unlink(missing_ok=True)
        assert_invariants(world, done, killed=True)
        assert_converges(world, "prod", XDG_CACHE_HOME=str(cache))


def test_G20_a_cache_that_cannot_be_written_is_told_and_another_one_will_do(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    write(cache, {"overlay/git": "a file\n"})
    world = World(project=project)
    done = world.sync("prod", XDG_CACHE_HOME=str(cache))
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {cache}/overlay/git cannot be used: file exists\n  hint: XDG_CACHE_HOME names another cache folder\n"
    )
    assert_converges(world, "prod")


def test_G20_a_read_only_file_system_is_told(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    sync(project, "prod", XDG_CACHE_HOME=str(cache))
    change(project, "prod", "2.0.0")
    world = World(project=project)
    with read_only(cache):
        done = world.sync("prod", XDG_CACHE_HOME=str(cache))
    assert done.returncode == 2
    assert "cannot be used: " in done.stderr
    assert done.stderr.endswith("\n  hint: XDG_CACHE_HOME names another cache folder\n")
    assert_converges(world, "prod", XDG_CACHE_HOME=str(cache))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write below a folder, not even root where that is who we are."""
    if os.geteuid() == 0:
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
        subprocess.run(["umount", folder], check=True)
        return
    folders = [folder, *[path for path in folder.rglob("*") if path.is_dir()]]
    for path in folders:
        path.chmod(0o500)
    yield
    for path in folders:
        path.chmod(0o700)


def test_G20_a_read_only_remote_is_told_and_stays_as_it_is(project: Path, tmp_path: Path) -> None:
    sync(project, "prod")
    change(project, "prod", "2.0.0")
    world = World(project=project)
    with read_only(tmp_path / "remote.git"):
        done = world.sync("prod")
    assert done.returncode == 2
    assert f"error in prod: {tmp_path}/remote.git refuses the branch: [remote rejected]" in done.stderr
    assert_invariants(world, done)
    assert_converges(world, "prod")


def test_G20_without_a_home_a_cache_is_asked_for_and_nothing_is_written_here(project: Path) -> None:
    world = World(project=project)
    done = world.sync("prod", HOME="nowhere", XDG_CACHE_HOME="")
    assert done.returncode == 2
    assert done.stderr == (
        "error: /dev/null/no-home-folder cannot be used: not a directory\n"
        "  hint: XDG_CACHE_HOME names another cache folder\n"
    )
    assert_invariants(world, done)
    assert_converges(world, "prod")


@pytest.mark.parametrize("command", [("sync", "prod", "-y"), ("render", "prod"), ("plan", "prod", "-o", "json")])
def test_G19_what_is_printed_to_a_full_disk_is_an_error_and_no_bug(project: Path, command: tuple[str, ...]) -> None:
    world = World(project=project)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "overlay", *command], cwd=project, stdout=full, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **world.env()},
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.endswith("error: the output cannot be written: no space left on device\n")
    assert_converges(world, "prod")


def test_two_names_of_one_remote_share_its_private_repository(tmp_path: Path) -> None:
    project = shop(tmp_path)
    with (project / "environments/dev/environment.yaml").open("a") as file:
        file.write("  publish: {repository: again}\n")
    git(project, "remote", "add", "again", str(tmp_path / "remote.git"))
    git(project, "commit", "-q", "-a", "-m", "by another name")
    world = World(project=project)
    done = world.sync("--all", "--timeout", "10s")
    assert done.returncode == 0, done.stderr
    assert_converges(world)


def test_a_file_where_a_folder_is_published_to_is_never_replaced(tmp_path: Path) -> None:
    project = shop(tmp_path, publish="{path: 'rendered/{environment}'}", environments=("prod",))
    write(project, {"rendered": "mine\n"})
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "mine")
    git(project, "push", "-q", "origin", "main")
    done = overlay(project, "sync", "prod", "-y")
    assert done.returncode == 4
    assert done.stderr == (
        "error in prod: rendered on main is no folder, so nothing can be published below it\n"
        "  hint: move it away, or publish to another folder: spec.publish.path\n"
    )
    assert "rendered" in tree(project, "main")
