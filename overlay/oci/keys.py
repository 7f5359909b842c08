"""Key pairs that sign: PEM files of cosign, openssl and others; the one importer of `cryptography`."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from overlay.errors import SignatureError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

    Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    Public = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

MAX_KEY_FILE = 64 * 1024
_LEAST_RSA = 2048
_MOST_RSA = 8192
# What cosign hashes with, curve by curve.
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
_SEALED = (b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----", b"-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----")


@value
class PublicKey:
    """A key that verifies. der: its SubjectPublicKeyInfo, which also names it."""

    der: bytes

    @property
    def fingerprint(self) -> str:
        """How listings name it: the digest of its bytes, as `openssl pkey -pubin -outform DER | sha256sum` says it."""
        return f"sha256:{hashlib.sha256(self.der).hexdigest()}"

    @property
    def hint(self) -> str:
        """How a Sigstore bundle names it."""
        return base64.b64encode(hashlib.sha256(self.der).digest()).decode()

    def accepts(self, signature: bytes, data: bytes) -> bool:
        """Tell whether a signature of some bytes is this key's."""
        key = serialization.load_der_public_key(self.der)
        try:
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, data, ec.ECDSA(_HASHES[key.curve.name]))
            elif isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            elif isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, data)
            else:
                return False
        except InvalidSignature:
            return False
        return True


class PrivateKey:
    """A key that signs; nothing of it is ever shown."""

    def __init__(self, key: Private) -> None:
        self._key = key
        self.public = _public(key.public_key())

    def sign(self, data: bytes) -> bytes:
        """Return the signature of some bytes."""
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(_HASHES[self._key.curve.name]))
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(data)


def read_public_key(data: bytes, shown: str) -> PublicKey:
    """Return the public key of a PEM file.

    Raises SignatureError.
    """
    if b"PRIVATE KEY-----" in data:
        raise SignatureError(
            f"{shown} holds a private key, a public one is expected",
            hint="`cosign public-key --key FILE` and `openssl pkey -in FILE -pubout` write it",
        )
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise SignatureError(
            f"{shown} is no public key", hint="expected is PEM: -----BEGIN PUBLIC KEY-----, as in cosign.pub"
        ) from None
    _check(key, shown)
    return _public(key)


def read_private_key(data: bytes, shown: str, password: Callable[[], bytes]) -> PrivateKey:
    """Return the private key of a PEM file: one of `cosign generate-key-pair`, PKCS#8, or the older forms of openssl.

    password: is asked for one, where the file needs it. Raises SignatureError.
    """
    if b"-----BEGIN PUBLIC KEY-----" in data:
        raise SignatureError(f"{shown} holds a public key, a private one is needed to sign")
    is_sealed = data.lstrip().startswith(_SEALED)
    secret = password() if is_sealed or _is_encrypted(data) else None
    try:
        if is_sealed:
            from overlay.oci.sealed_key import unseal  # noqa: PLC0415  # its library is needed for nothing else

            key = serialization.load_der_private_key(unseal(data, secret or b"", shown), None)
        else:
            key = serialization.load_pem_private_key(data, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if secret is not None and not is_sealed:
            raise wrong_password(shown) from None
        raise SignatureError(
            f"{shown} is no private key that can sign",
            hint="expected is PEM: a file of `cosign generate-key-pair`, or PKCS#8 (-----BEGIN PRIVATE KEY-----)",
        ) from None
    _check(key.public_key(), shown)
    assert isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey, ed25519.Ed25519PrivateKey))  # noqa: S101  # it was checked
    return PrivateKey(key)


def wrong_password(shown: str) -> SignatureError:
    """Return the error for a key that its password does not open."""
    return SignatureError(
        f"{shown} does not open: wrong password", hint="it is read from COSIGN_PASSWORD, or asked for"
    )


def _is_encrypted(data: bytes) -> bool:
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in data or b"Proc-Type: 4,ENCRYPTED" in data


def _check(key: PublicKeyTypes, shown: str) -> None:
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in _HASHES:
            raise SignatureError(f"{shown} is a key on the curve {key.curve.name}", hint="use P-256, P-384 or P-521")
    elif isinstance(key, rsa.RSAPublicKey):
        if not _LEAST_RSA <= key.key_size <= _MOST_RSA:
            raise SignatureError(
                f"{shown} is an RSA key of {key.key_size} bits", hint=f"use {_LEAST_RSA} to {_MOST_RSA} bits"
            )
    elif not isinstance(key, ed25519.Ed25519PublicKey):
        raise SignatureError(f"{shown} is a key of a kind that signs nothing here", hint="use ECDSA, RSA or Ed25519")


def _public(key: PublicKeyTypes) -> PublicKey:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return PublicKey(key.public_bytes(serialization.Encoding.DER, form))
