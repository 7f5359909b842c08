"""overlay.lock: what every remote input was when somebody last looked; read and written as text, decided elsewhere."""

from __future__ import annotations

import re

from overlay.errors import LockError, OverlayError, raise_all
from overlay.model.remote import Pin, Request
from overlay.yaml import decode, read_mapping, write_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from overlay.yaml import Document

API_VERSION = "overlay.dev/v1"
HEADER = "# Made by `overlay lock`; commit it, do not edit it.\n"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
# A chart's version or a commit; it becomes a part of names of files.
_VERSION = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.+_-]{0,127})?")
_REQUEST = ("repository", "oci", "git", "ref", "path", "url", "version", "digest")
_PIN = ("name", "request", "version", "source", "digest", "size")


def is_version(text: str) -> bool:
    """Tell whether a text may be the version of a pin."""
    return _VERSION.fullmatch(text) is not None


def read_lock(data: bytes, file: str = "overlay.lock") -> tuple[Pin, ...]:
    """Return the pins of a lock file.

    Raises LockError, YamlError, or Problems with all that is wrong in it.
    """
    document = read_mapping(decode(data, file), file)
    errors: list[OverlayError] = []
    found = document.value
    if (
        found.get("apiVersion") != API_VERSION
        or found.get("kind") != "Lock"
        or not isinstance(found.get("inputs"), list)
    ):
        raise LockError(
            f"{file} is no lock of overlay: it needs apiVersion {API_VERSION}, kind Lock and a list of inputs",
            location=document.location(()),
            hint="remove it and run `overlay lock`",
        )
    if set(found) != {"apiVersion", "kind", "inputs"}:
        errors.append(_wrong(document, (), f"{file} has fields that are not known: a newer overlay may have made it"))
    pins = []
    for index, entry in enumerate(found["inputs"]):
        pin = _pin(document, index, entry, errors)
        if pin is not None:
            pins.append(pin)
    raise_all(errors)
    return tuple(pins)


def write_lock(pins: Iterable[Pin]) -> bytes:
    """Return the text of a lock file: sorted, so that it does not depend on who asked first."""
    entries = [
        {
            "name": pin.name,
            "request": dict(pin.request.fields),
            "version": pin.version,
            "source": pin.source,
            "digest": pin.digest,
            "size": pin.size,
        }
        for pin in sorted(pins, key=lambda pin: (pin.name, pin.request.fields))
    ]
    value = {"apiVersion": API_VERSION, "kind": "Lock", "inputs": entries}
    return (HEADER + write_document(value)).encode()


def _pin(document: Document, index: int, entry: Any, errors: list[OverlayError]) -> Pin | None:
    where = ("inputs", index)
    label = f"inputs[{index}]"
    if not isinstance(entry, dict) or set(entry) != set(_PIN):
        errors.append(_wrong(document, where, f"{label} needs exactly {', '.join(_PIN)}"))
        return None
    before = len(errors)
    request, name, size = entry["request"], entry["name"], entry["size"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        errors.append(_wrong(document, (*where, "name"), f"{label}.name is no name of an input"))
    if (
        not isinstance(request, dict)
        or not request
        or not all(key in _REQUEST and isinstance(item, str) for key, item in request.items())
    ):
        errors.append(_wrong(document, (*where, "request"), f"{label}.request is no request for an input"))
    if not isinstance(entry["version"], str) or not is_version(entry["version"]):
        errors.append(_wrong(document, (*where, "version"), f"{label}.version is no version or commit"))
    if not isinstance(entry["source"], str):
        errors.append(_wrong(document, (*where, "source"), f"{label}.source must be a string"))
    if not isinstance(entry["digest"], str) or not _DIGEST.fullmatch(entry["digest"]):
        errors.append(_wrong(document, (*where, "digest"), f"{label}.digest must be sha256: and 64 digits"))
    if type(size) is not int or size < 0:
        errors.append(_wrong(document, (*where, "size"), f"{label}.size must be a whole number"))
    if len(errors) > before:
        return None
    return Pin(
        name=name,
        request=Request(name=name, fields=tuple(sorted(request.items())), location=document.location(where)),
        version=entry["version"],
        source=entry["source"],
        digest=entry["digest"],
        size=size,
    )


def _wrong(document: Document, where: tuple[str | int, ...], message: str) -> LockError:
    return LockError(message, location=document.location(where), hint="remove the entry and run `overlay lock`")
