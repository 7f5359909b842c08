"""What people name: `oci://host/path:tag@digest`, a bundle on this machine, an image layout."""

from __future__ import annotations

from overlay.errors import FetchError
from overlay.fetch.reference import check_tag, is_digest, read_reference
from overlay.files.paths import printable
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.fetch.reference import Repository


@value(kw_only=True)
class Named:
    """A manifest of a repository; tag and digest are empty where they are not said."""

    repository: Repository
    tag: str
    digest: str

    @property
    def reference(self) -> str:
        """The digest where there is one: it says more than a tag does."""
        return self.digest or self.tag


def read_named(text: str, *, plain_http: bool | None = None) -> Named:
    """Return what `oci://host/path[:tag][@digest]` names.

    Raises FetchError.
    """
    rest, at, digest = text.partition("@")
    if at and not is_digest(digest):
        raise FetchError(f"{printable(digest)[:100]!r} is no digest, expected sha256: and 64 digits")
    head, slash, last = rest.rpartition("/")
    if head == "oci:/":
        raise FetchError(
            f"{printable(text)[:200]} names a registry alone", hint=f"write oci://{printable(last)[:100]}/PATH"
        )
    name, colon, tag = last.partition(":")
    if colon:
        check_tag(tag)
    repository = read_reference(f"{head}{slash}{name}", plain_http=plain_http)
    return Named(repository=repository, tag=tag, digest=digest)


def split_local(text: str) -> tuple[str, str]:
    """Return path and tag (or digest) of `path:tag` or `path@digest`; the tag is empty where none is said."""
    path, at, digest = text.partition("@")
    if at:
        return path, digest
    path, colon, tag = text.rpartition(":")
    return (path, tag) if colon and "/" not in tag else (text, "")
