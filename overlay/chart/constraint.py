"""Semantic-version constraints as Helm writes them in Chart.yaml (Masterminds/semver): `>=1.25.0-0`, `^1.30 || 1.x`."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Version = tuple[int, int, int, tuple[tuple[int, int, str], ...]]

_VERSION = re.compile(r"v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
_RANGE = re.compile(r"\s*(\S+)\s+-\s+(\S+)\s*")
_ITEM = re.compile(r"\s*(==|!=|>=|=>|<=|=<|~>|=|>|<|~|\^)?\s*([^\s,]+)\s*,?")


class BadConstraint(ValueError):  # says what it is
    """The text is no constraint."""


def satisfies(version: str, constraint: str) -> bool:
    """Tell whether a version (`1.34` counts as `1.34.0`) meets a constraint.

    Raises BadConstraint.
    """
    found = _parse(version)
    if found is None or found[1] < 3:
        found = _parse(version.removeprefix("v") + ".0")
    if found is None:
        raise BadConstraint(version)
    return any(_all(found[0], part) for part in constraint.split("||"))


def newest(versions: Iterable[str], constraint: str) -> str | None:
    """Return the newest of some versions that meets a constraint; one spelt exactly so comes first.

    Raises BadConstraint.
    """
    versions = list(versions)
    found = in_order(versions, constraint)
    return constraint if constraint in versions else found[0] if found else None


def in_order(versions: Iterable[str], constraint: str | None = None) -> list[str]:
    """Return the versions that meet a constraint, newest first.

    What is no full semantic version is passed over, as Helm does. Raises BadConstraint.
    """
    if constraint is not None:
        satisfies("1.0.0", constraint)
    found: list[tuple[Any, str]] = []
    for version in versions:
        parsed = _parse(version)
        if parsed is not None and parsed[1] == 3 and (constraint is None or satisfies(version, constraint)):
            found.append((_key(parsed[0]), version))
    return [version for _, version in sorted(found, reverse=True)]


def is_exact(constraint: str) -> bool:
    """Tell whether a constraint is one full version."""
    parsed = _parse(constraint)
    return parsed is not None and parsed[1] == 3


def _all(version: Version, text: str) -> bool:
    if match := _RANGE.fullmatch(text):
        text = f">={match[1]} <={match[2]}"
    if not text.strip():
        return True
    position = 0
    found: list[tuple[str, Version, int]] = []
    while position < len(text.rstrip()):
        match = _ITEM.match(text, position)
        if match is None or match.end() == position:
            raise BadConstraint(text)
        position = match.end()
        parsed = _parse(match[2])
        if parsed is None:
            raise BadConstraint(text)
        found.append((match[1] or "", *parsed))
    # A pre-release only meets constraints of which one names a pre-release.
    if version[3] and not any(wanted[3] for _, wanted, _ in found):
        return False
    return all(_one(version, *one) for one in found)


def _one(version: Version, operator: str, wanted: Version, parts: int) -> bool:
    low, core = _key(wanted), _key(version)
    if operator in ("~", "~>") or (operator in ("", "=", "==") and parts < 3):
        return low <= core < _key(_next(wanted, 1 if parts == 1 else 2)) if parts else True
    if operator == "^":
        place = 1 if wanted[0] or parts == 1 else 2 if wanted[1] or parts == 2 else 3
        return low <= core < _key(_next(wanted, place)) if parts else True
    if operator in ("", "=", "=="):
        return core == low
    if operator == "!=":
        return not low <= core < _key(_next(wanted, parts)) if 0 < parts < 3 else core != low
    if operator in (">=", "=>"):
        return core >= low
    if operator == ">":
        return core > low if parts == 3 else core >= _key(_next(wanted, parts))
    if operator == "<":
        return core < low
    return core <= low if parts == 3 else core < _key(_next(wanted, parts))


def _next(version: Version, place: int) -> Version:
    major, minor, patch, _ = version
    if place <= 1:
        return (major + 1, 0, 0, ((-1, 0, ""),))
    return (major, minor + 1, 0, ((-1, 0, ""),)) if place == 2 else (major, minor, patch + 1, ((-1, 0, ""),))


def _key(version: Version) -> tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]:
    # Without a pre-release a version is newer than with any.
    return (*version[:3], 0 if version[3] else 1, version[3])


def _parse(text: str) -> tuple[Version, int] | None:
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    numbers = []
    for group in match.groups()[:3]:
        if group is None or group in "xX*":
            break
        numbers.append(int(group))
    parts = len(numbers)
    numbers += [0] * (3 - parts)
    labels = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in match[4].split(".")) if match[4] else ()
    return (numbers[0], numbers[1], numbers[2], labels), parts
