"""A text cut into parts that each mean alone what they mean in the whole: what stands between its lines `---`."""

from __future__ import annotations

from overlay.model.value import value
from overlay.yaml.directives import may_have_directive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_DASHES, _MARK = b"---", b"\n---"
# `----` and `---a` are plain scalars; at the end of the text there is nothing behind it.
_BEHIND = frozenset((b"", b" ", b"\t", b"\r", b"\n"))
# What no YAML holds.
_NO_YAML = b"\0"


@value
class Cut:
    """A text in UTF-8 and its parts: what stands behind each `---`, up to the line end before the next one.

    Before the first one stands an empty line where none begins it. What means another thing is another part: the last
    one where no line end follows it ends in what no YAML holds, and one of a text that cannot be cut begins with it.
    first_line: the line of the first `---`, from 0; -1 where it is only thought to be there. is_plain: only a line feed
    ends a line in it.
    """

    parts: list[bytes]
    first_line: int
    is_plain: bool

    def text(self, start: int = 0, end: int | None = None) -> str:
        """Return some parts as one text, each behind its `---`; all of them as the text was."""
        found = _MARK.join(self.parts[start:end])
        found = found[:-1] if found.endswith(_NO_YAML) else found + b"\n"
        if found.startswith(_NO_YAML) or (start == 0 and self.first_line < 0):
            return found[1:].decode()
        return (_DASHES + found).decode()


def cut(data: bytes, like: Sequence[bytes] = ()) -> Cut:
    """Return a text's parts; one where it cannot be cut.

    `---` begins a document in any line, within quotes and block scalars, too, and anchors end with their document. A
    directive acts on what comes after it, so that nothing is cut where one could be. like: the parts of another text
    that is nearly the same; those that stand in both are the same objects.
    """
    if may_have_directive(data):
        return Cut([_NO_YAML + _ended(data)], -1, is_plain=False)
    parts = _split(data, like) if like else data.split(_MARK)
    begins = parts[0][:3] == _DASHES and parts[0][3:4] in _BEHIND
    parts[0] = parts[0][3:] if begins else b"\n" + parts[0]
    if not {part[:1] for part in parts} <= _BEHIND:
        parts = _joined(parts)
    parts[-1] = _ended(parts[-1])
    return Cut(parts, 0 if begins else -1, is_plain=data.isascii() and b"\r" not in data)


def part_of(document: str) -> bytes:
    """Return the part that a document is where it stands in a text."""
    return _ended(b"\n" + document.encode())


def _ended(part: bytes) -> bytes:
    return part[:-1] if part.endswith(b"\n") else part + _NO_YAML


def _split(data: bytes, like: Sequence[bytes]) -> list[bytes]:
    """Return what `data.split(_MARK)` does; where a text goes on as another one does, nothing is looked for."""
    known = [*like, _NO_YAML, _NO_YAML]
    parts: list[bytes] = []
    place, at = 0, 0
    while True:
        # As expected, or one was taken out, or one was put in.
        for next_place in (place, place + 1, place - 1):
            part = known[next_place]
            if data.startswith(part, at) and data.startswith(_MARK, at + len(part)):
                end = at + len(part)
                break
        else:
            end = data.find(_MARK, at)
            part, next_place = data[at : end if end >= 0 else None], place
        parts.append(part)
        if end < 0:
            return parts
        place, at = min(next_place + 1, len(like)), end + len(_MARK)


def _joined(parts: list[bytes]) -> list[bytes]:
    """Return parts in which what is no `---` is put together again."""
    found: list[list[bytes]] = []
    for part in parts:
        if part[:1] in _BEHIND:
            found.append([part])
        else:
            found[-1].append(part)
    return [_MARK.join(some) for some in found]
