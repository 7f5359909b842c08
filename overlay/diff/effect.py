"""What changes in rendered objects, field by field, as it is printed."""

from __future__ import annotations

from overlay.diff.change import MISSING
from overlay.diff.environments import compare
from overlay.diff.objects import build_changes
from overlay.diff.rules import masking
from overlay.diff.shown import shown_value
from overlay.kube.dotted import format_path
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from overlay.diff.environments import Side
    from overlay.kube.types import Types
    from overlay.model.project import FieldRule
    from overlay.model.resource import Resource


@value(kw_only=True)
class FieldChange:
    """One field that changes, or a whole object (its path is empty).

    object: as messages name it. word: added, removed, changed or moved. before, after: MISSING for none.
    """

    object: str
    path: str
    word: str
    before: Any
    after: Any


def field_changes(
    before: Sequence[Resource], after: Sequence[Resource], types: Types, masked: Iterable[FieldRule]
) -> list[FieldChange]:
    """Return the fields that differ, object by object in the new order.

    Values of Secrets are hidden, and those of `masked` fields.
    """
    return [
        FieldChange(
            object=str(one.old or one.new),
            path=format_path(each.path),
            word=each.kind,
            before=shown_value(each.old),
            after=shown_value(each.new),
        )
        for one in build_changes(before, after, types, rules=masking(masked))
        for each in one.changes
    ]


def environment_changes(
    before: Side, after: Side, types: Types, masked: Iterable[FieldRule]
) -> list[FieldChange]:  # fmt: skip
    """Return the fields that differ between two environments, as `compare` sees them: names may differ."""
    found = []
    for one in compare([before, after], types, rules=masking(masked)).objects:
        if None in one.names:
            word = "added" if one.names[0] is None else "removed"
            found.append(FieldChange(object=one.label, path="", word=word, before=MISSING, after=MISSING))
            continue
        for each in one.differences:
            old, new = [MISSING if cell is None else cell.value for cell in each.cells]
            word = "added" if old is MISSING else "removed" if new is MISSING else "changed"
            found.append(
                FieldChange(
                    object=one.label, path=each.path, word=word, before=shown_value(old), after=shown_value(new)
                )
            )
    return found
