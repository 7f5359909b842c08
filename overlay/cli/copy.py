"""`overlay copy`: an artifact from one place to another, as it is."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from overlay.cli.packaging import STORE
from overlay.cli.printing import print_document
from overlay.cli.registries import OUTPUT, REGISTRY
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import EXIT_OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.oci.place import Source, Target
    from overlay.oci.session import Session


def copy(args: dict[str, Any]) -> int:
    """Carry a manifest with all that it needs, and with what refers to it (signatures)."""
    from overlay.cli.progress import Progress  # noqa: PLC0415
    from overlay.cli.registries import only_tag, open_session, open_source, teller  # noqa: PLC0415
    from overlay.fetch.reference import is_digest  # noqa: PLC0415
    from overlay.oci.transfer import carry  # noqa: PLC0415

    ways = [name for name in ("target", "to_tar", "to_layout") if args[name]]
    if len(ways) != 1:
        raise UsageError(
            "copy to where?", hint="name one: a further oci:// reference, --to-tar FILE or --to-layout DIR"
        )
    progress = Progress(args)
    try:
        with open_session(args) as session, open_source(args, session, args["source"]) as (source, named):
            reference = only_tag(source, named)
            with _target(args, session, source) as (target, tag):
                tell = teller(progress, "copying")
                images: list[str] = []
                if args["with_images"]:
                    from overlay.cli.copy_images import carry_images  # noqa: PLC0415

                    images = carry_images(args, session, (source, reference), target, tell)
                wanted = tag or (None if is_digest(reference) else reference)
                carried = carry(source, reference, target, wanted, referrers=not args["no_referrers"], tell=tell)
        progress.end()
    finally:
        progress.end()
    manifest = carried.manifest
    if args["output"] in ("json", "yaml"):
        found = {
            "target": target.shown, "tag": wanted, "digest": manifest.digest, "isNew": carried.is_new, "images": images,
        }  # fmt: skip
        print_document(found, args["output"])
        return EXIT_OK
    if not args["quiet"]:
        ref = f"{target.shown}{f':{wanted}' if wanted else f'@{manifest.digest}'}"
        more = f" with {len(images)} image{'s' * (len(images) != 1)}" if args["with_images"] else ""
        print(f"{'copied to' if carried.is_new else 'already there:'} {ref}{more}", file=sys.stderr)
    print(manifest.digest)
    return EXIT_OK


@contextmanager
def _target(args: dict[str, Any], session: Session, source: Source) -> Iterator[tuple[Target, str]]:
    """Give where to copy to, and the tag that it should have there, empty for the same."""
    if args["to_tar"]:
        from overlay.oci.layout_tar import LayoutTarWriter  # noqa: PLC0415

        with LayoutTarWriter(args["to_tar"]) as writer:
            yield writer, ""
        return
    if args["to_layout"]:
        from overlay.oci.layout import Layout  # noqa: PLC0415
        from overlay.oci.reference import split_local  # noqa: PLC0415

        path, tag = split_local(args["to_layout"])
        layout = Layout(path)
        layout.create()
        yield layout, tag
        return
    from overlay.cli.registries import remote_of  # noqa: PLC0415
    from overlay.oci.remote import Remote  # noqa: PLC0415

    if not args["target"].startswith("oci://"):
        raise UsageError(
            f"{args['target']!r} is no oci:// reference",
            hint="into a folder: --to-layout DIR, into a tar file: --to-tar FILE",
        )
    remote, named = remote_of(args, session, args["target"])
    if named.digest:
        raise UsageError("a digest is what comes out: name the target by a tag, or by its repository alone")
    if isinstance(source, Remote) and source.repository.registry == remote.repository.registry:
        remote.mount_from = source.repository
    yield remote, named.tag


COPY = Command(
    path=("copy",),
    help="""Copy an artifact between registries, image layouts and tar files, with what refers to it; print its digest.

Bundles, charts and images alike; nothing of them changes, and a tag that has other content there is refused. With
--with-images the images that a bundle lists come along: into a layout beside it, to a registry under their own paths.

Examples:

  overlay copy oci://a.example/shop:1.4.0 oci://b.example/shop

  overlay copy oci://a.example/shop:1.4.0 --to-tar shop-1.4.0.tar

  overlay copy shop-1.4.0.tar oci://b.example/shop

  overlay copy oci://a.example/shop:1.4.0 --to-tar shop-1.4.0.tar --with-images""",
    run=copy,
    params=(
        Param(
            name="source",
            kind="argument",
            metavar="REF",
            required=True,
            help="oci://host/path:tag or @digest, an image layout (folder or .tar), or a bundle on this machine.",
        ),
        Param(name="target", kind="argument", metavar="OCI", help="oci://host/path, with another :tag where wanted."),
        Param(name="to_tar", flags=("--to-tar",), metavar="FILE", help="Copy into an image layout in one tar file."),
        Param(name="to_layout", flags=("--to-layout",), metavar="DIR", help="Copy into an image layout folder."),
        Param(
            name="no_referrers",
            flags=("--no-referrers",),
            kind="flag",
            help="Without what refers to it, such as signatures.",
        ),
        Param(name="with_images", flags=("--with-images",), kind="flag", help="Also the images that the bundle lists."),
        STORE,
        OUTPUT,
        *REGISTRY,
        *COMMON,
    ),
)
