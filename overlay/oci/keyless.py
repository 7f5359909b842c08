"""Signatures by identities, not keys, made and verified by Sigstore's own library; its one importer, an extra."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
import threading

from overlay.errors import OutputError, SignatureError, Temporary
from overlay.fetch.address import parse
from overlay.files.paths import printable
from overlay.files.temporary import temporary_folder
from overlay.oci.manifest import write_json
from overlay.oci.statement import pre_authentication

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from overlay.model.verify import Signer
    from overlay.oci.signatures import Signature

    T = TypeVar("T")

# How often a statement is signed until a clock has said when.
_TRIES = 3
# In a certificate: whom it is made out to.
_NAMES = "2.5.29.17"


def verify_identity(one: Signature, signer: Signer) -> tuple[str, str]:
    """Return the identity that made a signature, and why it is not the signer's, empty where it is.

    Certificate, its entry in a log of certificates, the signature's entry in the transparency log and the time of both
    are verified against the trusted root. Raises SignatureError where the library or the trusted root is missing.
    """
    _need_library("verified")
    names, reason = _verify(one, signer.issuer, _trusted_root(signer.trusted_root))
    if reason:
        return "", reason
    for name in names:
        if name == signer.identity or (signer.identity_match and re.fullmatch(signer.identity_match, name)):
            return name, ""
    return "", f"it is by {printable(', '.join(names))[:200] or 'nobody'}"


def _verify(one: Signature, issuer: str, root: Any) -> tuple[list[str], str]:
    """Return the names of who made a signature, and why it is not verified, empty where it is."""
    from sigstore.models import Bundle  # noqa: PLC0415  # an extra
    from sigstore.verify import Verifier  # noqa: PLC0415

    verifier = Verifier(trusted_root=root)
    try:
        bundle = Bundle.from_json(_with_zeros(one.bundle))
        kind, payload = verifier.verify_dsse(bundle, _is_of(issuer))
        names = _names(bundle.signing_certificate)
    except Exception as error:  # noqa: BLE001  # whatever stops a verifier, nothing is verified (hazard R32)
        return [], f"it is not verified: {_reason(error)}"
    if pre_authentication(kind, payload) != one.signed:
        return [], "it is not verified: what was verified is something else"
    return names, ""


def _is_of(issuer: str) -> Any:
    from sigstore.verify import policy  # noqa: PLC0415  # an extra

    return policy.AnyOf([policy.OIDCIssuer(issuer), policy.OIDCIssuerV2(issuer)])


class IdentitySigner:
    """Signs statements as somebody: with a key of this run alone, that an authority certifies and a log has seen.

    by: whom the certificate was made out to, once there is one. issuer: who vouches for that.
    """

    def __init__(self, token: str, signing_config: bytes, trusted_root: bytes, seconds: float) -> None:
        """token: says who we are, and goes to the authority alone. seconds: how long all of it may take.

        Raises SignatureError.
        """
        _need_library("signed for")
        from sigstore.oidc import IdentityToken  # noqa: PLC0415

        self._token = token
        try:
            self._identity = IdentityToken(token)
        except Exception as error:  # noqa: BLE001  # the library has no one error for a token that is none
            raise self._failure(error) from None
        self.by, self.issuer = "", self._identity.federated_issuer
        self._names: list[str] = []
        self._seconds = seconds
        self._root = _trusted_root(trusted_root)
        self._config = _signing_config(signing_config)
        self._signer: Any = None

    def made(self, signatures: Sequence[Signature]) -> list[Signature]:
        """Return those that this identity made and that verify; who we are is what the authority says, not the token.

        Raises SignatureError, Temporary.
        """
        candidates = [one for one in signatures if one.has_certificate and one.bundle]
        return self._in_time(lambda: self._made(candidates)) if candidates else []

    def seal(self, statement: bytes) -> bytes:
        """Return the Sigstore bundle of a statement, verified as everybody else will verify it.

        Raises SignatureError, Temporary.
        """
        return self._in_time(lambda: self._seal(statement))

    def _in_time(self, call: Callable[[], T]) -> T:
        found: list[T] = []
        errors: list[Exception] = []

        def run() -> None:
            try:
                found.append(call())
            except Exception as error:  # noqa: BLE001  # it is told where it is waited for
                errors.append(error)

        # Not all requests of the library end by themselves.
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(self._seconds)
        if thread.is_alive():
            raise Temporary(f"signing as an identity takes longer than {self._seconds:g} seconds", hint="--timeout 10m")
        if errors:
            raise self._failure(errors[0])
        return found[0]

    def _certified(self) -> Any:
        """Return the library's signer, with the certificate that the authority gave it."""
        from sigstore.sign import Signer, SigningContext  # noqa: PLC0415

        if self._signer is None:
            authority = self._config.get_fulcio()
            # The token goes to the authority, wherever that would send it on to; and no password of a .netrc with it.
            authority.session.max_redirects = 0
            authority.session.auth = lambda request: request
            context = SigningContext(
                fulcio=authority, rekor=self._config.get_tlogs()[0], trusted_root=self._root,
                tsa_clients=self._config.get_tsas(),
            )  # fmt: skip
            signer = Signer(self._identity, context)
            self._names = _names(signer._signing_cert())  # noqa: SLF001  # it is fetched already; nothing else gives it
            self.by = ", ".join(self._names)
            self._signer = signer
        return self._signer

    def _made(self, signatures: Sequence[Signature]) -> list[Signature]:
        self._certified()
        return [one for one in signatures if _verify(one, self.issuer, self._root) == (self._names, "")]

    def _seal(self, statement: bytes) -> bytes:
        from sigstore.dsse import Statement  # noqa: PLC0415
        from sigstore.verify import Verifier  # noqa: PLC0415

        bundle = self._signed(self._certified(), Statement(_with_names(statement)))
        Verifier(trusted_root=self._root).verify_dsse(bundle, _is_of(self.issuer))
        return str(bundle.to_json()).encode()

    def _signed(self, signer: Any, statement: Any) -> Any:
        """Sign, again where no clock said when: the library gives one five seconds, and then only warns."""
        from sigstore.models import InvalidBundle  # noqa: PLC0415

        logging.getLogger("sigstore").setLevel(logging.ERROR)
        for left in reversed(range(_TRIES)):
            try:
                return signer.sign_dsse(statement)
            except InvalidBundle:
                if not left:
                    raise
        raise AssertionError

    def _failure(self, error: Exception) -> SignatureError:
        reason = _reason(error, self._token)
        hint = None
        if "malformed" in reason or "validity period" in reason:
            hint = "a token holds for minutes, and its audience must be `sigstore`: fetch a new one"
        return SignatureError(f"it cannot be signed as an identity: {reason}", hint=hint)


