"""`overlay sign`: a signature that cosign verifies, attached to what it is of."""

from __future__ import annotations

import sys

from overlay.cli.packaging import STORE
from overlay.cli.printing import print_document
from overlay.cli.registries import OUTPUT, REGISTRY
from overlay.cli.signing import SIGNING_CONFIG, TOKEN, TRUSTED_ROOT
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import EXIT_OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMS = ("bundle", "tag", "both")
KEY = Param(
    name="sign_key",
    flags=("--key",),
    metavar="FILE",
    help="The private key: of `cosign generate-key-pair` (password in COSIGN_PASSWORD), or PKCS#8; env://NAME.",
)
FORM = Param(
    name="form",
    flags=("--form",),
    metavar="FORM",
    choices=FORMS,
    default="bundle",
    help="bundle (a referrer, cosign 3), tag (sha256-….sig, cosign 2 and older readers) or both.",
)


def sign(args: dict[str, Any]) -> int:
    """Sign a manifest; what this key or identity signed already is left as it is."""
    from overlay.cli.registries import only_tag, open_session, open_source  # noqa: PLC0415
    from overlay.cli.signing import (  # noqa: PLC0415
        attest,
        identity_signer,
        private_key,
        sign_as_identity,
        sign_manifest,
    )
    from overlay.oci.layout import Layout  # noqa: PLC0415
    from overlay.oci.opened import read_contents  # noqa: PLC0415
    from overlay.oci.remote import Remote  # noqa: PLC0415
    from overlay.report.style import inert  # noqa: PLC0415

    if not args["sign_key"] and args["form"] != "bundle":
        raise UsageError("signatures by identities have the form of a bundle alone", hint="leave --form out")
    identity = None if args["sign_key"] else identity_signer(args)
    key = private_key(args["sign_key"]) if args["sign_key"] else None
    with open_session(args) as session, open_source(args, session, args["reference"]) as (place, named):
        if not isinstance(place, (Layout, Remote)):
            raise UsageError(
                "a tar file is not written to: copy it into a folder (--to-layout), sign that, copy it back"
            )
        manifest = place.manifest(only_tag(place, named))
        config = read_contents(place, manifest).config if args["attest"] else None
        if identity is not None:
            made = sign_as_identity(place, manifest, config, identity)
        elif key is not None:
            made = sign_manifest(place, manifest, key, args["form"])
            if config is not None:
                made += attest(place, manifest, config, key)
    if identity is not None:
        by, who = f"as {inert(identity.by)}", {"identity": identity.by, "issuer": identity.issuer}
    elif key is not None:
        by, who = f"with {key.public.fingerprint}", {"key": key.public.fingerprint}
    ref = f"{place.shown}@{manifest.digest}"
    if args["output"] in ("json", "yaml"):
        found = {"reference": ref, "digest": manifest.digest, **who, "signatures": list(made)}
        print_document(found, args["output"])
        return EXIT_OK
    if not args["quiet"]:
        print(f"{'signed' if made else 'already signed:'} {ref} {by}", file=sys.stderr)
    print(manifest.digest)
    return EXIT_OK


SIGN = Command(
    path=("sign",),
    help="""Sign a bundle, chart or image, and attach the signature to it; print the digest that is signed.

With --key: `overlay verify` and `cosign verify` accept it. A tag is resolved first: what is signed is a digest. No
transparency log is asked, so that cosign is told --insecure-ignore-tlog. What is signed already, by this key or this
identity, is left as it is.

Without --key as an identity: the token of --identity-token, SIGSTORE_ID_TOKEN or a job of GitHub Actions (with
`permissions: {id-token: write}`) is shown to the certificate authority alone; the signature is put into the public
transparency log, where everybody sees the identity. No browser is opened.

Examples:

  overlay sign oci://registry.shop.example/shop:1.4.0 --key cosign.key

  overlay sign shop:1.4.0 --key env://SIGNING_KEY --form both

  overlay sign oci://ghcr.io/acme/shop@sha256:… --attest""",
    run=sign,
    params=(
        Param(
            name="reference",
            kind="argument",
            metavar="REF",
            required=True,
            help="oci://host/path:tag or @digest, an image layout folder, or a bundle on this machine.",
        ),
        KEY,
        TOKEN,
        SIGNING_CONFIG,
        TRUSTED_ROOT,
        FORM,
        Param(
            name="attest",
            flags=("--attest",),
            kind="flag",
            help="Also sign a bundle's provenance and bill of materials, worked out anew from the bundle itself.",
        ),
        STORE,
        OUTPUT,
        *REGISTRY,
        *COMMON,
    ),
)
