"""Types to functions: each walks a value once and returns its problems, None when there are none.

A plain type such as string is not a function but Python's class of it, so that the walk over a map's fields needs no
call for most of them. Functions are made when a field is first met.
"""

from __future__ import annotations

from overlay.check.problem import Problem
from overlay.check.scalars import mismatch, scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from overlay.kube.types import Type

    Problems = list[Problem] | None
    Check = Callable[[Any], Problems]

# A whole object; a strategic merge patch; a JSON merge patch; a value that a later step completes.
STRICT, STRATEGIC, MERGE, PART = range(4)
# What Kubernetes assumes where a key of a several-key list is left out.
_KEY_DEFAULTS = {"protocol": "TCP"}
_DIRECTIVES = ("$patch", "$retainKeys")
_FIELD_DIRECTIVES = ("$setElementOrder/", "$deleteFromPrimitiveList/")


def compiled(of: Type, mode: int) -> Any:
    """Return what checks a type's values: a function, or the class that a value must be of."""
    found = of.compiled.get(mode)
    if found is None:
        found = of.compiled[mode] = _make(of, mode)
    return found


def check_value(of: Type, value: Any, mode: int) -> list[Problem]:
    """Return all problems of a value."""
    expected = compiled(of, mode)
    if expected.__class__ is type:
        return (None if value.__class__ is expected else mismatch(of, value)) or []
    return expected(value) or []


def _make(of: Type, mode: int) -> Any:
    made: Any
    if of.form == "any":
        made = _accept
    elif of.form == "object":
        made = _object(of, mode)
    elif of.form == "map":
        made = _map(of, mode)
    elif of.form == "list":
        made = _list(of, mode)
    else:
        made = scalar(of)
    if of.rules:
        from overlay.check.rules import ruled  # noqa: PLC0415  # custom resources only

        return ruled(of, made, mismatch, whole=mode == STRICT)
    return made


def _joined(problems: Problems, more: list[Problem]) -> list[Problem]:
    """Add problems to those found so far; both lists are ours alone."""
    if problems is None:
        return more
    problems.extend(more)
    return problems


def _accept(_: Any) -> Problems:
    return None


class _Fields(dict[str, "Any"]):
    """An object's fields with what checks them; filled as they are met."""

    __slots__ = ("mode", "of")

    def __init__(self, of: Type, mode: int) -> None:
        super().__init__()
        self.of = of
        self.mode = mode

    def __missing__(self, name: str) -> Any:
        if name in self.of.fields:
            found = self.of.field(name)
            expected = self[name] = _accept if found is None else compiled(found, self.mode)
            return expected
        if self.mode == STRATEGIC and name.startswith("$"):
            for directive in _FIELD_DIRECTIVES:
                if name.startswith(directive) and name.removeprefix(directive) in self.of.fields:
                    return _accept
            if name in _DIRECTIVES:
                return _accept
        if self.of.open:
            return _accept
        return _Unknown(self.of, nulls=self.mode in (STRATEGIC, MERGE))


class _Unknown:
    """The check of a field that does not exist."""

    __slots__ = ("nulls", "of")

    def __init__(self, of: Type, *, nulls: bool) -> None:
        self.of = of
        self.nulls = nulls

    def __call__(self, value: Any) -> Problems:
        # A patch may take away what should never have been there: whoever knows the object decides.
        rule = "unknown-and-null" if self.nulls and value is None else "unknown-field"
        return [Problem(rule, "", names=list(self.of.fields))]


def _object(of: Type, mode: int) -> Check:
    lookup = _Fields(of, mode).__getitem__
    required = of.required if mode == STRICT else ()
    nulls = mode in (STRATEGIC, MERGE)

    def check(value: Any) -> Problems:
        if value.__class__ is not dict:
            return mismatch(of, value)
        problems: Problems = None
        for name, item in value.items():
            expected = lookup(name)
            if item.__class__ is expected:
                continue
            if item is None and nulls and expected.__class__ is not _Unknown:
                continue
            if expected.__class__ is type:
                field = of.field(name)
                more = None if field is None else mismatch(field, item)
            else:
                more = expected(item)
            if more:
                for problem in more:
                    problem.parts.append(name)
                problems = _joined(problems, more)
        for name in required:
            if name not in value:
                missing = Problem("missing-field", f" needs {name}")
                problems = _joined(problems, [missing])
        return problems

    return check


def _map(of: Type, mode: int) -> Check:
    element = of.element()
    nulls = mode in (STRATEGIC, MERGE)
    expected = _accept if element is None else compiled(element, mode)
    plain = expected.__class__ is type

    def check(value: Any) -> Problems:
        if value.__class__ is not dict:
            return mismatch(of, value)
        problems: Problems = None
        for name, item in value.items():
            if item.__class__ is expected or (item is None and nulls) or (nulls and name in _DIRECTIVES):
                continue
            more = mismatch(element, item) if plain and element is not None else expected(item)
            if more:
                for problem in more:
                    problem.parts.append(name)
                problems = _joined(problems, more)
        return problems

    return check


def _list(of: Type, mode: int) -> Check:
    element = of.element()
    merges = mode == STRATEGIC and "merge" in of.strategy
    # A list that does not merge is written whole, so its elements are whole.
    inner = mode if merges or mode == PART else STRICT
    expected = _accept if element is None else compiled(element, inner)
    plain = expected.__class__ is type
    keyed = of.list_type == "map" and bool(of.keys)
    unique = of.list_type == "set"

    def check(value: Any) -> Problems:
        if value.__class__ is not list:
            return mismatch(of, value)
        problems: Problems = None
        for index, item in enumerate(value):
            if item.__class__ is expected:
                continue
            if merges and item.__class__ is dict and "$patch" in item and not plain and len(item) == 1:
                continue
            more = mismatch(element, item) if plain and element is not None else expected(item)
            if more:
                for problem in more:
                    problem.parts.append(index)
                problems = _joined(problems, more)
        if (keyed or unique) and len(value) > 1 and not merges:
            more = _twice(of.keys, value) if keyed else _repeated(value)
            if more:
                problems = _joined(problems, more)
        return problems

    return check


def _twice(keys: tuple[str, ...], items: list[Any]) -> Problems:
    """Find elements of one key, which the API server cannot tell apart."""
    seen: set[Any] = set()
    problems: list[Problem] = []
    first = keys[0]
    for index, item in enumerate(items):
        if item.__class__ is not dict or first not in item:
            continue
        key = item[first] if len(keys) == 1 else tuple([item.get(name, _KEY_DEFAULTS.get(name)) for name in keys])
        try:
            if key not in seen:
                seen.add(key)
                continue
        except TypeError:
            continue
        told = " and ".join([f"{name} {item[name]}" for name in keys if name in item])
        problem = Problem("duplicate", f" has the {told} of an element before it")
        problem.parts.append(index)
        problems.append(problem)
    return problems or None


def _repeated(items: list[Any]) -> Problems:
    seen: set[Any] = set()
    problems: list[Problem] = []
    for index, item in enumerate(items):
        if isinstance(item, (dict, list)):
            continue
        if (item.__class__, item) in seen:
            problem = Problem("duplicate", f" is {item!r} again, in a list whose elements must differ")
            problem.parts.append(index)
            problems.append(problem)
        seen.add((item.__class__, item))
    return problems or None
