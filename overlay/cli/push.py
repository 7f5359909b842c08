"""`overlay push`: a bundle into a registry, where its version never changes."""

from __future__ import annotations

import sys

from overlay.cli.packaging import PACKAGING, STORE, VERSION
from overlay.cli.printing import print_document
from overlay.cli.registries import OUTPUT, REGISTRY
from overlay.cli.signing import SIGNING_CONFIG, TOKEN, TRUSTED_ROOT
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import EXIT_OK, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cli.progress import Progress
    from overlay.oci.manifest import Manifest
    from overlay.oci.remote import Remote
    from overlay.oci.revision import Revision
    from overlay.oci.transfer import Carried


def push(args: dict[str, Any]) -> int:
    """Package where that is needed; send what the registry does not have; look whether the tag means it."""
    from overlay.cli.progress import Progress  # noqa: PLC0415
    from overlay.cli.registries import only_tag, open_session, open_source, place_of, remote_of, teller  # noqa: PLC0415
    from overlay.cli.signing import sign_pushed, signer_of_push  # noqa: PLC0415
    from overlay.oci.opened import read_contents  # noqa: PLC0415
    from overlay.oci.transfer import carry  # noqa: PLC0415

    for more in args["also_tag"]:
        _check_moving(more)
    signer = signer_of_push(args)
    progress = Progress(args)
    try:
        with open_session(args) as session:
            remote, named = remote_of(args, session, args["reference"])
            if named.tag or named.digest:
                raise UsageError(
                    "the tag is the version: name the repository alone", hint=f"overlay push {remote.shown} --version …"
                )
            origin = args["origin"] or _packaged(args, progress, remote.repository.name)
            with open_source(args, session, origin) as (source, reference):
                tag = only_tag(source, reference)
                manifest = source.manifest(tag)
                contents = read_contents(source, manifest)
                from overlay.oci.versions import tag_of  # noqa: PLC0415

                version_tag = tag_of(contents.version)
                carried = carry(source, manifest, remote, version_tag, referrers=True, tell=teller(progress, "pushing"))
                signed = {}
                if signer is not None:
                    try:
                        signed = sign_pushed(remote, carried.manifest, contents.config, signer)
                    except OverlayError as error:
                        raise _unsigned(error, remote, version_tag, carried, args) from None
                for more in args["also_tag"]:
                    try:
                        remote.put_manifest(carried.manifest, more)
                    except OverlayError as error:
                        raise _but(error, f"{more} does not mean it", remote, version_tag, carried) from None
            progress.end()
            place = {**place_of(remote, carried.manifest, version_tag), "isNew": carried.is_new, **signed}
            _tell(carried, f"{remote.shown}:{version_tag}", place, args)
    finally:
        progress.end()
    return EXIT_OK


def _check_moving(tag: str) -> None:
    """Refuse a tag that must not move: a version, or one that lists signatures.

    Raises UsageError, and FetchError for what is no tag.
    """
    from overlay.fetch.reference import check_tag  # noqa: PLC0415
    from overlay.oci.manifest import is_referrer_tag  # noqa: PLC0415
    from overlay.oci.versions import version_of  # noqa: PLC0415

    if version_of(check_tag(tag)) is not None or is_referrer_tag(tag):
        what = "lists what refers to a manifest" if is_referrer_tag(tag) else "is a version, which never changes"
        raise UsageError(
            f"--also-tag {tag}: it {what}", hint="a tag that moves is called otherwise, such as latest or 1.4"
        )


def _but(error: OverlayError, what: str, remote: Remote, tag: str, carried: Carried) -> OverlayError:
    """Return an error that came after a bundle was there, which says so."""
    found = error.as_of(error.environment, error.object)
    found.message = f"{remote.shown}:{tag} is pushed ({carried.manifest.digest}), but {what}: {error.message}"
    return found


def _unsigned(
    error: OverlayError, remote: Remote, tag: str, carried: Carried, args: dict[str, Any]
) -> OverlayError:  # fmt: skip
    """Return why a bundle that is there now is not signed, and how it still becomes so."""
    import shlex  # noqa: PLC0415  # only here

    words = [
        "overlay",
        "sign",
        f"{remote.shown}@{carried.manifest.digest}",
        *(("--key", args["sign"]) if args["sign"] else ()),
    ]
    for name in ("identity_token", "signing_config", "trusted_root"):
        words += [f"--{name.replace('_', '-')}", args[name]] if args[name] else []
    command = f"`{shlex.join([*words, '--attest'])}`"
    found = _but(error, "not signed", remote, tag, carried)
    found.hint = f"{error.hint}; then sign it: {command}" if error.hint else f"sign it: {command}"
    return found


