"""One blob into a repository: mounted, sent in one piece, or in pieces that go on where a failure ended them."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from overlay.errors import FetchError, Temporary
from overlay.fetch.address import Address, parse
from overlay.oci.place import verified
from overlay.oci.wire import Body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

    from overlay.fetch.http import Answer
    from overlay.oci.manifest import Descriptor
    from overlay.oci.place import Chunk
    from overlay.oci.remote import Remote

# Up to this size a blob is sent in one piece at first, which is the quickest; a larger one, or one whose sending was
# broken off, goes in pieces, so that a failure costs one of them.
WHOLE = 256 * 1024 * 1024
PIECE = 16 * 1024 * 1024
_TRIES = 4
_WRITE = "pull,push"
_RANGE = re.compile(r"(?:bytes=)?0-(\d+)")
# What registries say that do not take pieces.
_NO_PIECES = frozenset((400, 404, 405, 411, 413, 415, 416, 501))


class Upload:
    """The upload of one blob; chunks(start) yields its bytes from a place on."""

    def __init__(self, remote: Remote, descriptor: Descriptor, chunks: Callable[[int], Iterator[Chunk]]) -> None:
        self.remote = remote
        self.blob = descriptor
        self.chunks = chunks

    def run(self) -> None:
        """Send it.

        Raises Temporary, FetchError; Differs where our own bytes are not what they should be.
        """
        in_pieces = self.blob.size > WHOLE
        for attempt in range(1, _TRIES + 1):
            place = self._start()
            if place is None:
                return
            try:
                answer = self._in_pieces(*place) if in_pieces else self._whole(place[0])
            except Temporary:
                if attempt == _TRIES:
                    raise
                in_pieces = self.blob.size > PIECE
                continue
            if answer is None:
                in_pieces = False
            elif answer.status in (201, 204):
                return
            elif answer.status not in (404, 416) or attempt == _TRIES:
                self._check()
                self._refuse(answer)
        self._refuse(None)

    def _start(self) -> tuple[Address, int] | None:
        """Begin an upload; return where to send to and the least size of a piece, None where the blob is there now."""
        remote, origin = self.remote, self.remote.mount_from
        wish = f"?mount={self.blob.digest}&from={origin.name}" if origin is not None else ""
        answer = self._ask("POST", remote.address(f"blobs/uploads/{wish}"))
        if wish and answer.status not in (201, 202):
            # No permission to mount, or no idea of it.
            answer = self._ask("POST", remote.address("blobs/uploads/"))
        if answer.status == 201:
            return None
        if answer.status != 202:
            self._refuse(answer)
        least = answer.headers.get("oci-chunk-min-length", "")
        return self._location(answer), max(PIECE, int(least) if least.isascii() and least.isdigit() else 0)

    def _whole(self, place: Address) -> Answer:
        body = Body(size=self.blob.size, chunks=lambda: self._part(0, self.blob.size))
        return self._ask("PUT", _with_digest(place, self.blob.digest), body, Content_Type="application/octet-stream")

    def _in_pieces(self, place: Address, size: int) -> Answer | None:
        """Send piece by piece; None where the registry does not take pieces."""
        at = failures = 0
        while at < self.blob.size:
            end = min(at + size, self.blob.size)
            answer = self._piece(place, at, end)
            if answer is not None and answer.status == 202:
                place, reached = self._location(answer, place), self._reached(answer, end)
            elif answer is not None and at == 0 and answer.status in _NO_PIECES:
                return None
            else:
                # What has arrived? The registry knows.
                asked = self._ask("GET", place)
                if asked.status != 204:
                    return asked
                place, reached = self._location(asked, place), self._reached(asked, 0)
            failures += reached < end
            if failures > _TRIES:
                self._refuse(answer)
            at = reached
        return self._ask("PUT", _with_digest(place, self.blob.digest))

    def _piece(self, place: Address, at: int, end: int) -> Answer | None:
        """Send one piece; None where nobody knows what became of it."""
        body = Body(size=end - at, chunks=lambda: self._part(at, end - at))
        span = f"{at}-{end - 1}"
        try:
            return self._ask("PATCH", place, body, Content_Type="application/octet-stream", Content_Range=span)
        except Temporary:
            return None

    def _part(self, start: int, size: int) -> Iterator[Chunk]:
        """Yield so many bytes from a place on: where there are fewer, nobody waits for the rest."""
        for chunk in self.chunks(start):
            yield chunk[:size] if isinstance(chunk, bytes) else chunk.first(size)
            size -= len(chunk)
            if size <= 0:
                return
        if size:
            self._check()
            raise Temporary(f"{self.remote.shown}: the blob {self.blob.digest} changed while it was sent")

    def _check(self) -> None:
        """Find out whether it is our bytes that are wrong: the registry works out the digest of what it gets."""
        for _ in verified(self.chunks(0), self.blob, f"what goes to {self.remote.shown}"):
            pass

    def _reached(self, answer: Answer, otherwise: int) -> int:
        match = _RANGE.fullmatch(answer.headers.get("range", ""))
        if match is None:
            return otherwise
        # `0-0` stands for nothing as well as for one byte: one byte more or less is found out by the digest.
        reached = int(match[1])
        return min(reached + 1 if reached else 0, self.blob.size)

    def _ask(self, method: str, address: Address, body: Body | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.remote.session.ask(
            method, self.remote.repository, address, headers=named, body=body, actions=_WRITE
        )

    def _location(self, answer: Answer, before: Address | None = None) -> Address:
        """Return where the upload goes on: at the registry itself, whatever it says (hazards V5, R16)."""
        registry = self.remote.repository.registry
        text = answer.headers.get("location", "")
        if not text:
            if before is not None:
                return before
            raise FetchError(f"{registry.authority} does not say where to upload to")
        found = parse(urljoin(f"{registry.scheme}://{registry.authority}{answer.address.path}", text), plain_http=True)
        if found.origin != registry.origin:
            raise FetchError(
                f"{registry.authority} sends uploads to {found.scheme}://{found.authority}, which is not followed",
                hint="the registry names itself wrongly: its own address is one of its settings",
            )
        return found

    def _refuse(self, answer: Answer | None) -> NoReturn:
        if answer is not None:
            self.remote.expect(answer, (), f"the blob {self.blob.digest}", _WRITE)
        raise FetchError(f"{self.remote.shown} does not take the blob {self.blob.digest}")


def _with_digest(place: Address, digest: str) -> Address:
    mark = "&" if "?" in place.path else "?"
    return Address(scheme=place.scheme, host=place.host, port=place.port, path=f"{place.path}{mark}digest={digest}")
