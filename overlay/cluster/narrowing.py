"""Where a changed CustomResourceDefinition allows less than before, and which of the objects that are there do not fit.

The server refuses a change of scope and the loss of a stored version; it takes everything else, and drops fields, or
refuses the next change of an object, long after the upgrade (hazard K11).
"""

from __future__ import annotations

import re

from overlay.kube.fieldpath import MISSING
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from overlay.model.resource import Body

ALLOW_ANNOTATION = "overlay.dev/allow-narrowing"
Path = tuple[str, ...]
# Steps of a path that are no names: each element of a list, each value of a map.
_EACH, _ANY = "[]", "*"
_MAX_DEPTH = 64


@value(kw_only=True)
class Narrowing:
    """One place of a version that allows less. text: what of it, in words. hits: tells whether a value does not fit."""

    version: str
    path: Path
    text: str
    hits: Callable[[Any], bool]

    def concerns(self, body: Body) -> bool:
        """Tell whether an object has a value, or lacks one, that does not fit."""
        return any(self.hits(found) for found in _values(body, self.path))

    def __str__(self) -> str:
        where = ".".join(self.path).replace(f".{_EACH}", _EACH)
        return f"{where} of {self.version} {self.text}"


def narrowings(old: Body, new: Body) -> list[Narrowing]:
    """Return where a definition allows less: in each version that stays, and in what is stored from now on."""
    before, after = _versions(old), _versions(new)
    pairs = [(name, before[name], after[name]) for name in before if name in after]
    stored, stores = _stored(before), _stored(after)
    converts = ((new.get("spec") or {}).get("conversion") or {}).get("strategy") == "Webhook"
    if stored and stores and stored != stores and not converts:
        # Without a converter, what the newly stored version does not have is gone from what is stored.
        pairs.append((stores, before[stored], after[stores]))
    found: dict[str, Narrowing] = {}
    for name, one, other in pairs:
        for each in _compare(name, _schema(one), _schema(other), ()):
            found.setdefault(str(each), each)
    return list(found.values())


def unserved(old: Body, new: Body) -> list[str]:
    """Return the versions that are served no more."""
    after = _versions(new)
    return [name for name, one in _versions(old).items() if one.get("served") and not after.get(name, {}).get("served")]


def _versions(definition: Body) -> dict[str, dict[str, Any]]:
    return {str(one["name"]): one for one in (definition.get("spec") or {}).get("versions") or ()}


def _stored(versions: dict[str, dict[str, Any]]) -> str:
    return next((name for name, one in versions.items() if one.get("storage")), "")


def _schema(version: dict[str, Any]) -> dict[str, Any]:
    return (version.get("schema") or {}).get("openAPIV3Schema") or {}


def _compare(version: str, old: dict[str, Any], new: dict[str, Any], path: Path) -> Iterator[Narrowing]:
    if len(path) > _MAX_DEPTH:
        return

    def less(text: str, hits: Callable[[Any], bool], *, at: Path = path) -> Narrowing:
        return Narrowing(version=version, path=at, text=text, hits=hits)

    if path:
        yield from (less(text, hits) for text, hits in _values_allowed(old, new))
    had, has = old.get("properties") or {}, new.get("properties") or {}
    is_open = bool(new.get("x-kubernetes-preserve-unknown-fields") or new.get("additionalProperties"))
    for name, inner in had.items():
        if name in has:
            if path or name != "metadata":
                yield from _compare(version, inner, has[name], (*path, name))
        elif not is_open:
            yield less("is gone: the server drops its value", lambda one: one is not MISSING, at=(*path, name))
    for name in sorted(set(new.get("required") or ()) - set(old.get("required") or ())):
        if "default" not in has.get(name, {}):
            yield less("becomes required", lambda one: one is MISSING, at=(*path, name))
    for step, key in ((_EACH, "items"), (_ANY, "additionalProperties")):
        if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
            yield from _compare(version, old[key], new[key], (*path, step))


# Bounds that make a schema narrower when they are there and tighter: (keyword, is an upper bound, what it bounds).
_BOUNDS: tuple[tuple[str, bool, Callable[[Any], Any]], ...] = (
    ("maximum", True, lambda one: one),
    ("maxLength", True, len),
    ("maxItems", True, len),
    ("maxProperties", True, len),
    ("minimum", False, lambda one: one),
    ("minLength", False, len),
    ("minItems", False, len),
    ("minProperties", False, len),
)
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "object": (dict,),
    "array": (list,),
}  # fmt: skip


def _values_allowed(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, Callable[[Any], bool]]]:
    """Yield what values are allowed no more at one place, and what tells such a value."""
    kind = new.get("type")
    if kind in _TYPES and kind != old.get("type") and not new.get("x-kubernetes-int-or-string"):
        yield f"must be of type {kind}", lambda one: one is not None and not _is_of(one, kind)
    if old.get("nullable") and not new.get("nullable"):
        yield "may not be null any more", lambda one: one is None
    allowed = new.get("enum")
    if isinstance(allowed, list) and allowed != old.get("enum"):
        yield "allows fewer values", lambda one: one is not None and one not in allowed
    pattern = new.get("pattern")
    if isinstance(pattern, str) and pattern != old.get("pattern") and (compiled := _compiled(pattern)) is not None:
        yield "must match another pattern", lambda one: isinstance(one, str) and compiled.search(one) is None
    for keyword, is_upper, measure in _BOUNDS:
        bound, was = new.get(keyword), old.get(keyword)
        if bound is None or (was is not None and (was <= bound if is_upper else was >= bound)):
            continue
        yield f"has {keyword} {bound} now", _beyond(bound, measure, is_upper=is_upper)


def _beyond(bound: Any, measure: Callable[[Any], Any], *, is_upper: bool) -> Callable[[Any], bool]:
    def hits(one: Any) -> bool:
        try:
            size = measure(one)
            return bool(size > bound if is_upper else size < bound)
        except TypeError:
            return False  # of another type, which is a matter of its own

    return hits


def _is_of(one: Any, kind: str) -> bool:
    return isinstance(one, _TYPES[kind]) and (kind == "boolean" or not isinstance(one, bool))


def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern, None where it is one of the server's dialect alone."""
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _values(body: Any, path: Path) -> Iterator[Any]:
    """Yield the values at a path; MISSING where what would hold it is there, and it is not."""
    for index, step in enumerate(path):
        if step in (_EACH, _ANY):
            inner = body if step == _EACH and isinstance(body, list) else ()
            inner = list(body.values()) if step == _ANY and isinstance(body, dict) else inner
            for one in inner:
                yield from _values(one, path[index + 1 :])
            return
        if not isinstance(body, dict):
            return
        if step not in body:
            if index == len(path) - 1:
                yield MISSING
            return
        body = body[step]
    yield body
