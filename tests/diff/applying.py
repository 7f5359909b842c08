"""Changes done to a value: what the laws of the diff layer compare with."""

from __future__ import annotations

from typing import Any

from overlay.diff.change import MISSING, Change
from overlay.kube.dotted import Element

PROTOCOL = ("protocol", "TCP")


def applied(old: Any, changes: list[Change], depth: int = 0) -> Any:
    """Return `old` with changes done; each starts with the same `depth` parts."""
    if not changes:
        return old
    here = [change for change in changes if len(change.path) == depth and change.kind != "moved"]
    if here:
        return here[0].new
    below: dict[Any, list[Change]] = {}
    for change in changes:
        if change.kind != "moved" or len(change.path) > depth:
            below.setdefault(change.path[depth], []).append(change)
    if isinstance(old, dict):
        return _map(dict(old), below, depth)
    keyed = all(isinstance(part, Element) for part in below)
    result = _keyed(list(old), below, depth) if keyed else _indexed(list(old), below, depth)
    for change in changes:
        if change.kind == "moved" and len(change.path) == depth:
            result = [item for part in change.new for item in result if _means(part, item)]
    return result


def _map(result: dict[str, Any], below: dict[str, list[Change]], depth: int) -> dict[str, Any]:
    for key, changes in below.items():
        new = applied(result.get(key, MISSING), changes, depth + 1)
        if new is MISSING:
            del result[key]
        else:
            result[key] = new
    return result


def _keyed(result: list[Any], below: dict[Element, list[Change]], depth: int) -> list[Any]:
    for part, changes in below.items():
        at = [index for index, item in enumerate(result) if _means(part, item)]
        new = applied(result[at[0]] if at else MISSING, changes, depth + 1)
        if at:
            result[at[0] : at[0] + 1] = [] if new is MISSING else [new]
        else:
            result.append(new)
    return result


def _indexed(result: list[Any], below: dict[int, list[Change]], depth: int) -> list[Any]:
    """Removals by old index, then additions by new index, then what changed inside."""
    single = [(index, change) for index, found in below.items() for change in found if len(change.path) == depth + 1]
    for index in sorted([index for index, change in single if change.kind == "removed"], reverse=True):
        del result[index]
    for index, change in sorted([each for each in single if each[1].kind == "added"], key=lambda each: each[0]):
        result.insert(index, change.new)
    for index, changes in below.items():
        inner = [change for change in changes if len(change.path) > depth + 1 or change.kind in ("changed", "moved")]
        if inner:
            result[index] = applied(result[index], inner, depth + 1)
    return result


def _means(part: Element, item: Any) -> bool:
    wanted = dict(part.pairs)
    if "containerPort" not in wanted:
        return part.means(item)
    # A port that names no protocol means TCP.
    return Element((*part.pairs, PROTOCOL)[:2]).means({"protocol": "TCP", **item})
