"""Write a file so that it is there whole or not at all: a temporary file beside it, fsync, rename."""

from __future__ import annotations

import os

TEMPORARY = ".overlay-"
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def write_atomic(path: str, data: bytes, *, mode: int = 0o644) -> None:
    """Put a file's new bytes in place; whoever reads sees the old or the new ones.

    Raises OSError.
    """
    folder, name = os.path.split(path)
    directory = os.open(folder or ".", _FOLDER)
    try:
        write_at(directory, name, data, mode=mode)
    finally:
        os.close(directory)


def write_at(directory: int, name: str, data: bytes, *, mode: int = 0o644) -> None:
    """Do the same in a folder that is open.

    Raises OSError.
    """
    temporary = f"{TEMPORARY}{os.getpid()}.{name[:100]}"
    sweep(directory, name)
    descriptor = os.open(temporary, _CREATE, mode, dir_fd=directory)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        os.unlink(temporary, dir_fd=directory)
        raise
    os.fsync(directory)


def sweep(directory: int, name: str | None = None) -> None:
    """Remove the temporary files for this name, or for all, that killed runs left."""
    for found in os.listdir(directory):
        process, _, rest = found.removeprefix(TEMPORARY).partition(".")
        if not found.startswith(TEMPORARY) or not process.isdigit() or (name is not None and rest != name[:100]):
            continue
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            try:
                os.unlink(found, dir_fd=directory)
            except FileNotFoundError:
                pass  # another run, or thread, was quicker
        except OSError:
            pass
