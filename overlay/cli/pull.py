"""`overlay pull`: a bundle from a registry, verified before anything of it is seen."""

from __future__ import annotations

import sys

from overlay.cli.packaging import STORE
from overlay.cli.printing import print_document
from overlay.cli.registries import OUTPUT, REGISTRY
from overlay.cli.signing import WHO
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import EXIT_OK, FetchError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cli.progress import Progress
    from overlay.oci.layout import Layout
    from overlay.oci.manifest import Manifest
    from overlay.oci.opened import Contents
    from overlay.oci.place import Source
    from overlay.oci.reference import Named


def pull(args: dict[str, Any]) -> int:
    """Fetch a bundle into the bundles on this machine, check every part of it; unpack it where that is asked for."""
    from overlay.cli.progress import Progress  # noqa: PLC0415
    from overlay.cli.registries import open_session, open_source, remote_of  # noqa: PLC0415

    progress = Progress(args)
    try:
        with open_session(args) as session:
            if args["reference"].startswith("oci://"):
                remote, named = remote_of(args, session, args["reference"])
                return _pull(remote, _reference(remote, named, args), args, progress)
            if args["version"]:
                raise UsageError("--version chooses among the tags of a registry: name the tag here")
            from overlay.cli.registries import only_tag  # noqa: PLC0415

            with open_source(args, session, args["reference"]) as (source, tag):
                return _pull(source, only_tag(source, tag), args, progress)
    finally:
        progress.end()


def _reference(source: Source, named: Named, args: dict[str, Any]) -> str:
    from overlay.oci.choose import choose  # noqa: PLC0415

    if named.reference and args["version"]:
        raise UsageError("--version chooses a tag, and the reference has one already")
    return named.reference or choose(source, args["version"])


def _pull(source: Source, reference: str, args: dict[str, Any], progress: Progress) -> int:
    from overlay.cli.packaging import make_store  # noqa: PLC0415
    from overlay.cli.registries import teller  # noqa: PLC0415
    from overlay.cli.signing import signers  # noqa: PLC0415
    from overlay.oci.opened import read_contents  # noqa: PLC0415
    from overlay.oci.place import VersionTaken, in_memory  # noqa: PLC0415
    from overlay.oci.transfer import carry  # noqa: PLC0415
    from overlay.oci.trust import check_signed  # noqa: PLC0415
    from overlay.oci.unpack import check_layer, unpack_layer  # noqa: PLC0415
    from overlay.oci.versions import tag_of, version_of  # noqa: PLC0415

    manifest = source.manifest(reference)
    accepted = check_signed(source, manifest.digest, signers(args), environment=args["policy"])
    contents = read_contents(source, manifest)
    if version_of(reference) not in (None, contents.version):
        raise FetchError(f"{source.shown}:{reference} says that it is version {contents.version}")
    layout, tag = make_store(args).layout(contents.name), tag_of(contents.version)
    layout.create()
    here = layout.find(tag)
    if here not in (None, manifest.digest):
        raise VersionTaken(
            f"{contents.name}:{tag} on this machine is {here}, what is pulled is {manifest.digest}",
            hint=f"if it was only tried out here, remove it: overlay bundles remove {contents.name}:{tag}",
        )
    assert manifest.config is not None  # noqa: S101  # it was just read
    # What is here already is not asked for again.
    layout.put_blob(manifest.config, in_memory(contents.data))
    carry(source, manifest, layout, None, tell=teller(progress, "pulling"))
    progress.at("checking")
    shown = f"{source.shown}@{manifest.digest}"
    with layout.open_verified(manifest.parts[0]) as file:
        # Only when every part of it is known to be right, it gets its name.
        def name() -> None:
            layout.tag(manifest.descriptor, tag)

        if args["directory"]:
            is_new = unpack_layer(file, contents, shown, args["directory"], name)
        else:
            check_layer(file, contents, shown)
            name()
            is_new = True
    progress.end()
    _tell(manifest, contents, layout, args, [one.by for one in accepted], is_new=is_new)
    return EXIT_OK


def _tell(
    manifest: Manifest, contents: Contents, layout: Layout, args: dict[str, Any], signed_by: list[str], *, is_new: bool
) -> None:
    from overlay.oci.versions import tag_of  # noqa: PLC0415

    ref = f"{contents.name}:{tag_of(contents.version)}"
    if args["output"] in ("json", "yaml"):
        found = {
            "reference": ref,
            "name": contents.name,
            "version": contents.version,
            "digest": manifest.digest,
            "environments": list(contents.records),
            "layout": layout.folder,
            "directory": args["directory"],
            "signedBy": signed_by,
        }
        print_document(found, args["output"])
        return
    if not args["quiet"]:
        from overlay.report.style import inert  # noqa: PLC0415

        where = f" into {args['directory']}" if args["directory"] else ""
        if signed_by:
            where += f", signed by {inert(' and '.join(signed_by))}"
        print(f"pulled {ref}{where}" if is_new else f"{args['directory']} is {ref} already", file=sys.stderr)
    print(manifest.digest)


PULL = Command(
    path=("pull",),
    help="""Pull a bundle from a registry, by tag, digest or version range; print its digest.

It goes to the bundles on this machine, and with -d its rendered environments into a folder. Digests, sizes and the
lists of files are checked before anything of it can be seen; and who signed it, with --key, --identity or --policy.

Examples:

  overlay pull oci://registry.shop.example/shop --version '>=1.4 <2'

  overlay pull oci://registry.shop.example/shop@sha256:… -d out""",
    run=pull,
    params=(
        Param(
            name="reference",
            kind="argument",
            metavar="REF",
            required=True,
            help="oci://host/path, with :tag or @digest; also an image layout or a bundle on this machine.",
        ),
        Param(
            name="version",
            flags=("--version",),
            metavar="CONSTRAINT",
            help="The newest version such as '>=1.4 <2'; the newest release when absent.",
        ),
        Param(
            name="directory",
            flags=("-d", "--directory"),
            metavar="DIR",
            help="Unpack the rendered environments there; a folder that is absent or empty.",
        ),
        *WHO,
        STORE,
        OUTPUT,
        *REGISTRY,
        *COMMON,
    ),
)
