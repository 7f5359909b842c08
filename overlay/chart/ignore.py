"""`.helmignore` as Helm reads it (pkg/ignore): which files of a chart's folder are left out."""

from __future__ import annotations

import re

from overlay.errors import ChartError
from overlay.model.location import Location
from overlay.yaml import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from overlay.files.reader import ProjectFiles

# Helm adds this rule to every chart.
_ALWAYS = "templates/.?*"


def read_ignore(files: ProjectFiles, path: str, location: Location | None) -> Callable[[str], bool]:
    """Return whether a file (from the chart's folder) is left out.

    Raises ChartError for a pattern that Helm refuses.
    """
    name = f"{path}/.helmignore"
    rules = []
    if files.exists(name):
        lines = decode(files.read(name, location), name).split("\n")
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if text and not text.startswith("#"):
                rules.append(_rule(text, Location(name, number, 1)))
    rules.append(_rule(_ALWAYS, Location(name)))

    def ignored(file: str) -> bool:
        parts = file.split("/")
        # A folder that is left out takes its files with it.
        for end in range(1, len(parts) + 1):
            part = "/".join(parts[:end])
            if any(rule(part, end < len(parts)) for rule in rules):
                return True
        return False

    return ignored


def _rule(text: str, location: Location) -> Callable[[str, bool], bool]:
    if "**" in text:
        raise ChartError(f"double-star (**) in {text!r} is not supported by Helm", location=location)
    negate = text.startswith("!")
    pattern = text[1:] if negate else text
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    whole = "/" in pattern
    try:
        expression = re.compile(_expression(pattern.removeprefix("/")) + r"\Z", re.DOTALL)
    except ValueError:
        raise ChartError(
            f"{text!r} is no pattern to Helm",
            location=location,
            hint="write \\ before a [ or \\ that stands for itself",
        ) from None

    def matches(file: str, is_folder: bool) -> bool:  # noqa: FBT001
        if folders_only and not is_folder:
            return negate
        found = expression.match(file if whole else file.rpartition("/")[2]) is not None
        # Helm leaves out what a negated rule does not match.
        return found != negate

    return matches


def _expression(pattern: str) -> str:
    r"""Translate Go's filepath.Match: `*` and `?` stop at `/`, `[…]` is a class, `\` escapes.

    Raises ValueError for what Go calls a bad pattern.
    """
    out, rest = "", pattern
    while rest:
        character, rest = rest[0], rest[1:]
        if character == "*":
            out += "[^/]*"
        elif character == "?":
            out += "[^/]"
        elif character == "[":
            body, rest = _class(rest)
            out += body
        elif character == "\\":
            if not rest:
                raise ValueError
            out += re.escape(rest[0])
            rest = rest[1:]
        else:
            out += re.escape(character)
    return out


def _class(rest: str) -> tuple[str, str]:
    """Translate what follows a `[`: ranges and single characters, `^` in front for all others."""
    negated = rest.startswith("^")
    rest = rest[1:] if negated else rest
    ranges, first = "", True
    while first or not rest.startswith("]"):
        first = False
        low, rest = _member(rest)
        high = low
        if rest.startswith("-"):
            high, rest = _member(rest[1:])
        # A range that runs backwards is sound in Go, and empty.
        ranges += f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""
    if not ranges:
        return "." if negated else "(?!)", rest[1:]
    return f"[{'^' if negated else ''}{ranges}]", rest[1:]


def _member(rest: str) -> tuple[str, str]:
    if not rest or rest[0] in "-]":
        raise ValueError
    if rest[0] == "\\":
        rest = rest[1:]
    if len(rest) < 2:  # the character and what must follow it
        raise ValueError
    return rest[0], rest[1:]
