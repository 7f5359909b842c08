"""The commit that is rendered: what it is, and whether the files that builds read are those of it."""

from __future__ import annotations

import hashlib
import os

from overlay.errors import GitError, UsageError, raise_all
from overlay.files.paths import printable
from overlay.git.files import LFS_POINTER
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from overlay.errors import OverlayError
    from overlay.git.repository import Repository
    from overlay.model.build import Build

LOCK = "overlay.lock"
_FORMAT = "%H%x00%an%x00%ae%x00%aI%x00%B"


@value(kw_only=True)
class Source:
    """A commit of the source.

    url: of the remote that it is pushed to, without passwords; empty where there is none. branch: its short name, empty
    for a detached head. author: `Name <email>`. date: RFC 3339. message: whole. dirty: files that builds read and that
    are not as committed.
    """

    url: str
    commit: str
    branch: str
    author: str
    date: str
    message: str
    dirty: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        return self.commit[:7]


def read_source(repository: Repository, url: str) -> Source:
    """Return what is checked out.

    Raises GitError where nothing is committed yet.
    """
    if repository.commit_of("HEAD") is None:
        raise GitError("nothing is committed yet", hint="commit the project first: what is published names its commit")
    out = repository.run("log", "-1", "--no-show-signature", f"--format={_FORMAT}", "HEAD")
    commit, name, email, date, message = out.decode("utf-8", "replace").split("\0", 4)
    branch = (repository.branch() or "").removeprefix("refs/heads/")
    return Source(
        url=url, commit=commit, branch=branch, author=f"{name} <{email}>", date=date, message=message.strip("\n")
    )


def changed_inputs(repository: Repository, commit: str, builds: Iterable[Build]) -> dict[str, list[str]]:
    """Return the files that builds read and that are not as committed, each with the environments that read it.

    A file that is not tracked counts: the commit alone does not render to what was built.
    """
    read: dict[str, dict[str, list[str]]] = {}
    for build in builds:
        for entry in build.inputs:
            if not entry.path.startswith("<"):
                read.setdefault(entry.path, {}).setdefault(entry.digest, []).append(build.environment)
    committed = _digests(repository, commit, sorted(read))
    found: dict[str, list[str]] = {}
    for path, digests in read.items():
        names = [name for digest, users in digests.items() if digest != committed.get(path) for name in users]
        if names:
            found[path] = names
    return found


def refuse_changed_inputs(changed: Mapping[str, list[str]], repository: Repository, commit: str) -> None:
    """Raise UsageError, or Problems, for each file that is not as committed."""
    errors: list[OverlayError] = []
    for path, names in sorted(changed.items()):
        what, why, hint = _difference(repository, commit, path)
        readers = f"{', '.join(sorted(names))} read{'s' * (len(names) == 1)} it"
        errors.append(UsageError(f"{printable(path)} {what}, and {readers}{why}", hint=hint))
    raise_all(errors)


def _difference(repository: Repository, commit: str, path: str) -> tuple[str, str, str]:
    """Return in which way a file is not as committed, what that means where it is not plain, and what to do."""
    dirty = "or say --allow-dirty, which is recorded"
    submodule = repository.submodule(commit, path)
    if submodule is not None:
        return (
            f"is in the submodule {printable(submodule)}",
            ": the commit does not hold its files",
            "keep it in this repository, or fetch it as a remote input, which overlay.lock pins",
        )
    entry = repository.entry(commit, path)
    if entry is None:
        return "is not committed", "", f"commit it, {dirty}"
    committed = repository.bytes_of(entry.blob)
    if committed.startswith(LFS_POINTER):
        return (
            "is kept in Git LFS: the commit does not hold it",
            "",
            f"git lfs migrate export puts it into the repository; {dirty}",
        )
    try:
        with open(os.path.join(repository.top, repository.prefix, path), "rb") as file:
            here = file.read(len(committed) * 2 + 1)
    except OSError:
        here = b""
    if here.replace(b"\r\n", b"\n") == committed.replace(b"\r\n", b"\n"):
        return (
            "has other line ends here than in the commit",
            "",
            f"git config core.autocrlf false, and check it out again; {dirty}",
        )
    return "has changes that are not committed", "", f"commit it, {dirty}"


def _digests(repository: Repository, commit: str, paths: list[str]) -> dict[str, str]:
    """Return `sha256:<hex>` of each regular file as it is committed."""
    given = "".join(f"{commit}:{repository.prefix}{path}\n" for path in paths)
    data = repository.run("cat-file", "--batch", given=given.encode("utf-8", "surrogateescape"))
    found: dict[str, str] = {}
    at = 0
    for path in paths:
        end = data.index(b"\n", at)
        words = data[at:end].split()
        at = end + 1
        if words[-1:] == [b"missing"] or len(words) != 3:
            continue
        size = int(words[2])
        if words[1] == b"blob":
            found[path] = "sha256:" + hashlib.sha256(data[at : at + size]).hexdigest()
        at += size + 1
    return found


def is_on_a_remote(repository: Repository, commit: str) -> bool:
    """Tell whether some branch of some remote, as last fetched, has a commit."""
    # Walks what no remote has; asking each branch whether it contains the commit walks to where that one parted.
    return not repository.text("rev-list", "--max-count=1", commit, "--not", "--remotes")
