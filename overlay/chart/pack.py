"""A chart's checked bytes as the archive that Helm reads: in memory, the same bytes for the same files."""

from __future__ import annotations

import zlib

from overlay.files.tar import write_tar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def pack(files: Iterable[tuple[str, bytes]], folder: str = "chart") -> bytes:
    """Return a gzip'd tar of the files below one folder."""
    # Level 0: the archive goes through a pipe, so packing it would only cost time.
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    return packer.compress(tar(files, folder)) + packer.flush()


def tar(files: Iterable[tuple[str, bytes]], folder: str) -> bytes:
    """Return a tar of the files below one folder."""
    return b"".join(write_tar((f"{folder}/{name}", data) for name, data in files))
