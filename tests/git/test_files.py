"""A project's files as a commit has them: what is read, and what a commit refuses to be read as."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from overlay.errors import LimitError, OverlayError, PathError
from overlay.files.reader import ProjectFiles
from overlay.git.files import CommittedFiles
from overlay.git.repository import Repository
from tests.source.projects import git, write

FILES = {"overlay.yaml": "a: 1\n", "environments/dev/values.yaml": "b: 2\n", "environments/dev/x/y.yaml": "c: 3\n"}


@pytest.fixture(params=["", "deep/shop/"], ids=["whole", "below"])
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Make a project that is a repository, or that lies in one."""
    top = tmp_path / "top"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    git(top, "config", "user.name", "Ada")
    git(top, "config", "user.email", "ada@shop.example")
    write(top, {f"{request.param}{path}": text for path, text in FILES.items()})
    return top / request.param


def committed(project: Path) -> CommittedFiles:
    git(project, "add", "-A", ".")
    git(project, "commit", "-q", "-m", "all", "--allow-empty")
    repository = Repository(str(project), os.environ)
    return CommittedFiles(repository, repository.commit_of("HEAD") or "")


def test_they_are_what_the_folder_was(project: Path) -> None:
    there, here = committed(project), ProjectFiles(str(project))
    for path in ("overlay.yaml", "environments", "environments/dev", "environments/dev/x/y.yaml", "nothing", "x/y"):
        assert (there.exists(path), there.is_folder(path)) == (here.exists(path), here.is_folder(path))
    for folder in ("environments", "environments/dev", "environments/dev/x"):
        assert (there.walk(folder), there.folders(folder)) == (here.walk(folder), here.folders(folder))
    for path in FILES:
        assert (there.read(path), there.input(path)) == (here.read(path), here.input(path))
    there.close()


def test_what_changes_in_the_folder_does_not_count(project: Path) -> None:
    there = committed(project)
    (project / "overlay.yaml").write_text("a: 2\n")
    (project / "environments/dev/values.yaml").unlink()
    (project / "environments/dev/new.yaml").write_text("")
    assert there.read("overlay.yaml") == b"a: 1\n"
    assert there.walk("environments/dev") == ("environments/dev/values.yaml", "environments/dev/x/y.yaml")
    there.close()


def test_what_the_folder_holds_of_the_same_bytes_is_not_read_from_git(project: Path) -> None:
    committed(project).close()
    repository, here = Repository(str(project), os.environ), ProjectFiles(str(project))
    (project / "environments/dev/values.yaml").write_text("b: 3\n")
    for path in FILES:
        here.read(path)
    there = CommittedFiles(repository, repository.commit_of("HEAD") or "", here)
    repository.env["PATH"] = "/nowhere"
    there.read_ahead(path for path in FILES if path != "environments/dev/values.yaml")
    assert [there.read(path) for path in FILES if path != "environments/dev/values.yaml"] == [b"a: 1\n", b"c: 3\n"]
    with pytest.raises(FileNotFoundError):
        there.read("environments/dev/values.yaml")
    repository.env["PATH"] = os.environ["PATH"]
    assert there.read("environments/dev/values.yaml") == b"b: 2\n"
    there.close()


def test_a_commit_without_the_project_has_no_files(project: Path) -> None:
    git(project, "commit", "-q", "-m", "none", "--allow-empty")
    repository = Repository(str(project), os.environ)
    there = CommittedFiles(repository, repository.commit_of("HEAD") or "")
    assert (there.exists("overlay.yaml"), there.is_folder("environments"), there.is_folder("")) == (False, False, True)


def refused(project: Path, ask: str, path: str, **limit: int) -> str:
    there = committed(project)
    with pytest.raises(OverlayError) as caught:
        getattr(there, ask)(path, **limit)
    there.close()
    return caught.value.message.replace(there.commit[:12], "COMMIT")


@pytest.mark.parametrize("ask", ["read", "walk"])
def test_P01_a_link_is_refused_and_named(project: Path, ask: str) -> None:
    (project / "environments/dev/leak.yaml").symlink_to("/etc/passwd")
    path = "environments/dev/leak.yaml" if ask == "read" else "environments"
    assert refused(project, ask, path) == "symlink not allowed: environments/dev/leak.yaml → /etc/passwd"


def test_P01_nothing_is_read_through_a_linked_folder(project: Path) -> None:
    (project / "environments/prod").symlink_to("dev")
    assert refused(project, "read", "environments/prod/values.yaml") == "symlink not allowed: environments/prod → dev"


@pytest.mark.parametrize(
    ("ask", "path", "expected"),
    [
        ("read", "environments", "environments is a folder, a file is expected"),
        ("read", "environments/dev/no.yaml", "environments/dev/no.yaml does not exist in COMMIT"),
        ("walk", "environments/no", "environments/no does not exist in COMMIT"),
        ("read", "overlay.yaml/x", "overlay.yaml is no folder"),
    ],
)
def test_what_is_not_there_is_said(project: Path, ask: str, path: str, expected: str) -> None:
    assert refused(project, ask, path) == expected


def test_a_submodule_is_no_part_of_the_commit(project: Path) -> None:
    inner = project.parent / f"{project.name}-inner"
    write(inner, {"a.yaml": "a: 1\n"})
    git(inner, "init", "-q", "-b", "main")
    git(inner, "add", ".")
    git(inner, "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-q", "-m", "inner")
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "environments/part")
    expected = "environments/part is a submodule: COMMIT does not hold its files"
    assert refused(project, "read", "environments/part/a.yaml") == expected
    assert refused(project, "walk", "environments") == expected


def test_a_file_of_git_lfs_is_no_part_of_the_commit(project: Path) -> None:
    write(project, {"big.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"})
    assert refused(project, "read", "big.yaml") == "big.yaml is kept in Git LFS: COMMIT does not hold it"


def test_C13_a_file_above_the_limit_is_not_read(project: Path) -> None:
    write(project, {"big.yaml": "x" * 5000})
    there = committed(project)
    with pytest.raises(LimitError, match=r"big\.yaml has 5000 bytes, more than the limit of 4000"):
        there.read("big.yaml", limit=4000)
    assert there.read("overlay.yaml") == b"a: 1\n"
    there.close()


def test_C05_filters_and_hooks_that_the_repository_names_do_not_run(project: Path) -> None:
    write(project, {".gitattributes": "*.yaml filter=evil diff=evil\n"})
    there = committed(project)
    ran = project.parent / "ran"
    for name in ("filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv", "core.fsmonitor", "core.pager"):
        git(project, "config", name, f"touch {ran}; cat")
    assert there.read("overlay.yaml") == b"a: 1\n"
    assert not ran.exists()
    there.close()


def test_a_part_of_a_clone_is_said_to_be_one(project: Path, tmp_path: Path) -> None:
    committed(project).close()
    top = project if (project / ".git").exists() else project.parents[1]
    git(top, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{top}", "part")
    (tmp_path / "part" / project.relative_to(top)).mkdir(parents=True, exist_ok=True)
    repository = Repository(str(tmp_path / "part" / project.relative_to(top)), os.environ)
    there = CommittedFiles(repository, repository.commit_of("HEAD") or "")
    with pytest.raises(PathError, match=r"overlay\.yaml is not in this clone, which has only a part of") as caught:
        there.read("overlay.yaml")
    assert caught.value.hint == "clone it whole: without --filter"
    there.close()
