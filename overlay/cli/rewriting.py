"""Write changes of a project's own files: all of them or none, and only what Git can give back."""

from __future__ import annotations

import os

from overlay.errors import GitError, OutputError, OverlayError, PathError, raise_all
from overlay.files.atomic import write_atomic
from overlay.files.paths import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_HINT = "commit first, so that Git can give it back, or say --uncommitted"


def rewrite(args: dict[str, Any], root: str, changes: Mapping[str, bytes | None]) -> None:
    """Write files below the project folder; None removes one, and folders that are empty then.

    Raises GitError where Git could not give back what is overwritten, PathError for a link on the way, OutputError.
    """
    for path in changes:
        _refuse_links(root, path)
    if not args["uncommitted"]:
        _refuse_uncommitted(root, changes)
    before = {path: _on_disk(root, path) for path in changes}
    done: list[str] = []
    try:
        # What others build on comes first: a run that is killed leaves an entry twice rather than nowhere.
        for path in sorted(changes, key=lambda path: (changes[path] is None, before[path] is not None, path)):
            done.append(path)
            _put(root, path, changes[path])
    except OSError as error:
        for path in done:
            _put_back(root, path, before[path])
        raise OutputError(
            f"{printable(done[-1])} cannot be written: {os.strerror(error.errno or 0).lower()}; all is as it was"
        ) from None


def _put(root: str, path: str, data: bytes | None) -> None:
    place = os.path.join(root, path)
    if data is None:
        os.unlink(place)
        _remove_empty(root, path.rpartition("/")[0])
        return
    os.makedirs(os.path.dirname(place), exist_ok=True)
    mode = os.stat(place).st_mode & 0o777 if os.path.lexists(place) else 0o644
    write_atomic(place, data, mode=mode)


def _remove_empty(root: str, folder: str) -> None:
    while folder:
        try:
            os.rmdir(os.path.join(root, folder))
        except OSError:
            return  # it holds something
        folder = folder.rpartition("/")[0]


def _put_back(root: str, path: str, data: bytes | None) -> None:
    try:
        if data is not None or os.path.lexists(os.path.join(root, path)):
            _put(root, path, data)
    except OSError:
        pass  # the error that is told already says that something is wrong with the disk


def _refuse_uncommitted(root: str, changes: Mapping[str, bytes | None]) -> None:
    from overlay.git.repository import Repository  # noqa: PLC0415
    from overlay.source.commit import current_commit, refuse_changed  # noqa: PLC0415

    errors: list[OverlayError] = []
    try:
        repository = Repository(root, os.environ)
        commit = current_commit(repository)
    except GitError as error:
        error.hint = _HINT
        raise
    for path in changes:
        try:
            refuse_changed(repository, commit, {path: b""}, resume=False)
        except OverlayError as error:
            error.hint = _HINT
            errors.append(error)
    raise_all(errors)


def _on_disk(root: str, path: str) -> bytes | None:
    try:
        with open(os.path.join(root, path), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{printable(path)} cannot be read: {os.strerror(error.errno or 0).lower()}") from None


def _refuse_links(root: str, path: str) -> None:
    place = root
    for part in path.split("/"):
        place = os.path.join(place, part)
        if os.path.islink(place):
            raise PathError(f"symlink not allowed: {place}", hint="output is never written through links")
