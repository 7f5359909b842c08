"""Two texts of several lines, compared line by line."""

from __future__ import annotations

from overlay.diff.sequence import align

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_AROUND = 3
_NO_END = "\\ no line feed at the end"


def text_changes(old: str, new: str) -> list[str]:
    """Return the lines that differ as `diff -u` shows them: `@@ -1,3 +1,3 @@`, ` stays`, `-goes`, `+comes`."""
    before, after = _lines(old), _lines(new)
    steps = list(_steps(before, after))
    found: list[str] = []
    for start, end in _hunks([step[0] != " " for step in steps]):
        head, body = steps[:start], steps[start:end]
        found.append(f"@@ -{_range(head, body, '-')} +{_range(head, body, '+')} @@")
        for mark, line in body:
            found.append(mark + line.removesuffix("\n"))
            if not line.endswith("\n"):
                found.append(_NO_END)
    return found


def _lines(text: str) -> list[str]:
    """Return the lines, each with its line feed; the last one may have none."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines


def _steps(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (mark, line); of what changed, what goes stands before what comes."""
    came: list[str] = []
    for one, other in align(before, after):
        if one is not None and other is not None and before[one] == after[other]:
            yield from [("+", line) for line in came]
            came = []
            yield " ", before[one]
            continue
        if one is not None:
            yield "-", before[one]
        if other is not None:
            came.append(after[other])
    yield from [("+", line) for line in came]


def _hunks(changed: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of steps to show: what changed, and some lines around it."""
    start = end = -1
    for at, is_changed in enumerate(changed):
        if not is_changed:
            continue
        if start >= 0 and at - _AROUND > end:
            yield start, end
            start = -1
        start = max(0, at - _AROUND) if start < 0 else start
        end = min(len(changed), at + 1 + _AROUND)
    if start >= 0:
        yield start, end


def _range(head: list[tuple[str, str]], body: list[tuple[str, str]], mark: str) -> str:
    first = sum(each in (" ", mark) for each, _ in head) + 1
    count = sum(each in (" ", mark) for each, _ in body)
    return f"{first if count else first - 1},{count}"
