"""The smallest patch that makes one object of another: a strategic merge where it can say it, else a JSON patch."""

from __future__ import annotations

from overlay.dedupe.operations import operations
from overlay.dedupe.writing import height
from overlay.errors import OverlayError
from overlay.merge.jsonpatch import json_patch, parse_operations
from overlay.merge.keyed import KeyedList
from overlay.merge.same import same
from overlay.merge.strategic import strategic_merge
from overlay.model.location import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.kube.types import Type

_NOWHERE = Location("<difference>")


class _Unfit(Exception):  # it is no error: another form of patch says it
    """A strategic merge patch cannot say this."""


def smallest_patch(base: dict[str, Any], wanted: dict[str, Any], node: Type | None) -> tuple[str, Any] | None:
    """Return how a patch is called in `patches` and its content; None where no patch can do it.

    Either form was applied and gave exactly the wanted object. A strategic merge reads better than a JSON patch, so it
    may be a little longer.
    """
    ways: list[tuple[str, Any]] = []
    try:
        content = _strategic(base, wanted, node)
        if _merged(base, content, node, wanted):
            ways.append(("strategicMerge", content))
    except _Unfit:
        pass
    steps = operations(base, wanted, node)
    if steps and _operated(base, steps, wanted):
        ways.append(("jsonPatch", steps))
    if len(ways) < 2:
        return ways[0] if ways else None
    merge, patch = [height({name: content}) for name, content in ways]
    return ways[0] if merge <= patch + 3 else ways[1]


def _merged(base: dict[str, Any], content: dict[str, Any], node: Type | None, wanted: dict[str, Any]) -> bool:
    try:
        result = strategic_merge(base, content, node, lambda _, **__: _NOWHERE, _NOWHERE)
    except OverlayError:
        return False
    return result is not None and same(result, wanted)


def _operated(base: dict[str, Any], steps: list[dict[str, Any]], wanted: dict[str, Any]) -> bool:
    try:
        found = json_patch(base, parse_operations(steps, lambda _, **__: _NOWHERE), lambda _, **__: _NOWHERE)
    except OverlayError:
        return False
    return same(found, wanted)


def _strategic(base: dict[str, Any], wanted: dict[str, Any], node: Type | None) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    for key, item in wanted.items():
        if key in base and same(base[key], item):
            continue
        if key.startswith("$"):
            raise _Unfit
        child = node.field(key) if node is not None else None
        patch[key] = _value(base.get(key), item, child, known=key in base)
    for key in base:
        if key not in wanted:
            patch[key] = None
    return patch


def _value(before: Any, item: Any, node: Type | None, *, known: bool) -> Any:
    if item is None:
        raise _Unfit
    if isinstance(item, dict):
        if isinstance(before, dict):
            return _strategic(before, item, node)
        if known and before is not None:
            raise _Unfit
        return item
    if isinstance(item, list):
        if known and not isinstance(before, list) and before is not None:
            raise _Unfit
        return _list(before or [], item, node)
    if isinstance(before, (dict, list)):
        raise _Unfit
    return item


def _list(before: list[Any], wanted: list[Any], node: Type | None) -> list[Any]:
    if node is None or "merge" not in node.strategy or not node.keys:
        return wanted
    old, new = KeyedList(before, node.keys), KeyedList(wanted, node.keys)
    if old.problems or new.problems:
        raise _Unfit
    left = {old.key_of(item)[0]: item for item in before}
    right = {new.key_of(item)[0]: item for item in wanted}
    patch: list[Any] = []
    for key, item in right.items():
        named = {name: item[name] for name in node.keys if name in item}
        if key not in left:
            patch.append(item)
        elif not same(left[key], item):
            patch.append({**named, **_strategic(left[key], item, node.element())})
    for key, item in left.items():
        if key not in right:
            patch.append({**{name: item[name] for name in node.keys if name in item}, "$patch": "delete"})
    return patch
