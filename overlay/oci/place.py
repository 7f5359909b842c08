"""What artifacts are read from and written to: image layouts, their archives, registries."""

from __future__ import annotations

import hashlib
import threading

from overlay.errors import EXIT_CONFLICT, FetchError, OverlayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol, Self

    from overlay.oci.file_part import FilePart
    from overlay.oci.manifest import Descriptor, Manifest

    Chunk = bytes | FilePart

    class Source(Protocol):
        """A place to read from; every manifest that it returns is verified, chunks of blobs are not yet.

        shown: how messages name it. at_once: how many blobs may be read side by side.
        """

        shown: str
        at_once: int

        def tags(self) -> tuple[str, ...]:
            """Return the names that manifests have here."""

        def manifest(self, reference: str) -> Manifest:
            """Return what a tag or digest names; FetchError where there is none."""

        def chunks(self, descriptor: Descriptor, start: int = 0) -> Iterator[Chunk]:
            """Yield a blob's bytes from a place in it on."""

        def lookup(self, tag: str) -> Manifest | None:
            """Return what a tag names, None where there is none."""

        def referrers(self, digest: str) -> tuple[Descriptor, ...]:
            """Return what refers to a manifest: signatures, and what else is attached."""

    class Target(Protocol):
        """A place to write to.

        shown: how messages name it. at_once: how many blobs may be written side by side.
        """

        shown: str
        at_once: int

        def find(self, tag: str) -> str | None:
            """Return the digest that a tag has here."""

        def is_whole(self, manifest: Manifest) -> bool:
            """Tell whether what a tag names is here with all that it needs."""

        def has_blob(self, descriptor: Descriptor) -> bool:
            """Tell whether a blob is here."""

        def put_blob(self, descriptor: Descriptor, chunks: Callable[[int], Iterator[Chunk]]) -> None:
            """Take a blob; chunks(start) yields its bytes from a place on, as often as it is asked for."""

        def lookup(self, tag: str) -> Manifest | None:
            """Return what a tag names, None where there is none."""

        def referrers(self, digest: str) -> tuple[Descriptor, ...]:
            """Return what refers to a manifest here already."""

        def put_manifest(self, manifest: Manifest, tag: str | None) -> None:
            """Take a manifest, whose blobs and manifests are here already, and give it a tag."""

    class Place(Source, Target, Protocol):
        """A place that is read from and written to: a registry's repository, an image layout folder."""


# From this size on a blob's digest is worked out in a thread, this many chunks behind at most.
_LARGE = 8 * 1024 * 1024
_AHEAD = 8


class VersionTaken(OverlayError):
    """A version is published already, with other content."""

    kind = "version-taken"
    exit_code = EXIT_CONFLICT


class Differs(FetchError):
    """Content is not what its digest says."""

    kind = "content-differs"


class MissingBlobs(FetchError):
    """A place does not have blobs that it said it has."""

    kind = "missing-blobs"


class _Digest:
    """SHA-256; beside: in a thread, while the next chunk is read and this one is written, which takes as long."""

    def __init__(self, *, beside: bool) -> None:
        self._found = hashlib.sha256()
        self.update: Callable[[bytes], object] = self._found.update
        self._thread: threading.Thread | None = None
        if beside:
            from queue import Queue  # noqa: PLC0415  # few blobs are that large

            self._chunks: Queue[bytes] = Queue(_AHEAD)
            self.update = self._chunks.put
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def hexdigest(self) -> str:
        """Return the digest of all that came."""
        self._end()
        return self._found.hexdigest()

    def _run(self) -> None:
        while chunk := self._chunks.get():
            self._found.update(chunk)

    def _end(self) -> None:
        if self._thread is not None:
            self._chunks.put(b"")
            self._thread.join()
            self._thread = None


def verified(chunks: Iterator[Chunk], descriptor: Descriptor, shown: str) -> Iterator[bytes]:
    """Yield chunks; what they make together must have the digest and size that it should (hazards R18, R22).

    Raises Differs at the first byte too many, or at the end: use what was yielded only after that.
    """
    size = 0
    with _Digest(beside=descriptor.size > _LARGE) as found:
        for chunk in chunks:
            size += len(chunk)
            if size > descriptor.size:
                raise Differs(f"{shown}: {descriptor.digest} has more than the {descriptor.size} bytes that it should")
            data = chunk if isinstance(chunk, bytes) else chunk.read()
            found.update(data)
            yield data
        digest = f"sha256:{found.hexdigest()}"
    if size != descriptor.size or digest != descriptor.digest:
        raise Differs(
            f"{shown}: content differs from its digest: want {descriptor.digest} ({descriptor.size} bytes), "
            f"got {digest} ({size} bytes)"
        )


def in_memory(data: bytes) -> Callable[[int], Iterator[bytes]]:
    """Return what a target takes for a blob that is at hand."""
    return lambda start: iter([data[start:]])


def read_blob(source: Source, descriptor: Descriptor, limit: int) -> bytes:
    """Return a verified blob that fits into memory.

    Raises FetchError, LimitError, Temporary.
    """
    if descriptor.size > limit:
        from overlay.errors import LimitError  # noqa: PLC0415  # few blobs are

        raise LimitError(
            f"{source.shown}: {descriptor.digest} has {descriptor.size} bytes, more than the limit of {limit}"
        )
    return b"".join(verified(source.chunks(descriptor), descriptor, source.shown))
