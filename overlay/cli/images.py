"""`overlay images`: which images environments use, where that is written, and their tags pinned to digests."""

from __future__ import annotations

import os
import sys

from overlay.cli.fetching import NETWORK
from overlay.cli.printing import print_document
from overlay.cli.publishing_options import ALL
from overlay.cli.sourcing_options import CHANGING
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import OverlayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from overlay.inspect.images import ImageUse

_HEAD = ("ENVIRONMENT", "IMAGE", "OBJECT", "FIELD", "FROM")


def images(args: dict[str, Any]) -> int:
    """Print the images of environments, or pin those of one."""
    from overlay.cli.exits import exit_code, report  # noqa: PLC0415
    from overlay.cli.publishing import names_of  # noqa: PLC0415  # Helm's library loads meanwhile
    from overlay.inspect.images import image_uses  # noqa: PLC0415
    from overlay.inspect.session import Session, Workshop  # noqa: PLC0415
    from overlay.load.project import every_environment  # noqa: PLC0415
    from overlay.model.options import Options  # noqa: PLC0415

    if args["pin"]:
        from overlay.cli.image_pins import pin_images  # noqa: PLC0415

        return pin_images(args)
    _refuse_options_of_pins(args)
    names = names_of(args)
    found: dict[str, list[ImageUse]] = {}
    errors: list[OverlayError] = []
    with Workshop(project=args["project"], options=Options(strict=args["strict"]), child=args["early"]) as workshop:
        for name in every_environment(workshop.project, workshop.files) if names is None else names:
            try:
                found[name] = image_uses(Session(workshop, name))
            except OverlayError as error:
                errors.append(error.of(name))
    _print(found, args)
    report(errors, (), args)
    return exit_code(errors, is_partial=bool(found))


def _refuse_options_of_pins(args: dict[str, Any]) -> None:
    from overlay.errors import UsageError  # noqa: PLC0415

    for param in CHANGING:
        if args[param.name] and param.name not in ("remote", "forge"):
            raise UsageError(f"{param.long} goes with --pin: nothing else is changed")


def _print(found: Mapping[str, Sequence[ImageUse]], args: dict[str, Any]) -> None:
    form = args["output"]
    if form == "name":
        from overlay.report.style import inert  # noqa: PLC0415

        names = sorted({one.reference for uses in found.values() for one in uses})
        sys.stdout.write("".join([f"{inert(name)}\n" for name in names]))
    elif form == "table":
        from overlay.report.style import Style, wants_color  # noqa: PLC0415
        from overlay.report.table import as_table  # noqa: PLC0415

        rows = [
            (name, _short(one.reference), one.object, one.field, f"{one.location} ({one.what})")
            for name, uses in found.items()
            for one in uses
        ]
        color = wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ)
        sys.stdout.write(as_table(_HEAD, rows, Style(color=color)))
    else:
        document = {
            "apiVersion": "overlay.dev/v1",
            "kind": "Images",
            "environments": [{"environment": name, "images": _images(uses)} for name, uses in found.items()],
        }
        print_document(document, form)


def _short(reference: str) -> str:
    """Return a reference with the first digits of its digest, as columns show digests."""
    name, at, digest = reference.partition("@")
    return f"{name}{at}{digest[:19]}"


def _images(uses: Sequence[ImageUse]) -> list[dict[str, Any]]:
    from overlay.transforms.images import split_image  # noqa: PLC0415

    shown = []
    for reference in sorted({one.reference for one in uses}):
        name, tag, digest = split_image(reference)
        places = [
            {
                "object": one.object, "field": one.field, "file": one.location.file,
                "line": one.location.line or None, "column": one.location.column or None, "what": one.what,
            }
            for one in uses
            if one.reference == reference
        ]  # fmt: skip
        shown.append(
            {"reference": reference, "name": name, "tag": tag or None, "digest": digest or None, "places": places}
        )
    return shown


IMAGES = Command(
    path=("images",),
    help="""List the images that environments use: object and field, and who wrote them there.

--pin asks registries for the digest of every image that has none yet, and writes it into the environment's own source,
as `overlay pin` does: the cluster then runs exactly that image, whatever becomes of its tag.

Examples:

  overlay images prod

  overlay images --all -o name

  overlay images prod --pin --branch pin-images""",
    run=images,
    params=(
        Param(name="environments", kind="arguments", metavar="ENV", help="Names of environments."),
        ALL,
        output("table", "json", "yaml", "name", text="table, json, yaml or name (each image once)."),
        Param(
            name="pin", flags=("--pin",), kind="flag", help="Write the digests of images into the environment's source."
        ),
        *CHANGING,
        *NETWORK,
        *COMMON,
    ),
)
