"""The older form of cosign's signatures: layers of a manifest under the tag `sha256-<hex>.sig`."""

from __future__ import annotations

import base64
import binascii
import json

from overlay.errors import SignatureError
from overlay.model.value import value
from overlay.oci.manifest import Descriptor, Manifest, describe, image, referrer_tags, write_json

PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"
CERTIFICATE = "dev.sigstore.cosign/certificate"
MAX_PAYLOAD = 1024 * 1024
_CONFIG = "application/vnd.oci.image.config.v1+json"
_TYPES = ("cosign container image signature", "https://sigstore.dev/cosign/sign/v1")


@value(kw_only=True)
class Claim:
    """One layer: the signature of a payload that names a manifest."""

    digest: str
    signature: bytes
    has_certificate: bool


def signature_tag(digest: str) -> str:
    """Return the tag under which the signatures of a manifest are."""
    return referrer_tags(digest)[1]


def write_payload(repository: str, digest: str) -> bytes:
    """Return what is signed."""
    critical = {
        "identity": {"docker-reference": repository},
        "image": {"docker-manifest-digest": digest},
        "type": _TYPES[0],
    }
    return write_json({"critical": critical, "optional": None})


def with_signatures(old: Manifest | None, layers: tuple[Descriptor, ...]) -> tuple[Manifest, bytes]:
    """Return the manifest with further signatures behind those that it has, and its config."""
    known = old.parts if old is not None else ()
    every = tuple({(one.digest, one.annotation(SIGNATURE)): one for one in (*known, *layers)}.values())
    config = write_json(
        {
            "architecture": "",
            "created": "0001-01-01T00:00:00Z",
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": [one.digest for one in every]},
            "config": {},
        }
    )
    return image("", describe(_CONFIG, config), every, {}), config


def signed_layer(payload: bytes, signature: bytes) -> Descriptor:
    """Return the layer of a payload."""
    return describe(PAYLOAD, payload, {SIGNATURE: base64.b64encode(signature).decode()})


def read_claim(layer: Descriptor, payload: bytes) -> Claim:
    """Return what a layer claims; nothing of it is verified yet.

    Raises SignatureError.
    """
    try:
        found = json.loads(payload)["critical"]
        kind, digest = found["type"], found["image"]["docker-manifest-digest"]
    except (ValueError, LookupError, TypeError, RecursionError):
        kind = digest = None
    if kind not in _TYPES or not isinstance(digest, str):
        raise SignatureError("its payload is none of a signature")
    try:
        signature = base64.b64decode(layer.annotation(SIGNATURE), validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    if not signature:
        raise SignatureError("it has no signature")
    return Claim(digest=digest, signature=signature, has_certificate=bool(layer.annotation(CERTIFICATE)))