def _with_zeros(bundle: bytes) -> bytes:
    """Return a bundle with what JSON of protobuf leaves out: a first entry's index, a lone one's hashes.

    cosign leaves them out, and the library wants them said.
    """
    found = json.loads(bundle)
    for entry in found["verificationMaterial"].get("tlogEntries", ()):
        entry.setdefault("logIndex", "0")
        if "inclusionProof" in entry:
            entry["inclusionProof"] = {"logIndex": "0", "hashes": [], **entry["inclusionProof"]}
    return write_json(found)


def _with_names(statement: bytes) -> bytes:
    """Return a statement whose subjects have names, empty ones: the library takes no other, though in-toto does."""
    found = json.loads(statement)
    for one in found["subject"]:
        one.setdefault("name", "")
    return write_json(found)


def _need_library(what: str) -> None:
    try:
        import sigstore  # noqa: F401, PLC0415  # an extra
    except ImportError:
        raise SignatureError(
            f"identities are {what} by a library that is not installed", hint="pip install 'overlay[keyless]'"
        ) from None


def _reason(error: Exception, secret: str = "") -> str:
    """Return what an error of the library says, with what it was raised for where it says nothing itself."""
    text = " ".join(str(error).split())
    response = getattr(error.__cause__, "response", None)
    if not text and response is not None:
        text = f"{response.url} answers {response.status_code}: {' '.join(str(response.text).split())}"
    # Hidden before anything is cut off: a part of it would be one that is shown.
    text = text.replace(secret, "…") if secret else text
    return printable(text)[:300] or type(error).__name__


def _signing_config(data: bytes) -> Any:
    """Return which authority, log and clock to ask: those of a file, or the public good ones, which are fetched."""
    from sigstore.models import ClientTrustConfig, SigningConfig  # noqa: PLC0415

    try:
        found = _from_file(SigningConfig.from_file, data) if data else ClientTrustConfig.production().signing_config
        services = [found._inner.ca_urls, found._inner.rekor_tlog_urls, found._inner.tsa_urls]  # noqa: SLF001  # nothing else lists them
        for one in [service for listed in services for service in listed]:
            parse(one.url)  # https, or this machine
    except OutputError:  # of this machine
        raise
    except Exception as error:  # noqa: BLE001  # the library has no one error for what it cannot read or fetch
        what = "cannot be used" if data else "of the public good instance cannot be fetched"
        raise SignatureError(
            f"the signing configuration {what}: {_reason(error)}",
            hint="--signing-config names a file as `cosign signing-config create` writes it",
        ) from None
    return found


def _from_file(read: Callable[[str], Any], data: bytes) -> Any:
    """Return what the library, which only reads files, makes of some bytes."""
    with tempfile.TemporaryDirectory(dir=temporary_folder()) as folder:
        path = os.path.join(folder, "given.json")
        with open(path, "wb") as file:
            file.write(data)
        return read(path)


def _names(certificate: Any) -> list[str]:
    found = [one.value for one in certificate.extensions if one.oid.dotted_string == _NAMES]
    return [name.value for names in found for name in names if isinstance(name.value, str)]


def _trusted_root(data: bytes) -> Any:
    """Return the authority and logs that are trusted: those of a file, or the public good ones, which are fetched."""
    from sigstore.models import ClientTrustConfig, TrustedRoot  # noqa: PLC0415

    try:
        if not data:
            return ClientTrustConfig.production().trusted_root
        return _from_file(TrustedRoot.from_file, data)
    except OutputError:  # of this machine
        raise
    except Exception as error:  # noqa: BLE001  # the library has no one error for what it cannot read or fetch
        what = "cannot be read" if data else "of the public good instance cannot be fetched"
        raise SignatureError(
            f"the trusted root {what}: {_reason(error)}", hint="--trusted-root names a file that holds one"
        ) from None
