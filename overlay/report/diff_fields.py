"""What differs in an object, as lines that every form of a diff is made of."""

from __future__ import annotations

import json

from overlay.diff.text import text_changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from overlay.diff.comparison import Cause
    from overlay.diff.outcome import EnvironmentDiff, FieldDiff, ObjectDiff
    from overlay.model.finding import Finding

MARKS = {"added": "+", "removed": "-", "changed": "~", "renamed": "~"}
_NAMED = 3


def shown(item: Any) -> str:
    """Return a value on one line, as a document would show it."""
    if isinstance(item, str):
        plain = item and item == item.strip() and "\n" not in item and not _means_more(item)
        return item if plain else json.dumps(item, ensure_ascii=False)
    return json.dumps(item, ensure_ascii=False)


def shown_beside(one: FieldDiff, width: int) -> tuple[str, str]:
    """Return both values; of long ones that begin alike what is before their difference is left out.

    width: where a value will be cut, so that the difference is to be seen before it.
    """
    old, new = shown(one.before), shown(one.after)
    if one.change == "changed" and max(len(old), len(new)) > width:
        alike = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        start = alike - min(max(width // 4, 8), 60)
        if start > 0:
            return f"…{old[start:]}", f"…{new[start:]}"
    return old, new


def _means_more(text: str) -> bool:
    """Tell whether a string would be taken for a number, a boolean or nothing."""
    if text in ("true", "false", "null"):
        return True
    return text[0] in "+-.0123456789" and text.strip("+-.0123456789eE_") == ""


def is_text(one: FieldDiff) -> bool:
    """Tell whether a field is compared line by line."""
    both = (one.before, one.after)
    return (
        one.change == "changed" and all(isinstance(each, str) for each in both) and any("\n" in each for each in both)
    )


def text_lines(one: FieldDiff) -> list[str]:
    """Return the lines of a text that differ, with some around them."""
    return [_blanks(line) if line[:1] in ("+", "-") else line for line in text_changes(one.before, one.after)]


def _blanks(line: str) -> str:
    """Return a line with the blanks at its end to be seen: they may be all that differs."""
    bare = line.rstrip(" ")
    return bare + "·" * (len(line) - len(bare))


def field_path(one: FieldDiff) -> str:
    return one.path or "fields"


def place_of(cause: Cause | None) -> str:
    """Return the place behind a difference with what stands there."""
    if cause is None:
        return ""
    return f"{cause.location} {cause.what}" if cause.what not in ("", "template") else str(cause.location)


def problem_text(problem: Finding) -> str:
    """Return what is wrong, after its place."""
    return f"{problem.location}: {problem.message}" if problem.location is not None else problem.message


def counts(one: EnvironmentDiff) -> str:
    """Return how many objects changed in which way."""
    parts = [f"{number} {word}" for word in ("changed", "renamed", "added", "removed") if (number := one.count(word))]
    return ", ".join(parts) or "no object differs"


def heading(one: EnvironmentDiff) -> str:
    """Return what became of an environment, in a few words."""
    if one.change == "failed":
        return "cannot be compared"
    if one.change in ("added", "removed"):
        return f"{one.change}, {len(one.objects)} object{'s' * (len(one.objects) != 1)}"
    return counts(one)


def object_heading(one: ObjectDiff) -> str:
    """Return what became of an object beside its name."""
    if one.change == "renamed":
        return f"renamed from {one.old_name}"
    if one.change == "removed":
        return f"removed; {one.kept}" if one.kept else "removed, and pruned"
    return one.change


def names_text(names: Sequence[str], most: int = _NAMED) -> str:
    """Return names as a person lists them, the many behind the first as a number."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def removed_warnings(diffs: Iterable[EnvironmentDiff]) -> list[str]:
    """Return what to say of environments that go: their objects are no longer rendered (hazard C15)."""
    return [
        f"{one.environment} is removed: {len(one.objects)} object{'s are' if len(one.objects) != 1 else ' is'} rendered"
        " no more, "
        f"{sum(not each.kept for each in one.objects)} of them would be pruned"
        for one in diffs
        if one.change == "removed"
    ]
