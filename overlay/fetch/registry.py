"""Read a registry by the OCI distribution specification; every byte is checked against its digest and size.

Only the reading half: manifests, blobs, tags. Foreign `urls` of descriptors are never followed (hazard R17).
"""

from __future__ import annotations

import hashlib

from overlay.errors import FetchError, LimitError
from overlay.fetch.address import Address, redirected
from overlay.fetch.login import json_object, unexpected
from overlay.fetch.reference import Repository, check_tag, is_digest
from overlay.files.paths import printable
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.fetch.http import Answer
    from overlay.fetch.login import Logins

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
_DOCKER = {
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}
MAX_MANIFEST = 4 * 1024 * 1024
MAX_LAYERS = 100
MAX_TAGS = 50_000
MAX_TAG_PAGES = 200
_MAX_LIST = 16 * 1024 * 1024


@value(kw_only=True)
class Descriptor:
    """What a manifest says of one of its parts."""

    media_type: str
    digest: str
    size: int


@value(kw_only=True)
class Manifest:
    """A verified image manifest. digest: of its bytes."""

    digest: str
    config: Descriptor
    layers: tuple[Descriptor, ...]


class Registry:
    """Reads registries through the client of logins, which keep what registries accepted."""

    def __init__(self, logins: Logins) -> None:
        self.client = logins.client
        self.logins = logins

    def tags(self, repository: Repository) -> tuple[str, ...]:
        """Return all tags.

        Raises FetchError, LimitError, Temporary.
        """
        found: list[str] = []
        address = self._address(repository, "tags/list?n=1000")
        for _ in range(MAX_TAG_PAGES):
            answer = self._get(repository, address, limit=_MAX_LIST, accept="application/json")
            self._expect(answer, repository, "its tags")
            listed = json_object(answer, repository.shown).get("tags")
            found += [tag for tag in listed if isinstance(tag, str)] if isinstance(listed, list) else []
            if len(found) > MAX_TAGS:
                break
            link = answer.headers.get("link", "")
            if 'rel="next"' not in link:
                return tuple(found)
            following = redirected(address, link.partition("<")[2].partition(">")[0])
            if following.origin != address.origin or following.path == address.path:
                raise FetchError(f"{repository.shown} continues its list of tags at {following}, which is not followed")
            address = following
        raise LimitError(f"{repository.shown} lists more than {MAX_TAGS} tags or {MAX_TAG_PAGES} pages")

    def manifest(self, repository: Repository, reference: str) -> Manifest:
        """Return the image manifest that a tag or digest names.

        Raises FetchError where it is not what was asked for, LimitError, Temporary.
        """
        shown = f"{repository.shown}@{reference}" if is_digest(reference) else f"{repository.shown}:{reference}"
        if not is_digest(reference):
            check_tag(reference)
        address = self._address(repository, f"manifests/{reference}")
        answer = self._get(repository, address, limit=MAX_MANIFEST, accept=f"{MANIFEST}, {INDEX}")
        self._expect(answer, repository, reference)
        digest = _sha256(answer.body)
        if is_digest(reference) and digest != reference:
            raise FetchError(f"{shown} was answered with other content: {digest}")
        said = answer.headers.get("docker-content-digest")
        if said is not None and said != digest:
            raise FetchError(f"{shown}: the registry says {printable(said)[:100]}, the content is {digest}")
        return _read_manifest(json_object(answer, shown), answer.headers.get("content-type", ""), shown, digest)

    def blob(self, repository: Repository, descriptor: Descriptor, *, limit: int) -> bytes:
        """Return a blob's bytes; wrong ones are asked for once more before they are an error (hazard R18).

        Raises FetchError, LimitError, Temporary.
        """
        if descriptor.size > limit:
            raise LimitError(f"{repository.shown} has {descriptor.size} bytes, more than the limit of {limit}")
        address = self._address(repository, f"blobs/{descriptor.digest}")
        for is_last in (False, True):
            answer = self._get(repository, address, limit=descriptor.size)
            self._expect(answer, repository, descriptor.digest)
            digest = _sha256(answer.body)
            if len(answer.body) == descriptor.size and digest == descriptor.digest:
                break
            if is_last:
                raise FetchError(
                    f"{repository.shown}: content differs from its digest: want {descriptor.digest} "
                    f"({descriptor.size} bytes), got {digest} ({len(answer.body)} bytes)"
                )
        return answer.body

    def _address(self, repository: Repository, below: str) -> Address:
        base = repository.registry
        return Address(scheme=base.scheme, host=base.host, port=base.port, path=f"/v2/{repository.name}/{below}")

    def _get(self, repository: Repository, address: Address, *, limit: int, accept: str = "*/*") -> Answer:
        """Ask, log in when the registry wants it, and ask once more."""
        known = self.logins.known(repository)
        answer = self.client.get(address, limit=max(limit, 65_536), accept=accept, authorization=known)
        if answer.status == 401 and answer.address.origin == address.origin:
            fresh = self.logins.log_in(repository, answer.headers.get("www-authenticate", ""))
            answer = self.client.get(address, limit=max(limit, 65_536), accept=accept, authorization=fresh)
        return answer

    def _expect(self, answer: Answer, repository: Repository, what: str) -> None:
        if answer.status == 200:
            return
        host = repository.registry.authority
        if answer.status in (401, 403):
            raise self.logins.refused(repository, answer)
        if answer.status == 404:
            raise FetchError(
                f"{repository.shown} has no {printable(what)}",
                hint="check the name and version; some registries answer so where a login is needed",
            )
        raise unexpected(host, answer, f" for {repository.shown}")


def _read_manifest(found: dict[str, Any], content_type: str, shown: str, digest: str) -> Manifest:
    """Read an image manifest; what could be read in two ways is refused (hazard R23)."""
    kind = content_type.partition(";")[0].strip()
    own = found.get("mediaType", kind)
    if own != kind:
        raise FetchError(f"{shown} calls itself {printable(str(own))[:100]}, the registry says {printable(kind)[:100]}")
    if "manifests" in found and ("layers" in found or "config" in found):
        raise FetchError(f"{shown} is ambiguous: it is both an index and an image")
    if kind == INDEX or "manifests" in found:
        raise FetchError(f"{shown} is an index of several, a single chart is expected", hint="name its digest")
    if kind in _DOCKER or kind != MANIFEST or found.get("schemaVersion") != 2:
        raise FetchError(f"{shown} is no OCI image manifest but {printable(kind)[:100] or 'of no media type'}")
    layers = found.get("layers")
    if not isinstance(layers, list):
        raise FetchError(f"{shown} has no list of layers")
    if len(layers) > MAX_LAYERS:
        raise LimitError(f"{shown} has {len(layers)} layers, more than the limit of {MAX_LAYERS}")
    return Manifest(
        digest=digest,
        config=_descriptor(found.get("config"), shown),
        layers=tuple([_descriptor(layer, shown) for layer in layers]),
    )


def _descriptor(found: Any, shown: str) -> Descriptor:
    if isinstance(found, dict):
        kind, digest, size = found.get("mediaType"), found.get("digest"), found.get("size")
        if isinstance(kind, str) and is_digest(digest) and type(size) is int and size >= 0:
            return Descriptor(media_type=kind, digest=str(digest), size=size)
        if isinstance(digest, str) and not is_digest(digest):
            raise FetchError(f"{shown} has the digest {printable(digest)[:100]!r}, expected sha256: and 64 digits")
    raise FetchError(f"{shown} has a part without media type, digest or size")


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
