"""`pin` and `promote` that end at every step, in every way: the same command again makes the one commit that is wanted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.crashing import KILLED, MARK, WAYS, assert_ended, crash, marked, steps
from tests.source.projects import DOCUMENT, git, overlay, repository, state, write

HERE = ("source.stored", "source.file", "source.staged", "source.moved")
BESIDE = ("source.stored", "source.moved")
PROPOSED = (*BESIDE, "source.pushed")
COMMANDS = {
    "pin": ("pin", "prod", "--image", "shop/web=2.4.2", "--value", "web.level=debug"),
    "promote": ("promote", "dev", "prod", "--only", "image=shop/web", "--only", "values:web.level"),
}
FILES = (DOCUMENT, "environments/prod/values.yaml")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project with changes of the user's own, which nobody else may touch."""
    project = repository(tmp_path_factory.mktemp("made") / "shop")
    git(project.parent, "init", "-q", "--bare", "-b", "main", "remote.git")
    git(project, "push", "-q", "../remote.git", "main")
    write(project, {"README.md": "mine\n", "staged.txt": "mine, too\n"})
    git(project, "add", "staged.txt")
    return project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", "--bare", str(made.parent / "remote.git"), "remote.git")
    os.system(f"cp -a {made} {tmp_path}/shop")
    git(tmp_path / "shop", "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(tmp_path / "shop", "status")  # its files are new to the index
    return tmp_path / "shop"


def mine(project: Path) -> object:
    """Return all that no run may touch."""
    kept = {name: (project / name).read_bytes() for name in ("README.md", "staged.txt")}
    staged = [line for line in git(project, "ls-files", "--stage").splitlines() if not line.endswith(FILES)]
    return kept, staged, git(project, "stash", "list"), state(project)[2]


def ended(project: Path, command: tuple[str, ...], step: str, way: str) -> None:
    """Let a command end at a step, and look at what it left."""
    before, mark = mine(project), os.urandom(8).hex()
    texts = {name: (project / name).read_bytes() for name in FILES}
    done = crash(project, command, step, way, {MARK: mark})
    assert_ended(done, step, way)
    assert "Traceback" not in done.stderr
    assert mine(project) == before
    assert git(project, "fsck", "--strict", "--no-dangling") == ""
    assert not marked(mark) or way == "kill"
    is_done = git(project, "rev-list", "--count", "HEAD") == "2\n"
    assert is_done == (step == "source.moved" and "--branch" not in command)
    if way not in KILLED and not is_done:
        # Whoever can still act puts back what was written.
        assert {name: (project / name).read_bytes() for name in FILES} == texts
        assert git(project, "diff", "--name-only", "HEAD", "--", *FILES) == ""
    assert [name for name in os.listdir(project / "environments/prod") if name.startswith(".")] == []


def test_every_step_is_in_the_matrix() -> None:
    assert steps("source") == {*HERE, *PROPOSED}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", HERE)
@pytest.mark.parametrize("name", COMMANDS)
def test_G12_on_what_is_checked_out(project: Path, name: str, step: str, way: str) -> None:
    before = mine(project)
    ended(project, COMMANDS[name], step, way)
    for _ in range(2):
        again = overlay(project, *COMMANDS[name])
        assert again.returncode == 0, again.stderr
        assert git(project, "rev-list", "--count", "HEAD") == "2\n"
    assert mine(project) == before
    assert sorted(git(project, "show", "--name-only", "--format=").split()) == sorted(FILES)
    assert git(project, "status", "--porcelain").splitlines() == [" M README.md", "A  staged.txt"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("more", "step"), [*[((), step) for step in BESIDE], *[(("--pull-request",), step) for step in PROPOSED]]
)
def test_G12_on_a_branch_beside(project: Path, more: tuple[str, ...], step: str, way: str) -> None:
    before = mine(project)
    command = (*COMMANDS["pin"], "--branch", "bump", *more)
    ended(project, command, step, way)
    for _ in range(2):
        again = overlay(project, *command)
        assert again.returncode == 0, again.stderr
        places = [project, *([project.parent / "remote.git"] if more else [])]
        assert [git(place, "rev-list", "--count", "main..bump") for place in places] == ["1\n"] * len(places)
    assert mine(project) == before
