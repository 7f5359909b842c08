"""Manifests and indexes, read strictly and written in one way."""

from __future__ import annotations

import json
import re

from overlay.errors import FetchError, LimitError
from overlay.fetch.reference import is_digest
from overlay.fetch.store import digest_of
from overlay.files.paths import printable
from overlay.model.value import replace, value
from overlay.oci.media import DOCKER_INDEX, DOCKER_MANIFEST, INDEX, MANIFEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

MAX_MANIFEST = 4 * 1024 * 1024
MAX_PARTS = 1_000
_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
_INDEXES = (INDEX, DOCKER_INDEX)
KINDS = (MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_INDEX)


@value(kw_only=True)
class Descriptor:
    """What a manifest says of one of its parts; whatever `urls` it has are not read (hazard R17)."""

    media_type: str
    digest: str
    size: int
    artifact_type: str = ""
    annotations: tuple[tuple[str, str], ...] = ()

    def annotation(self, name: str) -> str:
        return dict(self.annotations).get(name, "")

    def as_json(self) -> dict[str, Any]:
        """Return it as a manifest holds it."""
        found: dict[str, Any] = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        if self.artifact_type:
            found["artifactType"] = self.artifact_type
        if self.annotations:
            found["annotations"] = dict(self.annotations)
        return found


@value(kw_only=True)
class Manifest:
    """A manifest, or an index, with the bytes that its digest is of.

    artifact_type: what it holds; an image's says it by its config. config: None in an index. parts: layers, or the
    manifests of an index.
    """

    media_type: str
    artifact_type: str
    config: Descriptor | None
    parts: tuple[Descriptor, ...]
    subject: Descriptor | None
    annotations: tuple[tuple[str, str], ...]
    data: bytes
    digest: str

    @property
    def is_index(self) -> bool:
        return self.media_type in _INDEXES

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """The blobs that it needs, each once."""
        found = {} if self.is_index else {one.digest: one for one in self.parts}
        return (*found.values(), *([self.config] if self.config and self.config.digest not in found else []))

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(
            media_type=self.media_type,
            digest=self.digest,
            size=len(self.data),
            artifact_type="" if self.is_index else self.artifact_type,
        )

    @property
    def as_referrer(self) -> Descriptor:
        """How lists of referrers hold it: with its annotations."""
        return replace(self.descriptor, annotations=self.annotations)

    def annotation(self, name: str) -> str:
        return dict(self.annotations).get(name, "")


def describe(media_type: str, data: bytes, annotations: Mapping[str, str] | None = None) -> Descriptor:
    """Return the descriptor of some bytes."""
    pairs = tuple(sorted((annotations or {}).items()))
    return Descriptor(media_type=media_type, digest=digest_of(data), size=len(data), annotations=pairs)


def image(
    artifact_type: str,
    config: Descriptor,
    layers: tuple[Descriptor, ...],
    annotations: Mapping[str, str],
    subject: Descriptor | None = None,
) -> Manifest:
    """Return the manifest of an artifact; one without a type of its own says what it is by its config, as Helm's do."""
    found: dict[str, Any] = {"schemaVersion": 2}
    if artifact_type:
        found |= {"mediaType": MANIFEST, "artifactType": artifact_type}
    found["config"] = config.as_json()
    found["layers"] = [layer.as_json() for layer in layers]
    if subject is not None:
        found["subject"] = {"mediaType": subject.media_type, "digest": subject.digest, "size": subject.size}
    if annotations:
        found["annotations"] = dict(sorted(annotations.items()))
    return read_manifest(write_json(found), MANIFEST, "the manifest")


