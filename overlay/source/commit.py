"""Changed files of the source become a commit: on what is checked out, or on a branch beside it.

On what is checked out, the steps are ordered for a crash: objects that nothing refers to yet, the files (each old or
new, never half), their entries in the index, and last the branch. Wherever a run is killed, the same command again
finds files that are either as committed or as wanted, and goes on (hazards G08, G12).
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from overlay.errors import GitConflict, GitError, OverlayError
from overlay.failpoint import failpoint
from overlay.files.atomic import write_atomic
from overlay.files.paths import printable
from overlay.git.repository import Entry
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from overlay.git.repository import Repository

_TRIES = 20
_WAIT = 0.05
_REGULAR = ("100644", "100755")


@value(kw_only=True)
class Committed:
    """What was done. branch: its short name, empty for a detached head. commit: the branch's, made now or before."""

    branch: str
    commit: str
    is_new: bool


def read_commit(repository: Repository, commit: str) -> Callable[[str], bytes | None]:
    """Return a reader of a commit's files."""

    def read(path: str) -> bytes | None:
        entry = repository.entry(commit, path)
        if entry is None:
            return None
        if entry.mode not in _REGULAR:
            raise GitError(f"{printable(path)} is a link or a submodule in {commit[:12]}")
        return repository.bytes_of(entry.blob)

    return read


def current_commit(repository: Repository) -> str:
    """Return what is checked out.

    Raises GitError where nothing is committed yet.
    """
    found = repository.commit_of("HEAD")
    if found is None:
        raise GitError("nothing is committed yet", hint="commit the project first; --no-commit writes the file only")
    return found


def refuse_changed(repository: Repository, commit: str, changes: Mapping[str, bytes], *, resume: bool) -> None:
    """Refuse files that differ from the commit in the work tree or the index.

    resume: what a killed run left (exactly the wanted bytes) is fine. Raises GitConflict, GitError.
    """
    read = read_commit(repository, commit)
    for path, data in changes.items():
        before = read(path)
        fine = (before, data) if resume else (before,)
        hint = "commit it or put it back first; --no-commit only writes it"
        here = _on_disk(repository, path)
        if here not in fine:
            what = "is not committed yet" if before is None else "has changes that are not committed"
            if _lines(here) == _lines(before):
                what = "has other line ends here than in the commit"
                hint = "git config core.autocrlf false, and check it out again; --no-commit only writes it"
            raise GitConflict(f"{printable(path)} {what}", hint=hint)
        staged = repository.staged(path)
        blobs = {repository.entry(commit, path), *([_entry(repository, commit, path, data)] if resume else [])}
        if staged not in blobs:
            raise GitConflict(f"{printable(path)} has staged changes that are not committed", hint=hint)


def commit_here(repository: Repository, base: str, changes: Mapping[str, bytes], message: str) -> Committed:
    """Write the files and commit them on what is checked out; all else in work tree and index stays as it is.

    base: the commit whose files were changed; others may land on it meanwhile where they leave these files alone.
    Raises GitError, GitConflict; where the commit could not be made, files and index are put back.
    """
    busy = repository.busy()
    if busy:
        raise GitConflict(f"{busy} is under way in this work tree", hint="finish or abort it, or use --branch")
    branch = repository.branch()
    head = current_commit(repository)
    name = (branch or "").removeprefix("refs/heads/")
    if head != base and _is_done(repository, base, head, changes):
        return Committed(branch=name, commit=head, is_new=False)
    refuse_changed(repository, base, changes, resume=True)
    commit, entries = _store(repository, base, changes, message)
    try:
        failpoint("source.stored")
        for path, data in changes.items():
            _write(repository, path, data)
            failpoint("source.file")
        _patiently(lambda: repository.stage(entries))
        failpoint("source.staged")
        commit, is_new = _move(repository, branch, base, commit, changes, message)
    except BaseException:  # also where a person ends it
        _put_back(repository, changes)
        raise
    failpoint("source.moved")
    return Committed(branch=name, commit=commit, is_new=is_new)


def _move(
    repository: Repository, branch: str | None, base: str, commit: str, changes: Mapping[str, bytes], message: str
) -> tuple[str, bool]:
    """Let what is checked out be the commit, or one like it on what somebody committed meanwhile.

    Returns the commit, and whether it is ours: somebody's own commit may have taken the staged files along.
    """
    for _ in range(_TRIES):
        try:
            repository.move_ref("HEAD", commit, base, "overlay: " + message.partition("\n")[0])
        except GitConflict:
            moved = repository.commit_of("HEAD")
            if moved is None or repository.branch() != branch:
                raise
            if _is_done(repository, base, moved, changes):
                return moved, False
            if moved == base:
                time.sleep(_WAIT)
            base = moved
            commit, _ = _store(repository, base, changes, message)
        else:
            return commit, True
    raise GitConflict(f"the branch moved {_TRIES} times meanwhile", hint="run the same command again")


def _is_done(repository: Repository, base: str, head: str, changes: Mapping[str, bytes]) -> bool:
    """Tell whether a later commit has the files as wanted already.

    Raises GitConflict where it has them neither so nor as they were.
    """
    found = {path: repository.entry(head, path) for path in changes}
    if found == {path: _entry(repository, base, path, data) for path, data in changes.items()}:
        return True
    if found != {path: repository.entry(base, path) for path in changes}:
        names = printable(", ".join(changes))
        raise GitConflict(f"somebody committed to {names} meanwhile", hint="run the same command again")
    return False


