"""Regular expressions of custom resources' schemas, with Go's meaning, in time linear to the text.

Python's own engine tries every way (`^(a+)+$` on 29 letters takes seconds), and a schema may come from anyone. Here a
pattern becomes a set of states that walk the text together; sets that were met once are remembered.
"""

from __future__ import annotations

from overlay.check.syntax import Parser, Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_STATES = 10_000
MAX_STEPS = 2_000_000
_MATCH, _CHAR, _SPLIT, _BEGIN, _END = range(5)


class _Machine:
    """A pattern's states; which of them are reached after a text tells whether it matches."""

    def __init__(self, tree: Any) -> None:
        self.nodes: list[tuple[Any, ...]] = [(_MATCH,)]
        self.start = self._add(tree, 0)
        self.known: dict[frozenset[int], tuple[dict[str, Any], bool, frozenset[int]]] = {}
        self.steps = 0

    def _node(self, *node: Any) -> int:
        if len(self.nodes) >= MAX_STATES:
            raise Unreadable
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _add(self, tree: Any, after: int) -> int:
        """Add a tree that leads to `after`; return its first state."""
        form = tree[0]
        if form == "char":
            return self._node(_CHAR, tree[1], after)
        if form == "join":
            for item in reversed(tree[1]):
                after = self._add(item, after)
            return after
        if form == "or":
            first = self._add(tree[1][0], after)
            for branch in tree[1][1:]:
                first = self._node(_SPLIT, first, self._add(branch, after))
            return first
        if form in ("begin", "end"):
            return self._node(_BEGIN if form == "begin" else _END, after)
        _, item, least, most = tree
        if most is None:
            loop = self._node(_SPLIT, after, after)
            self.nodes[loop] = (_SPLIT, self._add(item, loop), after)
            after = loop
        else:
            end = after
            for _ in range(most - least):
                after = self._node(_SPLIT, self._add(item, after), end)
        for _ in range(least):
            after = self._add(item, after)
        return after

    def _closure(self, states: list[int], *, begin: bool, end: bool) -> frozenset[int]:
        found: set[int] = set()
        while states:
            state = states.pop()
            if state in found:
                continue
            found.add(state)
            self.steps += 1
            node = self.nodes[state]
            if node[0] == _SPLIT:
                states += node[1:]
            elif (node[0] == _BEGIN and begin) or (node[0] == _END and end):
                states.append(node[1])
        return frozenset([state for state in found if self.nodes[state][0] in (_CHAR, _END, _MATCH)])

    def matches(self, text: str) -> bool:
        """Tell whether the pattern occurs in a text; one that takes too long counts as a match."""
        self.steps = 0
        current = self._entry(self._closure([self.start], begin=True, end=False))
        for char in text:
            if current[1]:
                return True
            following = current[0].get(char)
            if following is None:
                if self.steps > MAX_STEPS:
                    return True
                reached = [self.start]
                for state in current[2]:
                    node = self.nodes[state]
                    if node[0] == _CHAR and any(low <= char <= high for low, high in node[1]):
                        reached.append(node[2])
                following = current[0][char] = self._entry(self._closure(reached, begin=False, end=False))
            current = following
        # At its end an empty text is at its beginning too.
        return current[1] or 0 in self._closure([*current[2], self.start], begin=not text, end=True)

    def _entry(self, states: frozenset[int]) -> Any:
        known = self.known.get(states)
        if known is None:
            if len(self.known) > MAX_STATES:
                self.known.clear()
            known = self.known[states] = ({}, 0 in states, states)
        return known


_matchers: dict[str, Callable[[str], bool] | None] = {}


def matcher(pattern: str) -> Callable[[str], bool] | None:
    """Return what tells whether a pattern occurs in a text; None for one that cannot be read."""
    if pattern not in _matchers:
        try:
            _matchers[pattern] = _Machine(Parser(pattern).parse()).matches
        except (Unreadable, RecursionError):
            _matchers[pattern] = None
    return _matchers[pattern]
