"""What is wrong at one place is one problem, however many environments and objects it reaches."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


@value
class Shared:
    """An error or finding with the environments that have it, and the object as far as all have it in common."""

    problem: Any
    environments: tuple[str, ...]
    object: str | None

    def named(self, most: int | None = None) -> str | None:
        """Return the environments in words, so many at most and how many more; None where it is of none."""
        names = [name for name in self.environments if name]
        more = len(names) - most if most is not None else 0
        return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "") or None


def shared(problems: Iterable[Any]) -> list[Shared]:
    """Return each problem once, in the order in which they come."""
    found: dict[object, list[Any]] = {}
    for one in problems:
        place = one.location
        # Where no line is known, the object is what tells problems apart.
        apart = None if place is not None and place.line else _plain(one.object)
        key = (one.rule, one.message, place, one.related, apart, getattr(one, "severity", None))
        found.setdefault(key, []).append(one)
    return [
        Shared(each[0], tuple(dict.fromkeys([one.environment or "" for one in each])), _common(each))
        for each in found.values()
    ]


def _common(problems: list[Any]) -> str | None:
    """Return the object's label, without its namespace where that differs; None for several objects."""
    labels = {one.object for one in problems}
    if len(labels) > 1:
        labels = {_plain(label) for label in labels}
    return labels.pop() if len(labels) == 1 else None


def _plain(label: str | None) -> str | None:
    """Take the namespace from `Kind/namespace/name`."""
    parts = label.split("/") if label else []
    return f"{parts[0]}/{parts[2]}" if len(parts) == 3 else label
