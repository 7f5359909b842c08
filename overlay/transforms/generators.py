"""Make ConfigMaps and Secrets from literals, files and env files (kustomize's generators)."""

from __future__ import annotations

import re

from overlay.errors import OverlayError, TransformError, raise_all
from overlay.model.location import Location
from overlay.model.resource import ObjectId, Origin, Resource
from overlay.model.value import replace
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.model.contents import ReadGenerator

# Kubernetes' rule for keys of ConfigMaps and Secrets (apimachinery IsConfigMapKey).
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_ENV_KEY = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_LINE = 70


def generate(objects: Sequence[Resource], generators: Sequence[ReadGenerator]) -> tuple[Resource, ...]:
    """Return the objects with those that a layer's generators make, merge into or replace.

    Raises TransformError for bad or repeated keys, for `create` where there is one already, and for `merge` or
    `replace` where no earlier layer generates one.
    """
    result = list(objects)
    errors: list[OverlayError] = []
    for read in generators:
        try:
            _one(result, read)
        except OverlayError as error:
            errors.append(error)
    raise_all(errors)
    return tuple(result)


def _one(result: list[Resource], read: ReadGenerator) -> None:
    entry = read.entry
    made = _make(read)
    same = [
        index
        for index, one in enumerate(result)
        if any((i.kind, i.group, i.name) == (entry.kind, "", entry.name) for i in one.answers_to())
        and (not entry.namespace or any(i.namespace == entry.namespace for i in one.answers_to()))
    ]
    if entry.behavior == "create":
        if same and result[same[0]].id.namespace == made.id.namespace:
            first = result[same[0]]
            raise TransformError(
                f"{entry.kind} {entry.name} exists already, from {first.origin.location}",
                location=entry.location,
                hint="set behavior: merge or replace" if first.generated else "give it another name",
            )
        result.append(made)
        return
    generated = [index for index in same if result[index].generated]
    if len(generated) != 1:
        names = [one.id.name for one in result if one.generated and one.id.kind == entry.kind]
        raise TransformError(
            f"no earlier layer generates a {entry.kind} called {entry.name!r} to {entry.behavior}",
            location=entry.location,
            hint=did_you_mean(entry.name, names) or f"there are {', '.join(names) or 'none'}",
        )
    index = generated[0]
    result[index] = _combined(result[index], made, merge=entry.behavior == "merge")


def _combined(old: Resource, made: Resource, *, merge: bool) -> Resource:
    body = dict(old.body)
    for field in ("data", "binaryData"):
        new = {**((old.body.get(field) or {}) if merge else {}), **(made.body.get(field) or {})}
        if new or (field == "data" and old.id.kind == "Secret"):
            # A key lives in one of the two maps: the one that says it last.
            body[field] = dict(sorted(new.items()))
        else:
            body.pop(field, None)
    for field, other in (("data", "binaryData"), ("binaryData", "data")):
        if merge and field in body and made.body.get(other):
            rest = {key: item for key, item in body[field].items() if key not in made.body[other]}
            body = {**body, field: rest} if rest else {key: item for key, item in body.items() if key != field}
    if "immutable" in made.body:
        body["immutable"] = True
    if "type" in made.body and made.body["type"] != "Opaque":
        body["type"] = made.body["type"]
    metadata = dict(body["metadata"])
    for field in ("labels", "annotations"):
        if field in made.body["metadata"]:
            metadata[field] = {**(metadata.get(field) or {}), **made.body["metadata"][field]}
    body["metadata"] = metadata
    return replace(old, body=body, needs_hash=old.needs_hash and made.needs_hash)


def _make(read: ReadGenerator) -> Resource:
    entry = read.entry
    pairs, errors = _pairs(read)
    raise_all(errors)
    metadata: dict[str, Any] = {"name": entry.name}
    if entry.namespace:
        metadata["namespace"] = entry.namespace
    if entry.options.labels:
        metadata["labels"] = dict(sorted(entry.options.labels.items()))
    if entry.options.annotations:
        metadata["annotations"] = dict(sorted(entry.options.annotations.items()))
    body: dict[str, Any] = {"apiVersion": "v1", "kind": entry.kind, "metadata": metadata}
    data: dict[str, str] = {}
    binary: dict[str, str] = {}
    for key, item in sorted(pairs.items()):
        if entry.kind == "Secret":
            data[key] = _base64(item)
            continue
        try:
            data[key] = item.decode("utf-8")
        except UnicodeDecodeError:
            binary[key] = _base64(item)
    # As kustomize makes them: an empty Secret has `data`, an empty ConfigMap has none.
    if data or entry.kind == "Secret":
        body["data"] = data
    if binary:
        body["binaryData"] = binary
    if entry.kind == "Secret":
        body["type"] = entry.type or "Opaque"
    if entry.options.immutable:
        body["immutable"] = True
    identity = ObjectId("", "v1", entry.kind, entry.namespace, entry.name)
    return Resource(
        identity,
        body,
        Origin("generator", entry.location),
        needs_hash=not entry.options.disable_name_suffix_hash,
        generated=True,
    )


def _pairs(read: ReadGenerator) -> tuple[dict[str, bytes], list[OverlayError]]:
    entry = read.entry
    found: dict[str, bytes] = {}
    errors: list[OverlayError] = []

    def add(key: str, item: bytes, location: Location) -> None:
        if not _KEY.fullmatch(key) or key in (".", "..") or key.startswith(".."):
            errors.append(
                TransformError(
                    f"{key[:80]!r} cannot be a key of a {entry.kind}: letters, digits, `-`, `_` and `.` are allowed",
                    location=location,
                )
            )
        elif key in found:
            errors.append(TransformError(f"key {key!r} of {entry.kind} {entry.name} is given twice", location=location))
        else:
            found[key] = item

    for file, data in read.envs:
        for number, key, item in _env_lines(file, data, errors):
            add(key, item, Location(file, number, 1))
    for key, text in entry.literals.items():
        add(key, text.encode("utf-8", "surrogatepass"), entry.location)
    for key, data in read.files:
        add(key, data, entry.location)
    return found, errors


def _env_lines(file: str, data: bytes, errors: list[OverlayError]) -> list[tuple[int, str, bytes]]:
    """Read KEY=VALUE lines as kustomize does: blank lines and lines that start with # are left out."""
    lines = []
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        line = raw.removesuffix(b"\r").lstrip()
        if not line or line.startswith(b"#"):
            continue
        name, equals, item = line.partition(b"=")
        key = name.decode("utf-8", "replace")
        if not equals:
            errors.append(
                TransformError(
                    f"line {number} has no `=`",
                    location=Location(file, number, 1),
                    hint="write KEY=VALUE; values are never taken from the environment of whoever runs this",
                )
            )
        elif not _ENV_KEY.fullmatch(key):
            errors.append(
                TransformError(f"{key[:80]!r} cannot be the name of a variable", location=Location(file, number, 1))
            )
        else:
            lines.append((number, key, item))
    return lines


def _base64(data: bytes) -> str:
    """Encode as kustomize does: lines of 70 characters, each ended by a line feed, when there is more than one."""
    from binascii import b2a_base64  # noqa: PLC0415  # few projects generate Secrets

    text = b2a_base64(data, newline=False).decode("ascii")
    if len(text) < _LINE:
        return text
    return "".join([text[at : at + _LINE] + "\n" for at in range(0, len(text), _LINE)])
