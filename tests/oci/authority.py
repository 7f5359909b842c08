"""A Sigstore of our own: an authority, a log of certificates and a transparency log, all in memory; cosign trusts it, too."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from overlay.oci.sigstore_bundle import BUNDLE_TYPE
from overlay.oci.statement import PAYLOAD_TYPE, SIGNED, pre_authentication, write_statement

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
WHO = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main"
ISSUER = "https://issuer.example"
_ISSUER, _ISSUER_V2 = ObjectIdentifier("1.3.6.1.4.1.57264.1.1"), ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_TIMESTAMPS = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_SHA256 = hashes.SHA256()
Key = ec.EllipticCurvePrivateKey


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def spki(key: Key) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def der(tag: int, data: bytes) -> bytes:
    size = len(data)
    head = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big") if size > 255 else b"\x81" + bytes([size])
    return bytes([tag]) + head + data


class Sigstore:
    """Signs with identities. now: when that is."""

    def __init__(self) -> None:
        self.now = START + dt.timedelta(days=90)
        self.root_key, self.ct_key, self.log_key = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
        name = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, "root"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "acme")]
        )
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        self.root = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.root_key.public_key())
            .serial_number(1)
            .not_valid_before(START)
            .not_valid_after(START + dt.timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.root_key.public_key()), critical=False)
            .sign(self.root_key, _SHA256)
        )

    def trusted_root(self) -> bytes:
        """Return what whoever trusts this has."""
        certificate = b64(self.root.public_bytes(serialization.Encoding.DER))
        found = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self._log(self.log_key, "https://log.example")],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "acme", "commonName": "root"},
                    "uri": "https://ca.example",
                    "certChain": {"certificates": [{"rawBytes": certificate}]},
                    "validFor": {"start": START.strftime("%Y-%m-%dT%H:%M:%SZ")},
                }
            ],
            "ctlogs": [self._log(self.ct_key, "https://ct.example")],
        }
        return json.dumps(found).encode()

    def _log(self, key: Key, url: str) -> dict[str, Any]:
        return {
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": b64(spki(key)),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": START.strftime("%Y-%m-%dT%H:%M:%SZ")},
            },
            "logId": {"keyId": b64(hashlib.sha256(spki(key)).digest())},
        }

    def sign(
        self, digest: str, who: str = WHO, issuer: str = ISSUER, *, late: dt.timedelta = dt.timedelta(),
        of: bytes | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Return a bundle. late: how long after the certificate was made it is logged. of: log another payload."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate(key, who, issuer)
        payload = write_statement(digest, SIGNED, {})
        signature = key.sign(pre_authentication(PAYLOAD_TYPE, payload), ec.ECDSA(_SHA256))
        entry = self._entry(of or payload, signature, certificate, int((self.now + late).timestamp()))
        raw = certificate.public_bytes(serialization.Encoding.DER)
        return {
            "mediaType": BUNDLE_TYPE,
            "verificationMaterial": {"certificate": {"rawBytes": b64(raw)}, "tlogEntries": [entry]},
            "dsseEnvelope": {
                "payload": b64(payload), "payloadType": PAYLOAD_TYPE, "signatures": [{"sig": b64(signature)}],
            },
        }  # fmt: skip

    def _certificate(self, key: Key, who: str, issuer: str) -> x509.Certificate:
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        public = self.root_key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.root.subject)
            .public_key(key.public_key())
            .serial_number(2)
            .not_valid_before(self.now)
            .not_valid_after(self.now + dt.timedelta(minutes=10))
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(who)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(_ISSUER, issuer.encode()), critical=False)
            .add_extension(x509.UnrecognizedExtension(_ISSUER_V2, der(0x0C, issuer.encode())), critical=False)
        )
        # RFC 6962: what the log of certificates promises is of the certificate without its promise.
        body = builder.sign(self.root_key, _SHA256).tbs_certificate_bytes
        stamp = int(self.now.timestamp() * 1000).to_bytes(8, "big")
        issuer_hash = hashlib.sha256(spki(self.root_key)).digest()
        signed = b"\0\0" + stamp + b"\0\1" + issuer_hash + len(body).to_bytes(3, "big") + body + b"\0\0"
        signature = self.ct_key.sign(signed, ec.ECDSA(_SHA256))
        log_id = hashlib.sha256(spki(self.ct_key)).digest()
        promise = b"\0" + log_id + stamp + b"\0\0" + b"\4\3" + len(signature).to_bytes(2, "big") + signature
        listed = len(promise).to_bytes(2, "big") + promise
        listed = len(listed).to_bytes(2, "big") + listed
        promises = x509.UnrecognizedExtension(_TIMESTAMPS, der(0x04, listed))
        return builder.add_extension(promises, critical=False).sign(self.root_key, _SHA256)

    def _entry(self, payload: bytes, signature: bytes, certificate: x509.Certificate, seconds: int) -> dict[str, Any]:
        """Return the entry of a log that has no other one."""
        verifier = b64(certificate.public_bytes(serialization.Encoding.PEM))
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [{"signature": b64(signature), "verifier": verifier}],
        }
        body = json.dumps({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}, separators=(",", ":")).encode()
        log_id = hashlib.sha256(spki(self.log_key)).digest()
        promised = {"body": b64(body), "integratedTime": seconds, "logID": log_id.hex(), "logIndex": 0}
        promise = json.dumps(promised, separators=(",", ":"), sort_keys=True).encode()
        leaf = hashlib.sha256(b"\0" + body).digest()
        note = f"log.example - 1\n1\n{b64(leaf)}\n"
        note_signature = log_id[:4] + self.log_key.sign(note.encode(), ec.ECDSA(_SHA256))
        return {
            "logIndex": "0",
            "logId": {"keyId": b64(log_id)},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(seconds),
            "inclusionPromise": {"signedEntryTimestamp": b64(self.log_key.sign(promise, ec.ECDSA(_SHA256)))},
            "inclusionProof": {
                "logIndex": "0", "rootHash": b64(leaf), "treeSize": "1", "hashes": [],
                "checkpoint": {"envelope": f"{note}\n— log.example {b64(note_signature)}\n"},
            },
            "canonicalizedBody": b64(body),
        }  # fmt: skip
