"""Runs that end at every step, in every way: nothing is torn, and the same command goes on (hazards G08 to G12, G19)."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.crashing import KILLED, MARK, ROOT, WAYS, assert_ended, crash, kill_all, steps
from tests.gitops.invariants import World, assert_converges, assert_invariants, branches, plant, residue
from tests.gitops.projects import change, git, overlay, published, shop, sync

LONG = bool(os.environ.get("OVERLAY_FUZZ"))
# In the order in which a run comes to them.
STEPS = ("git.listed", "git.fetched", "git.objects", "git.commits", "git.push", "git.pushed", "git.seen")
FIRST_STEPS = ("git.store", *STEPS)
SYNC = ("sync", "--all", "-y")
# From here on the remote has what is new.
AFTER = ("git.pushed", "git.seen")


def end_at(world: World, step: str, way: str) -> None:
    """Run a sync that ends at a step, and look at what it left."""
    done = crash(world.project, SYNC, step, way, world.env())
    assert_ended(done, step, way)
    assert_invariants(world, done, killed=way in KILLED)


def crash_and_go_on(world: World, step: str, way: str) -> None:
    end_at(world, step, way)
    assert_converges(world, twice=way in KILLED)


def test_every_step_that_can_be_made_to_fail_is_in_the_matrix() -> None:
    assert steps("git") == {*FIRST_STEPS, "git.next"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", FIRST_STEPS)
def test_G12_a_first_publication_goes_on_wherever_it_ended(tmp_path: Path, step: str, way: str) -> None:
    project = shop(tmp_path, environments=("prod",))
    plant(project)
    world = World(project=project)
    crash_and_go_on(world, step, way)
    assert published(project, "prod")["revision"] == 1


@pytest.mark.parametrize("step", STEPS)
def test_G12_an_update_goes_on_wherever_it_ended_and_is_one_commit(tmp_path: Path, step: str) -> None:
    project = shop(tmp_path, environments=("prod",))
    plant(project)
    World(project=project).sync()
    for revision, way in enumerate(WAYS, 2):
        change(project, "prod", f"{revision}.0.0")
        crash_and_go_on(World(project=project), step, way)
        assert published(project, "prod")["revision"] == revision
        assert git(project.parent / "remote.git", "rev-list", "--count", "environments/prod").strip() == str(revision)


@pytest.mark.parametrize("way", WAYS if LONG else ("kill",))
@pytest.mark.parametrize("step", STEPS if LONG else ("git.objects", "git.pushed"))
def test_G12_several_environments_on_one_branch_go_on_together(tmp_path: Path, step: str, way: str) -> None:
    names = ("dev", "prod", "test")
    project = shop(tmp_path, publish="{branch: rendered, path: '{environment}'}", environments=names)
    plant(project)
    crash_and_go_on(World(project=project), step, way)
    for name in names:
        change(project, name, "2.0.0")
    world = World(project=project)
    end_at(world, step, way)
    new = git(project.parent / "remote.git", "rev-list", "--count", "rendered").strip()
    assert new == ("6" if step in AFTER else "3")
    assert_converges(world)
    assert [published(project, name, "rendered", f"{name}/")["revision"] for name in names] == [2, 2, 2]
    assert git(project.parent / "remote.git", "rev-list", "--count", "rendered").strip() == "6"


@pytest.mark.parametrize("way", WAYS if LONG else ("kill",))
@pytest.mark.parametrize("step", (*FIRST_STEPS, "git.next") if LONG else ("git.pushed", "git.next"))
def test_G12_two_remotes_are_both_reached_in_the_end(tmp_path: Path, step: str, way: str) -> None:
    project = two_remotes(tmp_path)
    world = World(project=project, remotes=(tmp_path / "remote.git", tmp_path / "rendered.git"))
    crash_and_go_on(world, step, way)
    assert set(branches(tmp_path / "remote.git")) == {"main", "environments/prod"}
    assert set(branches(tmp_path / "rendered.git")) == {"environments/dev"}


def two_remotes(folder: Path) -> Path:
    """Make a project with one environment on each of two remotes."""
    project = shop(folder)
    plant(project)
    git(folder, "init", "-q", "--bare", "rendered.git")
    git(project, "remote", "add", "rendered", str(folder / "rendered.git"))
    with (project / "environments/dev/environment.yaml").open("a") as file:
        file.write("  publish: {repository: rendered}\n")
    git(project, "commit", "-q", "-a", "-m", "dev goes elsewhere")
    return project


def rolled_back(project: Path) -> tuple[str, dict[str, object], str]:
    """Return what a rollback of prod to revision 1 has to reach: its image, its hold, and its number."""
    record = published(project, "prod")
    text = git(project.parent / "remote.git", "show", "environments/prod:deployment-web.yaml")
    image = next(line.split()[-1] for line in text.splitlines() if "image:" in line)
    return image, record["held"], git(project.parent / "remote.git", "rev-list", "--count", "environments/prod").strip()


@pytest.mark.parametrize("step", STEPS)
def test_G12_a_rollback_goes_on_wherever_it_ended_and_is_one_revision(tmp_path: Path, step: str) -> None:
    project = shop(tmp_path, environments=("prod",))
    plant(project)
    sync(project, "prod")
    change(project, "prod", "2.0.0")
    sync(project, "prod")
    command = ("rollback", "prod", "1", "-y")
    for turn, way in enumerate(WAYS):
        world = World(project=project)
        done = crash(project, command, step, way, world.env())
        assert_ended(done, step, way)
        assert_invariants(world, done, killed=way in KILLED)
        for _ in range(2):
            again = overlay(project, *command, **world.env())
            assert again.returncode == 0, again.stderr
            assert_invariants(world, again)
        assert rolled_back(project) == ("shop/web:1.0.0", {"revision": 1, "reason": ""}, str(3 + 2 * turn))
        # And goes on from there.
        assert world.sync("prod", "--release").returncode == 0
        assert published(project, "prod")["revision"] == 4 + 2 * turn


@pytest.mark.parametrize("seed", range(200 if LONG else 4))
def test_G11_all_of_a_run_killed_at_any_moment(tmp_path: Path, seed: int) -> None:
    project = shop(tmp_path, environments=("dev", "prod"))
    plant(project)
    if seed % 2:
        World(project=project).sync()
        change(project, "prod", "2.0.0")
    world = World(project=project, is_server_killed=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "overlay", *SYNC], cwd=project, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT), **world.env()},
    )  # fmt: skip
    time.sleep(random.Random(seed).random() * 1.5)
    kill_all(process, world.env()[MARK])
    out, said = process.communicate(timeout=60)
    done = subprocess.CompletedProcess(process.args, process.returncode, out, said)
    assert_invariants(world, done, killed=True)
    assert_converges(world)
    assert [published(project, name)["revision"] for name in ("dev", "prod")] == [1, 1 + seed % 2]
    git(world.remotes[0], "prune", "--expire=now")
    world.is_server_killed = False
    assert residue(world) == []


def over_ssh(project: Path, folder: Path, name: str, script: str) -> dict[str, str]:
    """Let a script stand for ssh; return what makes git use it for the remote."""
    path = folder / name
    path.write_text(f"#!/bin/sh\nfor last; do :; done\n{script}\n")
    path.chmod(0o755)
    git(project, "remote", "set-url", "origin", f"ssh://shop.example{folder}/remote.git")
    return {"GIT_SSH_COMMAND": str(path), "GIT_SSH_VARIANT": "ssh"}


@pytest.mark.parametrize("size", range(0, 1500, 50) if LONG else (0, 60, 260, 420, 700))
def test_G06_a_server_that_dies_at_any_byte_of_its_answers_is_told_and_the_next_run_goes_on(
    tmp_path: Path, size: int
) -> None:
    project = shop(tmp_path, environments=("prod",))
    plant(project)
    well = over_ssh(project, tmp_path, "ssh", 'exec sh -c "$last"')
    world = World(project=project)
    for revision in (1, 2):
        dying = over_ssh(
            project, tmp_path, "dying-ssh", f'sh -c "$last" | {{ dd bs=1 count={size} status=none; kill -9 $$; }}'
        )
        world.note()
        done = world.sync(**dying)
        assert done.returncode in (0, 2, 6), done.stderr
        assert_invariants(world, done)
        assert_converges(world, twice=False, **well)
        assert published(project, "prod")["revision"] == revision
        path = project / "environments/prod/environment.yaml"
        path.write_text(path.read_text().replace(f"newTag: {revision}.0.0", f"newTag: {revision + 1}.0.0"))
        git(project, "commit", "-q", "-a", "-m", "next")


@pytest.mark.parametrize("service", ["upload-pack", "receive-pack"])
def test_G11_a_git_that_is_killed_is_told_and_the_next_run_goes_on(tmp_path: Path, service: str) -> None:
    project = shop(tmp_path, environments=("prod",))
    plant(project)
    well = over_ssh(project, tmp_path, "ssh", 'exec sh -c "$last"')
    # The parent of a remote's connection is git itself.
    kill = over_ssh(project, tmp_path, "killer", f'case $last in *{service}*) kill -9 $PPID;; esac\nexec sh -c "$last"')
    world = World(project=project)
    done = world.sync(**kill)
    assert done.returncode == 2
    assert f"git {'ls-remote' if service == 'upload-pack' else 'push'} was ended by signal 9\n" in done.stderr
    assert_invariants(world, done)
    assert_converges(world, **well)
