"""`verify`: who must have signed a bundle before it is applied."""

from __future__ import annotations

import re

from overlay.errors import DocumentError
from overlay.files.paths import printable, resolve
from overlay.model.verify import KeyFile, SignedBy, Signer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from overlay.load.fields import Fields
    from overlay.model.location import Location
    from overlay.model.spec import PathRef

    Read = Callable[[str, Location | None], bytes]

_PUBLIC = b"-----BEGIN PUBLIC KEY-----"
_IDENTITIES = ("identity", "identityMatch")


def read_verify(spec: Fields) -> tuple[SignedBy, ...]:
    """Read the entries of `verify.signedBy`."""
    verify = spec.fields("verify")
    if verify is None:
        return ()
    verify.need("signedBy")
    if verify.value.get("signedBy") == []:
        verify.error("spec.verify.signedBy is empty: nobody would have to sign", "signedBy", hint="leave verify away")
    found = tuple([_signed_by(entry) for entry in verify.entries("signedBy")])
    verify.finish()
    return found


def _signed_by(entry: Fields) -> SignedBy:
    roots = entry.string("trustedRoot")
    read = SignedBy(
        location=entry.location(),
        keys=entry.paths("keys"),
        identity=entry.string("identity"),
        identity_match=entry.string("identityMatch"),
        issuer=entry.string("issuer"),
        trusted_root=_path(entry, roots),
    )
    ways = [name for name in ("keys", *_IDENTITIES) if entry.has(name)]
    if len(ways) != 1:
        found = " and ".join(ways) or "none"
        entry.error(f"{entry.label()} needs exactly one of keys, identity or identityMatch; found {found}")
    elif ways == ["keys"]:
        if entry.value["keys"] == []:
            entry.error(f"{entry.label('keys')} is empty: nobody could sign", "keys")
        for name in ("issuer", "trustedRoot"):
            if entry.has(name):
                entry.error(f"{entry.label(name)} means nothing beside keys", name)
    else:
        entry.need("issuer")
    if read.identity_match is not None:
        try:
            re.compile(read.identity_match)
        except re.error as error:
            entry.error(f"{entry.label('identityMatch')} is no regular expression: {error}", "identityMatch")
    if read.issuer and not read.issuer.startswith("https://"):
        entry.error(f"{entry.label('issuer')} {printable(read.issuer)[:100]!r} is no https URL", "issuer")
    return read


def _path(entry: Fields, text: str | None) -> PathRef | None:
    from overlay.model.spec import PathRef  # noqa: PLC0415  # few documents have one

    return None if text is None else PathRef(text, entry.location("trustedRoot"))


def read_signer(entry: SignedBy, folder: str, read: Read) -> Signer:
    """Return who an entry means, with the files that it names.

    Raises PathError, DocumentError.
    """
    keys = []
    for ref in entry.keys:
        path = resolve(folder, ref.path, ref.location)
        data = read(path, ref.location)
        if _PUBLIC not in data:
            raise DocumentError(
                f"{ref.path} is no public key", location=ref.location, hint="expected is PEM, as cosign.pub has it"
            )
        keys.append(KeyFile(shown=path, data=data))
    root = entry.trusted_root
    return Signer(
        keys=tuple(keys),
        identity=entry.identity or "",
        identity_match=entry.identity_match or "",
        issuer=entry.issuer or "",
        trusted_root=read(resolve(folder, root.path, root.location), root.location) if root is not None else b"",
        location=entry.location,
    )


def unread_signer(entry: SignedBy) -> Signer:
    """Return what stands for an entry whose files were not read: it is met by nobody."""
    return Signer(location=entry.location)
