"""Our own documents as a careful person writes them: short things on one line, everything else below one another."""

from __future__ import annotations

from overlay.yaml.forms import flow_form, form, is_filled
from overlay.yaml.writer import write_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WIDTH = 110
# The key of an item's comments, which stand above it; no YAML has such a key.
NOTES = "\0notes"
# What is one thought stands on one line where it fits.
_ONE_LINE = ("target", "select", "options", "source", "fieldPaths", "extends", "components", "resources", "pairs")
_ONE_LINE_ITEMS = ("jsonPatch", "images", "replicas", "targets")


def write_layer(kind: str, name: str, spec: dict[str, Any]) -> str:
    """Return a base.yaml, environment.yaml or component.yaml."""
    head = f"apiVersion: overlay.dev/v1\nkind: {kind}\nmetadata: {{name: {form(name, None, flow=True)}}}\n"
    return head + "\n".join(["spec:", *_entries(spec, 2)]) + "\n" if spec else head


def height(content: dict[str, Any]) -> int:
    """Return how many lines a value takes at the place of a patch."""
    return len(_entries(content, 6))


def item_lines(content: dict[str, Any]) -> list[str]:
    """Return the lines of a list's item, at the left margin."""
    return _items([content], 0, short=False)


def _entries(content: dict[str, Any], column: int) -> list[str]:
    lines: list[str] = []
    pad = " " * column
    for key, item in content.items():
        name = form(key, None, flow=False)
        if not is_filled(item):
            lines += _scalar(f"{pad}{name}:", item, column)
            continue
        short = f"{pad}{name}: {flow_form(item)}" if _is_plain(item) else ""
        if short and len(short) <= WIDTH and (key in _ONE_LINE or _is_short(item)):
            lines.append(short)
        elif isinstance(item, dict):
            lines += [f"{pad}{name}:", *_entries(item, column + 2)]
        else:
            lines += [f"{pad}{name}:", *_items(item, column + 2, short=key in _ONE_LINE_ITEMS)]
    return lines


def _items(items: list[Any], column: int, *, short: bool) -> list[str]:
    lines: list[str] = []
    pad = " " * column
    for each in items:
        item = each
        if isinstance(each, dict) and NOTES in each:
            lines += [f"{pad}{note}" for note in each[NOTES]]
            item = {key: child for key, child in each.items() if key != NOTES}
        if not is_filled(item):
            lines += _scalar(f"{pad}-", item, column)
            continue
        one = f"{pad}- {flow_form(item)}" if _is_plain(item) else ""
        if one and len(one) <= WIDTH and (short or _is_short(item)):
            lines.append(one)
            continue
        below = _entries(item, column + 2) if isinstance(item, dict) else _items(item, column + 2, short=False)
        lines += [f"{pad}- {below[0].lstrip(' ')}", *below[1:]]
    return lines


def _scalar(before: str, item: Any, column: int) -> list[str]:
    if isinstance(item, str) and "\n" in item:
        # The writer's own block form, moved to where it stands here.
        first, *rest = write_document({"x": item}).rstrip("\n").split("\n")
        return [f"{before}{first[2:]}", *[f"{' ' * column}{line}" if line else "" for line in rest]]
    return [f"{before} {form(item, None, flow=False)}"]


def _is_plain(item: Any) -> bool:
    """Tell whether a value may stand on one line: a text of several lines may not."""
    if isinstance(item, dict):
        return all(_is_plain(child) for child in item.values())
    if isinstance(item, list):
        return all(_is_plain(child) for child in item)
    return not (isinstance(item, str) and "\n" in item)


def _is_short(item: Any) -> bool:
    """Tell whether a value says one thing: a chain of maps to one scalar, or a list of plain values."""
    while isinstance(item, dict) and len(item) == 1:
        (item,) = item.values()
    return not isinstance(item, dict) and (not isinstance(item, list) or not any(is_filled(one) for one in item))
