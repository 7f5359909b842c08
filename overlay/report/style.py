"""Colour where it is wanted, and text that cannot act on a terminal."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_CODES = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36", "bold": "1", "dim": "2"}
# Direction marks and the like: printable to Python, but able to reorder what a person reads.
_ACTING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200c\u200d\u2060\ufeff"
)
_PAINT = r"\x1b\[[0-9;]*m"


def wants_color(mode: str, *, is_terminal: bool, env: Mapping[str, str]) -> bool:
    """Decide on colour: --color, then NO_COLOR (no-color.org), CLICOLOR_FORCE, TERM=dumb, then the terminal."""
    if mode != "auto":
        return mode == "always"
    if env.get("NO_COLOR"):
        return False
    if env.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return is_terminal and env.get("TERM") != "dumb"


class Style:
    """Paints text, or leaves it as it is."""

    def __init__(self, *, color: bool) -> None:
        self.color = color

    def paint(self, text: str, *names: str) -> str:
        if not self.color or not text:
            return text
        return f"\x1b[{';'.join(_CODES[name] for name in names)}m{text}\x1b[0m"


def inert(text: str) -> str:
    """Return text in which control characters, escapes and direction marks are shown, not done (hazard C09)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join([_shown(c) if acts(c) else c for c in text])


def acts(character: str) -> bool:
    """Tell whether a terminal or a reader's eye does something else with a character than show it."""
    return (not character.isprintable() and character != "\n") or character in _ACTING


def without_commands(text: str) -> str:
    """Return text in which no line is a workflow command to GitHub's runner, however it is indented (hazard C07).

    The runner takes `::name::` at the start of a line, and `##[name]` anywhere in it.
    """
    lines = text.replace("##[", "\\x23#[").split("\n")
    return "\n".join([_no_command(line) if "::" in line else line for line in lines])


def _no_command(line: str) -> str:
    bare = re.sub(_PAINT, "", line).lstrip()
    return line.replace("::", "\\x3a:", 1) if bare.startswith("::") else line


def _shown(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
