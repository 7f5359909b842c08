"""Parts of texts that two sides of a comparison hold byte for byte: nobody has to read more than their first lines."""

from __future__ import annotations

from collections import Counter

from overlay.kube.front import front_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.kube.front import Key
    from overlay.yaml.parts import Cut


def held_by_both(old: Sequence[Cut], new: Sequence[Cut]) -> dict[Key, bytes]:
    """Return the parts of texts that stand once on either side, by the object that each certainly is.

    Equal bytes mean the same, or are the same mistake. What could hold several objects, or describes the fields of
    others, is left to a reader; so are all parts of an object that has several of them.
    """
    is_plain = all(one.is_plain for one in old)
    found: dict[Key, bytes] = {}
    several: set[Key] = set()
    for part in _once(old) & _once(new):
        key = front_key(part, is_plain=is_plain)
        if key is not None and key[1] != b"CustomResourceDefinition" and found.setdefault(key, part) is not part:
            several.add(key)
    for key in several:
        del found[key]
    return found


def _once(side: Sequence[Cut]) -> set[bytes]:
    parts = [part for one in side for part in one.parts]
    found = set(parts)
    return found if len(found) == len(parts) else {part for part, count in Counter(parts).items() if count == 1}
