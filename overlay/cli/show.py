"""`overlay show`: the manifests of a revision as they were published, or what a bundle holds."""

from __future__ import annotations

import sys

from overlay.cli.fetching import PLAIN_HTTP, TOKEN_HOST
from overlay.cli.packaging import STORE
from overlay.cli.publishing_options import PAST
from overlay.cli.table import Command, Param, output
from overlay.errors import EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def show(args: dict[str, Any]) -> int:
    """Print the objects of a revision, or some of them."""
    from overlay.cli.show_bundle import is_bundle, show_bundle  # noqa: PLC0415

    if is_bundle(args["revision"]):
        return show_bundle(args)
    from overlay.cli.objects import objects_text  # noqa: PLC0415
    from overlay.cli.past import Past  # noqa: PLC0415
    from overlay.cli.sides import read_revision  # noqa: PLC0415
    from overlay.kube.pick import pick  # noqa: PLC0415

    with Past(args) as past:
        found = past.show(read_revision(args["revision"])).objects
    if args["objects"]:
        chosen = [pick(found, name) for name in args["objects"]]
        found = tuple([one for one in found if one in chosen])
    hide = sys.stdout.isatty() and not args["show_secrets"]
    sys.stdout.write(objects_text(found, args["output"], hide=hide))
    return EXIT_OK


SHOW = Command(
    path=("show",),
    help="""Show what was published of an environment: the manifests of a revision, or some of its objects.

They are read from the environment's branch and printed in the order in which they are applied. Without a number it is
the newest revision; `overlay history` lists them.

Of a bundle (oci://host/path:tag, an image layout, or one on this machine such as shop:1.4.0) it shows what it is, and
with an environment's name that environment's manifests, or some of its objects.

Examples:

  overlay show prod

  overlay show prod@12 deployment/web

  overlay show prod@12 -o name

  overlay show oci://registry.shop.example/shop:1.4.0

  overlay show shop:1.4.0 prod deployment/web""",
    run=show,
    params=(
        Param(
            name="revision",
            kind="argument",
            metavar="ENV[@NUMBER]|REF",
            required=True,
            help="An environment, and which revision of it; or a bundle.",
        ),
        Param(
            name="objects",
            kind="arguments",
            metavar="OBJECT",
            help="Objects of it: kind/name or kind/namespace/name; of a bundle first the environment.",
        ),
        output("yaml", "json", "name", text="yaml (documents), json (one array) or name (kind/name a line)."),
        Param(
            name="show_secrets",
            flags=("--show-secrets",),
            kind="flag",
            help="Show the values of Secrets on a terminal.",
        ),
        STORE,
        PLAIN_HTTP,
        TOKEN_HOST,
        *PAST,
    ),
)
