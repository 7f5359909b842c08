"""A text cut into parts that each mean alone what they mean in the whole: documents that begin with `---`."""

from __future__ import annotations

from overlay.yaml.directives import has_directive

_MARK = "\n---"


def part_edges(text: str) -> list[int]:
    """Return where the parts of a text begin, and where the last one ends; one part where the text cannot be cut.

    `---` begins a document in any line, within quotes and block scalars, too, and anchors end with their document. A
    directive acts on what comes after it, so that nothing is cut where one could be.
    """
    edges = [0]
    at = -1 if has_directive(text) else text.find(_MARK)
    while at >= 0:
        end = at + len(_MARK)
        # `----` and `---a` are plain scalars; at the end of the text there is nothing behind it.
        if text[end : end + 1] in " \t\r\n":
            edges.append(at + 1)
        at = text.find(_MARK, end)
    return [*edges, len(text)]
