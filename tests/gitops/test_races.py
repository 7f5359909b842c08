"""Several runs at once, on one machine or on several: nothing is lost, nothing is published twice (G01 to G03)."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.gitops.invariants import World, assert_converges, assert_invariants
from tests.gitops.projects import change, git, published, shop, write
from tests.source.projects import ROOT

RACES = 1000 if os.environ.get("OVERLAY_FUZZ") else 8
NAMES = ("dev", "prod", "test", "qa")
SHARED = "{branch: rendered, path: '{environment}'}"


def at_once(world: World, runs: Sequence[tuple[Path, str, tuple[str, ...]]], *delays: float) -> list[int]:
    """Run syncs at once, each given by a project's folder, a cache, and arguments; return their exit codes."""
    started = []
    for at, (project, cache, arguments) in enumerate(runs):
        time.sleep(delays[at] if at < len(delays) else 0)
        env = {**os.environ, "PYTHONPATH": str(ROOT), **world.env(XDG_CACHE_HOME=cache)}
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "overlay", "sync", *arguments, "-y"], cwd=project, env=env, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
        )  # fmt: skip
    done = []
    for process in started:
        out, said = process.communicate(timeout=240)
        done.append(subprocess.CompletedProcess(process.args, process.returncode, out, said))
    assert_invariants(world, *done)
    for one in done:
        # 5: so it went with one of several environments.
        assert one.returncode in (0, 4, 5), one.stderr
        assert one.returncode == 0 or "was published from" in one.stderr, one.stderr
    return [one.returncode for one in done]


def caches(folder: Path, count: int, *, shared: bool) -> list[str]:
    """Return a cache for each of several runs: machines have one each, runs on one machine share it."""
    return [str(folder / f"cache-{0 if shared else at}") for at in range(count)]


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("count", [2, 4])
def test_G02_runs_for_one_environment_publish_it_once(tmp_path: Path, count: int, shared: bool) -> None:
    project = shop(tmp_path, environments=("prod",))
    places = caches(tmp_path, count, shared=shared)
    for revision, tag in enumerate(("1.0.0", "2.0.0"), 1):
        if revision > 1:
            change(project, "prod", tag)
        world = World(project=project, caches=tuple(Path(place) for place in places))
        assert at_once(world, [(project, place, ("prod",)) for place in places]) == [0] * count
        assert git(tmp_path / "remote.git", "rev-list", "--count", "environments/prod").strip() == str(revision)
    assert published(project, "prod")["revision"] == 2
    assert_converges(world, XDG_CACHE_HOME=places[0])


@pytest.mark.parametrize("shared", [True, False])
def test_G03_runs_for_environments_that_share_a_branch_all_land(tmp_path: Path, shared: bool) -> None:
    project = shop(tmp_path, publish=SHARED, environments=NAMES)
    places = caches(tmp_path, 4, shared=shared)
    world = World(project=project, caches=tuple(Path(place) for place in places))
    runs = [(project, place, (name,)) for name, place in zip(NAMES, places, strict=True)]
    assert at_once(world, runs) == [0, 0, 0, 0]
    assert [published(project, name, "rendered", f"{name}/")["revision"] for name in NAMES] == [1, 1, 1, 1]
    assert git(tmp_path / "remote.git", "rev-list", "--count", "rendered").strip() == "4"
    assert_converges(world, XDG_CACHE_HOME=places[0])


