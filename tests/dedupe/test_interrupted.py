"""Runs of `adopt`, `factor` and `extract-values` that end anywhere: all is as it was, or the same command goes on."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crashing import MARK, assert_ended, crash, steps
from tests.dedupe.test_adopt import config
from tests.dedupe.test_extract_values import project as with_fields
from tests.dedupe.test_factor import MEMORY, WEB, commit, layer, overlay

JOURNAL = ".overlay-unfinished.json"
HALF = (
    "error: an interrupted run left files below {place} half changed\n  hint: run its command again (adopt, factor or "
    "extract-values with --write), which finishes it; or put the files back, by git restore, and remove "
    + JOURNAL
    + "\n"
)


def patched(folder: Path) -> None:
    layer(folder, "base", "  resources: [web.yaml]\n", "Base")
    (folder / "environments/base/web.yaml").write_text(WEB)
    for name in ("dev", "prod"):
        path = layer(folder, name, f"  extends: [../base]\n  resources: [own.yaml]\n  patches:\n{MEMORY}")
        (path.parent / "own.yaml").write_text(WEB.replace("web", "own"))


def fields(folder: Path) -> None:
    with_fields(
        folder, {name: (f"{at}Gi", ("info", "debug")[at % 2], at) for at, name in enumerate(("dev", "prod", "qa"), 1)}
    )


def copies(folder: Path) -> None:
    for name in ("dev", "prod"):
        config(folder / "apps" / name, "one", "shop", A=name)
        config(folder / "apps" / name / "below", "two", "shop")


COMMANDS: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "factor": (patched, ("factor", "--write")),
    "extract-values": (fields, ("extract-values", "--write")),
    "adopt": (copies, ("adopt", "apps/dev", "apps/prod", "--write")),
    "in-place": (copies, ("adopt", "apps/dev", "apps/prod", "--write", "--in-place")),
    "tree": (copies, ("adopt", "apps", "--all", "--write", "--in-place")),
}
STEPS = {"rewrite.checked", "rewrite.journal", "rewrite.done"}


def tree(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if ".git" not in path.parts
    }


def test_the_matrix_has_every_step() -> None:
    assert steps("rewrite") == STEPS


@pytest.mark.parametrize("name", COMMANDS)
def test_the_same_command_brings_a_run_that_was_killed_anywhere_to_its_end(name: str, tmp_path: Path) -> None:
    make, words = COMMANDS[name]
    start = tmp_path / "start"
    make(start)
    commit(start)
    wanted = tmp_path / "wanted"
    shutil.copytree(start, wanted)
    done = overlay(*words, "-o", "json", cwd=wanted)
    assert done.returncode == 0, done.stderr
    before, after = tree(start), tree(wanted)
    assert JOURNAL not in after and before != after
    changed = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    files = [path for path in changed if before.get(path) or after.get(path)]
    assert len(files) > 2
    numbers = sorted({1, 2, len(files) // 2, len(files) - 1, len(files)})
    for step in (*sorted(STEPS), *[f"rewrite-{number}" for number in numbers]):
        folder = tmp_path / step
        shutil.copytree(start, folder)
        killed = crash(folder, words, step, "kill", {MARK: step})
        assert_ended(killed, step, "kill")
        if step == "rewrite.checked":
            assert tree(folder) == before
        else:
            assert JOURNAL in tree(folder)
            dry = overlay(*[word for word in words if word not in ("--write", "--in-place")], cwd=folder)
            assert dry.returncode == 2
            assert dry.stderr == HALF.format(place=folder)
        again = overlay(*words, cwd=folder)
        assert again.returncode == 0, again.stderr
        if step != "rewrite.checked":
            assert again.stderr == f"finished what an interrupted run began: {len(files)} files\n"
        assert tree(folder) == after, step


@pytest.mark.parametrize("way", ["raise", "enospc", "interrupt"])
@pytest.mark.parametrize("name", ["factor", "in-place"])
def test_what_fails_or_is_interrupted_leaves_everything_as_it_was(name: str, way: str, tmp_path: Path) -> None:
    make, words = COMMANDS[name]
    make(tmp_path)
    commit(tmp_path)
    before = tree(tmp_path)
    for step in ("rewrite.journal", "rewrite-2", "rewrite.done"):
        done = crash(tmp_path, words, step, way, {MARK: way})
        assert tree(tmp_path) == before
        if way != "enospc":
            assert_ended(done, step, way)
        else:
            assert done.returncode == 2
            assert done.stderr.endswith(" cannot be written: no space left on device; all is as it was\n")


def test_no_command_builds_a_project_that_is_half_changed(tmp_path: Path) -> None:
    patched(tmp_path)
    crash(tmp_path, ("factor", "--write", "--uncommitted"), "rewrite-1", "kill", {MARK: "half"})
    done = overlay("render", "prod", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", HALF.format(place=tmp_path))
    finished = overlay("factor", "--write", "-o", "json", "-q", cwd=tmp_path)
    assert finished.stderr == ""
    assert json.loads(finished.stdout) == {
        "finished": {f"environments/{name}": "written" for name in (
            "base/base.yaml", "base/own.yaml", "dev/environment.yaml", "prod/environment.yaml",
        )} | {f"environments/{name}/own.yaml": "removed" for name in ("dev", "prod")},
        "written": True,
    }  # fmt: skip
    assert overlay("render", "prod", cwd=tmp_path).returncode == 0


def test_a_file_that_somebody_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    patched(tmp_path)
    crash(tmp_path, ("factor", "--write", "--uncommitted"), "rewrite-1", "kill", {MARK: "edited"})
    mine = tmp_path / "environments/prod/environment.yaml"
    mine.write_text("mine\n")
    before = tree(tmp_path)
    done = overlay("factor", "--write", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "error: environments/prod/environment.yaml was changed after a run was interrupted that was about to change it\n"
        f"  hint: put it back as it was; or remove {JOURNAL} to leave everything as it stands now\n",
    )
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "path", ["../outside.yaml", "/tmp/outside.yaml", ".git/hooks/pre-commit", "a/.GitHub/w.yaml", "a//b.yaml"]
)
def test_a_journal_that_somebody_committed_writes_nothing_where_files_act_or_outside(path: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    patched(project)
    document = {
        "kind": "UnfinishedChange",
        "files": {path: {"was": None, "data": base64.b64encode(b"evil").decode()}},
    }
    (project / JOURNAL).write_text(json.dumps(document))
    before = tree(tmp_path)
    done = overlay("factor", "--write", "--uncommitted", cwd=project)
    assert (done.returncode, done.stderr) == (
        2,
        f"error: {JOURNAL} is no record of overlay\n  hint: remove {project}/{JOURNAL}\n",
    )
    assert tree(tmp_path) == before


def test_a_journal_writes_through_no_link(tmp_path: Path) -> None:
    project = tmp_path / "project"
    patched(project)
    (tmp_path / "elsewhere").mkdir()
    (project / "link").symlink_to(tmp_path / "elsewhere")
    document = {"kind": "UnfinishedChange", "files": {"link/a.yaml": {"was": None, "data": "ZXZpbA=="}}}
    (project / JOURNAL).write_text(json.dumps(document))
    done = overlay("factor", "--write", "--uncommitted", cwd=project)
    assert (done.returncode, done.stderr) == (
        2,
        f"error: symlink not allowed: {project}/link\n  hint: output is never written through links\n",
    )
    assert not list((tmp_path / "elsewhere").iterdir())
