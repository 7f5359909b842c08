"""Text of others inside markdown: it is shown, and nothing of it acts (hazard C10)."""

from __future__ import annotations

import re

from overlay.report.style import inert

_TICKS = re.compile("`+")


def code(text: str) -> str:
    """Return text as inline code, in which there are no links, no images, no mentions and no HTML."""
    line = inert(text).replace("\n", "\\n")
    ticks = "`" * (1 + max((len(found) for found in _TICKS.findall(line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line or ' '}{pad}{ticks}"


def cell(text: str) -> str:
    """Return text as inline code in a table, where a bar would begin the next column."""
    return code(text).replace("|", "\\|")


def block(lines: list[str], language: str = "diff") -> str:
    """Return lines as a block of code that none of them can end."""
    text = "\n".join([inert(line).replace("\n", "\\n") for line in lines])
    ticks = "`" * max(3, 1 + max((len(found) for found in _TICKS.findall(text)), default=0))
    return f"{ticks}{language}\n{text}\n{ticks}\n"
