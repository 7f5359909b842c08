"""What a custom resource's schema asks of a value beside its type: ranges, patterns, and schemas joined by logic."""

from __future__ import annotations

from overlay.check.formats import FORMATS
from overlay.check.pattern import matcher
from overlay.check.problem import Problem
from overlay.kube.custom import sound
from overlay.merge.same import same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from overlay.kube.types import Type

    Problems = list[Problem] | None
    Rule = Callable[[Any], str | None]
    Sized = type[str | list[Any] | dict[str, Any]]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
    "null": (type(None),),
}
_SIZES: tuple[tuple[str, str, Sized, str], ...] = (
    ("minLength", "maxLength", str, "character"),
    ("minItems", "maxItems", list, "element"),
    ("minProperties", "maxProperties", dict, "field"),
)


def ruled(of: Type, plain: Any, mismatch: Callable[[Type, Any], Problems], *, whole: bool) -> Callable[[Any], Problems]:
    """Return a check that asks a type's rules too, once the value is of the type.

    whole: the value is complete; of a part, only what it states can be wrong.
    """
    rules = list(_rules(of.rules, whole=whole))

    def check_class(value: Any) -> Problems:
        return None if value.__class__ is plain else mismatch(of, value)

    check_type = check_class if plain.__class__ is type else plain

    def check(value: Any) -> Problems:
        found = check_type(value)
        if found or value is None:
            return found
        problems: list[Problem] = []
        for rule in rules:
            text = rule(value)
            if text:
                told = () if isinstance(value, (dict, list)) else (value,)
                problems.append(Problem("wrong-value", text, *told))
        return problems or None

    return check


def _rules(schema: dict[str, Any], *, whole: bool) -> list[Rule]:
    found: list[Rule] = []
    if "pattern" in schema:
        found.append(_pattern(schema["pattern"]))
    if any(key in schema for key in ("minimum", "maximum", "multipleOf")):
        found.append(lambda value: _range(schema, value))
    for least, most, kind, word in _SIZES:
        if least in schema or most in schema:
            # A part of a map or list may well be shorter than the whole.
            found.append(_size(schema.get(least, 0) if whole or kind is str else 0, schema.get(most), kind, word))
    if whole:
        for key, text in (
            ("anyOf", " fits none of the forms that its type allows"),
            ("oneOf", " does not fit exactly one of the forms that its type allows"),
            ("allOf", " does not fit every form that its type demands"),
            ("not", " has a form that its type forbids"),
        ):
            if key in schema:
                found.append(_logic(key, schema[key], text))
    return found


def _pattern(pattern: str) -> Rule:
    matches = matcher(pattern)
    text = f" must match {pattern if len(pattern) <= 100 else pattern[:97] + '…'}"
    if matches is None:
        return lambda _: None
    return lambda value: text if isinstance(value, str) and not matches(value) else None


def _range(schema: dict[str, Any], value: Any) -> str | None:
    if value.__class__ not in (int, float):
        return None
    least, most, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    if least is not None and (value < least or (value == least and schema.get("exclusiveMinimum") is True)):
        return f" must be {'more than' if schema.get('exclusiveMinimum') is True else 'at least'} {least}"
    if most is not None and (value > most or (value == most and schema.get("exclusiveMaximum") is True)):
        return f" must be {'less than' if schema.get('exclusiveMaximum') is True else 'at most'} {most}"
    if step and value % step:
        return f" must be a multiple of {step}"
    return None


def _size(least: int, most: int | None, kind: Sized, word: str) -> Rule:
    def rule(value: Any) -> str | None:
        if not isinstance(value, kind):
            return None
        size = len(value)
        if size < least:
            return f" must have at least {least} {word}{'' if least == 1 else 's'}"
        if most is not None and size > most:
            return f" must have at most {most} {word}{'' if most == 1 else 's'}"
        return None

    return rule


def _logic(key: str, schemas: Any, text: str) -> Rule:
    return lambda value: None if holds({key: schemas}, value) else text


def holds(schema: Any, value: Any) -> bool:
    """Tell whether a value fits a schema as JSON Schema means it: what is not named is allowed."""
    if not isinstance(schema, dict):
        return schema is not False
    schema = sound(schema)
    wanted = schema.get("type")
    if wanted == "integer":
        if value.__class__ is not int and not (value.__class__ is float and value.is_integer()):
            return False
    elif wanted in _TYPES and value.__class__ not in _TYPES[wanted] and not (value is None and schema.get("nullable")):
        return False
    if "enum" in schema and not any(same(value, item) for item in schema["enum"]):
        return False
    if value.__class__ is dict and not _holds_fields(schema, value):
        return False
    if value.__class__ is list and "items" in schema and not all(holds(schema["items"], item) for item in value):
        return False
    if value.__class__ is str and schema.get("format") in FORMATS and not FORMATS[schema["format"]][1](value):
        return False
    plain = {key: item for key, item in schema.items() if key not in ("anyOf", "oneOf", "allOf", "not")}
    if any(rule(value) for rule in _rules(plain, whole=True)):
        return False
    return (
        all(holds(one, value) for one in schema.get("allOf", ()))
        and ("anyOf" not in schema or any(holds(one, value) for one in schema["anyOf"]))
        and ("oneOf" not in schema or sum(holds(one, value) for one in schema["oneOf"]) == 1)
        and ("not" not in schema or not holds(schema["not"], value))
    )


def _holds_fields(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    if any(name not in value for name in schema.get("required", ())):
        return False
    fields = schema.get("properties", {})
    if not all(holds(fields[name], item) for name, item in value.items() if name in fields):
        return False
    others = schema.get("additionalProperties")
    return not isinstance(others, dict) or all(
        holds(others, item) for name, item in value.items() if name not in fields
    )
