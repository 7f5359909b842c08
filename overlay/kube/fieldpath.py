r"""Walk and change the fields that a path means, in kustomize's form: `spec/template/spec/containers[]/image`.

Lists on the way are walked whether or not `[]` stands there; `\/` is a slash inside a name. Changing copies what lies
on the path and shares the rest.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from overlay.model.resource import ObjectId
    from overlay.model.spec import FieldSpec

    # (value, the map that holds it) → the new value, or the same object for "unchanged"
    Change = Callable[[Any, dict[str, Any]], Any]

MISSING = object()
NEVER = 1 << 30  # later than any part of a path
_parts: dict[str, tuple[str, ...]] = {}


def split_path(path: str) -> tuple[str, ...]:
    r"""Return a path's parts without list marks.

    >>> split_path("metadata/annotations/a.io\\/b")
    ('metadata', 'annotations', 'a.io/b')
    """
    parts = _parts.get(path)
    if parts is None:
        pieces = path.replace("\\/", "\0").strip("/").split("/")
        parts = _parts[path] = tuple([piece.replace("\0", "/").removesuffix("[]") for piece in pieces])
    return parts


def selects(spec: FieldSpec, identity: ObjectId) -> bool:
    """Tell whether a field spec means objects of this group, version and kind; empty means any."""
    return (
        (not spec.kind or spec.kind == identity.kind)
        and (not spec.group or spec.group == identity.group)
        and (not spec.version or spec.version == identity.version)
    )


class SpecTable:
    """Field specs, looked up once per group, version and kind."""

    def __init__(self, specs: Iterable[FieldSpec]) -> None:
        self._specs = tuple(specs)
        self._known: dict[tuple[str, str, str], tuple[tuple[tuple[str, ...], int], ...]] = {}

    def of(self, identity: ObjectId) -> tuple[tuple[tuple[str, ...], int], ...]:
        """Return (path parts, index of the first part that may be made) of every spec that means this object."""
        key = (identity.group, identity.version, identity.kind)
        found = self._known.get(key)
        if found is None:
            meant = [(split_path(spec.path), _create_from(spec)) for spec in self._specs if selects(spec, identity)]
            found = self._known[key] = tuple(dict.fromkeys(meant))
        return found


def _create_from(spec: FieldSpec) -> int:
    """Return which part of a spec's path is the first that may be made: a list has no elements to make one in."""
    if not spec.create:
        return NEVER
    path = spec.path.replace("\\/", "").strip("/")
    through_list, bracket, _ = path.rpartition("[]")
    return through_list.count("/") + 1 if bracket else 0


def change(holder: Any, parts: tuple[str, ...], apply: Change, *, create_from: int = NEVER, at: int = 0) -> Any:
    """Return `holder` with `apply` done to every value at the path; the same object when nothing changed.

    create_from: maps on the way, and the last field (given as MISSING), are made where they are absent, from this
    part on.
    """
    if isinstance(holder, list):
        changed = [change(item, parts, apply, create_from=create_from, at=at) for item in holder]
        return changed if any(new is not old for new, old in zip(changed, holder, strict=True)) else holder
    if not isinstance(holder, dict):
        return holder
    name = parts[at]
    old = holder.get(name, MISSING)
    if at == len(parts) - 1:
        if old is MISSING and at < create_from:
            return holder
        new = apply(old, holder)
    else:
        if old is MISSING or old is None:
            if at < create_from:
                return holder
            old = {}
        new = change(old, parts, apply, create_from=create_from, at=at + 1)
        if new is old and not new:
            return holder
    return holder if new is old or new is MISSING else {**holder, name: new}
