"""Fields that belong to other managers: which they are, and what the environment says of them."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase

from overlay.cluster import managed
from overlay.kube.dotted import Element, parse_path
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from overlay.kube.dotted import Part
    from overlay.model.cluster import ConflictRule
    from overlay.model.resource import Body

FAIL, TAKE, LEAVE = "fail", "take", "leave"
_MANAGER = re.compile(r'conflict with "((?:[^"\\]|\\.)*)"')
Steps = tuple[str | int, ...]


@value
class Conflict:
    """A field that we want to set and another manager owns; field is written as the server writes it."""

    field: str
    manager: str


def parse_conflicts(causes: Iterable[tuple[str, str]]) -> tuple[Conflict, ...]:
    """Return the conflicts that an answer names: (field, message) of each cause."""
    found = []
    for field, message in causes:
        manager = _MANAGER.search(message)
        found.append(Conflict(field, manager[1] if manager else "another manager"))
    return tuple(found)


def settle(
    body: Body, conflicts: Sequence[Conflict], rules: Sequence[ConflictRule], *, taken: Sequence[str] = ()
) -> tuple[Body, bool, tuple[Conflict, ...]]:
    """Return the body without what is left to others, whether to force the rest, and the conflicts that stay.

    taken: managers whose fields are ours by an adoption. The last rule that means a field decides.
    """
    stay, must_force, left = [], False, []
    for one in conflicts:
        steps = locate(body, one.field)
        action = _action(steps, body, one.manager, rules, TAKE if one.manager in taken else FAIL)
        if action == LEAVE and steps is not None:
            left.append(steps)
        elif action == TAKE:
            must_force = True
        else:
            stay.append(one)
    return _without_all(body, left), must_force and not stay, tuple(stay)


def without_left(body: Body, live: Body, rules: Sequence[ConflictRule], manager: str) -> Body:
    """Return the body without what is left to others and is theirs alone, though they have our very value just now.

    It is no conflict; it would become ours again until they change it, and each time would look like a drift.
    """
    if not any(one.action == LEAVE for one in rules):
        return body
    ours = (managed.entry_of(live, manager) or {}).get("fieldsV1") or {}
    left = set()
    for name, how, _, fields in managed.managers(live):
        for steps in managed.places(fields, body) if (name, how) != (manager, "Apply") else ():
            is_ours = bool(ours) and managed.manages(ours, steps, body)
            if not is_ours and _action(steps, body, name, rules, FAIL) == LEAVE:
                left.add(steps)
    return _without_all(body, left)


def _action(
    steps: Steps | None, body: Body, manager: str, rules: Sequence[ConflictRule], otherwise: str
) -> str:  # fmt: skip
    """Return what the last rule says that means a place, and who owns it."""
    for rule in rules:
        if (
            steps is not None
            and rule.kind in ("", body.get("kind"))
            and (not rule.manager or fnmatchcase(manager, rule.manager))
            and (not rule.path or means(rule.path, steps, body))
        ):
            otherwise = rule.action
    return otherwise


def _without_all(body: Body, places: Iterable[Steps]) -> Body:
    # From the end, so that the places of elements before stay as they are.
    for steps in sorted(places, key=_order, reverse=True):
        body = without(body, steps)
    return body


def _order(steps: Steps) -> list[tuple[int, str]]:
    return [(one, "") if isinstance(one, int) else (0, one) for one in steps]


def locate(body: Any, field: str) -> Steps | None:
    """Return where a field of the server's notation stands in a body, list elements by index.

    The notation does not escape dots in names: the longest name that the body has is the one.

    >>> locate({"a": {"b.c/d": 1}, "e": [{"name": "x", "f": 2}]}, '.e[name="x"].f')
    ('e', 0, 'f')
    """
    steps: list[str | int] = []
    rest = field
    while rest:
        if rest.startswith(".") and isinstance(body, dict):
            names = [name for name in body if rest[1:].startswith(name) and rest[1 + len(name) :][:1] in ("", ".", "[")]
            if not names:
                return None
            name = max(names, key=len)
            steps.append(name)
            body, rest = body[name], rest[1 + len(name) :]
        elif rest.startswith("[") and isinstance(body, list):
            index, length = _element(body, rest)
            if index is None:
                return None
            steps.append(index)
            body, rest = body[index], rest[length:]
        else:
            return None
    return tuple(steps)


_PAIR = re.compile(r'([^=,\[\]]*)=("(?:[^"\\]|\\.)*"|[^,\]]*)')


def _element(items: list[Any], text: str) -> tuple[int | None, int]:
    """Return the index of the element that `[name="x"]`, `[="x"]` or `[3]` at the start of a text means."""
    end, quoted = 1, False
    while end < len(text) and (quoted or text[end] != "]"):
        if text[end] == "\\":
            end += 1
        elif text[end] == '"':
            quoted = not quoted
        end += 1
    inner = text[1:end]
    if inner.isdigit():
        return (int(inner) if int(inner) < len(items) else None), end + 1
    pairs = {key: _scalar(given) for key, given in _PAIR.findall(inner)}
    # A key that the object leaves out has the type's default on the server; an element that has it comes first.
    for is_exact in (True, False):
        for index, item in enumerate(items):
            if item == pairs.get("", MISSING):
                return index, end + 1
            default = {} if is_exact else pairs
            if isinstance(item, dict) and pairs and pairs.items() <= {**default, **item}.items():
                return index, end + 1
    return None, end + 1


MISSING = object()


def _scalar(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def means(path: str, steps: Steps, body: Any) -> bool:
    """Tell whether a dotted path of the user's means a place in a body, or one above it."""
    parts: tuple[Part, ...] = parse_path(path)
    if len(parts) > len(steps):
        return False
    for part, step in zip(parts, steps, strict=False):
        body = body[step]
        if isinstance(part, Element):
            if not part.means(body):
                return False
        elif part not in ("*", step):
            return False
    return True


def without(body: Any, steps: Steps) -> Any:
    """Return a body without the value at a place; maps that become empty go too."""
    first, rest = steps[0], steps[1:]
    if isinstance(first, int):
        if not rest:
            return [*body[:first], *body[first + 1 :]]
        return [*body[:first], without(body[first], rest), *body[first + 1 :]]
    inner = without(body[first], rest) if rest else None
    if rest and inner:
        return {**body, first: inner}
    return {key: item for key, item in body.items() if key != first}