def _packaged(args: dict[str, Any], progress: Progress, repository: str) -> str:
    """Return the bundle on this machine that is meant, packaged where it is not there yet."""
    from overlay.cli.packaging import Packaging, make_store  # noqa: PLC0415
    from overlay.files.root import find_root  # noqa: PLC0415
    from overlay.oci.transfer import carry  # noqa: PLC0415
    from overlay.oci.versions import check_version, tag_of  # noqa: PLC0415

    store = make_store(args)
    try:
        find_root(args["project"])
    except UsageError:
        if not args["version"]:
            raise
        # Beside a project, the repository's last part says what is meant.
        return f"{repository.rpartition('/')[2]}:{tag_of(check_version(args['version']))}"
    packaging = Packaging(args)
    tag = tag_of(packaging.version)
    layout = store.layout(packaging.name)
    if not layout.exists() or layout.find(tag) is None:
        from overlay.oci.bundle import Made  # noqa: PLC0415  # a tenth of a second, where nothing is packaged

        made = packaging.make(None, progress)
        layout.create()
        carry(Made(made, packaging.name), tag, layout, tag, referrers=True)
    else:
        _refuse_older(layout.manifest(tag), f"{packaging.name}:{tag}", packaging.revision)
    return f"{packaging.name}:{tag}"


def _tell(carried: Carried, ref: str, place: dict[str, Any], args: dict[str, Any]) -> None:
    if args["output"] in ("json", "yaml"):
        print_document(place, args["output"])
        return
    if not args["quiet"]:
        from overlay.report.style import inert  # noqa: PLC0415

        signed = f", signed by {inert(place['signedBy'])}" if "signedBy" in place else ""
        print(f"{'pushed' if carried.is_new else 'already there:'} {ref}{signed}", file=sys.stderr)
    print(carried.manifest.digest)


def _refuse_older(manifest: Manifest, ref: str, now: Revision | None) -> None:
    """Refuse what was packaged from another commit than the project is at: once it is pushed, it stays."""
    from overlay.oci.media import REVISION  # noqa: PLC0415

    commit = manifest.annotation(REVISION)
    if now is not None and commit != now.commit:
        was = f"from commit {commit[:12]}" if commit else "before there was a commit"
        raise UsageError(
            f"{ref} on this machine was packaged {was}, and the project is at {now.commit[:12]}",
            hint=f"to package it anew: overlay bundles remove {ref}; to push it as it is: --from {ref}",
        )


PUSH = Command(
    path=("push",),
    help="""Push a bundle to a registry; print its digest.

The version is the tag (a + becomes _), and never changes: the same content again is a success that writes nothing,
other content is refused. Without a bundle of this version on this machine, the project is packaged first; one that was
packaged from another commit than the project is at is refused, --from pushes it all the same.

Examples:

  overlay push oci://registry.shop.example/shop --version 1.4.0

  overlay push oci://localhost:5000/shop --from dist/shop.oci -o json""",
    run=push,
    params=(
        Param(name="reference", kind="argument", metavar="OCI", required=True, help="The repository, oci://host/path."),
        VERSION,
        Param(
            name="origin",
            flags=("--from",),
            metavar="REF",
            help="What to push instead: an image layout, folder or .tar, such as dist/shop.oci:1.4.0.",
        ),
        Param(
            name="also_tag",
            flags=("--also-tag",),
            kind="list",
            metavar="TAG",
            help="A further tag, which moves, such as latest; repeatable.",
        ),
        Param(
            name="sign",
            flags=("--sign",),
            metavar="FILE",
            help="Sign it with this private key, and its provenance and bill of materials, as `overlay sign --attest`.",
        ),
        Param(
            name="sign_as_identity",
            flags=("--sign-as-identity",),
            kind="flag",
            help="Sign the same as an identity, as `overlay sign` does without a key.",
        ),
        TOKEN,
        SIGNING_CONFIG,
        TRUSTED_ROOT,
        *PACKAGING,
        STORE,
        OUTPUT,
        *REGISTRY,
        *COMMON,
    ),
)
