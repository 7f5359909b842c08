"""Files below the project folder, and nothing else."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from overlay.errors import OverlayError
from overlay.files.reader import MAX_FILES, ProjectFiles, read_argument
from overlay.model.location import Location

HERE = Location("environments/prod/environment.yaml", 5, 7)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project/a/b").mkdir(parents=True)
    (tmp_path / "project/a/b/x.yaml").write_text("x: 1\n")
    (tmp_path / "outside.txt").write_text("canary")
    return tmp_path / "project"


def refused(call, *args: object) -> str:
    with pytest.raises(OverlayError) as caught:
        call(*args, HERE)
    assert caught.value.location == HERE
    assert "canary" not in str(caught.value)
    return caught.value.message


def test_a_file_is_read_once_and_remembered_with_its_digest(root: Path) -> None:
    files = ProjectFiles(str(root))
    assert files.read("a/b/x.yaml") == b"x: 1\n"
    (root / "a/b/x.yaml").write_text("changed")
    assert files.read("a/b/x.yaml") == b"x: 1\n"
    assert files.input("a/b/x.yaml").digest == f"sha256:{hashlib.sha256(b'x: 1' + bytes([10])).hexdigest()}"
    assert files.walk("a") == ("a/b/x.yaml",)


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("a/link", "/etc/passwd"),
        ("a/link", "../../outside.txt"),
        ("a/link", "/proc/self/environ"),
        ("a/link", "b/x.yaml"),
    ],
)
def test_P01_P02_a_link_is_refused_and_named(link: str, target: str, root: Path) -> None:
    (root / link).symlink_to(target)
    files = ProjectFiles(str(root))
    assert refused(files.read, link) == f"symlink not allowed: {link} → {target}"
    assert refused(files.walk, "a") == f"symlink not allowed: {link} → {target}"


def test_P04_links_on_the_way_loops_and_chains_are_refused(root: Path) -> None:
    (root / "folder").symlink_to("a/b")
    (root / "loop").symlink_to("loop")
    for n in range(50):
        (root / f"chain{n}").symlink_to(f"chain{n + 1}")
    files = ProjectFiles(str(root))
    assert refused(files.read, "folder/x.yaml") == "symlink not allowed: folder → a/b"
    assert refused(files.read, "loop/x") == "symlink not allowed: loop → loop"
    assert refused(files.read, "chain0/x") == "symlink not allowed: chain0 → chain1"
    assert not files.is_folder("folder")


def test_P08_what_is_no_regular_file_is_refused_without_hanging(root: Path) -> None:
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(root / "socket"))
    files = ProjectFiles(str(root))
    started = time.monotonic()
    assert refused(files.read, "fifo") == "fifo is a device, socket or pipe, no regular file"
    assert refused(files.read, "socket") == "socket is a device, socket or pipe, no regular file"
    assert refused(files.read, "a") == "a is a folder, a file is expected"
    assert refused(files.read, "a/b/x.yaml/y") == "a/b/x.yaml is no folder"
    assert refused(files.read, "a/nope.yaml") == "a/nope.yaml does not exist"
    assert "is a device, socket or pipe" in refused(files.walk, "")
    assert time.monotonic() - started < 2


def test_P08_an_unreadable_file_is_named(root: Path) -> None:
    (root / "a/b/x.yaml").chmod(0)
    code = (
        # Whoever we become may not read Python's own modules, so that what an error loads is loaded before.
        "import os, sys\nimport overlay.tokens\nfrom overlay.files.reader import ProjectFiles\n"
        "os.geteuid() or os.setuid(65534)\n"
        "try: ProjectFiles(sys.argv[1]).read('a/b/x.yaml')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    for folder in (root, *root.parents):
        if "pytest-of-" in str(folder):
            folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code, root], capture_output=True, text=True)
    assert done.stdout == "PathError a/b/x.yaml cannot be read: permission denied\n", done.stderr


def test_P10_a_file_that_is_swapped_for_a_link_is_never_followed(root: Path) -> None:
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for make in (lambda p: p.symlink_to("../../../outside.txt"), lambda p: p.write_text("x: 1\n")):
                temporary = root / "a/b/.t"
                make(temporary)
                temporary.replace(root / "a/b/x.yaml")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        seen = set()
        for _ in range(1_000):
            files = ProjectFiles(str(root))
            try:
                seen.add(files.read("a/b/x.yaml"))
            except OverlayError as error:
                seen.add(str(error)[:19])
            files.close()
    finally:
        stop.set()
        thread.join()
    assert seen <= {b"x: 1\n", "symlink not allowed", "a/b/x.yaml does not"}


def test_P14_names_longer_than_file_systems_allow_are_an_error(root: Path) -> None:
    assert (
        refused(ProjectFiles(str(root)).read, "a/" + "x" * 300)
        == "a name in this path is longer than file systems allow"
    )


def test_P15_the_project_is_the_same_however_its_folder_is_given(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = root.parent / "link"
    link.symlink_to("project")
    monkeypatch.chdir(root.parent)
    for given in (str(root), f"{root}/", "project", "./project/../project", str(link)):
        files = ProjectFiles(given)
        assert (files.root, files.read("a/b/x.yaml")) == (str(root), b"x: 1\n")


def test_a_tree_of_too_many_files_is_refused(root: Path) -> None:
    for n in range(MAX_FILES + 1):
        (root / f"a/{n}").touch()
    assert refused(ProjectFiles(str(root)).walk, "a") == "a has more than 20000 files"


def test_a_file_above_the_limit_is_refused(root: Path) -> None:
    with pytest.raises(OverlayError) as caught:
        ProjectFiles(str(root)).read("a/b/x.yaml", HERE, 3)
    assert caught.value.message == "a/b/x.yaml has 5 bytes, more than the limit of 3"


def test_L11_many_folders_need_few_descriptors(root: Path) -> None:
    for n in range(400):
        (root / f"many/{n}").mkdir(parents=True)
        (root / f"many/{n}/f").write_text(str(n))
    files = ProjectFiles(str(root))
    before = len(os.listdir("/proc/self/fd"))
    assert [files.read(path) for path in files.walk("many")][-1] == b"99"
    assert len(os.listdir("/proc/self/fd")) - before < 130
    files.close()
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_file_of_the_command_line_is_read_from_the_working_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    assert read_argument("../outside.txt") == b"canary"
    for path, message in (
        ("nope", "nope cannot be read: no such file or directory"),
        ("a", "a cannot be read: is a directory"),
    ):
        with pytest.raises(OverlayError) as caught:
            read_argument(path)
        assert caught.value.message == message


def test_files_with_changes_are_read_so_and_the_others_as_before(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    files = ProjectFiles(str(tmp_path))
    assert files.read("a") == b"a"
    (tmp_path / "a").write_text("later")
    changed = files.changed({"b": b"new", "c": b"made"})
    assert [changed.read(name) for name in "abc"] == [b"a", b"new", b"made"]
    assert (changed.exists("c"), files.exists("c"), files.read("b")) == (True, False, b"b")
    assert changed.input("c").digest.startswith("sha256:")
    again = changed.changed({"d/e": b"more", "b": None}).changed({"d/f": b"most"})
    assert (again.walk("d"), again.is_folder("d"), again.exists("b")) == (("d/e", "d/f"), True, False)
    assert again.changed({"b": b"back"}).walk("") == ("a", "b", "c", "d/e", "d/f")
    files.close()
    changed.close()
