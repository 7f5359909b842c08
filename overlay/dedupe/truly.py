"""What the environments of a group truly differ in: field by field, beside what follows their names by itself."""

from __future__ import annotations

from overlay.diff.secrets import hide
from overlay.kube.dotted import format_path
from overlay.kube.leaves import leaves
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.dedupe.shared import Draft
    from overlay.kube.types import Types

ABSENT = "-"


@value(kw_only=True)
class Row:
    """One field of one object; values: what each environment has, None where it has not the field or the object."""

    object: str
    field: str
    values: dict[str, Any]


def differences(draft: Draft, types: Types) -> list[Row]:
    """Return the fields that an environment has to say for itself, and the objects that only some have."""
    rows: list[Row] = []
    follow = {(id(rule.shared), rule.path): rule.rule.follow for rule in draft.rules}
    names = list(draft.parts)
    for one in draft.shared:
        identity = one.first.id
        label = f"{identity.kind}/{identity.name}"
        having = [name for name in names if name in one.slot.pieces]
        if len(having) < len(names):
            rows.append(Row(object=label, field="", values={name: (name in having) or None for name in names}))
        bodies = hide([one.slot.pieces[name].body for name in having])
        node = types.root(identity.group, identity.version, identity.kind)
        flat = {name: dict(leaves(body, node)) for name, body in zip(having, bodies, strict=True)}
        for path in dict.fromkeys([path for each in flat.values() for path in each]):
            if path == ("metadata", "namespace") or (path == ("metadata", "name") and identity.kind == "Namespace"):
                continue
            found = [each.get(path, ABSENT) for each in flat.values()]
            if all(item == found[0] and item.__class__ is found[0].__class__ for item in found):
                continue
            if follow.get((id(one), path), frozenset()) >= set(having):
                continue
            if all(draft.parts[name].space == item for name, item in zip(having, found, strict=True)):
                continue
            rows.append(
                Row(
                    object=label, field=format_path(path), values={name: flat.get(name, {}).get(path) for name in names}
                )
            )
    for name, pieces in draft.own.items():
        rows += [
            Row(
                object=f"{piece.id.kind}/{piece.id.name}",
                field="",
                values={other: (other == name) or None for other in names},
            )
            for piece in pieces
        ]
    return rows
