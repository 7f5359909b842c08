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
# Fields of a header that are the same in each: mode, owner and group; all behind the kind of the entry.
_FILE, _FOLDER = (mode + b"0000000\0" * 2 for mode in (b"0000644\0", b"0000755\0"))
_TAIL = bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\0" * 2 + bytes(167)
# A checksum counts itself as eight blanks.
_SUMS = {
    kind: sum(kind + owners + b" " * 8 + _TAIL) for kind, owners in ((b"0", _FILE), (b"5", _FOLDER), (b"x", _FILE))
}


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
    is_folder = kind == b"5"
    owners = _FOLDER if is_folder else _FILE
    if kind not in (b"0", b"5") or block[100:124] != owners or block[157:] != _TAIL or b"\0" in name:
        return None
    numbers = block[124:148]
    if not (numbers[:11].isdigit() and numbers[12:23].isdigit() and numbers[11] == numbers[23] == 0):
        return None
    if name.endswith(b"/") != is_folder or block[148:156] != b"%06o\0 " % (sum(name) + sum(numbers) + _SUMS[kind]):
        return None
    try:
        size = int(numbers[:11], 8)
        int(numbers[12:23], 8)
        return None if is_folder and size else (name.decode(), size, is_folder)
    except ValueError:
        return None


def _header(name: bytes, size: int, kind: bytes, time: bytes) -> bytes:
    numbers = b"%011o\0" % size + time
    owners = _FOLDER if kind == b"5" else _FILE
    total = sum(name) + sum(numbers) + _SUMS[kind]
    return b"".join((name.ljust(100, b"\0"), owners, numbers, b"%06o\0 " % total, kind, _TAIL))


def _pax_record(key: bytes, text: bytes) -> bytes:
    size = len(key) + len(text) + 3
    while True:
        record = b"%d %s=%s\n" % (size, key, text)
        if len(record) == size:
            return record
        size = len(record)
