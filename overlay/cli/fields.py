"""Fields that change, as lines for a person."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.diff.effect import FieldChange


def fields_text(changes: Sequence[FieldChange]) -> str:
    """Return each object, and below it each field with both values."""
    out = []
    found: dict[str, list[FieldChange]] = {}
    for one in changes:
        found.setdefault(one.object, []).append(one)
    for name, fields in found.items():
        whole = [one.word for one in fields if not one.path]
        out.append(f"  {name}{f': {whole[0]}' if whole else ''}")
        out += [line for one in fields if one.path for line in _field_lines(one)]
    return "".join(f"{line}\n" for line in out)


def _field_lines(one: FieldChange) -> list[str]:
    """Return both values on one line; texts of several lines are compared line by line."""
    if isinstance(one.before, str) and isinstance(one.after, str) and ("\n" in one.before or "\n" in one.after):
        from overlay.diff.text import text_changes  # noqa: PLC0415

        return [f"    {one.path}:", *[f"      {line}".rstrip() for line in text_changes(one.before, one.after)]]
    return [f"    {one.path}: {_shown(one.before)} → {_shown(one.after)}"]


def _shown(item: Any) -> str:
    from overlay.kube.fieldpath import MISSING  # noqa: PLC0415

    if item is MISSING:
        return "none"
    if isinstance(item, str):
        return item if item and "\n" not in item else repr(item)
    import json  # noqa: PLC0415

    return json.dumps(item, ensure_ascii=False)
