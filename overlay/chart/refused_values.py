"""What Helm says of values that a values.schema.json refuses, as single refusals."""

from __future__ import annotations

import re

from overlay.model.refusal import Refusal
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "values don't meet the specifications of the schema(s) in the following chart(s):"
_CHART = re.compile(r"([^\s:]+):\s*")
_LINE = re.compile(r"( *)- at '((?:[^'\\]|\\.)*)': (.*)")
_CHOICE = re.compile(r"'(anyOf|oneOf)' failed")
_MORE = re.compile(r"additional propert(?:y|ies) (.*) not allowed")


@value
class _Node:
    depth: int
    path: tuple[str, ...]
    text: str
    unknown: bool = False


def refusals(message: str) -> tuple[Refusal, ...]:
    """Return the single refusals of Helm's message, sorted; none where it is about something else.

    Of nested lines only the innermost say what is wrong; the alternatives of an anyOf or oneOf are told as one.
    """
    # The helm program puts a word of its own before it.
    message = message.removeprefix("Error: ")
    if not message.startswith(HEAD):
        return ()
    found: list[Refusal] = []
    chart, nodes = "", []
    for line in (*message.removeprefix(HEAD).splitlines(), ":"):
        match = _LINE.fullmatch(line)
        if match is not None:
            nodes.append(_Node(len(match[1]), _path(match[2]), match[3]))
        elif line == ":" or _CHART.fullmatch(line):
            found += [Refusal(chart, node.path, node.text, node.unknown) for node in _innermost(nodes)]
            chart, nodes = line.partition(":")[0], []
    # Helm walks over maps, whose order is another one each time.
    return tuple(sorted(set(found), key=lambda one: (one.chart, one.path, one.text)))


def _path(pointer: str) -> tuple[str, ...]:
    parts = pointer.replace("\\'", "'").split("/")[1:]
    return tuple([part.replace("~1", "/").replace("~0", "~") for part in parts])


def _innermost(nodes: list[_Node]) -> Iterator[_Node]:
    at = 0
    while at < len(nodes):
        node = nodes[at]
        end = at + 1
        while end < len(nodes) and nodes[end].depth > node.depth:
            end += 1
        below = nodes[at + 1 : end]
        if not below:
            yield from _single(node)
        elif _CHOICE.match(node.text):
            yield _Node(node.depth, node.path, "; or ".join(dict.fromkeys([each.text for each in _innermost(below)])))
        else:
            yield from _innermost(below)
        at = end


def _single(node: _Node) -> Iterator[_Node]:
    """Yield a refusal; of several fields that must not be there, one for each, at its place."""
    more = _MORE.fullmatch(node.text)
    if more is None:
        yield node
        return
    for name in re.findall(r"'((?:[^'\\]|\\.)*)'", more[1]):
        yield _Node(node.depth, (*node.path, name.replace("\\'", "'")), "there is no such value", unknown=True)
