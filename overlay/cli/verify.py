"""`overlay verify`: whether all who must have signed something did."""

from __future__ import annotations

import sys

from overlay.cli.packaging import STORE
from overlay.cli.printing import print_document
from overlay.cli.registries import OUTPUT, REGISTRY
from overlay.cli.signing import WHO
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import EXIT_OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.oci.trust import Accepted


def verify(args: dict[str, Any]) -> int:
    """Find the signatures, and refuse what is not signed by all who must have."""
    from overlay.cli.registries import only_tag, open_session, open_source  # noqa: PLC0415
    from overlay.cli.signing import signers  # noqa: PLC0415
    from overlay.oci.signatures import find_signatures  # noqa: PLC0415
    from overlay.oci.trust import attested, judge  # noqa: PLC0415

    wanted = signers(args)
    if not wanted:
        raise UsageError(
            "signed by whom?", hint="say --key cosign.pub, --identity with --issuer, or --policy ENVIRONMENT"
        )
    with open_session(args) as session, open_source(args, session, args["reference"]) as (source, named):
        digest = source.manifest(only_tag(source, named)).digest
        found = find_signatures(source, digest)
        shown = f"{source.shown}@{digest}"
        accepted = judge(shown, digest, found, wanted, args["policy"])
        more = attested(digest, found, wanted)
    if args["output"] in ("json", "yaml"):
        told = {"reference": shown, "digest": digest, "signatures": [_told(one) for one in accepted]}
        print_document({**told, "attestations": [_told(one) for one in more]}, args["output"])
        return EXIT_OK
    if not args["quiet"]:
        from overlay.report.style import inert  # noqa: PLC0415

        for one in accepted:
            print(f"signed by {inert(one.by)}{f' ({one.key})' if one.key else ''}", file=sys.stderr)
        for one in more:
            print(f"attested by {inert(one.by)}: {inert(one.signature.predicate_type)}", file=sys.stderr)
    print(digest)
    return EXIT_OK


def _told(one: Accepted) -> dict[str, Any]:
    return {
        "by": one.by,
        "key": one.key or None,
        "issuer": one.signer.issuer or None,
        "predicateType": one.signature.predicate_type,
        "manifest": one.signature.shown,
        "form": "bundle" if one.signature.bundle else "tag",
    }


VERIFY = Command(
    path=("verify",),
    help="""Verify that a bundle, chart or image is signed by all who must have signed it; print its digest.

Signatures of `overlay sign` and `cosign sign`, in both forms that cosign has. Go on with the digest that is printed: a
tag may mean something else a moment later. With keys no transparency log is asked; identities need one.

Examples:

  overlay verify oci://registry.shop.example/shop:1.4.0 --key cosign.pub

  overlay verify oci://registry.shop.example/shop@sha256:… --policy prod

  overlay verify oci://ghcr.io/acme/shop:1.4.0 --issuer https://token.actions.githubusercontent.com \\
    --identity https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.4.0""",
    run=verify,
    params=(
        Param(
            name="reference",
            kind="argument",
            metavar="REF",
            required=True,
            help="oci://host/path:tag or @digest, an image layout (folder or .tar), or a bundle on this machine.",
        ),
        *WHO,
        STORE,
        OUTPUT,
        *REGISTRY,
        *COMMON,
    ),
)
