"""Sigstore bundles, version 0.3: a signed statement and what it is verified with, as cosign 3 attaches them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json

from overlay.errors import SignatureError
from overlay.files.paths import printable
from overlay.model.value import value
from overlay.oci.manifest import write_json
from overlay.oci.statement import PAYLOAD_TYPE, pre_authentication

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
BUNDLE_PREFIX = "application/vnd.dev.sigstore.bundle"
MAX_SIGSTORE = 16 * 1024 * 1024
_TYPES = (BUNDLE_TYPE, "application/vnd.dev.sigstore.bundle+json;version=0.3")
_TOP = frozenset(("mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature"))
_MATERIAL = frozenset(("publicKey", "certificate", "x509CertificateChain", "tlogEntries", "timestampVerificationData"))
_MAX_ENTRIES = 32


@value(kw_only=True)
class SigstoreBundle:
    """A bundle as it was read; nothing of it is verified yet.

    has_certificate: it is verified by an identity, not by a key. data: all of its bytes.
    """

    payload: bytes
    payload_type: str
    signature: bytes
    has_certificate: bool
    data: bytes

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is of."""
        return pre_authentication(self.payload_type, self.payload)


def write_sigstore(payload: bytes, signature: bytes, hint: str) -> bytes:
    """Return the bundle of a statement that a key signed; no transparency log is asked."""
    found = {
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {"publicKey": {"hint": hint}},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(signature).decode()}],
        },
    }
    return write_json(found)


def read_sigstore(data: bytes) -> SigstoreBundle:
    """Return a bundle; what could be read in two ways is refused, and entries of a log that are of something else.

    Raises SignatureError.
    """
    try:
        found = json.loads(data, object_pairs_hook=_no_doubles)
        kind, material, envelope = found["mediaType"], found["verificationMaterial"], found.get("dsseEnvelope")
        unknown = (set(found) - _TOP) | (set(material) - _MATERIAL)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise SignatureError("it is no Sigstore bundle") from None
    if kind not in _TYPES:
        raise SignatureError(f"it is a bundle of type {printable(str(kind))[:100]}, this program reads version 0.3")
    if unknown:
        raise SignatureError(f"it has a field that is not known: {printable(min(unknown))[:100]}")
    if envelope is None or "messageSignature" in found:
        raise SignatureError("it signs bytes, not a statement of an artifact")
    ways = [name for name in ("publicKey", "certificate", "x509CertificateChain") if name in material]
    if len(ways) != 1:
        raise SignatureError("it must say how it is verified, by a key or by a certificate; nothing or both is there")
    try:
        payload_type, signatures = envelope["payloadType"], envelope["signatures"]
        if len(signatures) != 1:
            raise SignatureError(f"it has {len(signatures)} signatures, and must have one")
        bundle = SigstoreBundle(
            payload=_bytes(envelope["payload"]),
            payload_type=str(payload_type),
            signature=_bytes(signatures[0]["sig"]),
            has_certificate=ways != ["publicKey"],
            data=data,
        )
        entries = [_bytes(one["canonicalizedBody"]) for one in material.get("tlogEntries", [])[: _MAX_ENTRIES + 1]]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise SignatureError("it has an envelope, or an entry of a log, that cannot be read") from None
    if bundle.payload_type != PAYLOAD_TYPE:
        raise SignatureError(f"it signs {printable(bundle.payload_type)[:100]}, expected is {PAYLOAD_TYPE}")
    if not bundle.signature:
        raise SignatureError("its signature is empty")
    if len(entries) > _MAX_ENTRIES or not all(_is_of(entry, bundle) for entry in entries):
        raise SignatureError("it holds an entry of a transparency log that is of something else")
    return bundle


def _is_of(entry: bytes, bundle: SigstoreBundle) -> bool:
    """Tell whether an entry of a log is of this envelope; who keeps the log is another question."""
    payload, signed = hashlib.sha256(bundle.payload), hashlib.sha256(bundle.signed)
    try:
        found = json.loads(entry)
        kind, spec = (found["kind"], found["apiVersion"]), found["spec"]
        if kind == ("dsse", "0.0.1"):
            return bool(spec["payloadHash"]["value"] == payload.hexdigest())
        if kind == ("dsse", "0.0.2"):
            return bool(_bytes(spec["dsseV002"]["payloadHash"]["digest"]) == payload.digest())
        if kind == ("intoto", "0.0.2"):
            return bool(spec["content"]["payloadHash"]["value"] == payload.hexdigest())
        if kind == ("hashedrekord", "0.0.1"):
            return bool(spec["data"]["hash"]["value"] == signed.hexdigest())
        if kind == ("hashedrekord", "0.0.2"):
            return bool(_bytes(spec["hashedRekordV002"]["data"]["digest"]) == signed.digest())
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    return False


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError from None


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found
