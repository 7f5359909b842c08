"""Signatures of a manifest: found where cosign puts them, and attached there."""

from __future__ import annotations

from overlay.errors import FetchError, LimitError, SignatureError
from overlay.model.value import value
from overlay.oci.attestations import referrer
from overlay.oci.bundle import Artifact, Made
from overlay.oci.place import in_memory, read_blob
from overlay.oci.sigstore_bundle import BUNDLE_PREFIX, BUNDLE_TYPE, MAX_SIGSTORE, read_sigstore, write_sigstore
from overlay.oci.simple_signing import (
    MAX_PAYLOAD,
    PAYLOAD,
    read_claim,
    signature_tag,
    signed_layer,
    with_signatures,
    write_payload,
)
from overlay.oci.statement import PAYLOAD_TYPE, SIGNED, pre_authentication, read_statement
from overlay.oci.transfer import carry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from overlay.oci.keys import PrivateKey, PublicKey
    from overlay.oci.manifest import Descriptor, Manifest
    from overlay.oci.place import Place, Source

MAX_REFERRERS = 256
CONTENT = "dev.sigstore.bundle.content"
PREDICATE = "dev.sigstore.bundle.predicateType"


@value(kw_only=True)
class Signature:
    """A signature as it was found: who made it is not known yet.

    shown: where it is. predicate_type: what it says. subjects: digests of what it says that of. signed: the bytes that
    it is of. bundle: all of its Sigstore bundle, empty in the older form.
    """

    shown: str
    predicate_type: str
    subjects: tuple[str, ...]
    signed: bytes
    signature: bytes
    has_certificate: bool
    bundle: bytes = b""


@value(kw_only=True)
class Found:
    """What was found at a manifest. broken: what claims to be a signature and cannot be read, and why."""

    signatures: tuple[Signature, ...]
    broken: tuple[str, ...]


def find_signatures(source: Source, digest: str) -> Found:
    """Return the signatures and attestations of a manifest, in both forms that cosign has.

    Raises LimitError for more than can be looked at, FetchError, Temporary.
    """
    signatures: list[Signature] = []
    broken: list[str] = []
    listed = source.referrers(digest)
    if len(listed) > MAX_REFERRERS:
        raise LimitError(f"{source.shown}@{digest} has {len(listed)} referrers, more than the limit of {MAX_REFERRERS}")
    for one in listed:
        try:
            signatures += _attached(source, digest, one)
        except (FetchError, LimitError, SignatureError) as error:
            broken.append(f"{one.digest}: {error.message}")
    older = source.lookup(signature_tag(digest))
    for layer in older.parts if older is not None else ():
        if layer.media_type != PAYLOAD:
            continue
        try:
            signatures.append(_tagged(source, layer))
        except (FetchError, LimitError, SignatureError) as error:
            broken.append(f"{layer.digest}: {error.message}")
    return Found(signatures=tuple(signatures), broken=tuple(broken))


def signed_by(source: Source, digest: str, key: PublicKey) -> list[Signature]:
    """Return the signatures of a manifest that are a key's, whatever they say.

    Raises LimitError, FetchError, Temporary.
    """
    found = find_signatures(source, digest).signatures
    return [one for one in found if digest in one.subjects and key.accepts(one.signature, one.signed)]


def _attached(source: Source, digest: str, listed: Descriptor) -> Iterator[Signature]:
    """Yield the signature that a referrer is, nothing for referrers of other kinds."""
    manifest = source.manifest(listed.digest)
    parts = [part for part in manifest.parts if part.media_type.startswith(BUNDLE_PREFIX)]
    if manifest.is_index or not parts:
        return
    if manifest.subject is None or manifest.subject.digest != digest:
        raise SignatureError("it is listed as referring to this, and does not")
    if len(manifest.parts) != 1:
        raise SignatureError(f"it has {len(manifest.parts)} parts, and must have one")
    bundle = read_sigstore(read_blob(source, parts[0], MAX_SIGSTORE))
    statement = read_statement(bundle.payload)
    yield Signature(
        shown=manifest.digest,
        predicate_type=statement.predicate_type,
        subjects=statement.subjects,
        signed=bundle.signed,
        signature=bundle.signature,
        has_certificate=bundle.has_certificate,
        bundle=bundle.data,
    )


def _tagged(source: Source, layer: Descriptor) -> Signature:
    payload = read_blob(source, layer, MAX_PAYLOAD)
    claim = read_claim(layer, payload)
    return Signature(
        shown=layer.digest,
        predicate_type=SIGNED,
        subjects=(claim.digest,),
        signed=payload,
        signature=claim.signature,
        has_certificate=claim.has_certificate,
    )


def seal(statement: bytes, key: PrivateKey) -> bytes:
    """Return the Sigstore bundle of a statement that a key signs."""
    return write_sigstore(statement, key.sign(pre_authentication(PAYLOAD_TYPE, statement)), key.public.hint)


def attach(place: Place, manifest: Manifest, bundle: bytes, predicate_type: str) -> Manifest:
    """Attach the Sigstore bundle of a statement of a manifest as what refers to that; return what was attached.

    Raises FetchError, OutputError, Temporary.
    """
    made, blobs = referrer(
        manifest.descriptor, BUNDLE_TYPE, bundle, {CONTENT: "dsse-envelope", PREDICATE: predicate_type}
    )
    carry(Made(Artifact(manifest=made, blobs=blobs), "the signature"), made.digest, place, None)
    return made


def attach_by_tag(place: Place, manifest: Manifest, repository: str, key: PrivateKey) -> Manifest:
    """Sign a manifest in the older form, beside the signatures that it has so; return their manifest.

    Raises FetchError, OutputError, Temporary.
    """
    payload = write_payload(repository, manifest.digest)
    layer = signed_layer(payload, key.sign(payload))
    found, config = with_signatures(place.lookup(signature_tag(manifest.digest)), (layer,))
    for descriptor, data in ((layer, payload), (found.config, config)):
        assert descriptor is not None  # noqa: S101  # we made it
        if not place.has_blob(descriptor):
            place.put_blob(descriptor, in_memory(data))
    place.put_manifest(found, signature_tag(manifest.digest))
    return found
