"""Columns of text, and trees."""

from __future__ import annotations

from overlay.report.style import Style, inert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def as_table(head: Sequence[str], rows: Sequence[Sequence[str]], style: Style) -> str:
    """Return rows under a head, each column as wide as its widest cell."""
    cells = [[inert(cell) or "-" for cell in row] for row in rows]
    widths = [max(len(row[index]) for row in (head, *cells)) for index in range(len(head))]

    def line(row: Sequence[str]) -> str:
        return "   ".join([cell.ljust(width) for cell, width in zip(row, widths, strict=True)]).rstrip()

    return "\n".join([style.paint(line(head), "bold"), *[line(row) for row in cells]]) + "\n"


def as_tree(roots: Sequence[str], below: Mapping[str, Sequence[str]], *, unicode: bool) -> str:
    """Return a forest with one node per line; a node with two parents is shown below each."""
    tee, last, bar, blank = ("├── ", "└── ", "│   ", "    ") if unicode else ("|-- ", "`-- ", "|   ", "    ")
    out: list[str] = []

    def walk(name: str, prefix: str, chain: tuple[str, ...]) -> None:
        children = [child for child in below.get(name, ()) if child not in chain]
        for index, child in enumerate(children):
            is_last = index == len(children) - 1
            out.append(f"{prefix}{last if is_last else tee}{inert(child)}")
            walk(child, prefix + (blank if is_last else bar), (*chain, child))

    for root in roots:
        out.append(inert(root))
        walk(root, "", (root,))
    return "\n".join(out) + "\n" if out else ""
