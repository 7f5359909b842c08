"""The folder of a project, from any folder in it."""

from __future__ import annotations

import os

from overlay.errors import UsageError

PROJECT_FILE = "overlay.yaml"


def find_root(start: str) -> str:
    """Return the nearest folder, from `start` upwards, that holds overlay.yaml or environments/.

    Raises UsageError.
    """
    if not os.path.isdir(start):
        raise UsageError(f"{start} is no folder", hint="-C/--project takes the project's folder")
    place = os.path.realpath(start)
    while True:
        if os.path.lexists(os.path.join(place, PROJECT_FILE)) or os.path.isdir(os.path.join(place, "environments")):
            return place
        above = os.path.dirname(place)
        if above == place:
            raise UsageError(
                f"no project found: neither overlay.yaml nor environments/ in {start} or above",
                hint="make one with `overlay init NAME`, or name its folder with -C/--project",
            )
        place = above
