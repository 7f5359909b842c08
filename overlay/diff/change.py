"""One difference between two values, and all differences between two objects."""

from __future__ import annotations

from overlay.kube.fieldpath import MISSING
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from overlay.kube.leaves import Path
    from overlay.model.resource import ObjectId

__all__ = ["MISSING", "Change", "ChangeSet"]


@value
class Change:
    """One field, list element or subtree that is another one.

    kind: `added` (old is MISSING), `removed` (new is MISSING), `changed`, or `moved`: a list whose order matters has
    its elements in another order; old and new are then the elements' names, each a part of a path.
    path: list elements stand by their keys where these tell them apart. An index means the new list; in the last part
    of a removal's path it means the old one.
    """

    kind: Literal["added", "removed", "changed", "moved"]
    path: Path
    old: Any
    new: Any


@value
class ChangeSet:
    """How one object became another.

    kind: `same`, `changed`, `renamed` (only its content hash suffix, with whatever else), `added` or `removed`; of an
    added or removed object the one change is the object, at the empty path.
    """

    kind: Literal["same", "changed", "renamed", "added", "removed"]
    old: ObjectId | None
    new: ObjectId | None
    changes: tuple[Change, ...]
