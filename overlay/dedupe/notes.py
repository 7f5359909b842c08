"""Comments beside fields that an environment has otherwise than its base: they go with the patch that says so."""

from __future__ import annotations

import re

from overlay.dedupe.texts import comments
from overlay.errors import OverlayError
from overlay.merge.same import same
from overlay.yaml import read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from overlay.dedupe.member import Piece

    Path = tuple[str | int, ...]

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$")


def notes_beside(
    piece: Piece, base: dict[str, Any], base_text: str, is_meant: Callable[[Path], bool] = lambda _: True
) -> tuple[str, ...]:
    """Return the comments of an environment's text that the base's has not, at or above fields that differ.

    is_meant: which of these fields count.
    """
    text = piece.text
    if text is None or "#" not in text or not comments(text) - comments(base_text):
        return ()
    try:
        document = read_documents(text, piece.file)[0]
    except (OverlayError, IndexError):
        return ()
    differing = {document.location(path, key=True).line for path in _changed(base, piece.body, ()) if is_meant(path)}
    known = comments(base_text)
    lines = text.split("\n")
    found: list[str] = []
    for at, line in enumerate(lines):
        match = _COMMENT.search(line)
        if match is None or match[0].strip() in known or _beside(lines, at) + 1 not in differing:
            continue
        # What only looks like a comment is part of a value, which reads otherwise without it.
        without = "\n".join([*lines[:at], line[: match.start()].rstrip(), *lines[at + 1 :]])
        if _reads_as(without, piece.body):
            found.append(match[0].strip())
    return tuple(found)


def _beside(lines: list[str], at: int) -> int:
    """Return the line of what a comment stands beside, or above."""
    while at < len(lines) - 1 and (not lines[at].strip() or lines[at].lstrip().startswith("#")):
        at += 1
    return at


def _reads_as(text: str, body: dict[str, Any]) -> bool:
    try:
        found = read_documents(text, "")
    except OverlayError:
        return False
    return len(found) == 1 and same(found[0].value, body)


def _changed(base: Any, body: Any, path: Path) -> Iterator[Path]:
    """Yield the paths of what one value has otherwise than the other, as far down as it goes."""
    if isinstance(base, dict) and isinstance(body, dict):
        for key, item in body.items():
            if key not in base:
                yield (*path, key)
            elif not same(base[key], item):
                yield from _changed(base[key], item, (*path, key))
    elif isinstance(base, list) and isinstance(body, list) and len(base) == len(body):
        for at, (one, other) in enumerate(zip(base, body, strict=True)):
            if not same(one, other):
                yield from _changed(one, other, (*path, at))
    else:
        yield path
