"""Lists whose elements are told apart by keys, such as containers by name or ports by port and protocol."""

from __future__ import annotations

from overlay.merge.same import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Key = tuple[Any, ...]

# What Kubernetes assumes where a key of a several-key list is left out.
_DEFAULTS = {"protocol": "TCP"}


class KeyedList:
    """A list's elements by key.

    problems: what makes its elements impossible to tell apart, in words.
    several_keys: whether an element has more than the first key.
    """

    def __init__(self, items: list[Any], keys: tuple[str, ...]) -> None:
        self.keys = keys
        self.problems: list[str] = []
        self.several_keys = False
        self._exact: dict[Key, int] = {}
        self._by_first: dict[Any, list[tuple[Key, int]]] = {}
        for index, item in enumerate(items):
            key, problem = self.key_of(item)
            if problem is None and key in self._exact:
                problem = f"{self.describe(key)} stands there twice"
            if problem is not None:
                self.problems.append(problem)
                continue
            self._exact[key] = index
            self.several_keys = self.several_keys or any(part is not None for part in key[1:])
            self._by_first.setdefault(key[0], []).append((key, index))

    def key_of(self, item: Any) -> tuple[Key, str | None]:
        """Return an element's key (None for parts that it leaves out), or what is wrong with it."""
        if not isinstance(item, dict):
            return (), f"a map with {self.keys[0]} is expected, found {type_name(item)}"
        key = tuple([item.get(name) for name in self.keys])
        if key[0] is None:
            return key, f"an element has no {self.keys[0]}, which tells the elements of this list apart"
        for name, part in zip(self.keys, key, strict=True):
            if isinstance(part, (dict, list)):
                return key, f"{name} of an element is {type_name(part)}"
        # 1 and true are one key to Python, not to Kubernetes.
        return tuple([(part.__class__.__name__, part) if isinstance(part, bool) else part for part in key]), None

    def describe(self, key: Key) -> str:
        return " and ".join([f"{name} {part}" for name, part in zip(self.keys, key, strict=True) if part is not None])

    def find(self, key: Key) -> tuple[int | None, str | None]:
        """Return the position of the element that a key means, or None, or why that cannot be said.

        A key left out on either side matches anything; of several such matches the default wins.
        """
        at = self._exact.get(key)
        if at is not None or len(key) == 1:
            return at, None
        near = [(known, index) for known, index in self._by_first.get(key[0], ()) if _agree(known, key)]
        if len(near) > 1:
            near = [(known, index) for known, index in near if self._full(known) == self._full(key)]
            if len(near) != 1:
                return None, f"{self.describe(key)} could mean several elements; say {' and '.join(self.keys[1:])}"
        return (near[0][1] if near else None), None

    def _full(self, key: Key) -> Key:
        return tuple([_DEFAULTS.get(name) if part is None else part for name, part in zip(self.keys, key, strict=True)])


def _agree(one: Key, other: Key) -> bool:
    return all(a == b or a is None or b is None for a, b in zip(one, other, strict=True))


def in_order(items: list[Any], order: list[Any], before: list[Any], key_of: Callable[[Any], Any]) -> list[Any]:
    """Return items with those that `order` names in its order, the others where they stood among them.

    The rule is Kubernetes': of an ordered element and another one, the ordered comes first only if it did in `before`.
    """
    ranks = {_hashable(key): rank for rank, key in reversed(list(enumerate(order)))}
    stood = {_hashable(key_of(item)): at for at, item in reversed(list(enumerate(before)))}
    keyed = [(_hashable(key_of(item)), item) for item in items]
    named = sorted([pair for pair in keyed if pair[0] in ranks], key=lambda pair: ranks[pair[0]])
    others = sorted([pair for pair in keyed if pair[0] not in ranks], key=lambda pair: stood.get(pair[0], len(before)))
    result: list[Any] = []
    left = right = 0
    while left < len(named) and right < len(others):
        first, second = stood.get(named[left][0]), stood.get(others[right][0])
        if first is not None and second is not None and first < second:
            result.append(named[left][1])
            left += 1
        else:
            result.append(others[right][1])
            right += 1
    return result + [item for _, item in named[left:]] + [item for _, item in others[right:]]


def _hashable(key: Any) -> Any:
    return repr(key) if isinstance(key, (dict, list)) else (key.__class__.__name__, key)
