"""Extract schemas/kubernetes/1.NN.json from the package kubernetes-validate (Kubernetes' OpenAPI definitions).

usage: python scripts/extract_kubernetes.py [FOLDER]      (default: schemas/kubernetes)

One file per Kubernetes minor version, indexed by position so that it stays small:

    kinds:  {"apps/v1/Deployment": 12}    the type that describes a kind; the core group has no prefix ("v1/Pod")
    types:  [[{"replicas": 3, "selector": 9}, ["selector"]]]   an object's fields, each an index into shapes, and those
                                          that must be there
    shapes: [{"t": "string", "null": 1}]  what a value must be; each stands there once

A shape's `t` is string, integer, number, boolean, quantity, int-or-string, object (free keys and values), any, or:

    {"t": "ref", "ref": 12}               an object of types[12]
    {"t": "map", "of": 3}                 free keys, values of shapes[3]
    {"t": "list", "of": 3}                elements of shapes[3]; with `list` (x-kubernetes-list-type), `keys`, and
                                          `strategy` (x-kubernetes-patch-strategy)

`null` says that null is accepted, `format` and `enum` are OpenAPI's. Values of closed sets, which the published
definitions leave out, come from scripts/kubernetes_enums.json (see extract_go_api.py).
"""

from __future__ import annotations

import json
import os
import re
import sys
from importlib.util import find_spec
from typing import Any

PREFIX = "#/$defs/"
OBJECT_META = PREFIX + "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"t": "quantity"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"t": "int-or-string"},
}
HERE = os.path.dirname(os.path.abspath(__file__))


class Extract:
    """The definitions of one version, numbered in the order in which its kinds reach them."""

    def __init__(self, definitions: dict[str, Any], enums: dict[str, dict[str, list[str]]]) -> None:
        self.definitions = definitions
        self.enums = enums
        self.kinds: dict[str, int] = {}
        self.types: list[list[Any]] = []
        self.shapes: list[dict[str, Any]] = []
        self.shape_numbers: dict[str, int] = {}
        self.numbers: dict[str, int] = {}
        for name in sorted(definitions):
            definition = definitions[name]
            # Objects only: lists are flattened when they are read, options and reviews of the API are never patched.
            if definition.get("properties", {}).get("metadata", {}).get("$ref") != OBJECT_META:
                continue
            for gvk in definition.get("x-kubernetes-group-version-kind", []):
                key = "/".join(part for part in (gvk["group"], gvk["version"], gvk["kind"]) if part)
                self.kinds[key] = self.number(name)

    def number(self, name: str) -> int:
        """Return the index of a definition with fields, adding it and what it leads to."""
        if name not in self.numbers:
            self.numbers[name] = len(self.types)
            entry: list[Any] = [{}]
            self.types.append(entry)
            definition, enums = self.definitions[name], self.enums.get(name, {})
            for field, schema in sorted(definition["properties"].items()):
                entry[0][field] = self.shape(self.described(schema, enums.get(field, [])))
            if definition.get("required"):
                entry.append(definition["required"])
        return self.numbers[name]

    def shape(self, shape: dict[str, Any]) -> int:
        text = json.dumps(shape, sort_keys=True)
        if text not in self.shape_numbers:
            self.shape_numbers[text] = len(self.shapes)
            self.shapes.append(shape)
        return self.shape_numbers[text]

    def described(self, schema: dict[str, Any], enum: list[str]) -> dict[str, Any]:
        """Return a schema as a shape."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(PREFIX)
            definition = self.definitions[name]
            if name in SPECIAL:
                return SPECIAL[name]
            if not definition.get("properties"):
                return self.described(definition, enum)
            shape = {"t": "ref", "ref": self.number(name), **_nullable(definition)}
        elif "items" in schema:
            shape = {"t": "list", "of": self.shape(self.described(schema["items"], enum)), **_nullable(schema)}
            if "x-kubernetes-list-type" in schema:
                shape["list"] = schema["x-kubernetes-list-type"]
            keys = schema.get("x-kubernetes-list-map-keys") or [schema.get("x-kubernetes-patch-merge-key")]
            if keys != [None]:
                shape["keys"] = keys
        elif isinstance(schema.get("additionalProperties"), dict):
            of = self.shape(self.described(schema["additionalProperties"], []))
            shape = {"t": "map", "of": of, **_nullable(schema)}
        else:
            shape = {"t": _type(schema), **_nullable(schema)}
            if "format" in schema:
                shape["format"] = schema["format"]
            # A kind's own apiVersion and kind have one value each; null is none of them.
            if "enum" in schema:
                shape = {"t": "string", "enum": schema["enum"]}
            elif enum and shape["t"] == "string":
                # What is left empty gets its default.
                shape["enum"] = sorted({"", *enum})
        if "x-kubernetes-patch-strategy" in schema:
            shape["strategy"] = schema["x-kubernetes-patch-strategy"]
        return shape

    def text(self, version: str) -> str:
        """Return the file's text: one line per type, so that versions can be compared."""
        head = {
            "version": version,
            "source": "Kubernetes OpenAPI definitions, Apache-2.0; see NOTICE",
        }
        kinds = _compact(dict(sorted(self.kinds.items())))
        shapes = ",\n".join(_compact(shape) for shape in self.shapes)
        types = ",\n".join(_compact(entry) for entry in self.types)
        return f'{json.dumps(head)[:-1]},\n"kinds":{kinds},\n"shapes":[\n{shapes}\n],\n"types":[\n{types}\n]}}\n'


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _type(schema: dict[str, Any]) -> str:
    names = schema.get("type", "any")
    names = [names] if isinstance(names, str) else names
    named = [name for name in names if name != "null"]
    # A list whose elements are not described takes anything.
    return str({"array": "any"}.get(named[0], named[0]))


def _nullable(schema: dict[str, Any]) -> dict[str, int]:
    return {"null": 1} if "null" in schema.get("type", ()) else {}


def source_folder() -> str:
    """Return the folder of the installed package's schemas, without importing the package."""
    spec = find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("the package kubernetes-validate is missing: install the project's dev dependencies")
    return os.path.join(spec.submodule_search_locations[0], "kubernetes-json-schema")


def versions() -> list[str]:
    """Return the minor versions that the package holds, such as 1.34, oldest first."""
    found = [re.fullmatch(r"v1\.(\d+)\.0-local", name) for name in os.listdir(source_folder())]
    return [f"1.{minor}" for minor in sorted(int(match[1]) for match in found if match)]


def extract(version: str) -> str:
    """Return the text of one version's file."""
    path = os.path.join(source_folder(), f"v{version}.0-local", "_definitions.json")
    with open(path, encoding="utf-8") as file:
        definitions = json.load(file)["$defs"]
    with open(os.path.join(HERE, "kubernetes_enums.json"), encoding="utf-8") as file:
        return Extract(definitions, json.load(file)).text(version)


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "schemas", "kubernetes")
    for version in versions():
        with open(os.path.join(folder, f"{version}.json"), "w", encoding="utf-8") as file:
            file.write(extract(version))


if __name__ == "__main__":
    main()
