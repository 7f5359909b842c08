"""Types of custom resources, from their CustomResourceDefinitions."""

from __future__ import annotations

from overlay.kube.types import Type, kind_key
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_NUMBER = (int, float)
# Keywords beside the type that `overlay.check.rules` knows, and what they must be to mean anything.
_RULES: dict[str, type | tuple[type, ...]] = {
    "pattern": str,
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "exclusiveMinimum": bool,
    "exclusiveMaximum": bool,
    "multipleOf": _NUMBER,
    "minLength": int,
    "maxLength": int,
    "minItems": int,
    "maxItems": int,
    "minProperties": int,
    "maxProperties": int,
    "allOf": list,
    "anyOf": list,
    "oneOf": list,
    "not": dict,
}
_SHAPES: dict[str, type | tuple[type, ...]] = {
    "type": str,
    "format": str,
    "enum": list,
    "required": list,
    "properties": dict,
    "additionalProperties": (dict, bool),
    "items": dict,
    "nullable": bool,
}
_FORMS = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "array": "list"}


@value(kw_only=True)
class CustomKind:
    """One version of a custom kind.

    cel: whether rules in CEL (`x-kubernetes-validations`) stand in its schema, which nobody checks here.
    warning: what the API server says to whoever uses this version, empty when it is not deprecated.
    """

    type: Type
    served: bool = True
    cel: bool = False
    warning: str = ""


class CustomKinds:
    """The custom kinds of a project, read when a kind is asked for that is not Kubernetes' own.

    definitions: bodies of objects, CustomResourceDefinitions among them. more: further ones, read only when the first
    do not know a kind. metadata: gives the type of every object's metadata.
    """

    def __init__(
        self,
        definitions: Iterable[dict[str, Any]],
        metadata: Callable[[], Type],
        more: Callable[[], Iterable[dict[str, Any]]] | None = None,
    ) -> None:
        self._sources: list[Callable[[], Iterable[dict[str, Any]]]] = [lambda: definitions]
        if more is not None:
            self._sources.append(more)
        self._metadata = metadata
        self._known: dict[str, CustomKind] = {}

    def get(self, key: str) -> CustomKind | None:
        """Return a kind by `group/version/kind`."""
        while key not in self._known and self._sources:
            bodies = [body for body in self._sources.pop(0)() if is_definition(body)]
            self._known = {**custom_kinds(bodies, self._metadata()), **self._known}
        return self._known.get(key)

    def names(self) -> list[str]:
        """Return what is known so far as people write it, `shop.example/v1 Claim`."""
        return [" ".join(key.rsplit("/", 1)) for key in self._known]

    def type(self, key: str) -> Type | None:
        """Return a kind's type."""
        found = self.get(key)
        return found.type if found is not None else None


def is_definition(body: dict[str, Any]) -> bool:
    """Tell whether an object is a CustomResourceDefinition whose schemas can be read."""
    return body.get("kind") == "CustomResourceDefinition" and body.get("apiVersion") == "apiextensions.k8s.io/v1"


def custom_kinds(definitions: Iterable[dict[str, Any]], metadata: Type) -> dict[str, CustomKind]:
    """Return the kinds that definitions declare, by `group/version/kind`; what is no schema takes anything.

    metadata: the type of every object's metadata.
    """
    found: dict[str, CustomKind] = {}
    for body in definitions:
        spec = _map(body.get("spec"))
        group, kind = spec.get("group"), _map(spec.get("names")).get("kind")
        versions = spec.get("versions")
        for version in versions if isinstance(versions, list) else ():
            name = _map(version).get("name")
            if not (isinstance(group, str) and isinstance(kind, str) and isinstance(name, str)):
                continue
            schema = _map(_map(version.get("schema")).get("openAPIV3Schema"))
            warning = ""
            if version.get("deprecated") is True:
                warning = version.get("deprecationWarning") or f"{group}/{name} {kind} is deprecated"
            found[kind_key(group, name, kind)] = CustomKind(
                type=_root(schema, metadata, is_open=spec.get("preserveUnknownFields") is True),
                served=version.get("served") is not False,
                cel=_has_cel(schema),
                warning=str(warning),
            )
    return found


