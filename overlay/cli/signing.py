"""What `sign`, `verify`, `push` and `pull` share about keys and who must have signed."""

from __future__ import annotations

import os
import sys

from overlay.cli.table import Param
from overlay.errors import SignatureError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.verify import Signer
    from overlay.oci.keyless import IdentitySigner
    from overlay.oci.keys import PrivateKey
    from overlay.oci.manifest import Manifest
    from overlay.oci.place import Place

PASSWORD = "COSIGN_PASSWORD"  # noqa: S105  # the variable's name
TRUSTED_ROOT = Param(
    name="trusted_root",
    flags=("--trusted-root",),
    metavar="FILE",
    help="The authority and logs behind identities (JSON); the public good ones when absent.",
)
TOKEN = Param(
    name="identity_token",
    flags=("--identity-token",),
    metavar="FILE",
    help="Sign as the identity of this token (a JWT for the audience `sigstore`); env://NAME.",
)
SIGNING_CONFIG = Param(
    name="signing_config",
    flags=("--signing-config",),
    metavar="FILE",
    help="Which authority, log and clock sign identities (JSON, as of cosign); needs --trusted-root.",
)
WHO = (
    Param(
        name="key",
        flags=("--key",),
        kind="list",
        metavar="FILE",
        help="A public key (PEM, such as cosign.pub); any of several is enough. env://NAME reads a variable.",
    ),
    Param(
        name="policy",
        flags=("--policy",),
        metavar="ENV",
        help="All who must have signed by `verify` of this environment of the project.",
    ),
    Param(
        name="identity",
        flags=("--identity",),
        metavar="WHO",
        help="An identity, such as an e-mail address or a workflow's URL; needs --issuer.",
    ),
    Param(name="issuer", flags=("--issuer",), metavar="URL", help="Who vouches for the identity, an https URL."),
    TRUSTED_ROOT,
)


def read_key_argument(name: str) -> bytes:
    """Return the bytes of a key's file, or of a variable (`env://NAME`)."""
    if name.startswith("env://"):
        text = os.environ.get(name.removeprefix("env://"))
        if not text:
            raise UsageError(f"{name.removeprefix('env://')} is not set, and should hold a key")
        return text.encode()
    from overlay.files.reader import read_argument  # noqa: PLC0415

    return read_argument(name)


def private_key(name: str) -> PrivateKey:
    """Return the key that signs; its password comes from COSIGN_PASSWORD, or is asked for.

    Raises SignatureError, UsageError.
    """
    from overlay.oci.keys import read_private_key  # noqa: PLC0415  # its library is loaded where there is a key

    return read_private_key(read_key_argument(name), name, lambda: _password(name))


def signers(args: dict[str, Any]) -> tuple[Signer, ...]:
    """Return who must have signed by the command line, nobody where it says nothing.

    Raises UsageError, and what reading the environment or the keys raises.
    """
    from overlay.model.verify import KeyFile, Signer  # noqa: PLC0415

    found: list[Signer] = []
    if args["key"]:
        found.append(Signer(keys=tuple([KeyFile(shown=name, data=read_key_argument(name)) for name in args["key"]])))
    if bool(args["identity"]) != bool(args["issuer"]):
        raise UsageError("--identity and --issuer go together: an identity is worth what its issuer is")
    if args["trusted_root"] and not args["issuer"]:
        raise UsageError("--trusted-root is for identities: say --identity and --issuer")
    if args["identity"]:
        root = read_key_argument(args["trusted_root"]) if args["trusted_root"] else b""
        found.append(Signer(identity=args["identity"], issuer=args["issuer"], trusted_root=root))
    if args["policy"]:
        found += _of_environment(args)
    return tuple(found)


def sign_manifest(place: Place, manifest: Manifest, key: PrivateKey, form: str) -> tuple[str, ...]:
    """Sign a manifest in the forms that are asked for and not there yet; return the digests of what was attached."""
    from overlay.oci.signatures import attach, attach_by_tag, seal, signed_by  # noqa: PLC0415
    from overlay.oci.statement import SIGNED, write_statement  # noqa: PLC0415

    ours = [one for one in signed_by(place, manifest.digest, key.public) if one.predicate_type == SIGNED]
    made = []
    if form != "tag" and not any(one.bundle for one in ours):
        statement = write_statement(manifest.digest, SIGNED, {})
        made.append(attach(place, manifest, seal(statement, key), SIGNED).digest)
    if form != "bundle" and all(one.bundle for one in ours):
        made.append(attach_by_tag(place, manifest, place.shown.removeprefix("oci://"), key).digest)
    return tuple(made)