def test_G01_pushes_of_others_beside_our_files_are_kept(tmp_path: Path) -> None:
    project = shop(tmp_path, publish=SHARED, environments=("prod",))
    world = World(project=project, caches=(tmp_path / "cache-0",))
    assert world.sync(XDG_CACHE_HOME=str(tmp_path / "cache-0")).returncode == 0
    git(tmp_path, "clone", "-q", "-b", "rendered", "remote.git", "other")
    git(tmp_path / "other", "config", "user.name", "Bo")
    git(tmp_path / "other", "config", "user.email", "bo@shop.example")
    change(project, "prod", "2.0.0")
    world.note()
    env = {**os.environ, "PYTHONPATH": str(ROOT), **world.env(XDG_CACHE_HOME=str(tmp_path / "cache-0"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "overlay", "sync", "prod", "-y"], cwd=project, env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    pushed = 0
    while process.poll() is None:
        pushed += _push(tmp_path / "other", f"note-{pushed}.md")
    out, said = process.communicate()
    assert pushed
    done = subprocess.CompletedProcess(process.args, process.returncode, out, said)
    if done.returncode:  # somebody who pushes without a pause may win each time; then it is said so
        assert done.returncode == 4
        assert "moved 10 times meanwhile" in done.stderr
    assert_invariants(world, done)
    assert_converges(world, XDG_CACHE_HOME=str(tmp_path / "cache-0"))
    files = git(tmp_path / "remote.git", "ls-tree", "--name-only", "rendered").split()
    assert {f"note-{at}.md" for at in range(pushed)} <= set(files)
    assert published(project, "prod", "rendered", "prod/")["revision"] == 2


def _push(clone: Path, name: str) -> bool:
    write(clone, {name: "x\n"})
    git(clone, "add", name)
    git(clone, "commit", "-q", "-m", name)
    for _ in range(50):
        if subprocess.run(["git", "push", "-q"], cwd=clone, capture_output=True).returncode == 0:
            return True
        git(clone, "pull", "-q", "--rebase")
    return False


@pytest.mark.parametrize("publish", ["", SHARED], ids=["own-branches", "one-branch"])
def test_random_races_of_two_writers_lose_nothing(tmp_path: Path, publish: str) -> None:
    rng = random.Random(5)
    project = shop(tmp_path, publish=publish, environments=("dev", "prod"))
    older = tmp_path / "older"
    shutil.copytree(project, older)
    wanted = {"dev": "1.0.0", "prod": "1.0.0"}
    places = tuple(tmp_path / f"cache-{at}" for at in range(2))
    for turn in range(RACES // 2):
        world = World(project=project, caches=places)
        kind = rng.choice(["one", "two", "all", "ordered"])
        changed = rng.sample(["dev", "prod"], rng.choice([1, 2]))
        for name in changed:
            git(older, "pull", "-q", "--ff-only", str(project), "main")
            wanted[name] = f"{turn + 2}.{rng.randrange(100)}.0"
            change(project, name, wanted[name])
        world.note()
        first, second = rng.choice(["dev", "prod"]), rng.choice(["dev", "prod"])
        arguments = {"one": [(first,), (first,)], "two": [(first,), (second,)]}.get(kind, [("--all",), ("--all",)])
        cache = [str(places[0]), str(places[rng.choice([0, 1])])]
        folders = [project, older if kind == "ordered" else project]
        delays = (0.0, rng.choice([0.0, rng.random() / 2]))
        before = {name: _count(project, name, publish) for name in ("dev", "prod")}
        at_once(world, list(zip(folders, cache, arguments, strict=True)), *delays)
        assert world.sync("--all", XDG_CACHE_HOME=cache[0]).returncode == 0
        for name, tag in wanted.items():
            path = f"{name}/" if publish else ""
            branch = "rendered" if publish else f"environments/{name}"
            text = git(tmp_path / "remote.git", "show", f"{branch}:{path}deployment-web.yaml")
            assert f"image: shop/web:{tag}\n" in text
            # Where an older commit came first, it is published, too: one commit for each content.
            most = 1 if name in changed or turn == 0 else 0
            assert 0 <= _count(project, name, publish) - before[name] - most <= (kind == "ordered")
    assert set(published(project, "dev", "rendered" if publish else "", "dev/" if publish else "")) >= {"files"}


def _count(project: Path, name: str, publish: str) -> int:
    """Return the number of commits that published an environment."""
    branch = "rendered" if publish else f"environments/{name}"
    out = git(
        project.parent / "remote.git",
        "log",
        "--format=%(trailers:key=Overlay-Environment,valueonly)",
        branch,
        check=False,
    )
    return out.split().count(name)
