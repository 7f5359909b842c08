"""`overlay sign`: a signature that cosign verifies, attached to what it is of."""

from __future__ import annotations

import sys

from overlay.cli.packaging import STORE
from overlay.cli.registries import OUTPUT, REGISTRY
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
    """Sign a manifest; what this key signed already is left as it is."""
    from overlay.cli.registries import only_tag, open_session, open_source  # noqa: PLC0415
    from overlay.cli.signing import attest, private_key, sign_manifest  # noqa: PLC0415
    from overlay.oci.layout import Layout  # noqa: PLC0415
    from overlay.oci.opened import read_contents  # noqa: PLC0415
    from overlay.oci.remote import Remote  # noqa: PLC0415

    if not args["sign_key"]:
        raise UsageError("sign with which key?", hint="say --key cosign.key; `cosign generate-key-pair` makes one")
    key = private_key(args["sign_key"])
    with open_session(args) as session, open_source(args, session, args["reference"]) as (place, named):
        if not isinstance(place, (Layout, Remote)):
            raise UsageError(
                "a tar file is not written to: copy it into a folder (--to-layout), sign that, copy it back"
            )
        manifest = place.manifest(only_tag(place, named))
        made = sign_manifest(place, manifest, key, args["form"])
        if args["attest"]:
            made += attest(place, manifest, read_contents(place, manifest).config, key)
    ref = f"{place.shown}@{manifest.digest}"
    if args["output"] == "json":
        import json  # noqa: PLC0415

        found = {"reference": ref, "digest": manifest.digest, "key": key.public.fingerprint, "signatures": list(made)}
        print(json.dumps(found, indent=2))
        return EXIT_OK
    if not args["quiet"]:
        print(f"{'signed' if made else 'already signed:'} {ref} with {key.public.fingerprint}", file=sys.stderr)
    print(manifest.digest)
    return EXIT_OK


SIGN = Command(
    path=("sign",),
    help="""Sign a bundle, chart or image with a key, and attach the signature to it; print the digest that is signed.

`overlay verify` and `cosign verify` accept it. A tag is resolved first: what is signed is a digest. No transparency log
is asked, so that cosign is told --insecure-ignore-tlog. With a key that signed it already, nothing is written.

Examples:

  overlay sign oci://registry.shop.example/shop:1.4.0 --key cosign.key

  overlay sign shop:1.4.0 --key env://SIGNING_KEY --form both""",
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
