"""An OCI image layout as one tar file: for carrying artifacts to where no network leads."""

from __future__ import annotations

import json
import os

from overlay.errors import ArchiveError, FetchError, OutputError
from overlay.fetch.reference import is_digest
from overlay.files.atomic import TEMPORARY
from overlay.files.paths import printable
from overlay.files.tar import END, entry_header, padding
from overlay.oci.layout import INDEX_FILE, MARK, MARK_TEXT, is_layout
from overlay.oci.manifest import (
    MAX_MANIFEST,
    Manifest,
    fallback_tag,
    is_referrer_tag,
    read_descriptor,
    read_manifest,
    referrers_index,
)
from overlay.oci.media import INDEX, REF_NAME
from overlay.oci.place import verified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, BinaryIO, Self

    from overlay.oci.manifest import Descriptor
    from overlay.oci.place import Chunk

MAX_ENTRIES = 100_000
_CHUNK = 1 << 18
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class LayoutTar:
    """A layout in a tar file, as a source; use it as a context."""

    def __init__(self, path: str) -> None:
        """Read the list of what is in it.

        Raises FetchError, ArchiveError.
        """
        self.shown = printable(path)
        self.at_once = 1
        try:
            self._file = open(path, "rb")  # noqa: SIM115  # closed with the context
        except OSError as error:
            raise FetchError(f"{self.shown} cannot be read: {os.strerror(error.errno or 0).lower()}") from None
        try:
            self._places = _places(self._file, self.shown)
            if not is_layout(self._small(MARK) or b""):
                raise FetchError(f"{self.shown} holds no OCI image layout of version 1.0.0")
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def entries(self) -> list[Descriptor]:
        """Return what index.json lists.

        Raises FetchError.
        """
        try:
            found = json.loads(self._small(INDEX_FILE) or b"")["manifests"]
        except (ValueError, LookupError, TypeError, RecursionError):
            found = None
        if not isinstance(found, list):
            raise FetchError(f"{self.shown}/{INDEX_FILE} is no index of an OCI image layout")
        return [read_descriptor(one, f"{self.shown}/{INDEX_FILE}") for one in found]

    def tags(self) -> tuple[str, ...]:
        return tuple(sorted({name for one in self.entries() if (name := one.annotation(REF_NAME))}))

    def manifest(self, reference: str) -> Manifest:
        digest = reference
        if not is_digest(reference):
            digest = next((one.digest for one in self.entries() if one.annotation(REF_NAME) == reference), "")
        data = self._small(f"blobs/{digest.replace(':', '/')}")
        if not digest or data is None:
            tags = ", ".join([tag for tag in self.tags() if not is_referrer_tag(tag)][:10])
            raise FetchError(f"{self.shown} has no {printable(reference)}", hint=f"there are {tags or 'none'}")
        found = read_manifest(data, "", f"{self.shown}:{reference}")
        if found.digest != digest:
            raise FetchError(f"{self.shown}:{reference} was damaged: its content is {found.digest}")
        return found

    def chunks(self, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:
        place = self._places.get(f"blobs/{descriptor.digest.replace(':', '/')}")
        if place is None:
            raise FetchError(f"{self.shown} misses the blob {descriptor.digest}")
        at, left = place[0] + start, place[1] - start
        while left > 0:
            self._file.seek(at)
            chunk = self._file.read(min(left, _CHUNK))
            if not chunk:
                raise ArchiveError(f"{self.shown} is cut off")
            at, left = at + len(chunk), left - len(chunk)
            yield chunk

    def lookup(self, tag: str) -> Manifest | None:
        return self.manifest(tag) if tag in self.tags() else None

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        found = self.lookup(fallback_tag(digest))
        return found.parts if found is not None else ()

    def _small(self, name: str) -> bytes | None:
        place = self._places.get(name)
        if place is None or place[1] > MAX_MANIFEST:
            return None
        self._file.seek(place[0])
        return self._file.read(place[1])


class LayoutTarWriter:
    """A layout in a tar file, as a target; use it as a context: the file is there when that ends well.

    A tar is written from its first to its last byte, so that index.json, which says what is there, comes last. It takes
    the place of one that is there, but a version in that keeps its content.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.at_once = 1
        self.shown = printable(path)
        self._temporary = os.path.join(
            os.path.dirname(path) or ".", f"{TEMPORARY}{os.getpid()}.{os.path.basename(path)[:100]}"
        )
        self._written: set[str] = set()
        self._entries: list[dict[str, Any]] = []
        self._referrers: dict[str, list[Descriptor]] = {}
        self._before = _held(path)
        try:
            self._file = os.fdopen(os.open(self._temporary, _CREATE, 0o644), "wb")
        except OSError as error:
            raise self._unwritable(error) from None
        self._add(MARK, MARK_TEXT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                for subject, manifests in self._referrers.items():
                    listed = referrers_index(manifests)
                    self.put_manifest(listed, fallback_tag(subject))
                index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self._entries}
                self._add(INDEX_FILE, (json.dumps(index, indent=2, ensure_ascii=False) + "\n").encode())
                self._file.write(END)
                self._file.flush()
                os.fsync(self._file.fileno())
                os.replace(self._temporary, self.path)
        except OSError as error:
            raise self._unwritable(error) from None
        finally:
            try:
                self._file.close()
            except OSError:
                pass  # bytes that a full disk has no room for, of a file that is given up
            if os.path.lexists(self._temporary):
                os.unlink(self._temporary)

    def find(self, tag: str) -> str | None:
        ours = next((str(one["digest"]) for one in self._entries if one["annotations"][REF_NAME] == tag), None)
        return ours or self._before.get(tag)

    def lookup(self, _: str) -> Manifest | None:
        # What is carried into a new file finds nothing there.
        return None

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        return tuple(self._referrers.get(digest, ()))

    def is_whole(self, manifest: Manifest) -> bool:
        return manifest.digest in self._written

    def has_blob(self, descriptor: Descriptor) -> bool:
        return descriptor.digest in self._written

    def put_blob(self, descriptor: Descriptor, chunks: Callable[[int], Iterator[Chunk]]) -> None:
        try:
            self._file.write(entry_header(f"blobs/{descriptor.digest.replace(':', '/')}", descriptor.size))
            for chunk in verified(chunks(0), descriptor, self.shown):
                self._file.write(chunk)
            self._file.write(padding(descriptor.size))
        except OSError as error:
            raise self._unwritable(error) from None
        self._written.add(descriptor.digest)

    def put_manifest(self, manifest: Manifest, tag: str | None) -> None:
        if manifest.digest not in self._written:
            self._add(f"blobs/{manifest.digest.replace(':', '/')}", manifest.data)
            self._written.add(manifest.digest)
        if manifest.subject is not None:
            self._referrers.setdefault(manifest.subject.digest, []).append(manifest.as_referrer)
        if tag is not None:
            self._entries.append({**manifest.descriptor.as_json(), "annotations": {REF_NAME: tag}})

    def _add(self, name: str, data: bytes) -> None:
        try:
            self._file.write(entry_header(name, len(data)) + data + padding(len(data)))
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(f"{self.shown} cannot be written: {os.strerror(error.errno or 0).lower()}")


def _held(path: str) -> dict[str, str]:
    """Return the digests of a tar's versions, before it is written anew; images beside them may have moved."""
    if not os.path.isfile(path):
        return {}
    try:
        with LayoutTar(path) as found:
            return {
                name: one.digest for one in found.entries() if (name := one.annotation(REF_NAME)) and "/" not in name
            }
    except (FetchError, ArchiveError):
        return {}  # what is no layout has no versions


def _places(file: BinaryIO, shown: str) -> dict[str, tuple[int, int]]:
    """Return where each file of a tar begins, and its size; anything but files and folders is refused."""
    import tarfile  # noqa: PLC0415  # who only writes one does not need it

    found: dict[str, tuple[int, int]] = {}
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                name = member.name.removeprefix("./")
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse() or name in found or len(found) > MAX_ENTRIES:
                    raise ArchiveError(f"{shown}: {printable(name)[:200]} is a link, there twice, or one of too many")
                found[name] = (member.offset_data, member.size)
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise ArchiveError(f"{shown} is no sound tar archive: {printable(str(error))}") from None
    return found
