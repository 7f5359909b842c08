"""The JSON patch between two values: list elements by their keys where these tell them apart."""

from __future__ import annotations

import json
from difflib import SequenceMatcher

from overlay.kube.dotted import as_text
from overlay.merge.pointer import format_pointer
from overlay.merge.same import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.kube.types import Type

# Fields that tell elements of lists apart where no table says so, the likeliest first.
_KEYS = ("name", "key", "id", "host", "mountPath", "containerPort", "port", "path", "alert", "record", "type", "kind")
_SPECIAL = frozenset("[]=,")


def operations(base: Any, wanted: Any, node: Type | None, path: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return operations that make one value of the other; none where they are the same."""
    if same(base, wanted):
        return []
    if isinstance(base, dict) and isinstance(wanted, dict) and (base or path):
        found = [_remove((*path, key)) for key in base if key not in wanted]
        for key, item in wanted.items():
            child = node.field(key) if node is not None else None
            if key not in base:
                found.append({"op": "add", "path": format_pointer((*path, key)), "value": item})
            else:
                found += operations(base[key], item, child, (*path, key))
        return found
    if isinstance(base, list) and isinstance(wanted, list):
        return _of_list(base, wanted, node, path)
    return [_replace(path, wanted)]


def _of_list(base: list[Any], wanted: list[Any], node: Type | None, path: tuple[str, ...]) -> list[dict[str, Any]]:
    child = node.element() if node is not None else None
    ways = [[_replace(path, wanted)]]
    key = _key(base, wanted, node)
    if key is not None:
        keyed = _by_key(base, wanted, key, child, path)
        if keyed is not None:
            ways.append(keyed)
    if len(base) == len(wanted):
        at_index: list[dict[str, Any]] = []
        for index, (one, other) in enumerate(zip(base, wanted, strict=True)):
            part = f"[{key}={as_text(one[key])}]" if key is not None and one[key] == other[key] else str(index)
            at_index += operations(one, other, child, (*path, part))
        ways.append(at_index)
    else:
        ways.append(_by_position(base, wanted, path))
    return min(ways, key=size)


def size(found: list[dict[str, Any]]) -> int:
    """Return about how many lines operations take."""
    return sum(1 + _height(one.get("value")) for one in found)


def _height(item: Any) -> int:
    if isinstance(item, dict):
        return sum(1 + _height(child) for child in item.values())
    if isinstance(item, list):
        return sum(max(1, _height(child)) for child in item)
    return item.count("\n") if isinstance(item, str) else 0


def _key(base: list[Any], wanted: list[Any], node: Type | None) -> str | None:
    """Return the field whose values are an element's own, in both lists."""
    known = node.keys[:1] if node is not None else ()
    for key in (*known, *_KEYS):
        if all(_is_keyed(items, key) for items in (base, wanted)):
            return key
    return None


def _is_keyed(items: list[Any], key: str) -> bool:
    texts = set()
    for item in items:
        text = item.get(key) if isinstance(item, dict) else None
        if text is None or isinstance(text, (dict, list)) or text == "" or _SPECIAL & set(as_text(text)):
            return False
        texts.add(as_text(text))
    return len(texts) == len(items)


def _by_key(
    base: list[Any], wanted: list[Any], key: str, child: Type | None, path: tuple[str, ...]
) -> list[dict[str, Any]] | None:
    """Return operations element by element; None where those in both lists stand in another order."""
    before = {as_text(item[key]): item for item in base}
    after = {as_text(item[key]): item for item in wanted}
    if [name for name in before if name in after] != [name for name in after if name in before]:
        return None
    found = [_remove((*path, f"[{key}={name}]")) for name in before if name not in after]
    for name, item in before.items():
        if name in after:
            found += operations(item, after[name], child, (*path, f"[{key}={name}]"))
    for index, (name, item) in enumerate(after.items()):
        if name not in before:
            place = "-" if all(later not in before for later in list(after)[index:]) else str(index)
            found.append({"op": "add", "path": format_pointer((*path, place)), "value": item})
    return found


def _by_position(base: list[Any], wanted: list[Any], path: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return removals and additions, from the end so that positions before them stay true."""
    before, after = [[json.dumps(item, sort_keys=True) for item in items] for items in (base, wanted)]
    found: list[dict[str, Any]] = []
    for what, start, end, first, last in reversed(SequenceMatcher(None, before, after, autojunk=False).get_opcodes()):
        if what == "equal":
            continue
        found += [_remove((*path, str(at))) for at in range(end - 1, start - 1, -1)]
        place = "-" if end == len(base) and start == end else None
        for offset in range(first, last):
            at = place or str(start + offset - first)
            found.append({"op": "add", "path": format_pointer((*path, at)), "value": wanted[offset]})
    return found


def _remove(path: tuple[str, ...]) -> dict[str, Any]:
    return {"op": "remove", "path": format_pointer(path)}


def _replace(path: tuple[str, ...], item: Any) -> dict[str, Any]:
    return {"op": "replace", "path": format_pointer(path), "value": item}
