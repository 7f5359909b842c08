"""vendor/: the content of every pinned input inside the project, for builds without a network.

Order, and which crash it survives: the record goes first, listing old and new files, so that a run killed at any later
point leaves no file of ours that the next run would take for foreign; then the files; then stale ones go; then the
record of exactly what is there.
"""

from __future__ import annotations

import json
import os
import re

from overlay.errors import OutputError, raise_all
from overlay.files.atomic import TEMPORARY, write_at
from overlay.folder.plan import Conflict
from overlay.model.value import value
from overlay.tree import RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = "vendor"
_KIND = "Vendor"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(tgz|tar)")


@value(kw_only=True)
class VendorPlan:
    """Files by what happens to them, sorted."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]


def vendor(root: str, contents: Mapping[str, bytes]) -> VendorPlan:
    """Make vendor/ hold these files (by name); foreign files stay.

    Raises OutputError, and Conflict for foreign files in the way; nothing is written then.
    """
    try:
        if not contents and not os.path.lexists(os.path.join(root, FOLDER)):
            return VendorPlan(written=(), removed=(), unchanged=())
        try:
            os.mkdir(os.path.join(root, FOLDER))
        except FileExistsError:
            pass
        directory = os.open(os.path.join(root, FOLDER), _FOLDER)
    except OSError as error:
        raise _unwritable(error) from None
    try:
        return _write(directory, contents)
    except OSError as error:
        raise _unwritable(error) from None
    finally:
        os.close(directory)


def _write(directory: int, contents: Mapping[str, bytes]) -> VendorPlan:
    owned = _owned(_read(directory, RECORD))
    present = {name: _read(directory, name) for name in sorted({*contents, *owned})}
    written = [name for name, data in contents.items() if present[name] != data]
    raise_all(
        [
            Conflict(f"{FOLDER}/{name} is not ours and would be overwritten", hint="move it away")
            for name in written
            if present[name] is not None and name not in owned
        ]
    )
    removed = [name for name in owned if name not in contents and present[name] is not None]
    record = _record(contents)
    if written or removed:
        write_at(directory, RECORD, _record({*contents, *owned}))
    for name in written:
        write_at(directory, name, contents[name])
    for name in removed:
        os.unlink(name, dir_fd=directory)
    if _read(directory, RECORD) != record:
        write_at(directory, RECORD, record)
    for name in os.listdir(directory):
        if name.startswith(TEMPORARY):
            os.unlink(name, dir_fd=directory)
    return VendorPlan(
        written=tuple(sorted(written)),
        removed=tuple(sorted(removed)),
        unchanged=tuple(sorted(name for name in contents if name not in written)),
    )


def _record(names: Mapping[str, bytes] | set[str]) -> bytes:
    value = {"apiVersion": "overlay.dev/v1", "kind": _KIND, "files": sorted(names)}
    return (json.dumps(value, indent=2) + "\n").encode()


def _owned(record: bytes | None) -> frozenset[str]:
    if record is None:
        return frozenset()
    try:
        found = json.loads(record)
        names = frozenset(found["files"]) if found["kind"] == _KIND else None
    except (ValueError, KeyError, TypeError, RecursionError):
        names = None
    if names is None or not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        raise OutputError(
            f"{FOLDER}/{RECORD} is no record of overlay, so what is ours there is not known", hint="remove it"
        )
    return names


def _read(directory: int, name: str) -> bytes | None:
    """Return a file's bytes, None where there is none; what is no regular file counts as other content."""
    try:
        descriptor = os.open(name, _READ, dir_fd=directory)
    except FileNotFoundError:
        return None
    except OSError:
        return b"\0link or unreadable"
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _unwritable(error: OSError) -> OutputError:
    import errno  # noqa: PLC0415

    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return OutputError(f"{FOLDER} is a symlink or no folder; content is never written through links")
    return OutputError(f"{FOLDER} cannot be written: {os.strerror(error.errno or 0).lower()}")
