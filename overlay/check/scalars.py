"""Checks of plain values: their class, range, format and closed sets."""

from __future__ import annotations

from overlay.check.formats import FORMATS, RANGES, is_quantity
from overlay.check.problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from overlay.kube.types import Type

    Problems = list[Problem] | None
    Check = Callable[[Any], Problems]

_PLAIN: dict[str, type] = {"string": str, "boolean": bool}
MOST_SHOWN = 20
WORDS = {
    "object": "a map",
    "map": "a map",
    "list": "a list",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "quantity": "a quantity (a number or a string)",
    "int-or-string": "an integer or a string",
}


def mismatch(of: Type, value: Any) -> Problems:
    """Say that a value is not of a type's class; null may be all right."""
    if value is None and of.nullable:
        return None
    if of.form == "integer" and value.__class__ is float and value.is_integer():
        return None
    if of.form == "number" and value.__class__ in (int, float):
        return None
    return [Problem("wrong-type", f" must be {WORDS[of.form]}", value)]


def scalar(of: Type) -> Any:
    """Return what checks a plain value: a function, or the class that it must be of."""
    if of.enum:
        return _enum(of)
    if of.form == "integer":
        return _integer(of)
    if of.form == "quantity":
        return _quantity
    if of.form == "int-or-string":
        return _int_or_string(of)
    plain = _PLAIN.get(of.form)
    if of.format in FORMATS and plain is str:
        return _formatted(of)
    if plain is not None:
        return plain
    return lambda value: None if value.__class__ in (int, float) else mismatch(of, value)


def _integer(of: Type) -> Check:
    least, most = RANGES.get(of.format, RANGES["int64"])
    text = f" must be between {least} and {most}"

    def check(value: Any) -> Problems:
        if value.__class__ is not int:
            return mismatch(of, value)
        return None if least <= value <= most else [Problem("wrong-value", text, value)]

    return check


def _quantity(value: Any) -> Problems:
    if value.__class__ is str:
        if is_quantity(value):
            return None
        number = value.strip().removesuffix("B").removesuffix("b").rstrip("i")
        names = [number, f"{number}i"] if number != value.strip() and is_quantity(number) else []
        return [Problem("wrong-value", " must be a quantity such as 500m or 128Mi", value, names)]
    if value.__class__ in (int, float):
        return None
    return [Problem("wrong-type", " must be a quantity such as 500m or 128Mi", value)]


def _int_or_string(of: Type) -> Check:
    def check(value: Any) -> Problems:
        if value.__class__ is str or value.__class__ is int:
            return None
        if value.__class__ is float and value.is_integer():
            return None
        return None if value is None and of.nullable else mismatch(of, value)

    return check


def _enum(of: Type) -> Check:
    # A custom resource may list anything; maps and lists among it are compared by nobody.
    allowed = frozenset((item.__class__, item) for item in of.enum if item.__class__ not in (dict, list))
    classes = {item[0] for item in allowed}
    # The empty string means the default; nobody is told to write it.
    names = [str(item) for item in of.enum if item != ""]
    shown = names if len(names) <= MOST_SHOWN else [*names[:MOST_SHOWN], "…"]
    text = (
        f" must be {', '.join(shown[:-1])} or {shown[-1]}"
        if len(shown) > 1
        else f" must be {''.join(shown) or 'empty'}"
    )

    def check(value: Any) -> Problems:
        if value.__class__ in (dict, list):
            return [Problem("wrong-type", text, value)]
        if (value.__class__, value) in allowed or (value is None and of.nullable):
            return None
        return [Problem("wrong-value" if value.__class__ in classes else "wrong-type", text, value, names)]

    return check


def _formatted(of: Type) -> Check:
    words, accepts = FORMATS[of.format]

    def check(value: Any) -> Problems:
        if value.__class__ is not str:
            return mismatch(of, value)
        return None if accepts(value) else [Problem("wrong-value", f" must be {words}", value)]

    return check
