"""Documents that two sides of a comparison hold byte for byte: nobody has to read more than their first lines."""

from __future__ import annotations

from collections import Counter

from overlay.kube.front import front_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from overlay.kube.front import Key


def held_by_both(old: Iterable[str], new: Iterable[str]) -> dict[str, Key]:
    """Return the texts that stand once on either side, each with the object that it certainly is.

    Equal bytes mean the same, or are the same mistake. What could hold several objects, or describes the fields of
    others, is left to a reader; so are all texts of an object that has several of them.
    """
    sides = [Counter(side) for side in (old, new)]
    found = {}
    for text, count in sides[0].items():
        if count == 1 and sides[1][text] == 1:
            key = front_key(text)
            if key is not None and key[1] != "CustomResourceDefinition":
                found[text] = key
    several = {key for key, count in Counter(found.values()).items() if count > 1}
    return {text: key for text, key in found.items() if key not in several}
