"""The few words in which two long texts differ, where exchanging them makes one text of the other."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

MOST = 8
MOST_AROUND = 40
LEAST_LINES = 4
_WORD = re.compile(r"([\w.-]+)")


def is_long(text: str) -> bool:
    """Tell whether a text has so many lines that words in it are exchanged rather than all of it written again."""
    return text.count("\n") >= LEAST_LINES


def exchanged_words(old: str, new: str) -> list[tuple[str, str]]:
    """Return (word, its replacement) that, exchanged one after the other, make the new text of the old one.

    None are returned for short texts, and where so few words do not do it.
    """
    if not is_long(old):
        return []
    ways = [found for found in (_single_words(old, new), _whole_lines(old, new)) if found]
    return min(ways, key=lambda pairs: sum(3 + one.count("\n") + other.count("\n") for one, other in pairs), default=[])


def _single_words(old: str, new: str) -> list[tuple[str, str]]:
    before, after = _WORD.split(old), _WORD.split(new)
    if len(before) != len(after) or before[::2] != after[::2]:
        return []
    pairs: dict[str, str] = {}
    for word, instead in zip(before[1::2], after[1::2], strict=True):
        if word != instead and (pairs.setdefault(word, instead) != instead or len(pairs) > MOST):
            return []
    # Longer words first: a shorter one may be a part of them.
    found = sorted(pairs.items(), key=lambda pair: (-len(pair[0]), pair[0]))
    return found if _exchanged(old, found) == new else []


def _whole_lines(old: str, new: str) -> list[tuple[str, str]]:
    """Return the blocks of lines that differ, each with as many lines around it as make it stand there only once."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    blocks = [found[1:] for found in SequenceMatcher(None, before, after).get_opcodes() if found[0] != "equal"]
    if len(blocks) > MOST:
        return []
    found: list[tuple[int, int, int, int]] = []
    for block in blocks:
        here = _widened(block, before, old)
        # Blocks that touch are one.
        while here is not None and found and here[0] < found[-1][1]:
            above = found.pop()
            here = _widened((above[0], here[1], above[2], here[3]), before, old)
        if here is None:
            return []
        found.append(here)
    pairs = [("".join(before[one[0] : one[1]]), "".join(after[one[2] : one[3]])) for one in found]
    return pairs if _exchanged(old, pairs) == new else []


def _widened(block: tuple[int, int, int, int], lines: list[str], text: str) -> tuple[int, int, int, int] | None:
    """Return a block with lines around it, until it stands only once in the text; None where that takes too many."""
    start, end, first, last = block
    for at in range(MOST_AROUND):
        if start < end and text.count("".join(lines[start:end])) == 1:
            return start, end, first, last
        if (at % 2 and end < len(lines)) or not start:
            end, last = end + 1, last + 1
        else:
            start, first = start - 1, first - 1
    return None


def _exchanged(text: str, pairs: list[tuple[str, str]]) -> str:
    for word, instead in pairs:
        text = text.replace(word, instead)
    return text
