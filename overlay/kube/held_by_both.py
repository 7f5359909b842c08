"""Parts of texts that two sides of a comparison hold byte for byte: nobody has to read more than their first lines."""

from __future__ import annotations

from collections import Counter

from overlay.kube.front import front_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from overlay.kube.front import Key


def held_by_both(old: Iterable[bytes], new: Iterable[bytes]) -> dict[Key, bytes]:
    """Return the parts that stand once on either side, by the object that each certainly is.

    Equal bytes mean the same, or are the same mistake. What could hold several objects, or describes the fields of
    others, is left to a reader; so are all parts of an object that has several of them.
    """
    before, after = Counter(old), Counter(new)
    found: dict[Key, bytes] = {}
    several: set[Key] = set()
    for part in before.keys() & after.keys():
        if before[part] == after[part] == 1:
            key = front_key(part)
            if key is not None and key[1] != b"CustomResourceDefinition" and found.setdefault(key, part) is not part:
                several.add(key)
    for key in several:
        del found[key]
    return found
