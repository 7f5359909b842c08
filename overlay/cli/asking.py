"""A yes before something is done that others see."""

from __future__ import annotations

import sys

from overlay.cli.table import Param
from overlay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

YES = Param(name="yes", flags=("-y", "--yes"), kind="flag", help="Do not ask (as in CI, where nobody can be asked).")


def ask(args: dict[str, Any], question: str) -> None:
    """Go on only after a yes, which -y says beforehand.

    Raises UsageError for a no, and where nobody can be asked.
    """
    if args["yes"]:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()) or args["output"] == "json":
        raise UsageError("nothing is published without a yes, and nobody can be asked here", hint="say -y/--yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("nothing is published")
