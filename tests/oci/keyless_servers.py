"""What signs identities, on loopback: Sigstore's own authority and log, and around them what is small enough for us.

That is an issuer of tokens, a log of certificates, and a clock that signs, by openssl: Sigstore's own one wants port 2112
of the machine for itself, so that no two runs could be at once.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.fetch.servers import Handler, Web, send
from tests.oci.authority import START, Sigstore, b64, der, spki

WHO = "release@shop.example"
_SECONDS = 120
# How openssl stamps a time (RFC 3161). It counts nothing here: each answer has a folder of its own.
CLOCK = """
[clock]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""
# The log's name in what it signs.
_ORIGIN = "log.shop.example"
# RFC 6962: what stands in a certificate that is only for the log of certificates.
_POISON = bytes.fromhex("3013060a2b06010401d6790204030101ff04020500")
_FIRST = START.strftime("%Y-%m-%dT%H:%M:%SZ")


class KeylessServers:
    """All that a signature by an identity needs. token(): who says to be `WHO`."""

    def __init__(self, programs: dict[str, str], folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.authority = Sigstore()
        self.token_key = rsa.generate_private_key(65537, 2048)
        self.log_key = ed25519.Ed25519PrivateKey.generate()
        self.web = Web()
        self.issuer = f"http://{self.web.host}"
        self._answer_tokens()
        self._make_clock()
        self.web.answers["/ct/v1/add-pre-chain"] = self._add_pre_chain
        self.web.answers["/api/v1/timestamp"] = self._tell_time
        try:
            self.ca = self._start_authority(programs["fulcio"])
            self.log = self._start_log(programs["rekor-server"])
            self.root, self.config = folder / "trusted_root.json", folder / "signing_config.json"
            self.root.write_text(json.dumps(self._trusted_root()))
            self.config.write_text(json.dumps(self._signing_config()))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for one in self.processes:
            one.terminate()
        for one in self.processes:
            one.wait()
        self.web.close()

    def token(self, who: str = WHO, *, audience: str = "sigstore", age: int = 0) -> str:
        now = int(time.time()) - age
        claims = {
            "iss": self.issuer, "sub": who, "aud": audience, "email": who, "email_verified": True, "iat": now,
            "exp": now + 600,
        }  # fmt: skip
        return jwt.encode(claims, self.token_key, algorithm="RS256", headers={"kid": "1"})

    def _answer_tokens(self) -> None:
        known = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.token_key.public_key()))
        found = {
            "issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token", "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
        }  # fmt: skip
        self.web.answers["/.well-known/openid-configuration"] = json.dumps(found).encode()
        self.web.answers["/keys"] = json.dumps({"keys": [{**known, "kid": "1", "alg": "RS256", "use": "sig"}]}).encode()

    def _add_pre_chain(self, handler: Handler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        signed = without_poison(x509.load_der_x509_certificate(base64.b64decode(body["chain"][0])))
        moment = int(time.time() * 1000)
        authority = hashlib.sha256(spki(self.authority.root_key)).digest()
        promised = b"\0\0" + moment.to_bytes(8, "big") + b"\0\1" + authority + len(signed).to_bytes(3, "big") + signed
        signature = self.authority.ct_key.sign(promised + b"\0\0", ec.ECDSA(hashes.SHA256()))
        answer = {
            "sct_version": 0, "id": b64(hashlib.sha256(spki(self.authority.ct_key)).digest()), "timestamp": moment,
            "extensions": "", "signature": b64(b"\4\3" + len(signature).to_bytes(2, "big") + signature),
        }  # fmt: skip
        send(handler, 200, json.dumps(answer).encode(), Content_Type="application/json")

    def _start_authority(self, program: str) -> str:
        (self.folder / "fulcio.yaml").write_text(
            f"oidc-issuers:\n  {self.issuer}:\n    issuer-url: {self.issuer}\n    client-id: sigstore\n    type: email\n"
        )
        pem = self.authority.root.public_bytes(serialization.Encoding.PEM)
        (self.folder / "ca.pem").write_bytes(pem)
        (self.folder / "ca.key").write_bytes(private_pem(self.authority.root_key, b"s3cret"))
        port = free_port()
        self._start(
            program, "serve", "--ca", "fileca", "--fileca-cert", "ca.pem", "--fileca-key", "ca.key",
            "--fileca-key-passwd", "s3cret", "--fileca-watch=false", "--config-path", "fulcio.yaml",
            "--ct-log-url", self.issuer, "--host", "127.0.0.1", "--port", str(port), "--grpc-host", "127.0.0.1",
            "--grpc-port", str(free_port()), "--metrics-port", str(free_port()),
            "--legacy-unix-domain-socket", f"@{self.folder}",
        )  # fmt: skip
        return self._ready(f"http://127.0.0.1:{port}", "/healthz")

    def _make_clock(self) -> None:
        """Give the clock a key, certified by an authority of its own."""
        (self.folder / "clock.conf").write_text(CLOCK)
        key = ec.generate_private_key(ec.SECP256R1())
        root = Sigstore()
        self.clock_root = root.root
        stamps = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        self.clock_certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clock")]))
            .issuer_name(self.clock_root.subject)
            .public_key(key.public_key())
            .serial_number(2)
            .not_valid_before(START)
            .not_valid_after(START + dt.timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(stamps, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root.root_key.public_key()), critical=False
            )
            .sign(root.root_key, hashes.SHA256())
        )
        (self.folder / "clock.pem").write_bytes(self.clock_certificate.public_bytes(serialization.Encoding.PEM))
        (self.folder / "clock.key").write_bytes(private_pem(key))

    def _tell_time(self, handler: Handler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        words = "ts -reply -config {0}/clock.conf -section clock -signer {0}/clock.pem -inkey {0}/clock.key"
        with tempfile.TemporaryDirectory() as folder:
            query = Path(folder, "query")
            query.write_bytes(body)
            found = subprocess.run(
                ["openssl", *words.format(self.folder).split(), "-queryfile", str(query)],
                cwd=folder, capture_output=True, check=True,
            )  # fmt: skip
        send(handler, 200, found.stdout, Content_Type="application/timestamp-reply")

    def _start_log(self, program: str) -> str:
        (self.folder / "log.key").write_bytes(private_pem(self.log_key))
        (self.folder / "log").mkdir()
        port = free_port()
        self._start(
            program, "serve", "--http-address", "127.0.0.1", "--http-port", str(port), "--grpc-address", "127.0.0.1",
            "--grpc-port", str(free_port()), "--http-metrics-port", str(free_port()), "--hostname", _ORIGIN,
            "--storage-dir", "log", "--signer-filepath", "log.key", "--checkpoint-interval", "500ms",
            "--batch-max-age", "50ms", "--server-timeout", "120s",
        )  # fmt: skip
        return self._ready(f"http://127.0.0.1:{port}", "/healthz")

    def _start(self, program: str, *words: str) -> None:
        name = Path(program).name
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    [program, *words], cwd=self.folder, stdout=log, stderr=log,
                    env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
                )
            )  # fmt: skip

    def _ready(self, url: str, path: str) -> str:
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end and self.processes[-1].poll() is None:
            try:
                with urllib.request.urlopen(url + path, timeout=5):
                    return url
            except OSError:
                time.sleep(0.05)
        name = Path(str(self.processes[-1].args[0])).name  # type: ignore[index]
        raise RuntimeError((self.folder / f"{name}.log").read_text())

    def _trusted_root(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.authority.trusted_root())
        raw = self.log_key.public_key()
        key = raw.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        public = raw.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        found["tlogs"] = [
            {
                "baseUrl": f"https://{_ORIGIN}",  # cosign looks for this name in what the log signs
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": b64(public), "keyDetails": "PKIX_ED25519", "validFor": {"start": _FIRST},
                },
                # The name of a key in a signed note: of its owner, its kind, and itself.
                "logId": {"keyId": b64(hashlib.sha256(f"{_ORIGIN}\n".encode() + b"\1" + key).digest())},
            }
        ]  # fmt: skip
        chain = (self.clock_certificate, self.clock_root)
        certificates = [{"rawBytes": b64(one.public_bytes(serialization.Encoding.DER))} for one in chain]
        found["timestampAuthorities"] = [
            {
                "subject": {"organization": "shop", "commonName": "clock"},
                "uri": self.issuer,
                "certChain": {"certificates": certificates},
                "validFor": {"start": _FIRST},
            }
        ]
        return found

    def _signing_config(self) -> dict[str, Any]:
        def service(url: str, version: int) -> dict[str, Any]:
            return {"url": url, "majorApiVersion": version, "validFor": {"start": _FIRST}, "operator": "shop"}

        return {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [service(self.ca, 1)],
            "oidcUrls": [service(self.issuer, 1)],
            "rekorTlogUrls": [service(self.log, 2)],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaUrls": [service(f"{self.issuer}/api/v1/timestamp", 1)],
            "tsaConfig": {"selector": "ANY"},
        }


def without_poison(certificate: x509.Certificate) -> bytes:
    """Return what a log of certificates promises: the certificate's content without what keeps it from being one."""
    parts = elements(certificate.tbs_certificate_bytes)
    extensions = elements(parts[-1])[0].replace(_POISON, b"")
    listed = b"".join(elements(extensions, is_cut=True))
    return der(0x30, b"".join([*parts[:-1], der(0xA3, der(0x30, listed))]))


def elements(data: bytes, *, is_cut: bool = False) -> list[bytes]:
    """Return the elements of a DER sequence, each with its head; is_cut: its own length is not right any more."""
    head = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)
    found, at = [], head
    assert is_cut or len(data) == head + _size(data, 0)
    while at < len(data):
        inner = 2 + (data[at + 1] & 0x7F if data[at + 1] & 0x80 else 0)
        end = at + inner + _size(data, at)
        found.append(data[at:end])
        at = end
    return found


def _size(data: bytes, at: int) -> int:
    first = data[at + 1]
    return int.from_bytes(data[at + 2 : at + 2 + (first & 0x7F)], "big") if first & 0x80 else first


def private_pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, password: bytes = b"") -> bytes:
    sealed = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