def referrers_index(referrers: Iterable[Descriptor]) -> Manifest:
    """Return the index that lists what refers to a manifest, for places without a referrers API."""
    parts = [one.as_json() for one in {one.digest: one for one in referrers}.values()]
    return read_manifest(write_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": parts}), INDEX, "the index")


def fallback_tag(digest: str) -> str:
    """Return the tag of that index, as the distribution specification gives it."""
    return digest.replace(":", "-")


def referrer_tags(digest: str) -> tuple[str, ...]:
    """Return every tag that stands for what refers to a manifest: that index, cosign's signatures and attestations."""
    tag = fallback_tag(digest)
    return tag, f"{tag}.sig", f"{tag}.att"


def is_referrer_tag(tag: str) -> bool:
    """Tell whether a tag is none that people give."""
    return tag.startswith("sha256-")


def write_json(found: Any) -> bytes:
    """Return JSON as all our documents in artifacts have it: compact, in the order given, UTF-8."""
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()


def read_manifest(data: bytes, media_type: str, shown: str) -> Manifest:
    """Return a manifest or index; what could be read in two ways is refused (hazard R23).

    media_type: as whoever gave it says; empty where nobody does, and where the manifest does not either, what it holds
    tells. Raises FetchError, LimitError.
    """
    if len(data) > MAX_MANIFEST:
        raise LimitError(f"{shown} has {len(data)} bytes, more than the limit of {MAX_MANIFEST}")
    try:
        found = json.loads(data, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise FetchError(f"{shown} is no JSON object")
    said = media_type.partition(";")[0].strip()
    own = found.get("mediaType", said or (INDEX if "manifests" in found else MANIFEST))
    if said and own != said:
        raise FetchError(f"{shown} calls itself {printable(str(own))[:100]}, the registry says {printable(said)[:100]}")
    if own not in KINDS or found.get("schemaVersion") != 2:
        raise FetchError(f"{shown} is no OCI manifest but {printable(str(own))[:100] or 'of no media type'}")
    is_index = own in _INDEXES
    if is_index is ("layers" in found or "config" in found) or is_index is not ("manifests" in found):
        raise FetchError(f"{shown} is ambiguous: it is not clear whether it is an index or an image")
    parts = found.get("manifests" if is_index else "layers")
    if not isinstance(parts, list):
        raise FetchError(f"{shown} has no list of {'manifests' if is_index else 'layers'}")
    if len(parts) > MAX_PARTS:
        raise LimitError(f"{shown} has {len(parts)} parts, more than the limit of {MAX_PARTS}")
    config = None if is_index else read_descriptor(found.get("config"), shown)
    artifact_type = found.get("artifactType")
    subject = found.get("subject")
    return Manifest(
        media_type=own,
        artifact_type=artifact_type
        if isinstance(artifact_type, str) and artifact_type
        else config.media_type
        if config
        else "",
        config=config,
        parts=tuple([read_descriptor(part, shown) for part in parts]),
        subject=None if subject is None else read_descriptor(subject, shown),
        annotations=_annotations(found.get("annotations"), shown),
        data=data,
        digest=digest_of(data),
    )


def read_descriptor(found: Any, shown: str) -> Descriptor:
    """Return a descriptor.

    Raises FetchError.
    """
    if isinstance(found, dict):
        kind, digest, size = found.get("mediaType"), found.get("digest"), found.get("size")
        if isinstance(digest, str) and not is_digest(digest):
            raise FetchError(f"{shown} has the digest {printable(digest)[:100]!r}, expected sha256: and 64 digits")
        if isinstance(kind, str) and _TYPE.fullmatch(kind) and isinstance(digest, str) and type(size) is int:
            artifact_type = found.get("artifactType")
            if 0 <= size < 1 << 53:
                return Descriptor(
                    media_type=kind,
                    digest=digest,
                    size=size,
                    artifact_type=artifact_type if isinstance(artifact_type, str) else "",
                    annotations=_annotations(found.get("annotations"), shown),
                )
    raise FetchError(f"{shown} has a part without media type, digest or size")


def _annotations(found: Any, shown: str) -> tuple[tuple[str, str], ...]:
    if found is None:
        return ()
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise FetchError(f"{shown} has annotations that are no map of texts")
    return tuple(found.items())


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found
