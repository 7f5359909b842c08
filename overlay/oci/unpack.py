"""Files of a bundle or chart in a folder: there whole and verified, or not at all."""

from __future__ import annotations

import os

from overlay.errors import EXIT_CONFLICT, OutputError
from overlay.failpoint import failpoint
from overlay.files.atomic import TEMPORARY
from overlay.files.paths import printable
from overlay.oci.opened import rendered_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from overlay.oci.opened import Contents

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Occupied(OutputError):
    """Something else is where the files should go."""

    kind = "occupied"
    exit_code = EXIT_CONFLICT


def check_layer(file: BinaryIO, contents: Contents, shown: str) -> None:
    """Read a rendered layer to its end, and keep nothing.

    Raises FetchError, ArchiveError, LimitError.
    """
    for _, chunks in rendered_files(file, contents, shown):
        _drain(chunks)


def unpack_layer(
    file: BinaryIO, contents: Contents, shown: str, folder: str, when_sound: Callable[[], None] = lambda: None
) -> bool:
    """Write a rendered layer below a folder that is absent or empty; False where exactly that is there already.

    when_sound: is called when all of it was read and is right, before anything can be seen. Raises Occupied,
    OutputError, FetchError, ArchiveError, LimitError; nothing is in the folder then.
    """
    return write_folder(rendered_files(file, contents, shown), folder, when_sound)


def write_folder(
    files: Iterable[tuple[str, Iterable[bytes]]], folder: str, when_sound: Callable[[], None] = lambda: None
) -> bool:
    """Write files, in chunks, below a folder that is absent or empty; False where exactly that is there already.

    Raises Occupied, OutputError, and what `files` raises; nothing is in the folder then.
    """
    parent, name = os.path.split(os.path.abspath(folder))
    temporary = os.path.join(parent, f"{TEMPORARY}{os.getpid()}.{name[:100]}")
    try:
        os.makedirs(parent, exist_ok=True)
        _sweep(parent, name)
        os.mkdir(temporary, 0o755)
        _write_files(files, temporary)
        failpoint("unpack.written")
        when_sound()
        if os.path.isdir(folder) and not os.path.islink(folder) and os.listdir(folder):
            if _files(folder) == _files(temporary):
                return False
            raise Occupied(
                f"{printable(folder)} holds other files",
                hint="name another folder, or remove it: nothing is overwritten",
            )
        # A rename replaces an empty folder, and nothing else.
        os.rename(temporary, os.path.join(parent, name))
    except OSError as error:
        raise OutputError(f"{printable(folder)} cannot be written: {os.strerror(error.errno or 0).lower()}") from None
    finally:
        if os.path.lexists(temporary):
            _remove(temporary)
    return True


def _write_files(files: Iterable[tuple[str, Iterable[bytes]]], top: str) -> None:
    # One open folder at a time, in which the kernel looks up nothing but the name.
    within, descriptor = "", os.open(top, _FOLDER)
    try:
        for path, chunks in files:
            above, _, name = path.rpartition("/")
            if above != within:
                place = os.path.join(top, above)
                os.makedirs(place, exist_ok=True)
                following = os.open(place, _FOLDER)
                os.close(descriptor)
                within, descriptor = above, following
            _write(name, chunks, descriptor)
    finally:
        os.close(descriptor)


def _write(name: str, chunks: Iterable[bytes], folder: int) -> None:
    # No file object: there may be thousands of files, and each asks the kernel four questions more.
    descriptor = os.open(name, _CREATE, 0o644, dir_fd=folder)
    try:
        for chunk in chunks:
            written = os.write(descriptor, chunk)
            while written < len(chunk):
                written += os.write(descriptor, memoryview(chunk)[written:])
    finally:
        os.close(descriptor)


def _drain(chunks: Iterator[bytes]) -> None:
    for _ in chunks:
        pass


def _sweep(parent: str, name: str) -> None:
    """Remove what runs that were killed left."""
    for found in os.listdir(parent):
        process, _, rest = found.removeprefix(TEMPORARY).partition(".")
        if not found.startswith(TEMPORARY) or rest != name[:100] or not process.isdigit():
            continue
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            _remove(os.path.join(parent, found))
        except OSError:
            pass


def _remove(folder: str) -> None:
    import shutil  # noqa: PLC0415  # only where something went wrong

    shutil.rmtree(folder, ignore_errors=True)


def _files(folder: str) -> dict[str, bytes | None]:
    """Return the files of a folder; None for what is no regular file."""
    found: dict[str, bytes | None] = {}
    for place, folders, names in os.walk(folder):
        for name in [*names, *[one for one in folders if os.path.islink(os.path.join(place, one))]]:
            path = os.path.join(place, name)
            shown = os.path.relpath(path, folder)
            if os.path.islink(path) or not os.path.isfile(path):
                found[shown] = None
                continue
            with open(path, "rb") as file:
                found[shown] = file.read()
    return found
