"""Output folders: only below them, only what is ours, and safe to kill."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from overlay.errors import OverlayError
from overlay.folder.plan import Conflict, plan_folder
from overlay.folder.write import OutputFolder
from overlay.tree import RECORD

ROOT = Path(__file__).resolve().parents[2]


def tree(**files: str) -> dict[str, str]:
    named = {name.replace("_", ".") if name != RECORD else name: text for name, text in files.items()}
    record = {"kind": "Metadata", "files": dict.fromkeys(named, "")}
    return {**named, RECORD: json.dumps(record) + "\n"}


def write(folder: Path, files: dict[str, str]) -> None:
    place = OutputFolder(str(folder.parent), folder.name, create=True)
    place.write(files)
    place.close()


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir()) if path.is_file() and path.name != RECORD}


def test_a_tree_is_written_changed_and_cleaned_up(tmp_path: Path) -> None:
    out = tmp_path / "out" / "prod"
    write(out, tree(a_yaml="1", b_yaml="2"))
    (out / "foreign.yaml").write_text("mine")
    (out / "sub").mkdir()
    write(out, tree(b_yaml="changed", c_yaml="3"))
    assert texts(out) == {"b.yaml": "changed", "c.yaml": "3", "foreign.yaml": "mine"}
    assert (out / "sub").is_dir()
    assert not list(out.glob(".overlay-*"))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_P18_modes_are_the_umasks_business_only(umask: int, tmp_path: Path) -> None:
    old = os.umask(umask)
    try:
        write(tmp_path / "out/prod", tree(a_yaml="1"))
    finally:
        os.umask(old)
    assert (tmp_path / "out/prod/a.yaml").stat().st_mode & 0o777 == 0o644 & ~umask


@pytest.mark.parametrize("linked", ["out", "out/prod"])
def test_P11_an_output_folder_that_is_a_link_is_refused(
    linked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / linked).parent.mkdir(exist_ok=True)
    (tmp_path / linked).symlink_to(tmp_path / "elsewhere")
    for top in ("out", str(tmp_path / "out")):
        with pytest.raises(OverlayError) as caught:
            OutputFolder(top, "prod", create=True).write(tree(a_yaml="1"))
        assert "output is never written through links" in caught.value.message
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_P11_a_file_that_is_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    out = tmp_path / "out/prod"
    write(out, tree(a_yaml="1"))
    (tmp_path / "outside").write_text("keep")
    (out / "a.yaml").unlink()
    (out / "a.yaml").symlink_to(tmp_path / "outside")
    write(out, tree(a_yaml="2"))
    assert ((out / "a.yaml").is_symlink(), (out / "a.yaml").read_text(), (tmp_path / "outside").read_text()) == (
        False,
        "2",
        "keep",
    )


def test_P11_nothing_is_made_behind_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OverlayError) as caught:
        OutputFolder("link/out", "prod", create=True)
    assert caught.value.message == "link is a symlink; output is never written through links"
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("top", "part"),
    [
        (".git", ".git"), (".git/hooks", ".git"), ("./.github/workflows", ".github"), ("a/../.GIT/x", ".GIT"),
        (".gitlab", ".gitlab"), ("x/.circleci", ".circleci"),
    ],
)  # fmt: skip
def test_P12_output_never_goes_where_files_act(
    top: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for place in (top, str(tmp_path / top)):
        with pytest.raises(OverlayError) as caught:
            OutputFolder(place, "prod", create=True)
        assert caught.value.message == f"{place} lies in {part}, where files act; output is never written there"
        assert caught.value.hint == "name another --output-dir"
    monkeypatch.chdir(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        ".gitattributes", ".gitmodules", ".git/hooks/x", ".github/workflows/x.yaml", "../x.yaml", "/x.yaml", "a\\b.yaml",
        ".x.yaml", "-x.yaml", "x.yml", "x.yaml\n", "hooks/x.yaml", "",
    ],
)  # fmt: skip
def test_P12_only_manifests_directly_in_the_folder_are_written(name: str, tmp_path: Path) -> None:
    folder = OutputFolder(str(tmp_path / "out"), "prod", create=True)
    with pytest.raises(OverlayError) as caught:
        folder.write({**tree(a_yaml="1"), name: "x"})
    folder.close()
    shown = name.replace("\n", "\\n")
    assert caught.value.message == f"{shown!r} is no name for a manifest: only *.yaml in one folder"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["out", "prod"]


def test_P16_a_hard_link_is_not_written_through(tmp_path: Path) -> None:
    out = tmp_path / "out/prod"
    write(out, tree(a_yaml="1"))
    os.link(out / "a.yaml", tmp_path / "copy")
    write(out, tree(a_yaml="2"))
    assert ((out / "a.yaml").read_text(), (tmp_path / "copy").read_text()) == ("2", "1")


def test_a_record_that_is_not_ours_removes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out/prod"
    out.mkdir(parents=True)
    (out / "keep.yaml").write_text("keep")
    for record in (
        "no json",
        "[]",
        '{"kind": "Other", "files": {"keep.yaml": ""}}',
        '{"kind": "Metadata", "files": {"../x.yaml": ""}}',
    ):
        (out / RECORD).write_text(record)
        with pytest.raises(OverlayError) as caught:
            write(out, tree(a_yaml="1"))
        assert caught.value.message.endswith("is no record of overlay, so what is ours there is not known")
    assert texts(out) == {"keep.yaml": "keep"}


def test_all_foreign_files_in_the_way_are_named_at_once() -> None:
    with pytest.raises(OverlayError) as caught:
        plan_folder(tree(a_yaml="1", b_yaml="2"), {"a.yaml": b"x", "b.yaml": b"y"}, "out/prod")
    assert [one.message for one in caught.value.each()] == [
        "out/prod/a.yaml is not ours and would be overwritten", "out/prod/b.yaml is not ours and would be overwritten",
    ]  # fmt: skip
    assert all(isinstance(one, Conflict) and one.exit_code == 4 for one in caught.value.each())


KILLED = """
import os, sys
from overlay.folder import write as module
steps = int(sys.argv[1])
def counted(real):
    def call(*args, **more):
        global steps
        if steps == 0:
            os.kill(os.getpid(), 9)
        steps -= 1
        return real(*args, **more)
    return call