def attest(place: Place, manifest: Manifest, config: dict[str, Any], key: PrivateKey) -> tuple[str, ...]:
    """Sign what can be said of a bundle and is not signed yet; return the digests of what was attached."""
    from overlay.oci.attestations import statements  # noqa: PLC0415
    from overlay.oci.signatures import attach, seal, signed_by  # noqa: PLC0415

    known = {one.predicate_type for one in signed_by(place, manifest.digest, key.public)}
    wanted = {kind: data for kind, data in statements(manifest, config).items() if kind not in known}
    return tuple([attach(place, manifest, seal(data, key), kind).digest for kind, data in wanted.items()])


def identity_signer(args: dict[str, Any]) -> IdentitySigner:
    """Return who signs without a key of ours: whom an identity token says.

    Raises UsageError, SignatureError, FetchError, Temporary.
    """
    from overlay.cli.fetching import make_client, seconds  # noqa: PLC0415
    from overlay.oci.identity_token import find_token  # noqa: PLC0415
    from overlay.oci.keyless import IdentitySigner  # noqa: PLC0415  # its library is an extra

    if bool(args["signing_config"]) != bool(args["trusted_root"]):
        raise UsageError("--signing-config and --trusted-root go together: what they sign must be trusted, too")
    token = find_token(args["identity_token"] or "", os.environ, make_client(args), read_key_argument)
    config = read_key_argument(args["signing_config"]) if args["signing_config"] else b""
    root = read_key_argument(args["trusted_root"]) if args["trusted_root"] else b""
    return IdentitySigner(token, config, root, seconds(args["timeout"]))


def sign_as_identity(
    place: Place, manifest: Manifest, config: dict[str, Any] | None, signer: IdentitySigner
) -> tuple[str, ...]:
    """Sign a manifest, and what can be said of a bundle where its config is given; return what was attached.

    What this identity signed already, so that others accept it, is left as it is.
    """
    from overlay.oci.attestations import statements  # noqa: PLC0415
    from overlay.oci.signatures import attach, find_signatures  # noqa: PLC0415
    from overlay.oci.statement import SIGNED, write_statement  # noqa: PLC0415

    wanted = {**(statements(manifest, config) if config is not None else {})}
    wanted[SIGNED] = write_statement(manifest.digest, SIGNED, {})
    there = [one for one in find_signatures(place, manifest.digest).signatures if manifest.digest in one.subjects]
    known = {one.predicate_type for one in signer.made(there)}
    missing = {kind: data for kind, data in wanted.items() if kind not in known}
    return tuple([attach(place, manifest, signer.seal(data), kind).digest for kind, data in missing.items()])


def signer_of_push(args: dict[str, Any]) -> PrivateKey | IdentitySigner | None:
    """Return who signs what is pushed, None for nobody; whoever cannot sign stops the run before anything is pushed.

    Raises SignatureError, UsageError, and what looking for a token raises.
    """
    if args["sign"] and args["sign_as_identity"]:
        raise UsageError("--sign and --sign-as-identity: sign with a key, or as an identity?")
    for name in ("identity_token", "signing_config", "trusted_root"):
        if args[name] and not args["sign_as_identity"]:
            raise UsageError(f"--{name.replace('_', '-')} is for signing as an identity: say --sign-as-identity")
    if args["sign_as_identity"]:
        return identity_signer(args)
    return private_key(args["sign"]) if args["sign"] else None


def sign_pushed(
    place: Place, manifest: Manifest, config: dict[str, Any], signer: PrivateKey | IdentitySigner
) -> dict[str, Any]:
    """Sign a bundle and what can be said of it; return by whom, and the digests of what was attached."""
    from overlay.oci.keys import PrivateKey  # noqa: PLC0415  # its library is loaded already

    if isinstance(signer, PrivateKey):
        made = (*attest(place, manifest, config, signer), *sign_manifest(place, manifest, signer, "bundle"))
        return {"signedBy": signer.public.fingerprint, "signatures": list(made)}
    made = sign_as_identity(place, manifest, config, signer)
    return {"signedBy": signer.by, "issuer": signer.issuer, "signatures": list(made)}


def _of_environment(args: dict[str, Any]) -> tuple[Signer, ...]:
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.fetch.pinned import Remotes  # noqa: PLC0415
    from overlay.load.graph import Loader, effective  # noqa: PLC0415
    from overlay.load.project import load_project  # noqa: PLC0415

    project, files = load_project(args["project"])
    found = effective(Loader(project, files, Remotes(files, cache_folder())).load(args["policy"]), project).signers
    if not found:
        raise UsageError(
            "nothing says who must have signed",
            hint="write it in its environment.yaml: spec.verify.signedBy",
            environment=args["policy"],
        )
    return found


def _password(name: str) -> bytes:
    found = os.environ.get(PASSWORD)
    if found is not None:
        return found.encode()
    if not sys.stdin.isatty():
        raise SignatureError(
            f"{name} is sealed by a password, and nobody can be asked for it here", hint=f"set {PASSWORD}"
        )
    from getpass import getpass  # noqa: PLC0415

    return getpass(f"Password of {name}: ", stream=sys.stderr).encode()
