"""Remote inputs while rendering: what overlay.lock says they are, and their verified bytes.

Nothing here touches the network: content comes from vendor/ or from the user's cache, by its digest.
"""

from __future__ import annotations

from overlay.errors import LockError
from overlay.files.archive import unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from overlay.files.reader import ProjectFiles
    from overlay.model.location import Location
    from overlay.model.remote import Pin, Request

LOCK_FILE = "overlay.lock"
MAX_CONTENT = 100 * 1024 * 1024
_PACKED = (".tgz", ".tar.gz")


class Unavailable(LockError):
    """A remote input is not pinned, or its content is not at hand; `overlay lock` would get it."""

    def __init__(self, message: str, request: Request, *, location: Location | None, hint: str) -> None:
        super().__init__(message, location=location, hint=hint)
        self.request = request


class Remotes:
    """The remote inputs of one project, by its overlay.lock; the file is read when something is first asked for.

    cache: the user's cache folder of this program.
    """

    def __init__(self, files: ProjectFiles, cache: str, pins: Iterable[Pin] | None = None) -> None:
        """`pins`: used in the place of overlay.lock, by who is about to write it."""
        self.files = files
        self.cache = cache
        self._pins: dict[Any, Pin] | None = None if pins is None else {pin.request.key: pin for pin in pins}

    def pin(self, request: Request) -> Pin:
        """Return what a request is pinned to.

        Raises LockError.
        """
        if self._pins is None:
            from overlay.fetch.lockfile import read_lock  # noqa: PLC0415  # most projects have no remote inputs

            pins = read_lock(self.files.read(LOCK_FILE)) if self.files.exists(LOCK_FILE) else ()
            self._pins = {pin.request.key: pin for pin in pins}
        found = self._pins.get(request.key)
        if found is None:
            raise Unavailable(
                f"{request.name} from {request.source} is not pinned in {LOCK_FILE}",
                request,
                location=request.location,
                hint="pin it: `overlay lock`",
            )
        check_pin(found, request)
        return found

    def mount(self, request: Request) -> str:
        """Make what a document names readable among the project's files; return the path of it.

        That is a folder, or a file where a single one is named. Raises LockError, ArchiveError, LimitError.
        """
        pin = self.pin(request)
        url = request.get("url")
        packed = not url or url.partition("?")[0].endswith(_PACKED)
        name = url.partition("?")[0].rpartition("/")[2]
        if not self.files.is_mounted(pin.label):
            data = self.content(pin, request.location)
            found = unpack(data, pin.label, request.location, is_chart=False) if packed else [(name, data)]
            self.files.mount(pin.label, found)
        return pin.label if packed else f"{pin.label}/{name}"

    def content(self, pin: Pin, location: Location | None = None) -> bytes:
        """Return the bytes of a pinned input, verified.

        Raises LockError where they are missing or differ.
        """
        from overlay.fetch.store import Store, digest_of  # noqa: PLC0415

        if self.files.exists(pin.vendored):
            data = self.files.read(pin.vendored, location, limit=MAX_CONTENT)
            if digest_of(data) != pin.digest:
                raise LockError(
                    f"{pin.vendored} differs from {LOCK_FILE}: want {pin.digest}, got {digest_of(data)}",
                    location=location,
                    hint="restore it, or remove it and run `overlay vendor`",
                )
            return data
        found = Store(self.cache).get(pin.digest)
        if found is None:
            raise Unavailable(
                f"the content of {pin.name} {pin.version} is neither in vendor/ nor in the cache".replace("  ", " "),
                pin.request,
                location=location,
                hint="get it: `overlay lock`, or `overlay vendor` to keep it in the project",
            )
        return found


def check_pin(pin: Pin, request: Request) -> None:
    """Refuse a pin that is not what a document pins by digest itself.

    Raises LockError.
    """
    digest = request.get("digest")
    if digest and digest != (pin.source.rpartition("@")[2] if request.get("oci") else pin.digest):
        raise LockError(
            f"{LOCK_FILE} has other content for {request.name} than the document: want {digest}",
            location=request.location,
            hint="remove its entry there and run `overlay lock`",
        )
