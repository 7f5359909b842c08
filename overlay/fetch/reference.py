"""Names in a registry: `oci://host/path`, tags and digests, by the distribution specification's grammar."""

from __future__ import annotations

import re

from overlay.errors import FetchError
from overlay.fetch.address import Address, parse
from overlay.fetch.credentials import DOCKER_HUB
from overlay.files.paths import printable
from overlay.loopback import is_loopback
from overlay.model.value import value

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
# Only sha256: other algorithms are registered, but nobody pins charts by them (hazard R20).
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@value(kw_only=True)
class Repository:
    """One repository of a registry. registry: where it is asked; shown: `oci://host/path` as the user wrote it."""

    registry: Address
    name: str
    shown: str


def read_reference(text: str, *, plain_http: bool | None = None) -> Repository:
    """Return what an `oci://host/path` means.

    plain_http: ask over http; None means on loopback only. Raises FetchError.
    """
    shown = printable(text)[:200]
    if not text.startswith("oci://"):
        is_path = "://" in text or text[:1] in ("/", ".")
        raise FetchError(f"{shown!r} is no oci:// reference", hint=None if is_path else f"write oci://{shown}")
    host, slash, name = text.removeprefix("oci://").partition("/")
    if "@" in name or ":" in name:
        raise FetchError(f"{shown} has a tag or digest in it", hint="write it beside: version: or digest:")
    if not slash or not _NAME.fullmatch(name) or len(name) > 255:
        raise FetchError(
            f"{shown} is no oci://host/path: a path has lower-case letters, digits, dots, dashes and slashes"
        )
    if host == "docker.io":
        host = DOCKER_HUB
    probe = parse(f"https://{host}/")
    plain = is_loopback(probe.host) if plain_http is None else plain_http
    registry = parse(f"http://{host}/", plain_http=True) if plain else probe
    return Repository(registry=registry, name=name, shown=text)


def check_tag(tag: str) -> str:
    """Return a tag as it is.

    Raises FetchError.
    """
    if not _TAG.fullmatch(tag):
        raise FetchError(f"{printable(tag)[:100]!r} is no tag of a registry")
    return tag


def is_digest(text: object) -> bool:
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Tell whether a text can be the last part of a repository's path."""
    return re.fullmatch(_PART, text) is not None and len(text) <= 128
