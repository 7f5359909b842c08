"""Git outside of any repository: a remote is named by its URL, and only the user's own configuration counts."""

from __future__ import annotations

import os

from overlay.git.program import SECONDS, Program
from overlay.git.repository import Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Outside(Repository):
    """What of the user's repository others ask for, where there is none."""

    def __init__(self, folder: str, env: Mapping[str, str], *, seconds: float = SECONDS) -> None:
        """`folder`: any that is there; a repository that it lies in by chance names no programs."""
        os.makedirs(folder, mode=0o700, exist_ok=True)
        Program.__init__(self, folder, env, seconds=seconds)
        self.top, self.prefix = folder, ""
        self.disarm()

    def branch(self) -> str | None:
        return None

    def form(self) -> str:
        return "sha1"
