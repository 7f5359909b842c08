"""JSON Schemas that users write in tests: read as a type, and refused where a word would be passed over."""

from __future__ import annotations

from overlay.kube.custom import schema_type, sound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.kube.types import Type

    Path = tuple[str | int, ...]

MAX_DEPTH = 60
_TYPES = ("object", "array", "string", "integer", "number", "boolean")
_WORDS = (
    "type", "format", "enum", "const", "required", "properties", "additionalProperties", "items", "nullable",
    "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
    "minItems", "maxItems", "minProperties", "maxProperties", "allOf", "anyOf", "oneOf", "not",
)  # fmt: skip
_JOINING = ("allOf", "anyOf", "oneOf", "not")
_SILENT = ("title", "description", "$comment", "default", "examples")
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
_OPEN = "x-kubernetes-preserve-unknown-fields"


def refusals(schema: Any, path: Path = (), *, joined: bool = False) -> Iterator[tuple[Path, str]]:
    """Yield what of a schema could not be held against a value, each with its path; nothing is passed over.

    joined: the schema stands below allOf, anyOf, oneOf or not.
    """
    if not isinstance(schema, dict):
        yield path, "must be a map: a schema"
        return
    if len(path) > MAX_DEPTH:
        yield path, f"is nested deeper than {MAX_DEPTH}"
        return
    for key, item in schema.items():
        if key in _SILENT:
            continue
        if key not in _WORDS:
            yield (*path, key), f"is no word of a schema here; known are {', '.join(_WORDS)}"
        elif reason := _wrong(key, item):
            yield (*path, key), reason
    if isinstance(schema.get("properties"), dict) and isinstance(schema.get("additionalProperties"), dict):
        yield (*path, "additionalProperties"), "stands beside properties, where only true and false are known"
    if joined and schema.get("additionalProperties") is False:
        yield (*path, "additionalProperties"), "is not known below allOf, anyOf, oneOf and not"
    for below, item in _below(schema):
        yield from refusals(item, (*path, *below), joined=joined or below[0] in _JOINING)


def read_schema(schema: dict[str, Any]) -> Type:
    """Return the type that a schema without refusals describes."""
    return schema_type(_structural(schema))


def _wrong(key: str, item: Any) -> str:
    if key == "type":
        named = [one for one in item if one != "null"] if isinstance(item, list) else [item]
        return "" if len(named) == 1 and named[0] in _TYPES else f"must be one of {', '.join(_TYPES)}, or it and null"
    if key in ("exclusiveMinimum", "exclusiveMaximum"):
        return "" if isinstance(item, (int, float)) else "must be a number"
    if key == "pattern" and isinstance(item, str):
        from overlay.check.pattern import matcher  # noqa: PLC0415  # few schemas have one

        return "" if matcher(item) is not None else "is a pattern that is not understood"
    if key == "required" and isinstance(item, list) and not all(isinstance(one, str) for one in item):
        return "must be a list of strings"
    return "" if key == "const" or sound({key: item}) else "has a value of another type than it must have"


def _below(schema: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
    fields = schema.get("properties")
    for name, item in fields.items() if isinstance(fields, dict) else ():
        yield ("properties", name), item
    for key in ("items", "not", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield (key,), schema[key]
    for key in ("allOf", "anyOf", "oneOf"):
        for index, item in enumerate(schema[key] if isinstance(schema.get(key), list) else ()):
            yield (key, index), item


def _structural(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema in the words of CustomResourceDefinitions, which say more of what they do not name."""
    found = {key: item for key, item in schema.items() if key not in _SILENT}
    if "const" in found:
        found["enum"] = [found.pop("const")]
    for exclusive, bound in _BOUNDS:
        if exclusive in found and not isinstance(found[exclusive], bool):
            # Definitions know it as a word about the bound; both may be written here.
            strict = {bound: found.pop(exclusive), exclusive: True}
            found["allOf"] = [*found.get("allOf", ()), strict]
    if isinstance(found.get("type"), list):
        found["nullable"] = "null" in found["type"]
        found["type"] = next(one for one in found["type"] if one != "null")
    found.setdefault("type", _meant(found))
    if found["type"] in ("", "object", "array") and "enum" in found:
        found["allOf"] = [*found.get("allOf", ()), {"enum": found.pop("enum")}]
    if not found["type"]:
        del found["type"]
    if "properties" in found:
        found["properties"] = {name: _structural(item) for name, item in found["properties"].items()}
    for key in ("items", "not", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = _structural(found[key])
    for key in ("allOf", "anyOf", "oneOf"):
        if key in found:
            found[key] = [_structural(item) for item in found[key]]
    if found.get("additionalProperties") is True:
        del found["additionalProperties"]
    if found.get("type") == "object" and "additionalProperties" not in found:
        found[_OPEN] = True
    return found


def _meant(schema: dict[str, Any]) -> str:
    """Return the type that a schema is about without saying so."""
    if any(key in schema for key in ("properties", "required", "additionalProperties", "minProperties")):
        return "object"
    return "array" if any(key in schema for key in ("items", "minItems", "maxItems")) else ""
