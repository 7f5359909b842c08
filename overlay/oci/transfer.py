"""Carry an artifact from one place to another: blobs first, the manifest last, nothing that is there already."""

from __future__ import annotations

from overlay.errors import FetchError, LimitError, Problems
from overlay.failpoint import failpoint
from overlay.model.value import value
from overlay.oci.manifest import referrer_tags
from overlay.oci.place import Differs, MissingBlobs, VersionTaken, in_memory
from overlay.oci.simple_signing import with_signatures
from overlay.parallel import run_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from overlay.oci.manifest import Descriptor, Manifest
    from overlay.oci.place import Chunk, Source, Target

MAX_MANIFESTS = 1_000
MAX_NESTING = 8


@value(kw_only=True)
class Carried:
    """What became of it. is_new: False where the same content had this tag already."""

    manifest: Manifest
    is_new: bool


def carry(
    source: Source,
    wanted: str | Manifest,
    target: Target,
    tag: str | None,
    *,
    referrers: bool = False,
    tell: Callable[[Descriptor, int], None] = lambda *_: None,
) -> Carried:
    """Make the target hold a manifest of the source, or what a tag or digest names there, under a tag.

    referrers: also what refers to it (signatures). tell: is called with each blob that is carried, and how many of its
    bytes are there; from several threads.
    Raises VersionTaken for a tag that has other content there, FetchError, OutputError, Temporary.
    """
    manifest = source.manifest(wanted) if isinstance(wanted, str) else wanted
    found = target.find(tag) if tag is not None else None
    if found is not None and found != manifest.digest:
        raise VersionTaken(
            f"{target.shown}:{tag} is {found}, yours is {manifest.digest}",
            hint="a published version never changes: package the next one",
        )
    carrier = _Carrier(source, target, tell)
    if found is None or not target.is_whole(manifest):
        carrier.carry(manifest, tag)
    if referrers:
        carrier.carry_referrers(manifest)
        carrier.carry_tagged(manifest)
    return Carried(manifest=manifest, is_new=found is None)


class _Carrier:
    """Carries manifests with what they need."""

    def __init__(self, source: Source, target: Target, tell: Callable[[Descriptor, int], None]) -> None:
        self.source = source
        self.target = target
        self.tell = tell
        self.seen: set[str] = set()

    def carry(self, manifest: Manifest, tag: str | None, depth: int = 0) -> None:
        """Carry one manifest: what it needs first, itself last."""
        if depth > MAX_NESTING or len(self.seen) > MAX_MANIFESTS:
            raise LimitError(
                f"{self.source.shown} has indexes nested deeper than {MAX_NESTING}, or more than {MAX_MANIFESTS}"
            )
        for part in manifest.parts if manifest.is_index else ():
            if part.digest not in self.seen:
                self.seen.add(part.digest)
                self.carry(self.source.manifest(part.digest), None, depth + 1)
        at_once = min(self.source.at_once, self.target.at_once)
        _each(self._blob, manifest.blobs, at_once)
        failpoint("transfer.blobs")
        try:
            self.target.put_manifest(manifest, tag)
        except MissingBlobs:
            # It said of blobs that they are there, and they are not: send them all, once (hazard R24).
            _each(self._put, manifest.blobs, at_once)
            self.target.put_manifest(manifest, tag)

    def carry_referrers(self, manifest: Manifest, depth: int = 0) -> None:
        """Carry what refers to a manifest, and what refers to that."""
        listed = self.source.referrers(manifest.digest)
        known = {one.digest for one in self.target.referrers(manifest.digest)} if listed else set()
        for one in listed:
            found = self.source.manifest(one.digest)
            if found.subject is None or found.subject.digest != manifest.digest:
                raise FetchError(
                    f"{self.source.shown}@{one.digest} is listed as referring to {manifest.digest}, and does not"
                )
            if found.digest not in known or not self.target.is_whole(found):
                self.carry(found, None, depth)
            if depth < MAX_NESTING:
                self.carry_referrers(found, depth + 1)

    def carry_tagged(self, manifest: Manifest) -> None:
        """Carry the signatures and attestations that have a tag of their own; those of the target stay beside them."""
        for tag in referrer_tags(manifest.digest)[1:]:
            ours = self.source.lookup(tag)
            theirs = self.target.lookup(tag) if ours is not None else None
            if ours is None or (theirs is not None and theirs.digest == ours.digest):
                continue
            if theirs is None:
                self.carry(ours, tag)
                continue
            both, config = with_signatures(theirs, ours.parts)
            assert both.config is not None  # noqa: S101  # we made it
            if both.digest == theirs.digest:
                continue
            self.target.put_blob(both.config, in_memory(config))
            self.carry(both, tag)

    def _blob(self, blob: Descriptor) -> None:
        if not self.target.has_blob(blob):
            self._put(blob)

    def _put(self, blob: Descriptor) -> None:
        """Carry a blob; wrong bytes are asked for once more, then they are an error of who gives them (hazard R18)."""
        self.tell(blob, 0)
        try:
            self.target.put_blob(blob, lambda start: self._chunks(blob, start))
        except Differs:
            try:
                self.target.put_blob(blob, lambda start: self._chunks(blob, start))
            except Differs as error:
                raise Differs(f"{self.source.shown} gives other bytes than it should: {error.message}") from None

    def _chunks(self, blob: Descriptor, start: int) -> Iterator[Chunk]:
        at = start
        for chunk in self.source.chunks(blob, start):
            at += len(chunk)
            self.tell(blob, at)
            yield chunk


def _each(call: Callable[[Descriptor], None], blobs: Sequence[Descriptor], at_once: int) -> None:
    """Call for each blob, for some at a time; of several failures at the same moment the first is told."""
    try:
        run_all(call, blobs, workers=at_once)
    except Problems as error:
        # One place gives or takes all of them: the others fail for the same reason.
        raise error.errors[0] from None
