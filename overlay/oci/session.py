"""Requests to registries: logged in where they want it, asked again where that may help, followed where it is safe."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager

from overlay.errors import FetchError, Temporary
from overlay.fetch.address import redirected
from overlay.fetch.http import MAX_HOPS, Answer
from overlay.fetch.retry import RETRIED, next_wait, retry_after
from overlay.oci.wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from overlay.fetch.address import Address
    from overlay.fetch.login import Logins
    from overlay.fetch.reference import Repository
    from overlay.fetch.retry import Patience
    from overlay.oci.wire import Body, Reply

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_LIMIT = 1024 * 1024
# A download that was broken off after so many bytes is going on, however often that happens.
_PROGRESS = 1 << 20


class Session:
    """What all requests of one run share: connections, logins, patience. sleep: a seam."""

    def __init__(
        self, patience: Patience, agent: str, logins: Logins, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.patience = patience
        self.logins = logins
        self.sleep = sleep
        self._wire = Wire(patience, agent)

    def close(self) -> None:
        """Close connections that are kept."""
        self._wire.close()

    def ask(
        self, method: str, repository: Repository, address: Address, *, headers: Mapping[str, str] | None = None,
        body: Body | None = None, actions: str = "pull", limit: int = _LIMIT,
    ) -> Answer:  # fmt: skip
        """Return the answer to a request, whatever its status; while the registry is busy it is asked again.

        actions: what a login is needed for. Raises Temporary when patience ends, FetchError, LimitError.
        """
        waiting = _Waiting(self.patience, self.sleep)
        while True:
            try:
                with self._once(method, repository, address, headers or {}, body) as reply:
                    found = Answer(
                        status=reply.status, headers=reply.headers, body=reply.body(limit), address=reply.address
                    )
            except Temporary as error:
                waiting.failed(error)
                continue
            if self._is_for_login(found, address, repository, actions, waiting):
                continue
            if found.status not in RETRIED:
                return found
            waiting.busy(found)

    def download(self, repository: Repository, address: Address, start: int) -> Iterator[bytes]:
        """Yield the bytes that an address gives from a place on; what is broken off goes on where it ended.

        Raises Temporary, FetchError. What comes is not verified.
        """
        waiting = _Waiting(self.patience, self.sleep)
        at = since = start
        while True:
            try:
                headers = {"Range": f"bytes={at}-"} if at else {}
                with self._once("GET", repository, address, headers, None) as reply:
                    if reply.status in (200, 206):
                        for chunk in _from(reply, at):
                            at += len(chunk)
                            yield chunk
                        return
                    found = Answer(
                        status=reply.status, headers=reply.headers, body=reply.body(_LIMIT), address=reply.address
                    )
            except Temporary as error:
                if at - since >= _PROGRESS:
                    waiting, since = _Waiting(self.patience, self.sleep), at
                waiting.failed(error)
                continue
            if self._is_for_login(found, address, repository, "pull", waiting):
                continue
            if found.status not in RETRIED:
                raise FetchError(
                    f"{found.address} answers {found.status}", hint="the registry may have lost it: push it again"
                )
            waiting.busy(found)

    def _is_for_login(
        self, answer: Answer, asked: Address, repository: Repository, actions: str, waiting: _Waiting
    ) -> bool:
        """Log in where an answer asks for it, once; a redirect's host is never logged in to."""
        if answer.status != 401 or answer.address.origin != asked.origin or waiting.has_logged_in:
            return False
        waiting.has_logged_in = True
        self.logins.log_in(repository, answer.headers.get("www-authenticate", ""), actions=actions)
        return True

    @contextmanager
    def _once(
        self, method: str, repository: Repository, address: Address, headers: Mapping[str, str], body: Body | None
    ) -> Iterator[Reply]:
        """Ask once; follow redirects of what only reads, without a credential beyond the origin (hazards R14, R15)."""
        first = address
        for _ in range(MAX_HOPS + 1):
            known = self.logins.known(repository) if address.origin == repository.registry.origin else None
            found = {**headers, **({"Authorization": known} if known else {})}
            with self._wire.ask(method, address, headers=found, body=body, named=repository.registry) as reply:
                location = reply.headers.get("location")
                if reply.status not in _REDIRECTS or location is None:
                    yield reply
                    return
                if method not in ("GET", "HEAD"):
                    raise FetchError(f"{first} redirects what is written; that is never followed")
                reply.body(_LIMIT)
            address = redirected(address, location)
        raise FetchError(f"{first} redirects more than {MAX_HOPS} times")


class _Waiting:
    """How often a request was asked, and how long to wait before it is asked again."""

    def __init__(self, patience: Patience, sleep: Callable[[float], None]) -> None:
        self.patience = patience
        self.sleep = sleep
        self.end = time.monotonic() + patience.total
        self.attempt = 1
        self.has_logged_in = False

    def busy(self, answer: Answer) -> None:
        """Wait after an answer that says so; raise Temporary where patience ends."""
        asked = retry_after(answer.headers.get("retry-after"), time.time())
        failure = Temporary(f"{answer.address} answers {answer.status}")
        if asked is not None and asked > self.patience.longest_wait:
            failure.hint = f"the server asks to come back in {asked:.0f} seconds"
        self._wait(failure, asked)

    def failed(self, failure: Temporary) -> None:
        """Wait after a failure; raise Temporary where patience ends."""
        self._wait(failure, None)

    def _wait(self, failure: Temporary, asked: float | None) -> None:
        left = self.end - time.monotonic()
        wait = next_wait(self.patience, attempt=self.attempt, asked=asked, left=left, jitter=random.random)
        if wait is None:
            times = "once" if self.attempt == 1 else f"{self.attempt} times"
            raise Temporary(f"{failure.message} (asked {times})", hint=failure.hint or "try again later") from None
        self.sleep(wait)
        self.attempt += 1


def _from(reply: Reply, at: int) -> Iterator[bytes]:
    """Yield a body from a place on, also where the server sent all of it."""
    skip = at
    if reply.status == 206:
        if not reply.headers.get("content-range", "").startswith(f"bytes {at}-"):
            raise FetchError(f"{reply.address} was asked for the bytes from {at} on and sends others")
        skip = 0
    for chunk in reply.chunks():
        if skip < len(chunk):
            yield chunk[skip:]
        skip = max(skip - len(chunk), 0)
