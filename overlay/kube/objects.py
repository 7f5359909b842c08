"""From a YAML value to Kubernetes objects: what must be there, and what identifies them."""

from __future__ import annotations

from overlay.errors import ManifestError, OverlayError, raise_all
from overlay.model.resource import ObjectId, Resource, split_api_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from overlay.model.contents import Locate
    from overlay.model.location import Location

MAX_LIST_DEPTH = 5


def identify(body: dict[str, Any]) -> ObjectId:
    """Return the identity that a checked object's body states."""
    group, version = split_api_version(body["apiVersion"])
    metadata = body["metadata"]
    return ObjectId(group, version, body["kind"], metadata.get("namespace") or "", metadata["name"])


def parse_objects(value: Any, locate: Locate) -> list[tuple[ObjectId, dict[str, Any], Location]]:
    """Return the objects that a document holds; `kind: List` and its like are flattened.

    Raises ManifestError (all of the document's) for what is no object: apiVersion, kind or metadata.name missing or
    no string, generateName.
    """
    found: list[tuple[ObjectId, dict[str, Any], Location]] = []
    errors: list[OverlayError] = []
    _collect(value, (), locate, found, errors)
    raise_all(errors)
    return found


def _collect(
    value: Any,
    path: tuple[str | int, ...],
    locate: Locate,
    found: list[tuple[ObjectId, dict[str, Any], Location]],
    errors: list[OverlayError],
) -> None:
    if not isinstance(value, dict):
        shown = "a list" if isinstance(value, list) else repr(value)[:40]
        errors.append(ManifestError(f"a Kubernetes object is expected, found {shown}", location=locate(path)))
        return
    kind = value.get("kind")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(value.get("items"), list):
        if len(path) >= 2 * MAX_LIST_DEPTH:
            errors.append(ManifestError(f"lists nested deeper than {MAX_LIST_DEPTH}", location=locate(path)))
            return
        for index, item in enumerate(value["items"]):
            _collect(item, (*path, "items", index), locate, found, errors)
        return
    problem = _problem(value)
    if problem is None:
        found.append((identify(value), value, locate(path)))
        return
    message, place, hint = problem
    errors.append(ManifestError(message, location=locate((*path, *place)), hint=hint, object=_label(value)))


def _problem(value: dict[str, Any]) -> tuple[str, tuple[str, ...], str | None] | None:
    for name in ("apiVersion", "kind"):
        found = value.get(name)
        if not isinstance(found, str) or not found:
            return _wrong(name, found, (name,)) if name in value else (f"{name} is missing", (), None)
    if value["apiVersion"].count("/") > 1:
        return f"apiVersion {value['apiVersion']!r} is neither `version` nor `group/version`", ("apiVersion",), None
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        return _wrong("metadata", metadata, ("metadata",)) if "metadata" in value else ("metadata is missing", (), None)
    if "name" not in metadata:
        if "generateName" in metadata:
            return (
                "metadata.generateName makes a new object at each apply",
                ("metadata", "generateName"),
                "give the object a fixed metadata.name",
            )
        return "metadata.name is missing", ("metadata",), None
    name = metadata["name"]
    if not isinstance(name, str) or not name or not name.isprintable() or "/" in name:
        return _wrong("metadata.name", name, ("metadata", "name"))
    namespace = metadata.get("namespace")
    if namespace is not None and (not isinstance(namespace, str) or not namespace.isprintable() or "/" in namespace):
        return _wrong("metadata.namespace", namespace, ("metadata", "namespace"))
    for field in ("labels", "annotations"):
        pairs = metadata.get(field)
        if pairs is None:
            continue
        if not isinstance(pairs, dict):
            return _wrong(f"metadata.{field}", pairs, ("metadata", field))
        for key, item in pairs.items():
            if item is not None and not isinstance(item, str):
                return (
                    f"metadata.{field}[{key}] must be a string, found {_shown(item)}",
                    ("metadata", field, key),
                    "quote it",
                )
    return None


def _wrong(name: str, found: Any, path: tuple[str, ...]) -> tuple[str, tuple[str, ...], str | None]:
    return f"{name} is {_shown(found)}, which cannot be used there", path, None


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return "a map" if isinstance(value, dict) else "a list"
    return repr(value)[:60] if isinstance(value, str) else str(value)[:60]


def _label(value: dict[str, Any]) -> str | None:
    kind, metadata = value.get("kind"), value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{kind}/{name}" if isinstance(kind, str) and isinstance(name, str) else None


def check_unique(resources: Iterable[Resource]) -> None:
    """Refuse two objects of one identity, naming both origins."""
    seen: dict[tuple[str, str, str, str], Resource] = {}
    errors: list[OverlayError] = []
    for resource in resources:
        first = seen.setdefault(resource.id.key, resource)
        if first is not resource:
            errors.append(
                ManifestError(
                    f"{resource.id} is defined twice, first in {first.origin.location}",
                    location=resource.origin.location,
                    object=str(resource.id),
                    hint="remove one of them, or give it another name or namespace",
                    related=(("first", first.origin.location),),
                )
            )
    raise_all(errors)
