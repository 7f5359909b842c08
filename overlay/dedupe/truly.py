"""What the environments of a group truly differ in: field by field, beside what follows their names by itself."""

from __future__ import annotations

import json

from overlay.diff.secrets import hide
from overlay.kube.dotted import format_path
from overlay.kube.leaves import leaves
from overlay.merge.same import same
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.dedupe.member import Member
    from overlay.dedupe.shared import Draft
    from overlay.kube.types import Types

ABSENT = "-"


@value(kw_only=True)
class Row:
    """One field of one object; values: what each environment has, None where it has not the field or the object."""

    object: str
    field: str
    values: dict[str, Any]


@value(kw_only=True)
class Equal:
    """Environments of a group that are equal; wholly: in every name and namespace, too."""

    environments: tuple[str, ...]
    wholly: bool

    @property
    def enough(self) -> str:
        """Return the environment that could stand for all of them."""
        return self.environments[0]

    @property
    def sentence(self) -> str:
        """Return what to tell of them."""
        names = f"{', '.join(self.environments[:-1])} and {self.environments[-1]}"
        if self.wholly:
            return f"{names} are equal in all: one of them is enough, for example {self.enough}"
        return f"{names} are equal in all but their names: one of them may be enough, for example {self.enough}"


def equal_in_all(members: Sequence[Member]) -> list[Equal]:
    """Return the environments whose objects are the same in everything."""
    found: list[list[Member]] = []
    for member in sorted(members, key=lambda one: one.name):
        alike = next((known for known in found if _same_objects(known[0], member)), None)
        if alike is None:
            found.append([member])
        else:
            alike.append(member)
    return [Equal(environments=tuple([one.name for one in each]), wholly=True) for each in found if len(each) > 1]


def equal_environments(members: Sequence[Member], rows: Sequence[Row]) -> list[Equal]:
    """Return the environments that truly differ in nothing, those that are the same in everything named so."""
    wholly = {one.environments for one in equal_in_all(members)}
    alike: dict[str, list[str]] = {}
    for name in sorted([member.name for member in members]):
        column = json.dumps([row.values[name] for row in rows], sort_keys=True, default=str)
        alike.setdefault(column, []).append(name)
    sets = [tuple(names) for names in alike.values() if len(names) > 1]
    inside = [names for names in sorted(wholly) if names not in sets]
    return [Equal(environments=names, wholly=names in wholly) for names in [*sets, *inside]]


def _same_objects(one: Member, other: Member) -> bool:
    bodies = {piece.id.key: piece.body for piece in one.pieces}
    if len(bodies) != len(other.pieces):
        return False
    return all(piece.id.key in bodies and same(bodies[piece.id.key], piece.body) for piece in other.pieces)


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
