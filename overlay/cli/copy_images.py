"""`overlay copy --with-images`: the images that a bundle lists, carried to where the bundle goes."""

from __future__ import annotations

from overlay.errors import FetchError, OverlayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from overlay.oci.image_names import ImageName
    from overlay.oci.manifest import Descriptor
    from overlay.oci.place import Source, Target
    from overlay.oci.session import Session


def carry_images(
    args: dict[str, Any], session: Session, bundle: tuple[Source, str], target: Target,
    tell: Callable[[Descriptor, int], None],
) -> list[str]:  # fmt: skip
    """Carry every image of a bundle, before the bundle itself: where that is, all that it needs is.

    Into layouts by its whole name; to a registry by the path that it has, so that a mirror of hosts is enough.
    Raises what carrying raises, with the image's name.
    """
    from overlay.oci.image_names import read_image  # noqa: PLC0415
    from overlay.oci.opened import read_contents  # noqa: PLC0415
    from overlay.oci.transfer import carry  # noqa: PLC0415

    source, reference = bundle
    contents = read_contents(source, source.manifest(reference))
    listed = contents.config.get("images")
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise FetchError(f"{source.shown} has a config that does not list its images")
    here = set() if args["source"].startswith("oci://") else set(source.tags())
    names = [read_image(text) for text in listed]
    for name in names:
        origin, wanted = (source, str(name)) if str(name) in here else _registry_of(args, session, name)
        try:
            place, tag = _place_of(args, session, name, target)
            carry(origin, wanted, place, tag, referrers=not args["no_referrers"], tell=tell)
        except OverlayError as error:
            if f"{name.host}/{name.path}" not in error.message:
                error.message = f"the image {name}: {error.message}"
            raise
    return [str(name) for name in names]


def _registry_of(args: dict[str, Any], session: Session, name: ImageName) -> tuple[Source, str]:
    from overlay.oci.image_names import image_place  # noqa: PLC0415
    from overlay.oci.remote import Remote  # noqa: PLC0415

    named = image_place(name, plain_http=args["plain_http"])
    return Remote(session, named.repository), named.reference


def _place_of(args: dict[str, Any], session: Session, name: ImageName, target: Target) -> tuple[Target, str | None]:
    """Return where an image goes, and its tag there: that of a pinned one is taken only where it is free."""
    from overlay.fetch.reference import read_reference  # noqa: PLC0415
    from overlay.oci.remote import Remote  # noqa: PLC0415

    if not isinstance(target, Remote):
        return target, str(name)
    host = args["target"].removeprefix("oci://").partition("/")[0]
    remote = Remote(session, read_reference(f"oci://{host}/{name.path}", plain_http=args["plain_http"]))
    return remote, name.tag if not name.digest or remote.find(name.tag) is None else None
