"""Write a folder of schemas for kubeconform: Kubernetes' own kinds, strict, and those of CustomResourceDefinitions.

    python scripts/write_kubeconform_schemas.py OUT --kubernetes 1.34 CRD.yaml …
    kubeconform -strict -schema-location 'OUT/{{.ResourceKind}}{{.KindSuffix}}.json' manifests.yaml

Source: the PyPI package kubernetes-validate (Kubernetes' published schemas, Apache-2.0).
"""

from __future__ import annotations

import argparse
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from overlay.yaml import decode, read_documents


def write_kubernetes(out: Path, version: str) -> None:
    """Copy the strict schemas of one Kubernetes version."""
    spec = find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        raise SystemExit("kubernetes-validate is not installed: make .venv/.dev")
    source = Path(spec.origin).parent / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    if not source.is_dir():
        raise SystemExit(f"kubernetes-validate has no schemas of Kubernetes {version}")
    out.mkdir(parents=True, exist_ok=True)
    definitions = json.loads((source / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    for name, definition in definitions.items():
        for kind in definition.get("x-kubernetes-group-version-kind", ()):
            # kubeconform names files by kind, the first part of the group, and version, in lower case.
            group = f"-{kind['group'].split('.')[0]}" if kind["group"] else ""
            path = out / f"{kind['kind'].lower()}{group}-{kind['version']}.json"
            path.write_text(json.dumps(whole(name, definitions)), encoding="utf-8")


def whole(name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return one definition with all that it refers to: kubeconform resolves no reference into another file."""
    needed: dict[str, Any] = {}
    pending = [name]
    while pending:
        one = pending.pop()
        if one not in needed:
            needed[one] = definitions[one]
            pending += [ref.rpartition("/")[2] for ref in references(definitions[one])]
    return {**definitions[name], "$defs": needed}


def references(node: Any) -> list[str]:
    """Return every $ref below a value."""
    if isinstance(node, list):
        return [ref for item in node for ref in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [ref for item in node.values() for ref in references(item)]


def write_custom(out: Path, path: Path) -> None:
    """Write the schema of every version of every CustomResourceDefinition in a file."""
    for document in read_documents(decode(path.read_bytes(), str(path)), str(path)):
        definition = document.value
        if definition.get("kind") != "CustomResourceDefinition":
            continue
        kind = definition["spec"]["names"]["kind"].lower()
        group = definition["spec"]["group"].split(".")[0]
        for version in definition["spec"]["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema["properties"] = {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"type": "object"},
                **schema.get("properties", {}),
            }
            (out / f"{kind}-{group}-{version['name']}.json").write_text(json.dumps(schema), encoding="utf-8")


def strict(schema: Any) -> Any:
    """Return a structural schema in which unknown fields are refused, as the API server prunes them."""
    if not isinstance(schema, dict):
        return schema
    made = {key: item for key, item in schema.items() if not key.startswith("x-kubernetes-")}
    if "properties" in made:
        made["properties"] = {name: strict(field) for name, field in made["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            made.setdefault("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = strict(made[key])
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return made


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("crds", type=Path, nargs="*")
    parser.add_argument("--kubernetes", default="1.34")
    args = parser.parse_args()
    write_kubernetes(args.out, args.kubernetes)
    for path in args.crds:
        write_custom(args.out, path)


if __name__ == "__main__":
    main()
