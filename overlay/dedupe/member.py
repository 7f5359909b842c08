"""What is read of a folder of plain manifests: its objects, each with the text that it was written as."""

from __future__ import annotations

from overlay.model.location import Location
from overlay.model.resource import Body, ObjectId
from overlay.model.value import value


@value(kw_only=True)
class Piece:
    """One object as somebody wrote it.

    text: its own part of the file, comments and all; None for an element of a `kind: List`.
    file: the file's path below the folder. alone: no other object stands in that file.
    """

    id: ObjectId
    body: Body
    text: str | None
    file: str
    location: Location
    alone: bool


@value(kw_only=True)
class Member:
    """One environment as a folder of manifests.

    folder: its path as the user gave it. name: what it is called among its group. lines: of all files that were read.
    """

    folder: str
    name: str
    pieces: tuple[Piece, ...]
    lines: int


@value(kw_only=True)
class LeftOut:
    """A folder that cannot be taken in, and why."""

    folder: str
    reason: str
    location: Location | None = None
