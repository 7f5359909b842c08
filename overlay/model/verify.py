"""Who must have signed a bundle before it is applied: as documents say it, and as all layers settle it together."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.model.location import Location
    from overlay.model.spec import PathRef


@value(kw_only=True)
class SignedBy:
    """One entry of `verify.signedBy`: keys, any of which is enough, or an identity that an issuer vouches for.

    identity_match: `identityMatch`, a regular expression of the whole identity. trusted_root: `trustedRoot`, a file.
    """

    location: Location
    keys: tuple[PathRef, ...] = ()
    identity: str | None = None
    identity_match: str | None = None  # identityMatch
    issuer: str | None = None
    trusted_root: PathRef | None = None  # trustedRoot


@value(kw_only=True)
class KeyFile:
    """A public key as it was read. shown: its path, or what else names it."""

    shown: str
    data: bytes


@value(kw_only=True)
class Signer:
    """Somebody who must have signed; one with neither keys nor an issuer is met by nobody.

    keys: any of them is enough. identity: whom a certificate must be made out to; identity_match: or a regular
    expression of it. trusted_root: the JSON of the certificate authority and logs, empty for the public good ones.
    location: where it is written, None for the command line.
    """

    keys: tuple[KeyFile, ...] = ()
    identity: str = ""
    identity_match: str = ""
    issuer: str = ""
    trusted_root: bytes = b""
    location: Location | None = None

    @property
    def shown(self) -> str:
        """How messages name it."""
        if self.issuer:
            return f"{self.identity or f'an identity like {self.identity_match}'} of {self.issuer}"
        return " or ".join([key.shown for key in self.keys]) or "anybody that can be known here"
