"""Signatures decided from values alone: each part that is changed, swapped or missing is refused by its own words."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from overlay.errors import LimitError, OverlayError, Problems, SignatureError
from overlay.model.verify import KeyFile, Signer
from overlay.oci.attestations import referrer
from overlay.oci.bundle import Artifact, Made
from overlay.oci.keys import PrivateKey, read_private_key
from overlay.oci.manifest import Manifest, describe, image
from overlay.oci.signatures import MAX_REFERRERS
from overlay.oci.sigstore_bundle import BUNDLE_TYPE, write_sigstore
from overlay.oci.statement import PAYLOAD_TYPE, SIGNED, pre_authentication, write_statement
from overlay.oci.trust import Accepted, check_signed
from tests.oci.artifacts import artifact

Document = dict[str, Any]
SUBJECT = artifact(10)
OTHER = artifact(10, seed=2)


def private(key: Any) -> PrivateKey:
    form = serialization.PrivateFormat.PKCS8
    data = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return read_private_key(data, "k.pem", lambda: b"")


KEY = private(ec.generate_private_key(ec.SECP256R1()))
STRANGER = private(ec.generate_private_key(ec.SECP256R1()))


def pem(key: PrivateKey) -> bytes:
    text = base64.encodebytes(key.public.der).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----\n".encode()


def by(*keys: PrivateKey) -> Signer:
    return Signer(keys=tuple([KeyFile(shown=f"key{number}.pub", data=pem(key)) for number, key in enumerate(keys)]))


def document(subject: str = SUBJECT.manifest.digest, key: PrivateKey = KEY, kind: str = SIGNED) -> Document:
    """Return a Sigstore bundle, sound and signed."""
    payload = write_statement(subject, kind, {})
    found: Document = json.loads(
        write_sigstore(payload, key.sign(pre_authentication(PAYLOAD_TYPE, payload)), key.public.hint)
    )
    return found


def attached(*bundles: Document | bytes, subject: Manifest = SUBJECT.manifest) -> Made:
    """Return a source that holds the subject and these bundles as its referrers."""
    blobs = dict(SUBJECT.blobs)
    manifests = []
    for one in bundles:
        data = one if isinstance(one, bytes) else json.dumps(one).encode()
        made, more = referrer(subject.descriptor, BUNDLE_TYPE, data, {})
        manifests.append(made)
        blobs |= more
    return Made(Artifact(manifest=SUBJECT.manifest, blobs=blobs, attached=tuple(manifests)), "here")


def check(source: Made, *signers: Signer) -> tuple[Accepted, ...]:
    return check_signed(source, SUBJECT.manifest.digest, signers or (by(KEY),))


def refusal(source: Made, *signers: Signer) -> str:
    """Return why a manifest is not taken for signed, without the digests of where that was found."""
    with pytest.raises(SignatureError) as caught:
        check(source, *signers)
    start = f"here@{SUBJECT.manifest.digest} is not signed by key0.pub: "
    assert caught.value.message.startswith(start)
    reason = caught.value.message.removeprefix(start)
    for one in source.artifact.attached:
        reason = reason.replace(f"{one.digest}: ", "")
    return reason


def changed(change: Callable[[Document], object]) -> Document:
    found = document()
    change(found)
    return found


def in_envelope(name: str, text: object) -> Callable[[Document], object]:
    return lambda found: found["dsseEnvelope"].update({name: text})


def in_signature(text: object) -> Callable[[Document], object]:
    return lambda found: found["dsseEnvelope"]["signatures"][0].update(sig=text)


def entry(body: Document) -> Callable[[Document], object]:
    text = base64.b64encode(json.dumps(body).encode()).decode()
    return lambda found: found["verificationMaterial"].update(tlogEntries=[{"canonicalizedBody": text}])


def flipped(found: Document) -> None:
    signature = bytearray(base64.b64decode(found["dsseEnvelope"]["signatures"][0]["sig"]))
    signature[-1] ^= 1
    found["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(signature).decode()


BY_ANOTHER = "it is by another key, or was changed"
UNREADABLE = "it has an envelope, or an entry of a log, that cannot be read"
PAYLOAD = base64.b64encode(write_statement(SUBJECT.manifest.digest, SIGNED, {"more": 1})).decode()
LOG = "it holds an entry of a transparency log that is of something else"
TAMPERED: dict[str, tuple[Callable[[Document], object], str]] = {
    "payload": (in_envelope("payload", PAYLOAD), BY_ANOTHER),
    "payload that is no statement": (
        in_envelope("payload", base64.b64encode(b"[]").decode()),
        "it says nothing of an artifact: its payload is no in-toto statement",
    ),
    "payload that is no base64": (in_envelope("payload", "%"), UNREADABLE),
    "payload type": (in_envelope("payloadType", "text/plain"), "it signs text/plain, expected is application/vnd.in-toto+json"),
    "signature": (flipped, BY_ANOTHER),
    "signature that is empty": (in_signature(""), "its signature is empty"),
    "signature that is no text": (in_signature(7), UNREADABLE),
    "no signatures": (in_envelope("signatures", []), "it has 0 signatures, and must have one"),
    "two signatures": (
        lambda found: found["dsseEnvelope"]["signatures"].append(found["dsseEnvelope"]["signatures"][0]),
        "it has 2 signatures, and must have one",
    ),
    "media type": (
        lambda found: found.update(mediaType="application/vnd.dev.sigstore.bundle.v0.9+json"),
        "it is a bundle of type application/vnd.dev.sigstore.bundle.v0.9+json, this program reads version 0.3",
    ),
    "no envelope": (lambda found: found.pop("dsseEnvelope"), "it signs bytes, not a statement of an artifact"),
    "bytes beside the envelope": (
        lambda found: found.update(messageSignature={}), "it signs bytes, not a statement of an artifact",
    ),
    "a field that nobody knows": (lambda found: found.update(extra=1), "it has a field that is not known: extra"),
    "no way to verify it": (
        lambda found: found["verificationMaterial"].pop("publicKey"),
        "it must say how it is verified, by a key or by a certificate; nothing or both is there",
    ),
    "two ways to verify it": (
        lambda found: found["verificationMaterial"].update(certificate={"rawBytes": ""}),
        "it must say how it is verified, by a key or by a certificate; nothing or both is there",
    ),
    "a certificate in place of the key": (
        lambda found: found.update(verificationMaterial={"certificate": {"rawBytes": ""}}),
        "it is by an identity, not by a key",
    ),
    "no material": (lambda found: found.pop("verificationMaterial"), "it is no Sigstore bundle"),
    "an entry of a log that is of another artifact": (
        entry({"kind": "dsse", "apiVersion": "0.0.1", "spec": {"payloadHash": {"value": "0" * 64}}}), LOG,
    ),
    "an entry of a log of another kind": (entry({"kind": "rpm", "apiVersion": "0.0.1", "spec": {}}), LOG),
    "an entry of a log that cannot be read": (
        lambda found: found["verificationMaterial"].update(tlogEntries=[{}]), UNREADABLE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("part", TAMPERED)
def test_R31_each_part_that_is_changed_is_refused(part: str) -> None:
    change, reason = TAMPERED[part]
    assert refusal(attached(changed(change))) == reason


def test_R31_what_is_signed_is_accepted_and_says_by_which_key() -> None:
    (accepted,) = check(attached(document()), by(STRANGER, KEY))
    assert (accepted.by, accepted.key) == ("key1.pub", KEY.public.fingerprint)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (attached(), "it has no signatures"),
        (attached(b""), "it is no Sigstore bundle"),
        (attached(b'{"mediaType": "a", "mediaType": "b"}'), "it is no Sigstore bundle"),
        (attached(b"[" * 100_000), "it is no Sigstore bundle"),
        (attached(document(key=STRANGER)), BY_ANOTHER),
        (attached(document(OTHER.manifest.digest)), f"it is of something else: {OTHER.manifest.digest}"),
        (attached(document(), subject=OTHER.manifest), "it is listed as referring to this, and does not"),
        (attached(document(kind="https://slsa.dev/provenance/v1")), "it has no signatures"),
    ],
)
def test_R31_what_is_missing_or_of_somebody_or_something_else_is_refused(source: Made, reason: str) -> None:
    assert refusal(source) == reason


def test_R31_a_blob_that_was_swapped_is_refused() -> None:
    source = attached(document())
    layer = source.artifact.attached[0].parts[0]
    other = json.dumps(document(key=STRANGER)).encode()[: layer.size].ljust(layer.size)
    swapped = Artifact(
        manifest=SUBJECT.manifest,
        blobs={**source.artifact.blobs, layer.digest: other},
        attached=source.artifact.attached,
    )
    reason = refusal(Made(swapped, "here"))
    assert reason.startswith(f"here: content differs from its digest: want {layer.digest}")


def test_R31_a_referrer_of_two_parts_is_refused() -> None:
    config, layers = (
        describe("application/vnd.oci.empty.v1+json", b"{}"),
        (describe(BUNDLE_TYPE, b"1"), describe(BUNDLE_TYPE, b"2")),
    )
    two = image(BUNDLE_TYPE, config, layers, {}, SUBJECT.manifest.descriptor)
    made = Made(Artifact(manifest=SUBJECT.manifest, blobs=SUBJECT.blobs, attached=(two,)), "here")
    assert refusal(made) == "it has 2 parts, and must have one"


def test_what_anybody_can_attach_does_not_undo_a_signature() -> None:
    assert check(attached(b"junk", document(key=STRANGER), document()))


def test_all_signers_must_have_signed_and_all_that_did_not_are_named() -> None:
    assert len(check(attached(document(), document(key=STRANGER)), by(KEY), by(STRANGER))) == 2
    with pytest.raises(SignatureError):
        check(attached(document()), by(KEY), by(STRANGER))
    with pytest.raises(Problems) as caught:
        check(attached(), by(KEY), by(STRANGER))
    assert len(caught.value.each()) == 2


def test_a_signer_whose_files_were_not_read_is_met_by_nobody() -> None:
    with pytest.raises(SignatureError) as caught:
        check(attached(document()), Signer())
    assert " is not signed by anybody that can be known here: " in caught.value.message


def test_nobody_asked_for_is_nothing_looked_at() -> None:
    assert check_signed(attached(), SUBJECT.manifest.digest, ()) == ()


def test_R21_referrers_without_end_are_not_looked_at() -> None:
    many = attached(*[json.dumps(number).encode() for number in range(MAX_REFERRERS + 1)])
    with pytest.raises(LimitError) as caught:
        check(many)
    assert caught.value.message.endswith(f" has {MAX_REFERRERS + 1} referrers, more than the limit of {MAX_REFERRERS}")


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048),
    ],
    ids=["P-384", "P-521", "Ed25519", "RSA"],
)  # fmt: skip
def test_keys_of_each_kind_sign_and_verify(key: Any) -> None:
    ours = private(key)
    assert check(attached(document(key=ours)), by(ours))
    assert refusal(attached(document(key=ours)), by(KEY)) == BY_ANOTHER


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"nothing", "k.pem is no private key that can sign"),
        (pem(KEY), "k.pem holds a public key, a private one is needed to sign"),
        (
            b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\ne30=\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
            "k.pem is damaged: what it holds is no sealed key",
        ),
    ],
)
def test_what_is_no_private_key_is_said_without_its_content(data: bytes, message: str) -> None:
    with pytest.raises(OverlayError) as caught:
        read_private_key(data, "k.pem", lambda: b"secret")
    assert caught.value.message == message


def test_a_sealed_key_cannot_ask_for_any_amount_of_memory() -> None:
    found = {
        "kdf": {"name": "scrypt", "params": {"N": 1 << 30, "r": 8, "p": 1}, "salt": "AAAA"},
        "cipher": {"name": "nacl/secretbox", "nonce": base64.b64encode(bytes(24)).decode()}, "ciphertext": "AAAA",
    }  # fmt: skip
    text = base64.b64encode(json.dumps(found).encode()).decode()
    kind = "ENCRYPTED SIGSTORE PRIVATE KEY"
    with pytest.raises(SignatureError) as caught:
        read_private_key(f"-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n".encode(), "k.pem", lambda: b"x")
    assert caught.value.message == "k.pem is sealed in a way that is not known"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (rsa.generate_private_key(65537, 1024), "k.pem is an RSA key of 1024 bits"),
        (ec.generate_private_key(ec.SECP256K1()), "k.pem is a key on the curve secp256k1"),
    ],
)
def test_keys_that_are_too_weak_or_unknown_are_refused(key: Any, message: str) -> None:
    with pytest.raises(SignatureError) as caught:
        private(key)
    assert caught.value.message == message
