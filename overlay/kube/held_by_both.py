"""Parts of texts that two sides of a comparison hold byte for byte: nobody has to read more than their first lines."""

from __future__ import annotations

from collections import Counter

from overlay.kube.front import front_key, front_keys
from overlay.model.value import value
from overlay.yaml.apart import apart
from overlay.yaml.parts import MARK, mark_after, part_at, parts_between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from overlay.kube.front import Key


@value
class HeldByBoth:
    """What both sides hold, each object once; and the parts that are for a reader, by the place of their texts."""

    keys: set[Key]
    old: list[tuple[int, bytes]]
    new: list[tuple[int, bytes]]


def held_by_both(texts: Sequence[tuple[bytes, bytes]]) -> HeldByBoth | None:
    """Return what pairs of texts hold on both sides; None where an object stands there twice.

    Equal bytes mean the same, or are the same mistake. What could hold several objects, or describes the fields of
    others, is left to a reader.
    """
    keys: list[Key] = []
    left: tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]] = [], []
    for place, (old, new) in enumerate(texts):
        found = apart(old, new)
        # Other breaks of YAML 1.1 could begin documents.
        is_plain = old.isascii() and b"\r" not in old
        for start, end in found.shared:
            first = mark_after(old, start) if start < len(MARK) else start - len(MARK)
            several = front_keys(old, first, end) if is_plain else None
            unread = [] if several is not None else parts_between(old, first + len(MARK), end)
            if first > start:
                unread.append(part_at(old, start, first))
            keys += several or ()
            for side in left:
                side += [(place, part) for part in unread]
        left[0].extend([(place, part) for part in found.old])
        left[1].extend([(place, part) for part in found.new])
    elsewhere = {part: key for part in _once(left[0]) & _once(left[1]) if (key := front_key(part)) is not None}
    keys += elsewhere.values()
    known = set(keys)
    if len(known) < len(keys):
        return None
    return HeldByBoth(known, *[[one for one in side if one[1] not in elsewhere] for side in left])


def _once(side: Iterable[tuple[int, bytes]]) -> set[bytes]:
    return {part for part, count in Counter([part for _, part in side]).items() if count == 1}