def _patiently(act: Callable[[], None]) -> None:
    """Do what a lock of another process may keep from being done for a moment."""
    for _ in range(_TRIES):
        try:
            act()
        except GitConflict:
            time.sleep(_WAIT)
        else:
            return
    act()


def commit_on(
    repository: Repository, name: str, changes: Callable[[str], Mapping[str, bytes]], message: str, tip: str | None
) -> Committed:
    """Commit on a branch that is not checked out; work tree and index are not touched.

    changes: the new bytes of files, given the commit that they go onto. tip: where the branch is elsewhere, when that
    is further than here. Raises GitError, GitConflict.
    """
    ref = check_branch(repository, name)
    here = repository.commit_of(ref)
    base = tip or here or current_commit(repository)
    if tip and here and tip != here and not repository.is_ancestor(here, tip):
        if not repository.is_ancestor(tip, here):
            raise GitConflict(
                f"the branch {name} has other commits here than on the remote", hint="rename or delete it"
            )
        base = here
    found = changes(base)
    commit = _store(repository, base, found, message)[0] if found else base
    failpoint("source.stored")
    if commit != here:
        repository.move_ref(ref, commit, here, "overlay: " + message.partition("\n")[0])
    failpoint("source.moved")
    return Committed(branch=name, commit=commit, is_new=bool(found))


def take_back(repository: Repository, name: str, commit: str, before: str | None) -> None:
    """Let a branch be what it was before a commit that came too late; what somebody made of it since stays."""
    ref = f"refs/heads/{name}"
    with suppress(GitError):
        if before is None:
            repository.run("update-ref", "-d", "--end-of-options", ref, commit)
        else:
            repository.move_ref(ref, before, commit, "overlay: the remote's branch moved meanwhile")


def check_branch(repository: Repository, name: str) -> str:
    """Return the full name of a branch that may be written.

    Raises GitError for what is no name (hazard G36) and for a branch that is checked out.
    """
    ref = f"refs/heads/{name}"
    try:
        repository.run("check-ref-format", ref)
    except GitError:
        raise GitError(f"{printable(name)!r} is no name of a branch") from None
    if name.startswith(("-", "refs/")) or name == "HEAD":
        raise GitError(f"{printable(name)!r} is no name of a branch")
    if ref in repository.checked_out():
        raise GitError(
            f"the branch {name} is checked out", hint="leave out --branch to commit there, or name another one"
        )
    return ref


def count_new(repository: Repository, known: str | None) -> int:
    """Return how many commits of what is checked out are not among those of a known commit; 0 where that is unknown."""
    if known is None or repository.commit_of(known) is None:
        return 0
    return int(repository.text("rev-list", "--count", f"{known}..HEAD"))


def _store(
    repository: Repository, base: str, changes: Mapping[str, bytes], message: str
) -> tuple[str, dict[str, Entry]]:
    entries = {}
    for path, data in changes.items():
        entry = _entry(repository, base, path, data)
        entries[repository.prefix + path] = entry
    tree = repository.tree_with(repository.text("rev-parse", "--verify", f"{base}^{{tree}}"), entries)
    return repository.write_commit(tree, base, message, sign=repository.signs()), entries


def _entry(repository: Repository, commit: str, path: str, data: bytes) -> Entry:
    known = repository.entry(commit, path)
    return Entry(mode=known.mode if known is not None else _REGULAR[0], blob=repository.write_blob(data))


def _on_disk(repository: Repository, path: str) -> bytes | None:
    try:
        with open(os.path.join(repository.folder, path), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GitError(f"{printable(path)} cannot be read: {os.strerror(error.errno or 0).lower()}") from None


def _lines(data: bytes | None) -> bytes | None:
    return data.replace(b"\r\n", b"\n") if data is not None else None


def _write(repository: Repository, path: str, data: bytes) -> None:
    write_file(os.path.join(repository.folder, path), data, path)


def write_file(full: str, data: bytes, path: str) -> None:
    """Give a file other bytes and its mode of before.

    Raises GitError.
    """
    try:
        mode = os.stat(full).st_mode & 0o777 if os.path.lexists(full) else 0o644
        write_atomic(full, data, mode=mode)
    except OSError as error:
        raise GitError(f"{printable(path)} cannot be written: {os.strerror(error.errno or 0).lower()}") from None


def _put_back(repository: Repository, changes: Mapping[str, bytes]) -> None:
    """Let files and index entries be as committed now; what fails is left, for the error that is told already."""
    try:
        commit = current_commit(repository)
        read = read_commit(repository, commit)
        for path in changes:
            data = read(path)
            if data is None and _on_disk(repository, path) is not None:
                os.unlink(os.path.join(repository.folder, path))
            elif data is not None and _on_disk(repository, path) != data:
                _write(repository, path, data)
        entries = {repository.prefix + path: repository.entry(commit, path) for path in changes}
        repository.stage(entries)
    except (OverlayError, OSError):
        pass