def schema_type(schema: dict[str, Any]) -> Type:
    """Return the type that a schema in the words of definitions describes."""
    return _child(schema)


_TEXT = {"type": "string"}
_OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _root(schema: dict[str, Any], metadata: Type, *, is_open: bool) -> Type:
    return Type(
        "object",
        _child,
        fields={"apiVersion": _TEXT, "kind": _TEXT, **_fields(schema), "metadata": metadata},
        required=_required(schema),
        # Without a schema nothing is known, so nothing is pruned.
        is_open=is_open or not schema or _preserves(schema),
        rules=_rules(schema),
    )


def _fields(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an object's fields, each its schema or (schema, True) where null is as good as leaving it out.

    The API server takes null out of a field before it looks, so it only matters where the field must be there.
    """
    required = _required(schema)
    return {
        name: field if name in required else (field, True) for name, field in _map(schema.get("properties")).items()
    }


def _child(raw: Any) -> Type:
    """Return the type of a field or element; a field that has a type already keeps it."""
    if isinstance(raw, Type):
        return raw
    schema, optional = raw if isinstance(raw, tuple) else (raw, False)
    schema = _map(schema)
    form = _form(schema)
    fields: dict[str, Any] | None = None
    required: tuple[str, ...] = ()
    if form == "object":
        fields, required = _fields(schema), _required(schema)
        if schema.get("x-kubernetes-embedded-resource") is True:
            fields = {"metadata": _OPEN, **fields, "apiVersion": _TEXT, "kind": _TEXT}
            required = tuple(dict.fromkeys((*required, "apiVersion", "kind")))
    keys = schema.get("x-kubernetes-list-map-keys")
    list_type = schema.get("x-kubernetes-list-type")
    enum = schema.get("enum")
    return Type(
        form,
        _child,
        nullable=optional or schema.get("nullable") is True,
        format=str(schema.get("format", "")),
        enum=tuple(enum) if isinstance(enum, list) else (),
        fields=fields,
        required=required,
        element=schema.get("items")
        if form == "list"
        else (schema["additionalProperties"], True)
        if form == "map"
        else None,
        is_open=_preserves(schema),
        keys=tuple([str(key) for key in keys]) if isinstance(keys, list) else (),
        list_type=list_type if isinstance(list_type, str) else "",
        # Server-side apply merges by these keys, so a patch here does too.
        strategy=("merge",) if list_type == "map" and keys else (),
        rules=_rules(schema),
    )


def _form(schema: dict[str, Any]) -> str:
    if schema.get("x-kubernetes-int-or-string") is True:
        return "int-or-string"
    named = schema.get("type")
    if named == "object":
        return "map" if schema.get("additionalProperties") not in (None, False) else "object"
    return _FORMS.get(named, "any") if isinstance(named, str) else "any"


def _required(schema: dict[str, Any]) -> tuple[str, ...]:
    """Return the fields that must be written: those with a default come by themselves."""
    fields = _map(schema.get("properties"))
    return tuple([name for name in sound(schema).get("required", ()) if "default" not in _map(fields.get(name))])


def _rules(schema: dict[str, Any]) -> dict[str, Any]:
    found = {key: item for key, item in sound(schema).items() if key in _RULES}
    if schema.get("x-kubernetes-int-or-string") is True:
        # Structural schemas must say so twice.
        found.pop("anyOf", None)
    return found


def sound(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords of a schema that mean something; others say nothing about any value."""
    found: dict[str, Any] = {}
    for key, item in schema.items():
        wanted = _RULES.get(key) or _SHAPES.get(key)
        if wanted is None or not isinstance(item, wanted):
            continue
        if isinstance(item, bool) and wanted in (int, _NUMBER):
            continue
        found[key] = item
    if "required" in found:
        found["required"] = [name for name in found["required"] if isinstance(name, str)]
    return found


def _preserves(schema: dict[str, Any]) -> bool:
    return schema.get("x-kubernetes-preserve-unknown-fields") is True


def _map(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _has_cel(schema: Any) -> bool:
    if isinstance(schema, dict):
        return "x-kubernetes-validations" in schema or any(_has_cel(item) for item in schema.values())
    return isinstance(schema, list) and any(_has_cel(item) for item in schema)
