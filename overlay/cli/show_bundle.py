"""What `overlay show` says of a bundle: what it is, or the manifests of one of its environments."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager

from overlay.cli.printing import print_document
from overlay.errors import EXIT_OK, UsageError
from overlay.model.value import value
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from overlay.model.resource import Resource
    from overlay.oci.manifest import Descriptor, Manifest
    from overlay.oci.opened import Contents
    from overlay.oci.place import Source

_REFERRERS = ("SIGNATURE", "ATTACHED", "DIGEST")
_HEAD = ("ENVIRONMENT", "NAMESPACE", "KUBERNETES", "CHART", "OBJECTS", "IMAGES")


@value(kw_only=True)
class Opened:
    """A bundle that can be read."""

    source: Source
    manifest: Manifest
    contents: Contents


def is_bundle(text: str) -> bool:
    """Tell whether a reference names a bundle: environments have neither colons nor slashes in their names."""
    return ":" in text or "/" in text


def show_bundle(args: dict[str, Any]) -> int:
    """Print what a bundle is; with the name of one of its environments, that one's objects, or some of them."""
    with open_bundle(args, args["revision"]) as bundle:
        if not args["objects"]:
            _print_summary(bundle, args)
            return EXIT_OK
        found = objects_in(bundle, args["objects"][0])
    if len(args["objects"]) > 1:
        from overlay.kube.pick import pick  # noqa: PLC0415

        chosen = [pick(found, name) for name in args["objects"][1:]]
        found = tuple([one for one in found if one in chosen])
    from overlay.cli.objects import objects_text  # noqa: PLC0415

    hide = sys.stdout.isatty() and not args["show_secrets"]
    sys.stdout.write(objects_text(found, args["output"], hide=hide))
    return EXIT_OK


@contextmanager
def open_bundle(args: dict[str, Any], text: str) -> Iterator[Opened]:
    """Give the bundle that a reference names; without a tag or digest the newest release, or the only one."""
    from overlay.cli.registries import only_tag, open_session, open_source  # noqa: PLC0415
    from overlay.oci.choose import choose  # noqa: PLC0415
    from overlay.oci.opened import read_contents  # noqa: PLC0415

    with open_session(args) as session, open_source(args, session, text) as (source, named):
        reference = named or (choose(source, None) if text.startswith("oci://") else only_tag(source, named))
        manifest = source.manifest(reference)
        yield Opened(source=source, manifest=manifest, contents=read_contents(source, manifest))


def objects_in(bundle: Opened, environment: str) -> tuple[Resource, ...]:
    """Return the objects of an environment, after all of the bundle's files were checked.

    Raises what `files_in` raises.
    """
    from overlay.gitops.manifests import objects_of  # noqa: PLC0415

    return objects_of(files_in(bundle, [environment])[environment])


def files_in(bundle: Opened, environments: Sequence[str]) -> dict[str, dict[str, bytes]]:
    """Return the files of environments by name, after all of the bundle's files were checked.

    Raises UsageError for an environment that it does not have, and what reading it raises.
    """
    import tempfile  # noqa: PLC0415

    from overlay.files.temporary import temporary_folder  # noqa: PLC0415
    from overlay.oci.opened import rendered_files  # noqa: PLC0415
    from overlay.oci.place import verified  # noqa: PLC0415

    source, manifest, contents = bundle.source, bundle.manifest, bundle.contents
    for environment in environments:
        if environment not in contents.records:
            hint = did_you_mean(environment, contents.records) or f"there are {', '.join(contents.records)}"
            raise UsageError(f"{contents.name} {contents.version} has no environment {environment!r}", hint=hint)
    files: dict[str, dict[str, bytes]] = {environment: {} for environment in environments}
    with tempfile.TemporaryFile(dir=temporary_folder()) as layer:
        for chunk in verified(source.chunks(manifest.parts[0]), manifest.parts[0], source.shown):
            layer.write(chunk)
        layer.seek(0)
        for path, chunks in rendered_files(layer, contents, f"{source.shown}@{manifest.digest}"):
            _, name, file = path.split("/")
            data = b"".join(chunks)
            if name in files:
                files[name][file] = data
    return files


def _print_summary(bundle: Opened, args: dict[str, Any]) -> None:
    manifest, contents = bundle.manifest, bundle.contents
    if args["output"] == "name":
        sys.stdout.write("".join([f"{name}\n" for name in contents.records]))
        return
    referrers = [_referrer(one) for one in bundle.source.referrers(manifest.digest)]
    if args["output"] == "json":
        found = {**contents.config, "digest": manifest.digest, "referrers": referrers}
        print_document(found, "json")
        return
    from overlay.oci import media  # noqa: PLC0415
    from overlay.oci.store import size_of  # noqa: PLC0415
    from overlay.report.sizes import as_size  # noqa: PLC0415
    from overlay.report.style import Style, inert, wants_color  # noqa: PLC0415
    from overlay.report.table import as_table  # noqa: PLC0415

    config = contents.config
    facts = {
        "title": manifest.annotation(media.TITLE),
        "digest": manifest.digest,
        "created": manifest.annotation(media.CREATED),
        "revision": manifest.annotation(media.REVISION) or "none",
        "dirty": ", ".join([str(path) for path in _part(config, "source", "dirty") or []]),
        "size": as_size(size_of(manifest)),
    }
    rows = []
    for one in config["environments"]:
        chart = " ".join([str(_part(one, "chart", name) or "") for name in ("name", "version")]).strip()
        images = ", ".join([str(image) for image in one.get("images") or []])
        rows.append(
            (str(one["name"]), *[str(one.get(name, "")) for name in ("namespace", "kubernetesVersion")], chart,
             str(one.get("objects", "")), images)
        )  # fmt: skip
    color = wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ)
    head = "".join([f"  {name}: {inert(text)}\n" for name, text in facts.items() if text])
    table = as_table(_HEAD, rows, Style(color=color))
    sys.stdout.write(f"{inert(f'{contents.name} {contents.version}')}\n{head}\n{table}")
    if referrers:
        cells = [
            ("unverified" if one["isSigned"] else "", one["predicateType"] or one["artifactType"], one["digest"])
            for one in referrers
        ]
        sys.stdout.write(f"\n{as_table(_REFERRERS, cells, Style(color=color))}")


def _referrer(one: Descriptor) -> dict[str, Any]:
    """Return what refers to a bundle as it calls itself: nothing of it is verified here."""
    said = one.annotation("dev.sigstore.bundle.predicateType") or one.annotation("in-toto.io/predicate-type")
    return {
        "artifactType": one.artifact_type,
        "predicateType": said or None,
        "isSigned": one.artifact_type.startswith("application/vnd.dev.sigstore.bundle"),
        "digest": one.digest,
        "size": one.size,
    }


def _part(config: Any, name: str, below: str) -> Any:
    """Return a field below a field, None where somebody else's config has none."""
    found = config.get(name)
    return found.get(below) if isinstance(found, dict) else None
