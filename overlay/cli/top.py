"""Where the project stands in its repository: code hosts count paths from the repository's folder."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def top_of(args: dict[str, Any]) -> str:
    """Return the path of the project from its repository; empty where it is the same folder, or there is none."""
    from overlay.errors import UsageError  # noqa: PLC0415
    from overlay.files.root import find_root  # noqa: PLC0415  # only forms for code hosts need it

    try:
        root = find_root(args.get("project") or ".")
    except UsageError:
        return ""
    place = root
    # A worktree and a submodule have a file of that name.
    while not os.path.lexists(os.path.join(place, ".git")):
        above = os.path.dirname(place)
        if above == place:
            return ""
        place = above
    return os.path.relpath(root, place).replace(os.sep, "/") if place != root else ""
