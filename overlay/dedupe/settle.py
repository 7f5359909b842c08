"""The value that a base should have: for each field the one that most environments share."""

from __future__ import annotations

import json

from overlay.merge.keyed import KeyedList
from overlay.merge.same import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.kube.types import Type


def settled(values: Sequence[Any], node: Type | None) -> Any:
    """Return the value from which all of these are least far.

    values: of the environments that have the field, the one to prefer first. A field is kept when at least half of
    them, and not one alone, have it; where no value has a majority, the first of the most frequent ones wins.
    """
    first = values[0]
    if all(same(first, other) for other in values[1:]):
        return first
    if all(isinstance(one, dict) for one in values):
        return _settled_map(values, node)
    if all(isinstance(one, list) for one in values):
        return _settled_list(values, node)
    return _most(values)


def belongs(count: int, total: int) -> bool:
    """Tell whether what `count` of `total` environments have stands in what they share."""
    return count * 2 > total or (count * 2 == total and count > 1)


def _settled_map(values: Sequence[Any], node: Type | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in dict.fromkeys([key for one in values for key in one]):
        having = [one[key] for one in values if key in one]
        if belongs(len(having), len(values)):
            child = node.field(key) if node is not None else None
            found[key] = settled(having, child)
    return found


def _settled_list(values: Sequence[Any], node: Type | None) -> list[Any]:
    keys = node.keys if node is not None and "merge" in node.strategy else ()
    child = node.element() if node is not None else None
    if keys:
        lists = [KeyedList(one, keys) for one in values]
        if not any(one.problems for one in lists):
            return _settled_keyed(values, lists, child)
    if len({len(one) for one in values}) == 1 and all(isinstance(item, dict) for one in values for item in one):
        return [settled(column, child) for column in zip(*values, strict=True)]
    found: list[Any] = _most(values)
    return found


def _settled_keyed(values: Sequence[Any], lists: Sequence[KeyedList], child: Type | None) -> list[Any]:
    having: dict[Any, list[Any]] = {}
    for one, known in zip(values, lists, strict=True):
        for item in one:
            having.setdefault(known.key_of(item)[0], []).append(item)
    return [settled(items, child) for items in having.values() if belongs(len(items), len(values))]


def _most(values: Sequence[Any]) -> Any:
    counts: dict[str, int] = {}
    forms = [json.dumps(one, sort_keys=True) for one in values]
    for text in forms:
        counts[text] = counts.get(text, 0) + 1
    most = max(counts.values())
    return next(one for one, text in zip(values, forms, strict=True) if counts[text] == most)
