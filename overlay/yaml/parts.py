"""A text cut into parts that each mean alone what they mean in the whole: documents that begin with `---`."""

from __future__ import annotations

from overlay.yaml.directives import has_directive


def parts_of(text: str) -> list[str]:
    """Return the parts of a text, which is them one after the other; the text as one where it cannot be cut.

    `---` begins a document in any line, within quotes and block scalars, too, and anchors end with their document. A
    directive acts on what comes after it, so that nothing is cut where one could be.
    """
    if has_directive(text):
        return [text]
    pieces: list[str] = []
    for piece in text.split("\n---"):
        # `----` and `---a` are plain scalars.
        if pieces and piece and piece[0] not in " \t\r\n":
            pieces[-1] += "\n---" + piece
        else:
            pieces.append("---" + piece if pieces else piece)
    return [piece + "\n" for piece in pieces[:-1]] + pieces[-1:]
