"""A text cut into parts that each mean alone what they mean in the whole: what stands between its lines `---`."""

from __future__ import annotations

from overlay.model.value import value
from overlay.yaml.directives import may_have_directive

_DASHES, MARK = b"---", b"\n---"
# `----` and `---a` are plain scalars; at the end of the text there is nothing behind it.
_BEHIND = frozenset((b"", b" ", b"\t", b"\r", b"\n"))
# What no YAML holds.
_NO_YAML = b"\0"


@value
class Cut:
    """A text in UTF-8 and its parts: what stands behind each `---`, up to the line end before the next one.

    Before the first one stands an empty line where none begins it. What means another thing is another part: the last
    one where no line end follows it ends in what no YAML holds, and one of a text that cannot be cut begins with it.
    first_line: the line of the first `---`, from 0; -1 where it is only thought to be there.
    """

    parts: list[bytes]
    first_line: int

    def text(self, start: int = 0, end: int | None = None) -> str:
        """Return some parts as one text, each behind its `---`; all of them as the text was."""
        found = text_of(MARK.join(self.parts[start:end]))
        return found[4:] if start == 0 and self.first_line < 0 and not self.parts[0].startswith(_NO_YAML) else found


def text_of(part: bytes) -> str:
    """Return a part, or several with `---` between them, as a text alone."""
    found = part[1:] if part.startswith(_NO_YAML) else _DASHES + part
    return (found[:-1] if found.endswith(_NO_YAML) else found + b"\n").decode()


def cut(data: bytes) -> Cut:
    """Return a text's parts; one where it cannot be cut.

    `---` begins a document in any line, within quotes and block scalars, too, and anchors end with their document. A
    directive acts on what comes after it, so that nothing is cut where one could be.
    """
    if may_have_directive(data):
        return Cut([_NO_YAML + _ended(data)], -1)
    start = start_of(data)
    return Cut(parts_between(data, start, len(data)), 0 if start else -1)


def part_of(document: str) -> bytes:
    """Return the part that a document is where it stands in a text."""
    return _ended(b"\n" + document.encode())


def _ended(part: bytes) -> bytes:
    return part[:-1] if part.endswith(b"\n") else part + _NO_YAML


def start_of(data: bytes) -> int:
    """Return where the first part begins: at 0, or behind its `---`."""
    return len(_DASHES) if data.startswith(_DASHES) and data[3:4] in _BEHIND else 0


def mark_after(data: bytes, at: int) -> int:
    """Return where the part ends that begins at a place: at the next `---`, or with the text."""
    found = data.find(MARK, at)
    while found >= 0 and not is_mark(data, found):
        found = data.find(MARK, found + 1)
    return found if found >= 0 else len(data)


def is_mark(data: bytes, at: int) -> bool:
    """Tell whether the dashes at a place begin a document."""
    return data[at + len(MARK) : at + len(MARK) + 1] in _BEHIND


def part_at(data: bytes, start: int, end: int) -> bytes:
    """Return the part between two places."""
    part = data[start:end] if start else b"\n" + data[:end]
    return _ended(part) if end == len(data) else part


def parts_between(data: bytes, start: int, end: int) -> list[bytes]:
    """Return all parts between two places, where the first begins and the last ends."""
    found = []
    while start <= end:
        stop = min(mark_after(data, start), end)
        found.append(part_at(data, start, stop))
        start = stop + len(MARK)
    return found
