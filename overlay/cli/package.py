"""`overlay package`: the project, or some environments, as one versioned bundle."""

from __future__ import annotations

import sys

from overlay.cli.packaging import PACKAGING, STORE, VERSION
from overlay.cli.printing import print_document
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.oci.bundle import Artifact


def package(args: dict[str, Any]) -> int:
    """Build, make the bundle, put it into a layout; print its digest."""
    from overlay.cli.packaging import Packaging, make_store  # noqa: PLC0415
    from overlay.cli.progress import Progress  # noqa: PLC0415
    from overlay.oci.bundle import Made  # noqa: PLC0415
    from overlay.oci.layout import Layout  # noqa: PLC0415
    from overlay.oci.layout_tar import LayoutTarWriter  # noqa: PLC0415
    from overlay.oci.place import VersionTaken  # noqa: PLC0415
    from overlay.oci.transfer import carry  # noqa: PLC0415
    from overlay.oci.versions import tag_of  # noqa: PLC0415

    progress = Progress(args)
    try:
        packaging = Packaging(args)
        made = packaging.make(list(args["environments"]) or None, progress)
    finally:
        progress.end()
    name, tag = packaging.name, tag_of(packaging.version)
    source = Made(made, name)
    if args["to"] and args["to"].endswith(".tar"):
        with LayoutTarWriter(args["to"]) as target:
            carried = carry(source, tag, target, tag, referrers=True)
        ref = f"{args['to']}:{tag}"
    else:
        layout = Layout(args["to"]) if args["to"] else make_store(args).layout(name)
        layout.create()
        try:
            carried = carry(source, tag, layout, tag, referrers=True)
        except VersionTaken as error:
            if not args["to"]:
                error.hint = f"package the next version, or remove this one: overlay bundles remove {name}:{tag}"
            raise
        ref = f"{args['to'] or name}:{tag}"
    _tell(made, ref, args, is_new=carried.is_new)
    return EXIT_OK


def _tell(made: Artifact, ref: str, args: dict[str, Any], *, is_new: bool) -> None:
    import json  # noqa: PLC0415

    from overlay.oci import media  # noqa: PLC0415
    from overlay.oci.store import size_of  # noqa: PLC0415
    from overlay.report.sizes import as_size  # noqa: PLC0415

    manifest = made.manifest
    assert manifest.config is not None  # noqa: S101  # we made it
    config = json.loads(made.blobs[manifest.config.digest])
    environments, size = config["environments"], size_of(manifest)
    if args["output"] in ("json", "yaml"):
        found = {
            "apiVersion": "overlay.dev/v1",
            "kind": "Package",
            "reference": ref,
            "name": config["name"],
            "version": manifest.annotation(media.VERSION),
            "title": manifest.annotation(media.TITLE),
            "digest": manifest.digest,
            "size": size,
            "created": manifest.annotation(media.CREATED),
            "revision": config["source"]["revision"],
            "environments": [one["name"] for one in environments],
            "isNew": is_new,
        }
        print_document(found, args["output"])
        return
    if not args["quiet"]:
        objects = sum(one["objects"] for one in environments)
        what = f"{_count(len(environments), 'environment')}, {_count(objects, 'object')}, {as_size(size)}"
        words = "packaged" if is_new else "already packaged:"
        print(f"{words} {ref}: {what}", file=sys.stderr)
    print(manifest.digest)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


PACKAGE = Command(
    path=("package",),
    help="""Package the project, or the environments that are named, as one versioned bundle; print its digest.

The bundle is an OCI artifact: rendered environments, the files they were built from, overlay.lock and a report. The
same commit makes the same digest on every machine. It goes into the bundles on this machine, or where --to says.

Examples:

  overlay package --version 1.4.0

  overlay package --version-from-tag --to dist/shop.oci

  overlay package prod --version 1.4.0 --to shop-1.4.0.tar""",
    run=package,
    params=(
        Param(name="environments", kind="arguments", metavar="ENV", help="Names of environments; all when absent."),
        VERSION,
        Param(
            name="to",
            flags=("--to",),
            metavar="PATH",
            help="An OCI image layout to put it into: a folder, or a file that ends with .tar.",
        ),
        *PACKAGING,
        STORE,
        output("text", "json", "yaml", text="text (the digest), json or yaml."),
        *COMMON,
    ),
)
