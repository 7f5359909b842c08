"""Gzip of which every byte is settled by the content: whatever zlib a Python is linked with has no say.

The same level gives other bytes in zlib, in zlib-ng and in their versions, so that a digest over what they make would
depend on the machine. This encoder is small because it knows what it packs: text whose lines, and words in lines, come
again. It looks for whole lines seen in the last 32 KiB, then for words, and writes blocks with deflate's fixed codes
(RFC 1951, 3.2.6), or the bytes as they are where that is shorter. Any gunzip reads it.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# ID, deflate, no flags, no time, no extra flags, unknown system (RFC 1952, 2.3).
_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_BLOCK = 60_000
_WINDOW = 32_768
_SHORTEST, _LONGEST = 4, 258
# Bits that are gathered in one number before they become bytes: large numbers are slow to change.
_GATHERED = 2_048
# Zeros between the entries of a tar, or a line; and what a line is made of.
_PIECE = re.compile(rb"\0+|[^\n\0]+\n?|\n")
_WORD = re.compile(rb"[ \t]*[^ \t\n]+\n?|[ \t]*\n|[ \t]+")
_RUN = re.compile(rb"[\x00-\x8f]+|[\x90-\xff]+")
_HIGH = bytes(range(0x90, 0x100))


def gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the gzip stream of some bytes."""
    yield _HEADER
    crc = size = 0
    encoder = _Encoder()
    pending = bytearray()
    for chunk in chunks:
        crc, size = zlib.crc32(chunk, crc), size + len(chunk)
        pending += chunk
        while len(pending) > _BLOCK:
            yield encoder.block(bytes(pending[:_BLOCK]), is_last=False)
            del pending[:_BLOCK]
    yield encoder.block(bytes(pending), is_last=True)
    yield crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


def _reversed(code: int, width: int) -> int:
    """Turn a code around: deflate packs codes from their first bit on, all else from the last."""
    return int(f"{code:0{width}b}"[::-1], 2)


def _steps(extras: list[int], first: int) -> list[tuple[int, int]]:
    """Return (least value, extra bits) of each symbol of lengths or distances."""
    found = []
    for extra in extras:
        found.append((first, extra))
        first += 1 << extra
    return found


def _length_codes() -> list[tuple[int, int]]:
    """Return (bits, width) of each length from 0 on; those below 3 have none."""
    steps = [*_steps([0] * 8 + [extra for extra in range(1, 6) for _ in range(4)], 3), (_LONGEST, 0)]
    firsts = [first for first, _ in steps]
    found = [(0, 0)] * 3
    for length in range(3, _LONGEST + 1):
        symbol = bisect_right(firsts, length) - 1
        code = (_reversed(symbol + 1, 7), 7) if symbol < 23 else (_reversed(0xC0 + symbol - 23, 8), 8)
        first, extra = steps[symbol]
        found.append((code[0] | (length - first) << code[1], code[1] + extra))
    return found


_LITERALS = bytes([_reversed(0x30 + byte, 8) if byte < 0x90 else 0 for byte in range(256)])
_HIGH_LITERALS = {byte: _reversed(0x190 + byte - 0x90, 9) for byte in _HIGH}
_LENGTHS = _length_codes()
_DISTANCES = _steps([0, 0] + [extra for extra in range(14) for _ in range(2)], 1)
_FIRSTS = [first for first, _ in _DISTANCES]


class _Encoder:
    """Encodes block after block; knows where lines and words were seen last."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}
        self._at = 0
        self._out = bytearray()
        self._bits = 0
        self._count = 0
        # A reference that may become longer: lines that follow each other often did so before.
        self._length = 0
        self._distance = 0

    def block(self, data: bytes, *, is_last: bool) -> bytes:
        """Return the whole bytes that are ready after one more block."""
        at, bits, count = self._at, self._bits, self._count
        is_text = len(data.translate(None, _HIGH)) > len(data) // 2
        if is_text:
            self._put(int(is_last) | 1 << 1, 3)
            for match in _PIECE.finditer(data):
                self._piece(match[0])
            self._close()
            self._put(0, 7)
        if not is_text or len(self._out) + self._count // 8 > len(data) + 4:
            self._at, self._bits, self._count = at + len(data), bits, count
            self._out.clear()
            self._stored(data, is_last=is_last)
        if is_last:
            self._count += -self._count % 8
        self._flush()
        self._seen = {piece: place for piece, place in self._seen.items() if self._at - place <= _WINDOW}
        out = bytes(self._out)
        self._out.clear()
        return out

    def _stored(self, data: bytes, *, is_last: bool) -> None:
        # Pieces of a block that is stored after all stay known: they are in the window either way.
        self._put(int(is_last), 3)
        self._count += -self._count % 8
        self._flush()
        self._out += len(data).to_bytes(2, "little") + (len(data) ^ 0xFFFF).to_bytes(2, "little") + data

    def _piece(self, piece: bytes) -> None:
        if not piece[0]:
            self._literal(piece[:1])
            self._match(len(piece) - 1, 1)
            return
        if self._again(piece):
            return
        start = self._at
        for match in _WORD.finditer(piece):
            word = match[0]
            if not self._again(word):
                self._literal(word)
                self._seen[word] = self._at - len(word)
        self._seen[piece] = start

    def _again(self, piece: bytes) -> bool:
        """Refer to where a piece was seen before, if that is near enough."""
        place = self._seen.get(piece)
        if place is None or self._at - place > _WINDOW or len(piece) < _SHORTEST:
            return False
        self._seen[piece] = self._at
        self._match(len(piece), self._at - place)
        return True

    def _match(self, length: int, distance: int) -> None:
        self._at += length
        if distance == self._distance:
            self._length += length
            return
        self._close()
        self._length, self._distance = length, distance if length else 0

    def _close(self) -> None:
        """Write the reference that cannot become longer."""
        length, distance = self._length, self._distance
        if not length:
            return
        self._length = self._distance = 0
        symbol = bisect_right(_FIRSTS, distance) - 1
        first, extra = _DISTANCES[symbol]
        far, width = _reversed(symbol, 5) | (distance - first) << 5, 5 + extra
        while length:
            # What is left must be long enough to be referred to.
            part = length if length <= _LONGEST else min(_LONGEST, length - 3)
            if part < 3:  # zeros: all other pieces are longer
                self._put(_LITERALS[0] * 0x0101 if part == 2 else _LITERALS[0], 8 * part)
            else:
                bits, used = _LENGTHS[part]
                self._put(bits | far << used, used + width)
            length -= part

    def _literal(self, word: bytes) -> None:
        self._close()
        self._at += len(word)
        for run in _RUN.findall(word):
            if run[0] < 0x90:
                self._put(int.from_bytes(run.translate(_LITERALS), "little"), 8 * len(run))
            else:
                for byte in run:
                    self._put(_HIGH_LITERALS[byte], 9)

    def _put(self, bits: int, width: int) -> None:
        self._bits |= bits << self._count
        self._count += width
        if self._count > _GATHERED:
            self._flush()

    def _flush(self) -> None:
        whole = self._count // 8
        self._out += (self._bits & ((1 << 8 * whole) - 1)).to_bytes(whole, "little")
        self._bits >>= 8 * whole
        self._count -= 8 * whole
