"""Names of images, as containers have them, as places in registries."""

from __future__ import annotations

from overlay.errors import FetchError
from overlay.fetch.reference import check_tag, is_digest, read_reference
from overlay.files.paths import printable
from overlay.model.value import value
from overlay.oci.reference import Named
from overlay.transforms.images import split_image

HUB = "docker.io"


@value(kw_only=True)
class ImageName:
    """An image's name with all that container runtimes add to it: host, path, tag or digest."""

    host: str
    path: str
    tag: str
    digest: str

    def __str__(self) -> str:
        return f"{self.host}/{self.path}:{self.tag}" + (f"@{self.digest}" if self.digest else "")


def read_image(reference: str) -> ImageName:
    """Return what container runtimes understand a reference as (`nginx` is docker.io/library/nginx:latest).

    Raises FetchError for what is none.

    >>> str(read_image("shop/web:2.4"))
    'docker.io/shop/web:2.4'
    """
    name, tag, digest = split_image(reference)
    host, slash, path = name.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, path = HUB, name if slash else f"library/{name}"
    if digest and not is_digest(digest):
        raise FetchError(f"{printable(digest)[:100]!r} is no digest, expected sha256: and 64 digits")
    return ImageName(host=host, path=path, tag=check_tag(tag or "latest"), digest=digest)


def image_place(name: ImageName, *, plain_http: bool | None = None) -> Named:
    """Return where a registry has an image.

    Raises FetchError.
    """
    repository = read_reference(f"oci://{name.host}/{name.path}", plain_http=plain_http)
    return Named(repository=repository, tag=name.tag, digest=name.digest)
