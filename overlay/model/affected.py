"""Environments that a change touches."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


@value(kw_only=True)
class ChangedFile:
    """A file that an environment is made of, and that the change touches.

    origin: the path that it had, of a renamed one. by: the document that names it, or the chart that it is part of.
    """

    path: str
    change: Literal["added", "changed", "removed", "renamed"]
    by: str
    origin: str = ""


@value(kw_only=True)
class Affected:
    """An environment that a change touches.

    change: `unknown` where it cannot be read on one side, which `problem` tells: it counts as touched.
    """

    environment: str
    change: Literal["added", "changed", "removed", "unknown"]
    files: tuple[ChangedFile, ...] = ()
    problem: str = ""
