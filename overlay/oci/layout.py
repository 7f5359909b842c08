"""An OCI image layout folder: the store that needs no server, which oras, skopeo and crane read as well.

Order, and which crash it survives: blobs first, each whole or not at all, then the manifest's blob, then index.json,
which alone says what is there. A run that is killed leaves blobs that nothing names; the next run takes them up.
Blobs are not forced to the disk, which would cost more than all else: one that a power failure cut off is known by its
digest whenever it is read, and written again by the same command.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from contextlib import contextmanager

from overlay.errors import FetchError, OutputError
from overlay.failpoint import failpoint
from overlay.fetch.reference import is_digest
from overlay.files.atomic import TEMPORARY, sweep, write_atomic
from overlay.files.paths import printable
from overlay.oci.file_part import FilePart
from overlay.oci.manifest import (
    MAX_MANIFEST,
    Manifest,
    fallback_tag,
    is_referrer_tag,
    read_descriptor,
    read_manifest,
    referrer_tags,
)
from overlay.oci.media import INDEX, REF_NAME
from overlay.oci.place import verified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, BinaryIO

    from overlay.oci.manifest import Descriptor
    from overlay.oci.place import Chunk

MARK = "oci-layout"
MARK_TEXT = b'{"imageLayoutVersion":"1.0.0"}'
INDEX_FILE = "index.json"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20


class Layout:
    """One layout; both a source and a target."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.at_once = 4
        self.shown = printable(folder)

    def exists(self) -> bool:
        """Tell whether there is a layout.

        Raises FetchError for one of another version.
        """
        try:
            mark = self._small(MARK)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unreadable(MARK, error) from None
        if not is_layout(mark):
            raise FetchError(f"{self.shown} is no OCI image layout of version 1.0.0")
        return True

    def create(self) -> None:
        """Make the layout where there is none.

        Raises OutputError where other things are in its place.
        """
        try:
            os.makedirs(self.folder, exist_ok=True)
            with self._locked():
                if self.exists():
                    return
                names = {name for name in os.listdir(self.folder) if not name.startswith(TEMPORARY)}
                if names - {"blobs", INDEX_FILE}:
                    raise OutputError(
                        f"{self.shown} holds other things than an OCI image layout",
                        hint="name an empty folder, or none",
                    )
                os.makedirs(os.path.join(self.folder, "blobs", "sha256"), exist_ok=True)
                if INDEX_FILE not in names:
                    self._write_index([])
                failpoint("layout.create")
                # The mark comes last: a folder without it is begun anew.
                write_atomic(os.path.join(self.folder, MARK), MARK_TEXT)
        except OSError as error:
            raise self._unwritable(error) from None

    def entries(self) -> list[Descriptor]:
        """Return what index.json lists.

        Raises FetchError.
        """
        return [read_descriptor(one, f"{self.shown}/{INDEX_FILE}") for one in self._index()]

    def tags(self) -> tuple[str, ...]:
        return tuple(sorted({name for one in self.entries() if (name := one.annotation(REF_NAME))}))

    def find(self, tag: str) -> str | None:
        return next((one.digest for one in self.entries() if one.annotation(REF_NAME) == tag), None)

    def lookup(self, tag: str) -> Manifest | None:
        return self.manifest(tag) if self.find(tag) is not None else None

    def manifest(self, reference: str) -> Manifest:
        digest = reference if is_digest(reference) else self.find(reference)
        shown = f"{self.shown}{'@' if is_digest(reference) else ':'}{reference}"
        if digest is None:
            tags = ", ".join([tag for tag in self.tags() if not is_referrer_tag(tag)][:10])
            raise FetchError(f"{self.shown} has no {printable(reference)}", hint=f"there are {tags or 'none yet'}")
        try:
            data = self._small(self._path(digest))
        except OSError as error:
            raise self._unreadable(digest, error) from None
        found = read_manifest(data, "", shown)
        if found.digest != digest:
            raise FetchError(f"{shown} was damaged: its content is {found.digest}", hint="package or pull it again")
        return found

    def chunks(self, descriptor: Descriptor, start: int = 0) -> Iterator[FilePart]:
        try:
            with self._open(self._path(descriptor.digest)) as file:
                size = os.fstat(file.fileno()).st_size
                for at in range(start, size, _CHUNK):
                    yield FilePart(file, at, min(_CHUNK, size - at))
        except OSError as error:
            raise self._unreadable(descriptor.digest, error) from None

    def open_verified(self, descriptor: Descriptor) -> BinaryIO:
        """Return a blob as a file, after all of it was read and found to be what it should be.

        Raises FetchError.
        """
        try:
            file: BinaryIO = self._open(self._path(descriptor.digest))
        except OSError as error:
            raise self._unreadable(descriptor.digest, error) from None
        try:
            for _ in verified(iter(lambda: file.read(_CHUNK), b""), descriptor, self.shown):
                pass
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        """Return what refers to a manifest: untagged entries of the index, and what a fallback tag lists."""
        found: dict[str, Descriptor] = {}
        for one in self.entries():
            manifest = self.manifest(one.digest)
            if manifest.subject is not None and manifest.subject.digest == digest:
                found[one.digest] = manifest.as_referrer
        tag = fallback_tag(digest)
        if self.find(tag) is not None:
            found.update({one.digest: one for one in self.manifest(tag).parts})
        return tuple(found.values())

    def is_whole(self, manifest: Manifest) -> bool:
        """Tell whether a manifest that a tag names is here with all its blobs."""
        try:
            self.manifest(manifest.digest)
        except FetchError:
            return False
        return all(self.has_blob(blob) for blob in manifest.blobs)

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Tell whether a blob is here and sound: what is damaged is written again."""
        try:
            for _ in verified(self.chunks(descriptor), descriptor, self.shown):
                pass
        except FetchError:
            return False
        return True

    def put_blob(self, descriptor: Descriptor, chunks: Callable[[int], Iterator[Chunk]]) -> None:
        self._put(descriptor.digest, verified(chunks(0), descriptor, self.shown))
        failpoint("layout.blob")

    def put_manifest(self, manifest: Manifest, tag: str | None) -> None:
        self._put(manifest.digest, iter([manifest.data]))
        failpoint("layout.manifest")
        if tag is not None or manifest.subject is not None:
            self.tag(manifest.descriptor, tag)

    def tag(self, descriptor: Descriptor, tag: str | None) -> None:
        """List a manifest that is here, under a tag."""
        entry = {**descriptor.as_json(), **({"annotations": {REF_NAME: tag}} if tag is not None else {})}
        with self._locked():
            # A tag means one manifest; one without a tag is listed once.
            kept = [
                one for one in self._index() if _tag(one) != tag or (tag is None and one["digest"] != entry["digest"])
            ]
            self._write_index([*kept, entry])
        failpoint("layout.tag")

    def remove(self, tags: list[str]) -> None:
        """Take tags away, and all blobs that nothing names any more."""
        with self._locked():
            entries = [one for one in self._index() if _tag(one) not in tags]
            # Tags that stand for what refers to a manifest go with it.
            plain = [one for one in entries if not is_referrer_tag(_tag(one) or "")]
            subjects = {name for digest in self._needed(plain) for name in referrer_tags(digest)}
            kept = [one for one in entries if one in plain or _tag(one) in subjects]
            needed = self._needed(kept)
            kept = [one for one in kept if one["digest"] in needed]
            self._write_index(kept)
            failpoint("layout.untag")
            folder = os.path.join(self.folder, "blobs", "sha256")
            for name in sorted(os.listdir(folder)):
                if f"sha256:{name}" not in needed:
                    os.unlink(os.path.join(folder, name))

    def _needed(self, entries: list[dict[str, Any]]) -> set[str]:
        """Return the digests that tags lead to, and what refers to those."""
        found: set[str] = set()
        subjects: dict[str, str] = {}
        pending = []
        for one in entries:
            digest = read_descriptor(one, self.shown).digest
            subject = self.manifest(digest).subject if _tag(one) is None else None
            if subject is None:
                pending.append(digest)
            else:
                subjects[digest] = subject.digest
        while pending or (more := [digest for digest, of in subjects.items() if of in found and digest not in found]):
            pending = pending or more
            digest = pending.pop()
            if digest in found:
                continue
            found.add(digest)
            manifest = self.manifest(digest)
            found.update([one.digest for one in manifest.blobs])
            pending += [one.digest for one in manifest.parts] if manifest.is_index else []
        return found

    def _put(self, digest: str, chunks: Iterator[bytes]) -> None:
        path = self._path(digest)
        folder = os.path.dirname(os.path.join(self.folder, path))
        temporary = os.path.join(folder, f"{TEMPORARY}{os.getpid()}.{digest[7:]}")
        try:
            os.makedirs(folder, exist_ok=True)
            self._sweep(folder)
            with os.fdopen(os.open(temporary, _CREATE, 0o644), "wb") as file:
                for chunk in chunks:
                    file.write(chunk)
            failpoint("layout.written")
            os.replace(temporary, os.path.join(self.folder, path))
        except OSError as error:
            raise self._unwritable(error) from None
        finally:
            if os.path.lexists(temporary):
                os.unlink(temporary)

    def _sweep(self, folder: str) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            sweep(descriptor)
        finally:
            os.close(descriptor)

    def _index(self) -> list[dict[str, Any]]:
        try:
            found = json.loads(self._small(INDEX_FILE))
            entries = found["manifests"]
            if found["schemaVersion"] == 2 and all(isinstance(one, dict) for one in entries):
                return list(entries)
        except OSError as error:
            raise self._unreadable(INDEX_FILE, error) from None
        except (ValueError, LookupError, TypeError, RecursionError):
            pass
        raise FetchError(
            f"{self.shown}/{INDEX_FILE} is no index of an OCI image layout",
            hint=f"remove {self.shown}, and package or pull again",
        )

    def _write_index(self, entries: list[dict[str, Any]]) -> None:
        found = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        data = (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode()
        try:
            write_atomic(os.path.join(self.folder, INDEX_FILE), data)
        except OSError as error:
            raise self._unwritable(error) from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other runs from changing the index; the lock ends with the process, whatever ends it."""
        try:
            descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _path(self, digest: str) -> str:
        return os.path.join("blobs", *digest.split(":"))

    def _open(self, path: str) -> Any:
        descriptor = os.open(os.path.join(self.folder, path), _READ)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise FileNotFoundError(2, "is no regular file", path)
        return os.fdopen(descriptor, "rb")

    def _small(self, path: str) -> bytes:
        with self._open(path) as file:
            return bytes(file.read(MAX_MANIFEST + 1))

    def _unreadable(self, what: str, error: OSError) -> FetchError:
        reason = os.strerror(error.errno or 0).lower()
        return FetchError(f"{self.shown}: {printable(what)} cannot be read: {reason}")

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(f"{self.shown} cannot be written: {os.strerror(error.errno or 0).lower()}")


def is_layout(mark: bytes) -> bool:
    """Tell whether the file that marks a layout is one of the version that we know."""
    try:
        return bool(json.loads(mark)["imageLayoutVersion"] == "1.0.0")
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


def _tag(entry: dict[str, Any]) -> str | None:
    found = entry.get("annotations")
    name = found.get(REF_NAME) if isinstance(found, dict) else None
    return name if isinstance(name, str) else None
