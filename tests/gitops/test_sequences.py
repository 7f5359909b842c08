"""Random sequences of what happens to a project and its branch end in the wanted trees, with revisions that only grow."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.gitops.invariants import World, assert_old_or_whole
from tests.gitops.projects import git, manifest, overlay, published, shop, write

LONG = bool(os.environ.get("OVERLAY_FUZZ"))
NAMES = ("dev", "prod", "test")
TAGS = ("1.0.0", "1.1.0", "2.0.0")


class Sequences(RuleBasedStateMachine):
    """One project that publishes to folders of one branch, and somebody else who works on that branch, too."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.wanted: dict[str, str] = {}
        self.synced: dict[str, str] = {}
        self.revisions: dict[str, int] = {}
        self.beside: set[str] = set()

    @initialize()
    def begin(self) -> None:
        self.project = shop(self.folder, publish="{branch: rendered, path: '{environment}'}", environments=NAMES[:1])
        self.wanted = {NAMES[0]: "1.0.0"}
        self.bare = self.folder / "remote.git"
        self.world = World(project=self.project, caches=(self.folder / "cache",))

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def commit(self, message: str) -> None:
        git(self.project, "add", "-A")
        git(self.project, "commit", "-q", "--allow-empty", "-m", message)

    @rule(name=st.sampled_from(NAMES), tag=st.sampled_from(TAGS))
    def an_environment_is_added_or_changed(self, name: str, tag: str) -> None:
        write(self.project, {f"environments/{name}/environment.yaml": manifest(name, tag)})
        self.commit(f"{name} {tag}")
        self.wanted[name] = tag

    @precondition(lambda self: len(self.wanted) > 1)
    @rule(data=st.data())
    def an_environment_is_removed(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.wanted)))
        shutil.rmtree(self.project / f"environments/{name}")
        self.commit(f"no {name}")
        del self.wanted[name]

    @rule()
    def a_commit_changes_nothing(self) -> None:
        self.commit("nothing")

    @precondition(lambda self: bool(self.revisions))
    @rule(number=st.integers(0, 5), name=st.sampled_from(NAMES), gone=st.booleans())
    def somebody_works_beside(self, number: int, name: str, gone: bool) -> None:
        clone = self.folder / "other"
        if not clone.exists():
            git(self.folder, "clone", "-q", "-b", "rendered", "remote.git", "other")
            git(clone, "config", "user.name", "Bo")
            git(clone, "config", "user.email", "bo@shop.example")
        git(clone, "pull", "-q", "--ff-only")
        path = f"{name}/notes/{number}.md"
        if gone and path in self.beside:
            git(clone, "rm", "-q", path)
            self.beside.discard(path)
        else:
            write(clone, {path: "x\n"})
            git(clone, "add", path)
            self.beside.add(path)
        git(clone, "commit", "-q", "--allow-empty", "-m", path)
        git(clone, "push", "-q")

    @rule()
    def the_cache_is_lost(self) -> None:
        shutil.rmtree(self.folder / "cache", ignore_errors=True)

    @rule(step=st.sampled_from(["git.fetched", "git.commits", "git.pushed"]))
    def a_run_is_killed(self, step: str) -> None:
        done = self.sync(OVERLAY_FAILPOINT=f"{step}:kill")
        assert done.returncode in (-9, 0), done.stderr

    def sync(self, **env: str):
        return overlay(
            self.project, "sync", "--all", "-y", **self.world.env(XDG_CACHE_HOME=str(self.folder / "cache"), **env)
        )

    @rule()
    def it_is_published(self) -> None:
        done = self.sync()
        assert done.returncode == 0, done.stderr
        for name, tag in self.wanted.items():
            record = published(self.project, name, "rendered", f"{name}/")
            text = git(self.bare, "show", f"rendered:{name}/deployment-web.yaml")
            assert f"image: shop/web:{tag}\n" in text
            assert record["revision"] >= self.revisions.get(name, 0) + (self.synced.get(name, tag) != tag)
            self.revisions[name] = record["revision"]
            self.synced[name] = tag
        files = set(git(self.bare, "ls-tree", "-r", "--name-only", "rendered").split())
        assert {path for path in files if "/notes/" in path} == self.beside

    @invariant()
    def history_is_linear_and_whole(self) -> None:
        if hasattr(self, "world"):
            assert_old_or_whole(self.bare, self.world.before[self.bare])
            self.world.note()


def test_fuzz_sequences_end_in_the_wanted_trees() -> None:
    run_state_machine_as_test(
        Sequences,
        settings=settings(
            max_examples=300 if LONG else 6, stateful_step_count=25 if LONG else 8, deadline=None,
            derandomize=not LONG,
        ),
    )  # fmt: skip