class Counted:
    def __getattr__(self, name):
        real = getattr(os, name)
        return counted(real) if name in ("open", "replace", "unlink", "fsync", "mkdir") else real
module.os = Counted()
folder = module.OutputFolder("out", "prod", create=True)
folder.write({"b.yaml": "changed", "c.yaml": "3", "overlay.metadata": '{"kind": "Metadata", "files": {"b.yaml": "", "c.yaml": ""}}'})
"""


def test_killed_at_any_step_the_next_run_finishes_and_nothing_foreign_is_lost(tmp_path: Path) -> None:
    """Each system call that changes the folder is a place to die by SIGKILL."""
    out = tmp_path / "out/prod"
    for step in range(100):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        write(out, tree(a_yaml="1", b_yaml="2"))
        (out / "foreign.yaml").write_text("mine")
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(step)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
        )
        assert texts(out)["foreign.yaml"] == "mine"
        assert texts(out)["b.yaml"] in ("2", "changed")
        write(out, tree(b_yaml="changed", c_yaml="3"))
        assert texts(out) == {"b.yaml": "changed", "c.yaml": "3", "foreign.yaml": "mine"}
        if done.returncode == 0:
            assert step > 8
            return
        assert done.returncode == -9, done.stderr
    raise AssertionError("the writing never came to its end")


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OverlayError) as caught:
        OutputFolder(str(tmp_path / "out"), "prod", create=True)
    assert str(tmp_path / "out") in caught.value.message
