"""A tar (POSIX.1-1988 ustar, pax headers for long names) of which every byte is settled by names and content.

Owner 0, no owner's name, fixed modes, one time for all entries: no umask, user, clock or file system shows.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BLOCK = 512
END = bytes(2 * _BLOCK)
# What eleven octal digits hold; a later or earlier time is clamped (hazard D04).
LATEST = 8**11 - 1


def write_tar(files: Iterable[tuple[str, bytes]], *, seconds: int = 0, folders: bool = False) -> Iterator[bytes]:
    """Yield a tar's bytes, in the order of the files.

    seconds: since 1970, the time of every entry. folders: with an entry for each folder, before what is in it.
    """
    time = b"%011o\0" % min(max(seconds, 0), LATEST)
    known: set[str] = set()
    for path, data in files:
        if folders:
            parts = path.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                folder = "/".join(parts[:depth]) + "/"
                if folder not in known:
                    known.add(folder)
                    yield from _entry(folder.encode(), 0, b"5", time)
        yield entry_header(path, len(data), seconds)
        yield data
        yield padding(len(data))
    yield END


def entry_header(path: str, size: int, seconds: int = 0) -> bytes:
    """Return what stands before a file's bytes, for who writes them piece by piece."""
    return b"".join(_entry(path.encode(), size, b"0", b"%011o\0" % min(max(seconds, 0), LATEST)))


def padding(size: int) -> bytes:
    """Return what stands behind them."""
    return bytes(-size % _BLOCK)


def _entry(path: bytes, size: int, kind: bytes, time: bytes) -> Iterator[bytes]:
    if len(path) > 100:
        record = _pax_record(b"path", path)
        yield _header(b"pax", len(record), b"x", time)
        yield record
        yield bytes(-len(record) % _BLOCK)
    yield _header(path[:100], size, kind, time)


def read_header(block: bytes) -> tuple[str, int, bool] | None:
    """Return name, size, and whether it is a folder, of a header that is byte for byte as we write it.

    None for all others: what we would not write ourselves may mean something else to somebody else.
    """
    name, kind = block[:100].rstrip(b"\0"), block[156:157]
    try:
        text, size, seconds = name.decode(), int(block[124:135], 8), int(block[136:147], 8)
    except ValueError:
        return None
    if kind not in (b"0", b"5"):
        return None
    is_folder = kind == b"5"
    if b"\0" in name or name.endswith(b"/") != is_folder or (is_folder and size) or min(size, seconds) < 0:
        return None
    return (text, size, is_folder) if _header(name, size, kind, b"%011o\0" % seconds) == block else None


def _header(name: bytes, size: int, kind: bytes, time: bytes) -> bytes:
    fields = b"".join(
        (
            name.ljust(100, b"\0"),
            b"0000755\0" if kind == b"5" else b"0000644\0",
            b"0000000\0" * 2,
            b"%011o\0" % size,
            time,
            b" " * 8,
            kind,
            bytes(100),
            b"ustar\x0000",
            bytes(64),
            b"0000000\0" * 2,
            bytes(167),
        )
    )
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def _pax_record(key: bytes, text: bytes) -> bytes:
    size = len(key) + len(text) + 3
    while True:
        record = b"%d %s=%s\n" % (size, key, text)
        if len(record) == size:
            return record
        size = len(record)
