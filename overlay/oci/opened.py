"""A bundle that somebody else made: every part is what the config and the records say, or it is refused by its name."""

from __future__ import annotations

import hashlib
import json
import re

from overlay.errors import FetchError
from overlay.files.archive import Bounds, read_archive
from overlay.files.names import refuse_name
from overlay.files.paths import printable
from overlay.files.reader import MAX_FILE
from overlay.model.value import value
from overlay.oci import media
from overlay.oci.media import FORMAT, KIND, MAX_BUNDLE, MAX_BUNDLE_FILES, TOP
from overlay.oci.place import read_blob
from overlay.oci.versions import MAX_VERSION, check_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from overlay.oci.manifest import Manifest
    from overlay.oci.place import Source

MAX_CONFIG = 16 * 1024 * 1024
BOUNDS = Bounds(
    unpacked=2 * MAX_BUNDLE, entry=MAX_FILE, entries=2 * MAX_BUNDLE_FILES, who="no file may be above", is_chart=False
)
# overlay.tree.RECORD, which this module reads back (a test compares the two).
RECORD = "overlay.metadata"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_TITLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ONCE = (media.RENDERED, media.SOURCE, media.REPORT)


@value(kw_only=True)
class Contents:
    """What a bundle's config says.

    records: the digest of each environment's record. config: all of it. data: the same as its bytes.
    """

    name: str
    version: str
    records: dict[str, str]
    config: dict[str, Any]
    data: bytes


def read_contents(source: Source, manifest: Manifest) -> Contents:
    """Return what a bundle says it is, from its manifest and config alone.

    Raises FetchError for what is no bundle, or one that cannot be read (hazard A17).
    """
    shown = f"{source.shown}@{manifest.digest}"
    if manifest.artifact_type != media.BUNDLE or manifest.config is None:
        kind = printable(manifest.artifact_type)[:100] or manifest.media_type
        hint = "a Helm chart is pulled by `overlay chart pull`" if kind == media.CHART_CONFIG else None
        raise FetchError(f"{shown} is no bundle but {kind}", hint=hint)
    if manifest.config.media_type != media.BUNDLE_CONFIG:
        raise FetchError(f"{shown} has a config of type {printable(manifest.config.media_type)[:100]}")
    types = [part.media_type for part in manifest.parts]
    for kind in types:
        if kind not in (*_ONCE, media.LOCK):
            raise FetchError(f"{shown} has a part of type {printable(kind)[:100]}, which is not known")
    if types[:1] != [media.RENDERED] or any(types.count(kind) != 1 for kind in _ONCE) or types.count(media.LOCK) > 1:
        raise FetchError(f"{shown} does not have the parts of a bundle, each once: {', '.join(types) or 'none'}")
    _refuse_titles(manifest, shown)
    return _contents(read_blob(source, manifest.config, MAX_CONFIG), shown)


def _refuse_titles(manifest: Manifest, shown: str) -> None:
    """Refuse titles that are paths: we make none of them a file's name, but others (`oras pull`) do (hazard R34)."""
    known: set[str] = set()
    for title in [part.annotation(media.TITLE) for part in manifest.parts]:
        if title and (not _TITLE.fullmatch(title) or title.casefold() in known):
            raise FetchError(
                f"{shown} has a part with the title {printable(title)[:100]!r}, which is no name of its own"
            )
        known.add(title.casefold())


def _contents(data: bytes, shown: str) -> Contents:
    try:
        config = json.loads(data)
        version, kind = config["apiVersion"], config["kind"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise FetchError(f"{shown} has a config that is none of a bundle") from None
    if (version, kind) != (FORMAT, KIND):
        raise FetchError(
            f"{shown} is a {printable(str(kind))[:50]} of {printable(str(version))[:50]}, this program reads {FORMAT}",
            hint="a newer overlay may read it",
        )
    try:
        records = {one["name"]: one["record"] for one in config["environments"]}
        found = Contents(name=config["name"], version=config["version"], records=records, config=config, data=data)
        is_sound = bool(
            _NAME.fullmatch(found.name)
            and len(records) == len(config["environments"]) > 0
            and check_version(found.version[: MAX_VERSION + 1])
            and all(refuse_name(name) is None and isinstance(record, str) for name, record in records.items())
        )
    except (LookupError, TypeError, AttributeError):
        is_sound = False
    if not is_sound:
        raise FetchError(f"{shown} has a config with names that are none of a bundle")
    return found


def rendered_files(file: BinaryIO, contents: Contents, shown: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield (`environments/<name>/<file>`, content in chunks) of a rendered layer.

    After the last one it is certain that exactly the files of the records were there. Raises FetchError, ArchiveError,
    LimitError; what was yielded before must not be used then.
    """
    found: dict[str, dict[str, str]] = {}
    records: dict[str, bytes] = {}
    for name, chunks in read_archive(file, shown, None, BOUNDS):
        parts = name.split("/")
        # A file is below an environment's folder; a folder is one of those, or what they are in.
        is_deep = len(parts) == 3 if chunks is not None else len(parts) < 3
        if parts[0] != TOP or not is_deep or (len(parts) > 1 and parts[1] not in contents.records):
            raise FetchError(f"{shown}: {printable(name)[:200]} is no file of its environments")
        if chunks is None:
            continue
        _, environment, below = parts
        digest = hashlib.sha256()
        kept: list[bytes] | None = [] if below == RECORD else None
        yield name, _watched(chunks, digest, kept)
        found.setdefault(environment, {})[below] = f"sha256:{digest.hexdigest()}"
        if kept is not None:
            records[environment] = b"".join(kept)
    for environment, wanted in contents.records.items():
        files = found.get(environment, {})
        if files.pop(RECORD, None) != wanted:
            raise FetchError(f"{shown}: the record of {environment} is not the one that the config names")
        if files != _listed(records[environment]):
            raise FetchError(f"{shown}: the files of {environment} are not those that its record lists")


def _watched(chunks: Iterator[bytes], digest: Any, kept: list[bytes] | None) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        if kept is not None:
            kept.append(chunk)
        yield chunk


def _listed(record: bytes) -> dict[str, str] | None:
    try:
        found = json.loads(record)["files"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
