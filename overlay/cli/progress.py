"""Progress of long work: one line on a terminal's stderr, rewritten; nothing anywhere else."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CLEAR = "\r\x1b[K"


class Progress:
    """Shows what a run is at; `CI`, --quiet and anything but a terminal keep it silent."""

    def __init__(self, args: dict[str, Any]) -> None:
        silent = args["quiet"] or os.environ.get("CI") or os.environ.get("TERM") == "dumb"
        self._shows = sys.stderr.isatty() and not silent
        self._shown = False

    def at(self, text: str) -> None:
        """Say what is done now."""
        if self._shows:
            sys.stderr.write(f"{_CLEAR}{text} …")
            sys.stderr.flush()
            self._shown = True

    def end(self) -> None:
        """Take the line away, before anything else is printed."""
        if self._shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._shown = False
