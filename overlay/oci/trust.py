"""Whether a manifest is signed by all who must have signed it: decided from values alone, and fail-closed."""

from __future__ import annotations

from overlay.errors import OverlayError, SignatureError, raise_all
from overlay.model.value import value
from overlay.oci.statement import SIGNED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.model.verify import Signer
    from overlay.oci.place import Source
    from overlay.oci.signatures import Found, Signature

_SHOWN = 5


@value(kw_only=True)
class Accepted:
    """A signature that is a signer's. by: the key's path, or an identity. key: the key's fingerprint."""

    signer: Signer
    by: str
    key: str
    signature: Signature


def check_signed(
    source: Source, digest: str, signers: Sequence[Signer], *, environment: str | None = None
) -> tuple[Accepted, ...]:
    """Look for the signatures of a manifest, and return one of each signer.

    signers: what `Settings.signers` of an environment says; nothing is asked where it is empty.
    Raises SignatureError (Problems for several) where one is missing; FetchError, LimitError, Temporary where that
    cannot be found out: whoever calls goes on only when nothing is raised (hazards R31, R32).
    """
    if not signers:
        return ()
    from overlay.oci.signatures import find_signatures  # noqa: PLC0415  # few environments ask for signatures

    return judge(f"{source.shown}@{digest}", digest, find_signatures(source, digest), signers, environment)


def judge(
    shown: str, digest: str, found: Found, signers: Sequence[Signer], environment: str | None = None
) -> tuple[Accepted, ...]:
    """Return a signature of each signer; pure.

    Raises SignatureError, Problems.
    """
    accepted: list[Accepted] = []
    errors: list[OverlayError] = []
    for signer in signers:
        one, reasons = accept(digest, found, signer, SIGNED)
        if one is not None:
            accepted.append(one)
            continue
        command = "overlay sign REF" if signer.issuer else "overlay sign REF --key FILE"
        why = "; ".join(reasons[:_SHOWN]) or "it has no signatures"
        if len(reasons) > _SHOWN:
            why += f"; and {len(reasons) - _SHOWN} more"
        errors.append(
            SignatureError(
                f"{shown} is not signed by {signer.shown}: {why}",
                location=signer.location,
                hint=f"whoever signs it: `{command}`; until then nothing of it is used",
                environment=environment,
                rule="not-signed",
            )
        )
    raise_all(errors)
    return tuple(accepted)


def attested(digest: str, found: Found, signers: Sequence[Signer]) -> tuple[Accepted, ...]:
    """Return what else signers say of a manifest, beside that they signed it."""
    kinds = dict.fromkeys([one.predicate_type for one in found.signatures if one.predicate_type != SIGNED])
    known = [accept(digest, found, signer, kind)[0] for signer in signers for kind in kinds]
    return tuple([one for one in known if one is not None])


def accept(digest: str, found: Found, signer: Signer, predicate_type: str) -> tuple[Accepted | None, list[str]]:
    """Return a signature that says something of a manifest and is a signer's; without one, why each is not.

    Raises SignatureError for a key or a trusted root that cannot be used.
    """
    reasons = []
    is_by = _by_identity if signer.issuer else _by_key
    for one in found.signatures:
        if one.predicate_type != predicate_type:
            continue
        if digest not in one.subjects:
            reason = f"{one.shown}: it is of something else: {', '.join(one.subjects[:3]) or 'of nothing'}"
        else:
            by, key, reason = is_by(one, signer)
            if not reason:
                return Accepted(signer=signer, by=by, key=key, signature=one), []
        reasons.append(reason)
    return None, [*reasons, *found.broken]


def _by_key(one: Signature, signer: Signer) -> tuple[str, str, str]:
    """Return the key's path and fingerprint, and why it is none of the signer's keys, empty where it is one."""
    from overlay.oci.keys import read_public_key  # noqa: PLC0415  # its library is loaded where there is a key

    if one.has_certificate:
        return "", "", f"{one.shown}: it is by an identity, not by a key"
    for file in signer.keys:
        key = read_public_key(file.data, file.shown)
        if key.accepts(one.signature, one.signed):
            return file.shown, key.fingerprint, ""
    return "", "", f"{one.shown}: it is by another key, or was changed"


def _by_identity(one: Signature, signer: Signer) -> tuple[str, str, str]:
    """Return the identity and nothing, and why it is not the signer's, empty where it is."""
    if not one.has_certificate or not one.bundle:
        form = "by a key, not by an identity" if not one.has_certificate else "in the older form, which holds no proof"
        return "", "", f"{one.shown}: it is {form}"
    from overlay.oci.keyless import verify_identity  # noqa: PLC0415  # its library is an extra

    by, reason = verify_identity(one, signer)
    return by, "", f"{one.shown}: {reason}" if reason else ""
