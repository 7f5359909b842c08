"""What the command line names to look at: `prod@12`, the newest of `prod`, and two of them with `..` between."""

from __future__ import annotations

import re

from overlay.errors import UsageError
from overlay.model.value import value

_REVISION = r"([^@\s]+)@([1-9][0-9]{0,8})"


@value
class AtRevision:
    """What was published of an environment; number: None for the newest revision."""

    environment: str
    number: int | None = None


def read_revision(text: str) -> AtRevision:
    """Return what `prod@12`, or `prod` for the newest, means.

    Raises UsageError.
    """
    if "@" not in text:
        return AtRevision(text)
    found = re.fullmatch(_REVISION, text)
    if found is None:
        raise UsageError(f"{text!r} names no revision", hint="write ENV@NUMBER, such as prod@12")
    return AtRevision(found[1], int(found[2]))


def read_sides(text: str) -> tuple[AtRevision, AtRevision]:
    """Return the two that `prod@11..prod@12` names; `prod@11` alone is held against the newest revision.

    Raises UsageError.
    """
    before, dots, after = text.partition("..")
    sides = [read_revision(one) for one in ([before, after] if dots else [before])]
    if dots and sides[0].number is not None and re.fullmatch(_REVISION, f"x@{after}"):
        # Not taken for it: an environment may be called so.
        raise UsageError(
            f"{text!r} does not say which environment's revision {after} is",
            hint=f"write {before}..{sides[0].environment}@{after}",
        )
    for one in sides:
        # A name alone is kept for what is rendered now.
        if one.number is None:
            raise UsageError(
                f"{text!r} does not say which revision of {one.environment or 'what'}",
                hint="write ENV@NUMBER or ENV@NUMBER..ENV@NUMBER; --live compares with the cluster",
            )
    return sides[0], sides[1] if dots else AtRevision(sides[0].environment)


def is_manifests(text: str) -> bool:
    """Tell whether a word names manifests, a file or a folder: no environment is called so."""
    return "/" in text or text.endswith((".yaml", ".yml", ".json"))


def read_number(text: str) -> int:
    """Return a revision's number.

    Raises UsageError.
    """
    if not re.fullmatch(_REVISION, f"x@{text}"):
        raise UsageError(f"{text!r} is no revision", hint="it is a number, which `overlay history` shows")
    return int(text)
