"""The folder for what is kept only while it is used."""

from __future__ import annotations

import tempfile

from overlay.errors import OutputError


def temporary_folder() -> str:
    """Return the folder in which files may be made and removed again.

    Raises OutputError where there is none, or no room in any.
    """
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:
        raise OutputError(
            "there is no folder for temporary files that can be written",
            hint="name one: TMPDIR=FOLDER overlay …; /tmp and the working folder were tried, too",
        ) from None
