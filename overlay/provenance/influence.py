"""Which of a chart's values move a field: candidates are changed, and the template rendered again."""

from __future__ import annotations

import re
import time
from itertools import pairwise

from overlay.chart.values import overlay_maps
from overlay.errors import OverlayError
from overlay.kube.dotted import as_text
from overlay.kube.follow import value_at
from overlay.kube.leaves import leaves
from overlay.kube.objects import parse_objects
from overlay.model.value import replace
from overlay.yaml import read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.chart.render import Rendered
    from overlay.kube.follow import Concrete
    from overlay.model.resource import Resource
    from overlay.provenance.templates import Render, Template

    Key = tuple[str, ...]
    # Values that are changed together.
    Group = list[tuple[Key, Any]]

SECONDS = 0.25
_BATCH = 8
# What is named on the field's line, or has its text, is tried by itself.
_LIKELY = 1
_NAMED = re.compile(r"\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)")


def keys_behind(
    template: Template, resource: Resource, path: Concrete, values: dict[str, Any], line: int, render: Render
) -> tuple[tuple[Key, ...], bool]:
    """Return the keys whose change moves the field, and whether every candidate was tried in the time there is.

    values: the chart's defaults with the environment's values over them.
    """
    now = value_at(resource.body, path)
    likely: list[Group] = []
    others: dict[int, list[tuple[Key, Any]]] = {}
    for rank, key, old in _candidates(template, values, now, line):
        for turn, new in enumerate(_others(old)):
            if rank <= _LIKELY:
                likely.append([(key, new)])
            else:
                others.setdefault(turn, []).append((key, new))
    # All unlikely ones are changed at once: where the field stays, none of them moves it; where not, by halves.
    groups = [*likely, *others.values()]
    moving: dict[Key, None] = {}
    until = time.monotonic() + SECONDS
    while groups:
        if time.monotonic() > until:
            return tuple(moving), False
        batch, groups = groups[:_BATCH], groups[_BATCH:]
        requests = [replace(template.request, values=_changed(template.request.values, group)) for group in batch]
        for group, answer in zip(batch, render(requests), strict=True):
            if len(group) > 1 and (
                isinstance(answer, OverlayError) or _moved(answer, template.file, resource, path, now)
            ):
                groups += [group[: len(group) // 2], group[len(group) // 2 :]]
            elif len(group) == 1 and _moved(answer, template.file, resource, path, now):
                moving[group[0][0]] = None
    return tuple(moving), True


def _candidates(template: Template, values: dict[str, Any], now: Any, line: int) -> list[tuple[int, Key, Any]]:
    """Return the values to try, the likely ones first: named on the line, of the same text, named in the template."""
    on_line = _named("\n".join(template.lines[max(line - 1, 0) : line])) if line else set()
    in_file = _named("\n".join(template.lines))
    text = as_text(now) if not isinstance(now, (dict, list)) else ""
    prefix = _subchart(template)

    def rank(key: Key, item: Any) -> int:
        named = key[len(prefix) :] if key[: len(prefix)] == prefix else key
        if any(named[: len(name)] == name for name in on_line):
            return 0
        shown = as_text(item)
        if shown and text and (shown == text or (len(shown) > 2 and shown in text)):
            return 1
        return 2 if any(named[: len(name)] == name for name in in_file) else 3

    found = []
    for path, item in leaves(values, None):
        key = tuple([part for part in path if isinstance(part, str)])
        if len(key) == len(path) and key:
            found.append((key, item))
        elif key and (key, None) not in found[-1:]:
            # An element of a list: the list as a whole is what a values file can set.
            whole = _list_key(path)
            if not found or found[-1][0] != whole:
                found.append((whole, _get(values, whole)))
    return sorted([(rank(key, item), key, item) for key, item in found], key=lambda each: each[0])


def _list_key(path: tuple[Any, ...]) -> Key:
    key: list[str] = []
    for part in path:
        if not isinstance(part, str):
            break
        key.append(part)
    return tuple(key)


def _get(values: Any, key: Key) -> Any:
    for part in key:
        values = values[part]
    return values


def _subchart(template: Template) -> Key:
    parts = template.file.split("/")
    return tuple([name for before, name in pairwise(parts) if before == "charts"])


def _named(text: str) -> set[Key]:
    return {tuple(match[1].strip(".").split(".")) for match in _NAMED.finditer(text)}


def _changed(values: dict[str, Any], group: Group) -> dict[str, Any]:
    for key, new in group:
        changed: Any = new
        for part in reversed(key):
            changed = {part: changed}
        values = overlay_maps(values, changed)
    return values


def _others(old: Any) -> list[Any]:
    """Return other values of the same type; a list's elements may matter, or how many there are."""
    return [_other(old), old[:-1]] if isinstance(old, list) and old else [_other(old)]


def _other(old: Any) -> Any:
    if isinstance(old, bool):
        return not old
    if isinstance(old, (int, float)):
        return old + 1
    if isinstance(old, str):
        return old + "0" if old[-1:].isdigit() else old + "x"
    if isinstance(old, list):
        return [_other(item) for item in old] or ["x"]
    if isinstance(old, dict):
        return {key: _other(item) for key, item in old.items()} or {"x": "x"}
    return "x"


def _moved(answer: Rendered | OverlayError, file: str, resource: Resource, path: Concrete, now: Any) -> bool:
    if isinstance(answer, OverlayError):
        return False
    text = dict(answer.templates).get(file, "")
    try:
        for document in read_documents(text, file):
            for identity, body, _ in parse_objects(document.value, document.location):
                if (identity.kind, identity.name) == (resource.id.kind, resource.id.name):
                    return bool(value_at(body, path) != now)
    except (OverlayError, LookupError, TypeError):
        return True
    return True
