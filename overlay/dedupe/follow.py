"""Find what of the shared objects follows the environment, so that the base can say it for all of them at once."""

from __future__ import annotations

from overlay.dedupe.rules import find_rule
from overlay.dedupe.shared import Change, is_namespace
from overlay.dedupe.words import is_long
from overlay.kube.dotted import BadPath, Element, format_path, parse_path
from overlay.kube.leaves import leaves
from overlay.merge.same import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from overlay.dedupe.member import Piece
    from overlay.dedupe.rules import Facts, Rule
    from overlay.dedupe.shared import Part, Shared
    from overlay.kube.leaves import Path
    from overlay.kube.types import Type

NAME = ("metadata", "name")


def follow_names(shared: Sequence[Shared], preferred: Sequence[str], facts: Facts, *, placed: bool) -> list[Change]:
    """Return the changes that give objects their names; `placed`: a Namespace is named by its environment's setting."""
    found: list[Change] = []
    for one in shared:
        if placed and is_namespace(one.first.id):
            continue
        names = {name: piece.id.name for name, piece in one.slot.pieces.items()}
        if len(set(names.values())) > 1:
            rule = find_rule(preferred, names, facts)
            if rule is not None:
                found.append(Change(shared=one, path=NAME, rule=rule))
    return found


def follow_fields(
    shared: Sequence[Shared],
    parts: Mapping[str, Part],
    preferred: Sequence[str],
    facts: Facts,
    type_of: Callable[[Piece], Type | None],
) -> list[Change]:
    """Return the changes of further texts that fewer environments have to patch when the base follows them."""
    found: list[Change] = []
    at_of = {name: {id(one): at for at, one in enumerate(part.shared)} for name, part in parts.items()}
    for one in shared:
        node = type_of(one.pieces[0])
        wrong: dict[Path, int] = {}
        wanted: dict[str, dict[Path, Any]] = {}
        for name in one.slot.pieces:
            at = at_of[name][id(one)]
            body, goal = parts[name].objects[at].body, parts[name].wanted[at]
            wanted[name] = dict(leaves(goal, node))
            if same(body, goal):
                continue
            have = dict(leaves(body, node))
            for path, item in wanted[name].items():
                if isinstance(item, str) and path in have and have[path] != item and isinstance(have[path], str):
                    wrong[path] = wrong.get(path, 0) + 1
        base = dict(leaves(one.first.body, node)) if wrong else {}
        for path, count in wrong.items():
            if not isinstance(base.get(path), str) or not is_sayable(path):
                continue
            texts = {name: each[path] for name, each in wanted.items() if isinstance(each.get(path), str)}
            rule = find_rule(preferred, texts, facts) if len(texts) == len(wanted) else None
            if rule is not None and _pays(rule, texts, count):
                found.append(Change(shared=one, path=path, rule=rule))
    return found


def _pays(rule: Rule, texts: Mapping[str, str], count: int) -> bool:
    """Tell whether the base's three lines are fewer than those of the patches that it spares; long texts always pay."""
    left = len(texts) - len(rule.follow)
    if is_long(rule.text):
        return True
    return left < count and count - left > 1


def is_sayable(path: Path) -> bool:
    """Tell whether a document's field path leads exactly there."""
    if path[0] in ("apiVersion", "kind") or path[:2] == ("metadata", "namespace"):
        return False
    try:
        return parse_path(format_path(path)) == path
    except BadPath:
        return False


def put_text(body: Any, path: Path, text: str) -> Any:
    """Return a body with another text at a path; the same one where the path leads to none."""
    if not path:
        return text if isinstance(body, str) else body
    part, rest = path[0], path[1:]
    if isinstance(body, dict) and part in body:
        return {**body, part: put_text(body[part], rest, text)}
    if isinstance(body, list):
        return [
            put_text(item, rest, text) if (part.means(item) if isinstance(part, Element) else part == at) else item
            for at, item in enumerate(body)
        ]
    return body
