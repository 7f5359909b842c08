"""Change several files as one: all that is wanted is written down first, so that a run killed anywhere can be finished.

Order, and which crash it survives: before the journal is there, nothing has changed; from then on each file is either
as it was or as it shall be, and whoever finds the journal can make the rest; it goes last, when the disk has all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os

from overlay.errors import OutputError, OverlayError, PathError, raise_all
from overlay.failpoint import failpoint
from overlay.files.atomic import TEMPORARY, write_atomic
from overlay.files.names import ACTING, JOURNAL
from overlay.files.paths import printable, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KIND = "UnfinishedChange"
_NO_LINK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def refuse_unfinished(root: str) -> None:
    """Raise where a killed run left files of a folder half changed."""
    if os.path.lexists(os.path.join(root, JOURNAL)):
        raise OutputError(
            f"an interrupted run left files below {printable(root)} half changed",
            hint="run its command again (adopt, factor or extract-values with --write), which finishes it; or put the "
            f"files back, by git restore, and remove {JOURNAL}",
        )


def change_files(root: str, changes: Mapping[str, bytes | None]) -> None:
    """Give files below a folder new bytes; None removes one, and folders that are empty then.

    Either all is done or nothing: what fails is put back, and a killed run is finished by `finish_change`.
    Raises PathError for a link on the way, OutputError.
    """
    if not changes:
        return
    refuse_unfinished(root)
    _refuse_links(root, changes)
    before = {path: _on_disk(root, path) for path in changes}
    files = {
        path: {"was": _digest(before[path]), "data": None if data is None else base64.b64encode(data).decode()}
        for path, data in changes.items()
    }
    failpoint("rewrite.checked")
    try:
        # What it holds may be Secrets: nobody else reads it.
        journal = json.dumps({"kind": _KIND, "files": files}).encode()
        os.makedirs(root, exist_ok=True)
        write_atomic(os.path.join(root, JOURNAL), journal, mode=0o600)
    except OSError as error:
        raise OutputError(f"{JOURNAL} cannot be written: {_why(error)}; all is as it was") from None
    at = JOURNAL
    done: list[str] = []
    try:
        failpoint("rewrite.journal")
        for number, at in enumerate(_in_order(changes, before), 1):
            done.append(at)
            _put(root, at, changes[at])
            failpoint(f"rewrite-{number}")
        failpoint("rewrite.done")
    except BaseException as error:  # also where a person ends it
        stuck = [path for path in reversed(done) if not _put_back(root, path, before[path])]
        if not stuck:
            _forget(root)
        if not isinstance(error, OSError):
            raise
        left = "run the same command again once the disk lets it" if stuck else "all is as it was"
        raise OutputError(f"{printable(at)} cannot be written: {_why(error)}; {left}") from None
    _forget(root)


def finish_change(root: str) -> dict[str, bytes | None]:
    """Make the rest of what a killed run began, and return its files; none where there is no such run.

    Raises OutputError where a file is neither as it was nor as it shall be; nothing is done then.
    """
    found = _journal(root)
    if not found:
        return {}
    wanted = {path: data for path, (_, data) in found.items()}
    _refuse_links(root, wanted)
    errors: list[OverlayError] = []
    left = []
    before = {path: _on_disk(root, path) for path in wanted}
    for path, (was, data) in found.items():
        if before[path] == data:
            continue
        left.append(path)
        if _digest(before[path]) != was:
            errors.append(
                OutputError(
                    f"{printable(path)} was changed after a run was interrupted that was about to change it",
                    hint=f"put it back as it was; or remove {JOURNAL} to leave everything as it stands now",
                )
            )
    raise_all(errors)
    for path in _in_order(left, before):
        try:
            _put(root, path, wanted[path])
        except OSError as error:
            raise OutputError(f"{printable(path)} cannot be written: {_why(error)}", hint="run it again") from None
    _forget(root)
    return wanted


def _in_order(paths: Mapping[str, bytes | None] | Iterable[str], before: Mapping[str, bytes | None]) -> list[str]:
    """Return what is new first, for others build on it, and what makes a folder an environment last of that."""
    return sorted(paths, key=lambda path: (before[path] is not None, path.endswith("/environment.yaml"), path))


def _journal(root: str) -> dict[str, tuple[str | None, bytes | None]]:
    """Return each file's digest of before and its wanted bytes.

    Raises OutputError for what we did not write: anybody may have put it there.
    """
    data = _on_disk(root, JOURNAL)
    if data is None:
        return {}
    try:
        document = json.loads(data)
        if document["kind"] != _KIND:
            raise ValueError
        found = {}
        for path, one in document["files"].items():
            if resolve("", path) != path or any(part.lower() in ACTING for part in path.split("/")):
                raise ValueError
            content = one["data"]
            found[path] = (one["was"], None if content is None else base64.b64decode(content, validate=True))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, PathError):
        raise OutputError(f"{JOURNAL} is no record of overlay", hint=f"remove {printable(root)}/{JOURNAL}") from None
    return found


def _put(root: str, path: str, data: bytes | None) -> None:
    place = os.path.join(root, path)
    folder, name = os.path.split(place)
    if data is None:
        os.unlink(place)
        _remove_empty(root, path.rpartition("/")[0])
        return
    os.makedirs(folder, exist_ok=True)
    mode = os.stat(place).st_mode & 0o777 if os.path.lexists(place) else 0o644
    # A file's own fsync costs milliseconds, and there may be ten thousand of them: the journal goes after one sync.
    temporary = os.path.join(folder, f"{TEMPORARY}new.{name[:100]}")
    descriptor = os.open(temporary, _CREATE, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, place)
    except BaseException:
        os.unlink(temporary)
        raise


def _put_back(root: str, path: str, data: bytes | None) -> bool:
    try:
        if data is not None or os.path.lexists(os.path.join(root, path)):
            _put(root, path, data)
        else:
            _remove_empty(root, path.rpartition("/")[0])
    except OSError:
        return False
    return True


def _forget(root: str) -> None:
    os.sync()
    try:
        os.unlink(os.path.join(root, JOURNAL))
    except FileNotFoundError:
        pass  # another run finished it meanwhile


def _remove_empty(root: str, folder: str) -> None:
    """Remove folders that hold nothing, upwards; never the one that somebody stands in."""
    here = os.path.realpath(os.getcwd())
    while folder and os.path.join(root, folder) != here:
        try:
            os.rmdir(os.path.join(root, folder))
        except OSError:
            return  # it holds something
        folder = folder.rpartition("/")[0]


def _on_disk(root: str, path: str) -> bytes | None:
    try:
        with os.fdopen(os.open(os.path.join(root, path), _NO_LINK), "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise OutputError(f"{printable(path)} cannot be read: {_why(error)}") from None


def _refuse_links(root: str, paths: Iterable[str]) -> None:
    known: set[str] = set()
    for path in paths:
        place = root
        for part in path.split("/"):
            place = os.path.join(place, part)
            if place not in known and os.path.islink(place):
                raise PathError(f"symlink not allowed: {place}", hint="output is never written through links")
            known.add(place)


def _digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def _why(error: OSError) -> str:
    return os.strerror(error.errno or 0).lower()
