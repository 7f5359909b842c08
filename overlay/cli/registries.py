"""What the commands that speak to registries share."""

from __future__ import annotations

import os
from contextlib import contextmanager

from overlay.cli.fetching import NETWORK
from overlay.cli.table import output
from overlay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.cli.progress import Progress
    from overlay.oci.manifest import Descriptor, Manifest
    from overlay.oci.place import Source
    from overlay.oci.reference import Named
    from overlay.oci.remote import Remote
    from overlay.oci.session import Session

REGISTRY = NETWORK
OUTPUT = output("text", "json", "yaml", text="text (the digest), json or yaml.")


@contextmanager
def open_session(args: dict[str, Any]) -> Iterator[Session]:
    """Give what all requests of a command share, with the credentials that the user's stores hold."""
    from overlay.cli.fetching import make_client, make_logins  # noqa: PLC0415
    from overlay.oci.session import Session  # noqa: PLC0415

    client = make_client(args)
    session = Session(client.patience, client.agent, make_logins(args, client))
    try:
        yield session
    finally:
        session.close()


def remote_of(args: dict[str, Any], session: Session, text: str) -> tuple[Remote, Named]:
    """Return the repository that an oci:// reference is in, and what it names there."""
    from overlay.oci.reference import read_named  # noqa: PLC0415
    from overlay.oci.remote import Remote  # noqa: PLC0415

    named = read_named(text, plain_http=args["plain_http"])
    return Remote(session, named.repository), named


@contextmanager
def open_source(args: dict[str, Any], session: Session, text: str) -> Iterator[tuple[Source, str]]:
    """Give what a reference is read from, and the tag or digest that it names, empty where it names none.

    text: `oci://…`, an image layout (`dist/shop.oci:1.4.0`, `shop.tar:1.4.0`), a bundle on this machine (`shop:1.4.0`).
    """
    from overlay.oci.reference import split_local  # noqa: PLC0415

    if text.startswith("oci://"):
        remote, named = remote_of(args, session, text)
        yield remote, named.reference
        return
    path, tag = split_local(text)
    if path.endswith(".tar"):
        from overlay.oci.layout_tar import LayoutTar  # noqa: PLC0415

        with LayoutTar(path) as source:
            yield source, tag
        return
    from overlay.oci.layout import Layout  # noqa: PLC0415

    layout = Layout(path)
    if not layout.exists() and "/" not in path:
        from overlay.cli.packaging import make_store  # noqa: PLC0415

        layout = make_store(args).layout(path)
    if "/" in path and not os.path.lexists(path):
        raise UsageError(f"{path} does not exist")
    if not layout.exists():
        raise UsageError(
            f"{path} is no bundle on this machine, no image layout and no oci:// reference",
            hint="`overlay bundles` shows what there is",
        )
    yield layout, tag


def only_tag(source: Source, tag: str) -> str:
    """Return a tag or digest, or the only tag that a layout has.

    Raises UsageError.
    """
    if tag:
        return tag
    from overlay.oci.store import meant_tags  # noqa: PLC0415

    tags = meant_tags(source)
    if len(tags) != 1:
        raise UsageError(
            f"{source.shown} has {', '.join(tags[:10]) or 'nothing'}: which one?", hint=f"write {source.shown}:TAG"
        )
    return tags[0]


def teller(progress: Progress, verb: str) -> Any:
    """Return what says how much was carried, ten times a second at most."""
    import time  # noqa: PLC0415

    from overlay.report.sizes import as_size  # noqa: PLC0415

    done: dict[Descriptor, int] = {}
    last = [0.0]

    def tell(blob: Descriptor, size: int) -> None:
        done[blob] = size
        now = time.monotonic()
        if now - last[0] >= 0.1:
            last[0] = now
            known = list(done.items())
            reached, total = sum(size for _, size in known), sum(blob.size for blob, _ in known)
            progress.at(f"{verb} {as_size(reached)} of {as_size(total)}")

    return tell


def place_of(remote: Remote, manifest: Manifest, tag: str) -> dict[str, Any]:
    """Return where a manifest is, in the words of `flux push artifact -o json`."""
    repository = f"{remote.repository.registry.authority}/{remote.repository.name}"
    return {
        "url": f"oci://{repository}@{manifest.digest}", "repository": repository, "tag": tag, "digest": manifest.digest,
    }  # fmt: skip
