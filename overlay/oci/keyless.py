"""Signatures by identities, not keys, verified by Sigstore's own library; the one importer of `sigstore`, an extra."""

from __future__ import annotations

import os
import re
import tempfile

from overlay.errors import SignatureError
from overlay.files.paths import printable
from overlay.oci.statement import pre_authentication

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.verify import Signer
    from overlay.oci.signatures import Signature

# In a certificate: whom it is made out to.
_NAMES = "2.5.29.17"


def verify_identity(one: Signature, signer: Signer) -> tuple[str, str]:
    """Return the identity that made a signature, and why it is not the signer's, empty where it is.

    Certificate, its entry in a log of certificates, the signature's entry in the transparency log and the time of both
    are verified against the trusted root. Raises SignatureError where the library or the trusted root is missing.
    """
    try:
        from sigstore.models import Bundle  # noqa: PLC0415  # an extra
        from sigstore.verify import Verifier, policy  # noqa: PLC0415
    except ImportError:
        raise SignatureError(
            "identities are verified by a library that is not installed", hint="pip install 'overlay[keyless]'"
        ) from None
    verifier = Verifier(trusted_root=_trusted_root(signer.trusted_root))
    is_of = policy.AnyOf([policy.OIDCIssuer(signer.issuer), policy.OIDCIssuerV2(signer.issuer)])
    try:
        bundle = Bundle.from_json(one.bundle)
        kind, payload = verifier.verify_dsse(bundle, is_of)
        names = _names(bundle.signing_certificate)
    except Exception as error:  # noqa: BLE001  # whatever stops a verifier, nothing is verified (hazard R32)
        reason = printable(" ".join(str(error).split()))[:300] or type(error).__name__
        return "", f"it is not verified: {reason}"
    if pre_authentication(kind, payload) != one.signed:
        return "", "it is not verified: what was verified is something else"
    for name in names:
        if name == signer.identity or (signer.identity_match and re.fullmatch(signer.identity_match, name)):
            return name, ""
    return "", f"it is by {printable(', '.join(names))[:200] or 'nobody'}"


def _names(certificate: Any) -> list[str]:
    found = [one.value for one in certificate.extensions if one.oid.dotted_string == _NAMES]
    return [name.value for names in found for name in names if isinstance(name.value, str)]


def _trusted_root(data: bytes) -> Any:
    """Return the authority and logs that are trusted: those of a file, or the public good ones, which are fetched."""
    from sigstore.models import ClientTrustConfig, TrustedRoot  # noqa: PLC0415

    try:
        if not data:
            return ClientTrustConfig.production().trusted_root
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "trusted_root.json")
            with open(path, "wb") as file:
                file.write(data)
            return TrustedRoot.from_file(path)
    except Exception as error:  # noqa: BLE001  # the library has no one error for what it cannot read or fetch
        reason = printable(" ".join(str(error).split()))[:300]
        what = "cannot be read" if data else "of the public good instance cannot be fetched"
        raise SignatureError(
            f"the trusted root {what}: {reason}", hint="--trusted-root names a file that holds one"
        ) from None
