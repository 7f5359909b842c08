"""Two lists whose elements have no keys, aligned: what stayed, what went, what came."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Pairs = list[tuple[int | None, int | None]]

# Above this many cells of the table lists are aligned by index: long lists that differ much have no short answer.
MAX_CELLS = 250_000


def align(old: Sequence[Any], new: Sequence[Any]) -> Pairs:
    """Return (index in old, index in new) of each element, in order; None where it has no partner.

    The longest common subsequence stays. Between two elements that stay, elements are partners where as many went as
    came; lists of the same length without anything in common are partners by index.
    """
    before, after = [_key(item) for item in old], [_key(item) for item in new]
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    stayed = [(at, at) for at in range(start)]
    stayed += [
        (start + one, start + other)
        for one, other in _common(before[start : len(before) - end], after[start : len(after) - end])
    ]
    stayed += [(len(before) - at, len(after) - at) for at in range(end, 0, -1)]
    pairs: Pairs = []
    last = (0, 0)
    for one, other in [*stayed, (len(before), len(after))]:
        gone, came = range(last[0], one), range(last[1], other)
        if len(gone) == len(came):
            pairs += zip(gone, came, strict=True)
        else:
            pairs += [(at, None) for at in gone]
            pairs += [(None, at) for at in came]
        if one < len(before):
            pairs.append((one, other))
        last = (one + 1, other + 1)
    return pairs


def _key(item: Any) -> Any:
    """Return what two elements that are the same have in common; 1, 1.0, true and "1" are four values."""
    if item.__class__ is dict or item.__class__ is list:
        return json.dumps(item, sort_keys=True, default=repr)
    return (item.__class__, item)


def _common(old: list[Any], new: list[Any]) -> list[tuple[int, int]]:
    """Return the index pairs of a longest common subsequence."""
    if not old or not new or len(old) * len(new) > MAX_CELLS:
        return []
    if (len(old), repr(old)) > (len(new), repr(new)):
        # Of several subsequences as long, the same one both ways: what goes one way comes the other way.
        return [(one, other) for other, one in _common(new, old)]
    width = len(new) + 1
    rows = [[0] * width]
    for item in reversed(old):
        below, row = rows[-1], [0] * width
        for at in range(len(new) - 1, -1, -1):
            row[at] = below[at + 1] + 1 if item == new[at] else max(below[at], row[at + 1])
        rows.append(row)
    rows.reverse()
    pairs = []
    one = other = 0
    while one < len(old) and other < len(new):
        if old[one] == new[other]:
            pairs.append((one, other))
            one, other = one + 1, other + 1
        elif rows[one + 1][other] >= rows[one][other + 1]:
            one += 1
        else:
            other += 1
    return pairs
