"""The bundles on this machine: one image layout per name, in the user's data folder."""

from __future__ import annotations

import os
import re

from overlay.errors import FetchError, OverlayError
from overlay.files.paths import printable
from overlay.model.value import value
from overlay.oci.layout import Layout
from overlay.oci.media import CREATED, TITLE, VERSION
from overlay.oci.versions import version_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from overlay.oci.manifest import Manifest
    from overlay.oci.place import Source

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


@value(kw_only=True)
class Listed:
    """A bundle or chart as lists show it. size: of all its bytes."""

    ref: str
    name: str
    version: str
    digest: str
    size: int
    created: str


def store_folder(env: Mapping[str, str]) -> str:
    """Return where bundles are kept when nothing else is said (XDG base directories)."""
    base = env.get("XDG_DATA_HOME")
    if not base or not os.path.isabs(base):
        base = os.path.join(env.get("HOME") or os.path.expanduser("~"), ".local", "share")
    return os.path.join(base, "overlay", "bundles")


class Store:
    """Layouts below one folder, `<folder>/<name>`."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def layout(self, name: str) -> Layout:
        """Return the layout of a name.

        Raises FetchError for what is no name: it would be a path to elsewhere (hazard A08).
        """
        if not _NAME.fullmatch(name) or len(name) > 63:
            raise FetchError(f"{printable(name)[:100]!r} is no name of a bundle: lower-case letters, digits and dashes")
        return Layout(os.path.join(self.folder, name))

    def _names(self) -> list[str]:
        """Return the names of which something may be kept."""
        try:
            found = sorted(os.listdir(self.folder))
        except FileNotFoundError:
            return []
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise FetchError(f"{printable(self.folder)} cannot be read: {reason}") from None
        return [name for name in found if _NAME.fullmatch(name)]

    def listed(self) -> Iterator[Listed | OverlayError]:
        """Yield all that is kept, an error in the place of what cannot be read."""
        for name in self._names():
            layout = self.layout(name)
            try:
                tags = meant_tags(layout) if layout.exists() else []
            except OverlayError as error:
                yield error
                continue
            for tag in tags:
                try:
                    yield listed(layout, tag, f"{name}:{tag}")
                except OverlayError as error:
                    yield error


def meant_tags(source: Source) -> list[str]:
    """Return the names that bundles and charts have in a layout.

    Not those of indexes that list signatures, which stand there for want of another place, nor of images beside them.
    """
    return [name for name in source.tags() if not name.startswith("sha256-") and "/" not in name]


def listed(source: Source, tag: str, ref: str) -> Listed:
    """Return how a manifest is listed."""
    found = source.manifest(tag)
    return Listed(
        ref=ref,
        name=found.annotation(TITLE),
        version=found.annotation(VERSION) or version_of(tag) or "",
        digest=found.digest,
        size=size_of(found),
        created=found.annotation(CREATED),
    )


def size_of(manifest: Manifest) -> int:
    """Return the bytes of a manifest and of all that it names."""
    parts = manifest.parts if manifest.is_index else manifest.blobs
    return len(manifest.data) + sum(part.size for part in parts)
