"""One repository of a registry: a source and a target, by the OCI distribution specification."""

from __future__ import annotations

from overlay.errors import FetchError, LimitError
from overlay.failpoint import failpoint
from overlay.fetch.address import Address, redirected
from overlay.fetch.login import said, unexpected
from overlay.fetch.reference import check_tag, is_digest
from overlay.fetch.registry import MAX_TAG_PAGES, MAX_TAGS
from overlay.files.paths import printable
from overlay.oci.manifest import KINDS, MAX_MANIFEST, Manifest, fallback_tag, read_manifest, referrers_index
from overlay.oci.media import INDEX
from overlay.oci.place import MissingBlobs, VersionTaken
from overlay.oci.upload import Upload
from overlay.oci.wire import Body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from overlay.fetch.http import Answer
    from overlay.fetch.reference import Repository
    from overlay.oci.manifest import Descriptor
    from overlay.oci.place import Chunk
    from overlay.oci.session import Session

_WRITE = "pull,push"


class Remote:
    """A repository; session: what all repositories of a run share. mount_from: another repository of the registry."""

    def __init__(self, session: Session, repository: Repository, mount_from: Repository | None = None) -> None:
        self.session = session
        self.repository = repository
        self.shown = repository.shown
        self.at_once = 4
        self.mount_from = mount_from

    # Reading.

    def tags(self) -> tuple[str, ...]:
        found: list[str] = []
        address = self.address("tags/list?n=1000")
        for _ in range(MAX_TAG_PAGES):
            answer = self.session.ask("GET", self.repository, address, limit=16 * 1024 * 1024)
            if answer.status == 404:
                return tuple(found)
            self.expect(answer, (200,), "its tags")
            listed = _object(answer).get("tags")
            found += [tag for tag in listed if isinstance(tag, str)] if isinstance(listed, list) else []
            following = self._next(answer, address)
            if following is None:
                return tuple(found)
            if len(found) > MAX_TAGS:
                break
            address = following
        raise LimitError(f"{self.shown} lists more than {MAX_TAGS} tags or {MAX_TAG_PAGES} pages")

    def manifest(self, reference: str) -> Manifest:
        answer = self._get_manifest(reference if is_digest(reference) else check_tag(reference))
        self.expect(answer, (200,), reference)
        return self._read(answer, reference)

    def lookup(self, tag: str) -> Manifest | None:
        answer = self._get_manifest(check_tag(tag))
        if answer.status == 404:
            return None
        self.expect(answer, (200,), tag)
        return self._read(answer, tag)

    def _read(self, answer: Answer, reference: str) -> Manifest:
        shown = f"{self.shown}@{reference}" if is_digest(reference) else f"{self.shown}:{reference}"
        found = read_manifest(answer.body, answer.headers.get("content-type", ""), shown)
        if is_digest(reference) and found.digest != reference:
            raise FetchError(f"{shown} was answered with other content: {found.digest}")
        named = answer.headers.get("docker-content-digest")
        if named is not None and named != found.digest:
            raise FetchError(f"{shown}: the registry says {printable(named)[:100]}, the content is {found.digest}")
        return found

    def chunks(self, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:
        return self.session.download(self.repository, self.address(f"blobs/{descriptor.digest}"), start)

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        """Return what refers to a manifest: by the API, or by the fallback tag where there is none."""
        found: dict[str, Descriptor] = {}
        address: Address | None = self.address(f"referrers/{digest}")
        for _ in range(MAX_TAG_PAGES):
            if address is None:
                return tuple(found.values())
            answer = self.session.ask("GET", self.repository, address, headers={"Accept": INDEX}, limit=MAX_MANIFEST)
            if answer.status != 200 or not answer.headers.get("content-type", "").startswith(INDEX):
                break
            listed = read_manifest(answer.body, INDEX, f"the referrers of {self.shown}@{digest}")
            found.update({one.digest: one for one in listed.parts})
            address = self._next(answer, address)
        fallback = self.lookup(fallback_tag(digest))
        return tuple(found.values()) if fallback is None else fallback.parts

    # Writing.

    def find(self, tag: str) -> str | None:
        # What a HEAD says of a digest is a claim (hazard R19): the content decides, and is asked for at once.
        answer = self._get_manifest(check_tag(tag), _WRITE)
        if answer.status == 404:
            return None
        self.expect(answer, (200,), tag, _WRITE)
        return self._read(answer, tag).digest

    def is_whole(self, _: Manifest) -> bool:
        # A registry takes no manifest whose blobs it does not have.
        return True

    def has_blob(self, descriptor: Descriptor) -> bool:
        answer = self.session.ask("HEAD", self.repository, self.address(f"blobs/{descriptor.digest}"), actions=_WRITE)
        if answer.status in (401, 403):
            raise self.session.logins.refused(self.repository, answer, _WRITE)
        return answer.status == 200

    def put_blob(self, descriptor: Descriptor, chunks: Callable[[int], Iterator[Chunk]]) -> None:
        Upload(self, descriptor, chunks).run()
        failpoint("push.blob")

    def put_manifest(self, manifest: Manifest, tag: str | None) -> None:
        """Put a manifest, and look whether its tag means it then: the specification has no compare-and-swap (R26).

        Raises MissingBlobs where the registry lost blobs that it said it has.
        """
        answer = self._put(manifest, tag or manifest.digest)
        if manifest.subject is not None and "oci-subject" not in answer.headers:
            known = {one.digest: one for one in self.referrers(manifest.subject.digest)}
            if manifest.digest not in known:
                listed = referrers_index([*known.values(), manifest.as_referrer])
                self._put(listed, fallback_tag(manifest.subject.digest))
        failpoint("push.manifest")
        if tag is None:
            return
        found = self.manifest(tag).digest
        if found != manifest.digest:
            raise VersionTaken(
                f"{self.shown}:{tag} is {found}: somebody else pushed it at the same time",
                hint=f"yours is there as {self.shown}@{manifest.digest}; push it as another version",
            )

    def _put(self, manifest: Manifest, reference: str) -> Answer:
        address = self.address(f"manifests/{reference}")
        body = Body(size=len(manifest.data), chunks=lambda: iter([manifest.data]))
        headers = {"Content-Type": manifest.media_type}
        answer = self.session.ask("PUT", self.repository, address, headers=headers, body=body, actions=_WRITE)
        if answer.status in (400, 404) and b"BLOB_UNKNOWN" in answer.body:
            raise MissingBlobs(f"{self.shown} does not have all blobs of {manifest.digest}: {said(answer)}")
        self.expect(answer, (201, 200, 202), reference, _WRITE)
        named = answer.headers.get("docker-content-digest")
        if named is not None and named != manifest.digest:
            raise FetchError(
                f"{self.shown}:{reference}: the registry says {printable(named)[:100]}, we sent {manifest.digest}"
            )
        return answer

    # What both share.

    def address(self, below: str) -> Address:
        """Return the address of something in the repository."""
        base = self.repository.registry
        return Address(scheme=base.scheme, host=base.host, port=base.port, path=f"/v2/{self.repository.name}/{below}")

    def expect(self, answer: Answer, statuses: tuple[int, ...], what: str, actions: str = "pull") -> None:
        """Raise FetchError for an answer of another status."""
        if answer.status in statuses:
            return
        host = self.repository.registry.authority
        if answer.status in (401, 403):
            raise self.session.logins.refused(self.repository, answer, actions)
        if answer.status == 404 and actions == "pull":
            raise FetchError(
                f"{self.shown} has no {printable(what)}",
                hint="check the name and version; some registries answer so where a login is needed",
            )
        hint = None
        if answer.status == 404:
            hint = f"some registries want the repository to be made first, or answer so without a login to {host}"
        elif answer.status == 405 and actions != "pull":
            hint = f"{host} takes nothing: it is read-only, or mirrors another registry"
        raise unexpected(host, answer, f" for {self.shown}", hint)

    def _get_manifest(self, reference: str, actions: str = "pull") -> Answer:
        address = self.address(f"manifests/{reference}")
        return self.session.ask("GET", self.repository, address, headers=_ACCEPT, limit=MAX_MANIFEST, actions=actions)

    def _next(self, answer: Answer, address: Address) -> Address | None:
        link = answer.headers.get("link", "")
        if 'rel="next"' not in link:
            return None
        following = redirected(address, link.partition("<")[2].partition(">")[0])
        if following.origin != address.origin or following.path == address.path:
            raise FetchError(f"{self.shown} continues a list at {following}, which is not followed")
        return following


_ACCEPT = {"Accept": ", ".join(KINDS)}


def _object(answer: Answer) -> dict[str, object]:
    from overlay.fetch.login import json_object  # noqa: PLC0415  # only lists need it

    return json_object(answer, str(answer.address))
