"""What each Kubernetes version says of its types: fields, lists that merge, and what a value must be."""

from __future__ import annotations

import json
import os
import re

from overlay.errors import DocumentError
from overlay.kube.data import schemas_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

# The newest Kubernetes whose tables we ship; the meaning of a silent document must not change with Helm's default.
DEFAULT_KUBERNETES = "1.37"
_VERSION = re.compile(r"v?(\d{1,3})\.(\d{1,3})(?:[.+-].*)?")


class Type:
    """What a value must be; the types below it are made when they are asked for.

    form: object, map, list, string, integer, number, boolean, quantity, int-or-string or any; an object has `fields`,
    a map free keys, and both may be `open`: what they do not name is allowed and unknown.
    keys: the fields that tell a list's elements apart. list_type: `map`, `set`, `atomic` or nothing.
    strategy: how a list merges, of `x-kubernetes-patch-strategy`, such as `("merge", "retainKeys")`.
    rules: a custom resource's further keywords (pattern, minimum, oneOf, …) as its schema has them.
    compiled: room for what `overlay.check` makes of the type, by mode.
    """

    __slots__ = (
        "_child",
        "_element",
        "_known",
        "compiled",
        "enum",
        "fields",
        "form",
        "format",
        "keys",
        "list_type",
        "nullable",
        "open",
        "required",
        "rules",
        "strategy",
    )

    def __init__(
        self,
        form: str,
        child: Callable[[Any], Type],
        *,
        nullable: bool = False,
        format: str = "",  # noqa: A002  # OpenAPI's word
        enum: tuple[Any, ...] = (),
        fields: Mapping[str, Any] | None = None,
        required: tuple[str, ...] = (),
        element: Any = None,
        is_open: bool = False,
        keys: tuple[str, ...] = (),
        list_type: str = "",
        strategy: tuple[str, ...] = (),
        rules: dict[str, Any] | None = None,
    ) -> None:
        self.form = form
        self.nullable = nullable
        self.format = format
        self.enum = enum
        self.fields: Mapping[str, Any] = fields or {}
        self.required = required
        self.open = is_open
        self.keys = keys
        self.list_type = list_type
        self.strategy = strategy
        self.rules: dict[str, Any] = rules or {}
        self.compiled: dict[int, Any] = {}
        self._child = child
        self._element = element
        self._known: dict[str, Type] = {}

    def field(self, name: str) -> Type | None:
        """Return the type of an object's field, or of a map's value; None where nothing is known."""
        known = self._known.get(name)
        if known is None:
            if name not in self.fields:
                return self.element() if self.form in ("map", "object") else None
            known = self._known[name] = self._child(self.fields[name])
        return known

    def element(self) -> Type | None:
        """Return the type of a list's elements, or of a map's values."""
        if self._element is None:
            return None
        known = self._known.get("[]")
        if known is None:
            known = self._known["[]"] = self._child(self._element)
        return known


class Types:
    """The types of one Kubernetes version, and of the custom kinds that a project adds."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.version: str = table["version"]
        self._kinds: dict[str, int] = table["kinds"]
        self._types: list[list[Any]] = table["types"]
        self._shapes: list[dict[str, Any]] = table["shapes"]
        self._made: list[Type | None] = [None] * len(self._shapes)
        self._roots: dict[str, Type] = {}
        self._custom: Callable[[str], Type | None] = _none

    def root(self, group: str, version: str, kind: str) -> Type | None:
        """Return the type of a kind's objects, or None for kinds that nobody describes."""
        key = kind_key(group, version, kind)
        found = self._roots.get(key)
        if found is None:
            if key not in self._kinds:
                return self._custom(key)
            found = self._roots[key] = self._object(self._kinds[key], nullable=False)
        return found

    def is_own(self, group: str, version: str, kind: str) -> bool:
        """Tell whether a kind is Kubernetes' own."""
        return kind_key(group, version, kind) in self._kinds

    def names(self) -> list[str]:
        """Return Kubernetes' own kinds as people write them, `apps/v1 Deployment`."""
        return [" ".join(key.rsplit("/", 1)) for key in self._kinds]

    def with_custom(self, find: Callable[[str], Type | None]) -> Types:
        """Return these types with custom kinds, found by `group/version/kind`; Kubernetes' own cannot be replaced."""
        joined = Types.__new__(Types)
        joined.__dict__.update(self.__dict__)
        joined._custom = find  # noqa: SLF001  # a copy of ourselves
        return joined

    def metadata(self) -> Type:
        """Return the type of every object's metadata."""
        root = self.root("", "v1", "ConfigMap")
        found = root.field("metadata") if root is not None else None
        if found is None:
            raise LookupError("metadata")
        return found

    def _object(self, number: int, *, nullable: bool) -> Type:
        fields, *required = self._types[number]
        return Type(
            "object", self._shape, nullable=nullable, fields=fields, required=tuple(required[0]) if required else ()
        )

    def _shape(self, number: int) -> Type:
        made = self._made[number]
        if made is None:
            shape = self._shapes[number]
            form = shape["t"]
            if form == "ref":
                made = self._object(shape["ref"], nullable="null" in shape)
                made.strategy = _strategy(shape)
            else:
                made = Type(
                    "map" if form == "object" else form,
                    self._shape,
                    nullable="null" in shape,
                    format=shape.get("format", ""),
                    enum=tuple(shape.get("enum", ())),
                    element=shape.get("of"),
                    is_open=form == "object",
                    keys=tuple(shape.get("keys", ())),
                    list_type=shape.get("list", ""),
                    strategy=_strategy(shape),
                )
            self._made[number] = made
        return made


def _none(_: str) -> None:
    return None


def kind_key(group: str, version: str, kind: str) -> str:
    """Return how tables name a kind: `apps/v1/Deployment`, `v1/Pod`."""
    return f"{group}/{version}/{kind}" if group else f"{version}/{kind}"


def _strategy(shape: dict[str, Any]) -> tuple[str, ...]:
    return tuple(shape["strategy"].split(",")) if "strategy" in shape else ()


_loaded: dict[str, Types] = {}


def minor_version(version: str) -> tuple[int, int]:
    """Return major and minor of a Kubernetes version, given as `1.34` or `v1.34.2`; raises DocumentError."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise DocumentError(f"{version!r} is no Kubernetes version", hint='write it like "1.34"')
    return int(match[1]), int(match[2])


def load_types(version: str) -> Types:
    """Return the types of a Kubernetes version, given as `1.34` or `v1.34.2`; each file is read once.

    A version newer than all that we have gets the newest, one between two the lower, one older than all the oldest.
    """
    name = nearest_version(version)
    if name not in _loaded:
        with open(os.path.join(schemas_folder(), "kubernetes", f"{name}.json"), encoding="utf-8") as file:
            _loaded[name] = Types(json.load(file))
    return _loaded[name]


def nearest_version(version: str) -> str:
    """Return the version, such as `1.34`, whose types stand for a given one."""
    wanted = minor_version(version)
    known = sorted(
        (int(found[1]), int(found[2]))
        for found in [
            re.fullmatch(r"(\d+)\.(\d+)\.json", name)
            for name in os.listdir(os.path.join(schemas_folder(), "kubernetes"))
        ]
        if found
    )
    chosen = max((each for each in known if each <= wanted), default=known[0])
    return f"{chosen[0]}.{chosen[1]}"
