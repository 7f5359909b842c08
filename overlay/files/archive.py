"""Read a packaged chart or bundle: regular files only, names that stay inside, published limits.

Nothing is written here. Whatever a parser could read in two ways is refused.
"""

from __future__ import annotations

import re
import zlib

from overlay.errors import ArchiveError, LimitError
from overlay.files.paths import printable
from overlay.files.tar import read_header
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from tarfile import TarFile, TarInfo
    from typing import Any, BinaryIO

    from overlay.model.location import Location

MAX_UNPACKED = 100 * 1024 * 1024
MAX_ENTRY = 5 * 1024 * 1024
MAX_ENTRIES = 10_000
MAX_NAME = 1_024
# Small: what is left of a chunk is copied whenever some of it is taken.
_CHUNK = 1 << 16
_BUFFER = 1 << 14
_BLOCK = 512
_ZEROS = bytes(_BLOCK)
# Names that are nothing but letters, digits and a few marks: nobody reads one in another way.
_PLAIN = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]*")
# How other ways of packing begin; whoever meets one should read its name.
_OTHERS = (
    (b"PK\3\4", "a zip archive"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd"),
    (b"\xfd7zXZ\0", "packed with xz"),
    (b"BZh", "packed with bzip2"),
    (b"7z\xbc\xaf", "a 7z archive"),
)


@value(kw_only=True)
class Bounds:
    """How much an archive may hold: bytes of all and of one file, entries.

    who: whose limit the one of a file is. is_chart: names are taken as Helm takes them.
    """

    unpacked: int = MAX_UNPACKED
    entry: int = MAX_ENTRY
    entries: int = MAX_ENTRIES
    who: str = "Helm takes no file above"
    is_chart: bool = True


def unpack(data: bytes, path: str, location: Location, *, is_chart: bool = True) -> list[tuple[str, bytes]]:
    """Return the files of a packaged chart (or of a packed folder of any kind) below its only folder, sorted by path.

    Raises ArchiveError and LimitError, naming the entry.
    """
    import io  # noqa: PLC0415  # only packaged charts need it

    # What we packed ourselves from a Git repository is not compressed: its digest must not depend on a zlib.
    is_packed = is_chart or data[:2] == b"\x1f\x8b"
    files: dict[str, bytes] = {}
    tops: set[str] = set()
    bounds = Bounds(is_chart=is_chart)
    for name, chunks in read_archive(io.BytesIO(data), path, location, bounds, is_packed=is_packed):
        top, _, below = name.partition("/")
        tops.add(top)
        if chunks is None:
            continue
        if not below:
            raise ArchiveError(f"{path}: {printable(name)} is not below the chart's folder", location=location)
        files[below] = b"".join(chunks)
    if len(tops) != 1 and not is_chart:
        raise ArchiveError(f"{path} needs one folder with everything in it", location=location)
    if len(tops) != 1 or (is_chart and "Chart.yaml" not in files):
        raise ArchiveError(f"{path} is no packaged chart: it needs one folder with a Chart.yaml", location=location)
    return sorted(files.items())


def read_archive(
    file: BinaryIO, path: str, location: Location | None, bounds: Bounds, *, is_packed: bool = True
) -> Iterator[tuple[str, Iterator[bytes] | None]]:
    """Yield (name, content in chunks) of each file, and (name, None) of each folder, as they come.

    Each content must be read before the next is asked for. is_packed: by gzip. Raises ArchiveError and LimitError,
    naming the entry; what was yielded before must not be used then.
    """
    begins = file.read(8)
    file.seek(0)
    for start, what in _OTHERS:
        if begins.startswith(start):
            raise ArchiveError(
                f"{path} is {what}; only tar archives packed with gzip (.tgz) are read", location=location
            )
    raw = _Counted(
        _gunzip(file, path, location, bounds.unpacked) if is_packed else iter(lambda: file.read(_CHUNK), b"")
    )
    entries = _Entries(path, location, bounds)
    # What is as we write it ourselves can be read in one way alone, and in a fraction of the library's time.
    while (plain := read_header(header := raw.read(_BLOCK))) is not None:
        name, size, is_folder = plain
        name = entries.take(name)
        if is_folder:
            entries.take_folder(name)
            yield name, None
            continue
        entries.take_file(name, size)
        if size <= _CHUNK:
            content = raw.read(size + -size % _BLOCK)
            if len(content) < size:
                raise _cut_off(name, path, location)
            yield name, iter((content[:size],) if size else ())
            continue
        chunks = _plain_content(raw, size, name, path, location)
        yield name, chunks
        for _ in chunks:
            pass
    if header == _ZEROS:
        if _skip_zeros(raw, path, location) < _BLOCK:
            raise _endless(path, location)
        return
    if entries.count and len(header) < _BLOCK:
        raise _endless(path, location)
    raw.put_back(header)
    yield from _read_others(raw, entries, path, location)


def _read_others(
    raw: _Counted, entries: _Entries, path: str, location: Location | None
) -> Iterator[tuple[str, Iterator[bytes] | None]]:
    """Read what others wrote, and refuse all entries of it that are no files or folders."""
    import tarfile  # noqa: PLC0415  # only archives of others need it

    try:
        with tarfile.open(fileobj=raw, mode="r|", bufsize=_BUFFER) as archive:  # type: ignore[call-overload]  # it only reads
            for member in archive:
                name = entries.take(member.name)
                if not (member.isreg() or member.isdir()) or member.issparse():
                    raise ArchiveError(
                        f"{path}: {printable(name)} is a link, device or special entry; only files are allowed",
                        location=location,
                    )
                if member.isdir():
                    entries.take_folder(name)
                    yield name, None
                    continue
                entries.take_file(name, member.size)
                yield name, _content(archive, member, path, location)
            _check_end(archive, raw, path, location)
    except (tarfile.TarError, EOFError, ValueError, OverflowError, UnicodeError) as error:
        raise ArchiveError(f"{path} is no sound tar archive: {printable(str(error))}", location=location) from None


class _Entries:
    """What was seen of an archive: how many entries, and the names of its files and folders."""

    def __init__(self, path: str, location: Location | None, bounds: Bounds) -> None:
        self.count = 0
        self._path = path
        self._location = location
        self._bounds = bounds
        # Their names as a file system sees them to which A and a are the same.
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def take(self, name: str) -> str:
        """Count an entry; return its name, plain. Raises LimitError, ArchiveError."""
        self.count += 1
        if self.count > self._bounds.entries:
            raise LimitError(f"{self._path} has more than {self._bounds.entries} entries", location=self._location)
        return _name(name, self._path, self._location, is_chart=self._bounds.is_chart)

    def take_file(self, name: str, size: int) -> None:
        """Take the name of a file, once. Raises LimitError, ArchiveError."""
        if size > self._bounds.entry:
            raise LimitError(
                f"{self._path}: {printable(name)} has {size} bytes; {self._bounds.who} {self._bounds.entry}",
                location=self._location,
            )
        folded = name.casefold()
        if folded in self._files:
            raise ArchiveError(
                f"{self._path}: {printable(name)} is there twice (or differs only in case)", location=self._location
            )
        if folded in self._folders:
            raise self._both(folded)
        self._files.add(folded)
        self.take_folder(folded.rpartition("/")[0])

    def take_folder(self, name: str) -> None:
        """Take the name of a folder, and of those above it; none may be a file's. Raises LimitError, ArchiveError."""
        folded = name.casefold()
        while folded and folded not in self._folders:
            if folded in self._files:
                raise self._both(folded)
            if len(self._folders) >= self._bounds.entries:
                raise LimitError(f"{self._path} has more than {self._bounds.entries} folders", location=self._location)
            self._folders.add(folded)
            folded = folded.rpartition("/")[0]

    def _both(self, name: str) -> ArchiveError:
        return ArchiveError(f"{self._path}: {printable(name)} is a file and a folder", location=self._location)


def _plain_content(raw: _Counted, size: int, name: str, path: str, location: Location | None) -> Iterator[bytes]:
    left = size
    while left:
        chunk = raw.read(min(left, _CHUNK))
        if not chunk:
            raise _cut_off(name, path, location)
        left -= len(chunk)
        yield chunk
    raw.read(-size % _BLOCK)


def _content(archive: TarFile, member: TarInfo, path: str, location: Location | None) -> Iterator[bytes]:
    import tarfile  # noqa: PLC0415  # loaded already

    stream = archive.extractfile(member)
    left = member.size if stream is not None else 0
    while stream is not None and left:
        try:
            chunk = stream.read(min(left, _CHUNK))
        except (tarfile.TarError, EOFError):
            chunk = b""
        if not chunk:
            raise _cut_off(member.name, path, location)
        left -= len(chunk)
        yield chunk


class _Counted:
    """Chunks as a file that can be read once; count: bytes that were read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.count = 0
        self._chunk = b""
        self._at = 0

    def read(self, size: int, /) -> bytes:
        """Return so many bytes, fewer only at the end."""
        end = self._at + size
        found = self._chunk[self._at : end]
        self._at += len(found)
        if len(found) < size:
            parts = [found]
            while (missing := end - self._at) > 0 and (chunk := next(self.chunks, b"")):
                self._chunk, self._at, end = chunk, min(missing, len(chunk)), missing
                parts.append(chunk[:missing])
            found = b"".join(parts)
        self.count += len(found)
        return found

    def put_back(self, data: bytes) -> None:
        """Take back what was read last, and count anew from it."""
        self._chunk, self._at = data + self._chunk[self._at :], 0
        self.count = 0


def _gunzip(file: BinaryIO, path: str, location: Location | None, limit: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(31)
    size = 0
    try:
        while not unpacker.eof and (data := file.read(_CHUNK)):
            while data and not unpacker.eof:
                part = unpacker.decompress(data, _CHUNK)
                data = unpacker.unconsumed_tail
                size += len(part)
                if size > limit:
                    raise LimitError(f"{path} unpacks to more than {limit} bytes", location=location)
                if part:
                    yield part
    except zlib.error as error:
        raise ArchiveError(f"{path} is no sound gzip file: {error}", location=location) from None
    if not unpacker.eof:
        raise ArchiveError(f"{path} is cut off", location=location)
    if unpacker.unused_data or file.read(1):
        raise ArchiveError(f"{path} has more behind its end", location=location)


def _cut_off(name: str, path: str, location: Location | None) -> ArchiveError:
    return ArchiveError(f"{path}: {printable(name)} is cut off", location=location)


def _check_end(archive: TarFile, raw: _Counted, path: str, location: Location | None) -> None:
    _skip_zeros(archive.fileobj, path, location)
    if raw.count - archive.offset < _BLOCK:
        raise _endless(path, location)


def _skip_zeros(file: Any, path: str, location: Location | None) -> int:
    """Read to the end, where nothing but zeros may be; return how many."""
    size = 0
    while chunk := file.read(_CHUNK):
        if chunk.strip(b"\0"):
            raise ArchiveError(f"{path} has more behind the end of its entries", location=location)
        size += len(chunk)
    return size


def _endless(path: str, location: Location | None) -> ArchiveError:
    return ArchiveError(f"{path} is cut off: the end of the tar archive is missing", location=location)


def _name(name: str, path: str, location: Location | None, *, is_chart: bool) -> str:
    if len(name) <= MAX_NAME and _PLAIN.fullmatch(name):
        return name
    shown = printable(name)
    # Helm takes the first part for the chart's folder, also where it is a dot.
    plain = (name if is_chart else name.removeprefix("./")).rstrip("/")
    if (
        not plain
        or len(name) > MAX_NAME
        or plain.startswith("/")
        or "\\" in plain
        or ":" in plain.split("/")[0]
        or not plain.isprintable()
        or any(part in ("", ".", "..") for part in plain.split("/"))
    ):
        # What `tar -czf x.tgz .` makes is no attack, but it has no folder that a chart's files are below.
        hint = "pack the folder itself, as `helm package` does" if plain.split("/")[0] == "." else None
        raise ArchiveError(f"{path}: the entry name {shown[:200]!r} is not allowed", location=location, hint=hint)
    return plain
