"""Where a value stands in a user's file."""

from __future__ import annotations

from overlay.model.value import value


@value
class Location:
    """A place in a text file; line and column count from 1 and are 0 when only the file is known.

    `file` is the path as the user would type it from the project folder (posix separators), or a
    label in angle brackets such as `<--set>` for input that is no file.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


@value
class RenderedLine:
    """A line of what a template rendered, what is wrong there, and its text where that tells more."""

    line: int
    message: str
    text: str = ""
