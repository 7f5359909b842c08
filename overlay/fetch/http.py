"""GET over HTTP as registries and repositories need it: bounded in time, size, hops and retries; verified TLS.

The standard library's http.client is enough for it, adds no dependency, and leaves to us what matters here: to whom a
credential goes, which redirect is followed, and when to stop. A credential is only ever sent to the origin it was
given for; a redirect to another origin loses it (hazards V5, R14).
"""

from __future__ import annotations

import http.client
import random
import ssl
import threading
import time

from overlay.errors import FetchError, LimitError, OverlayError, Temporary
from overlay.fetch.address import Address, redirected
from overlay.fetch.connection import absolute, check_peer, connection_to, explain, proxy_for, proxy_wants_login, stop
from overlay.fetch.retry import RETRIED, Patience, next_wait, retry_after
from overlay.files.paths import printable
from overlay.loopback import is_loopback
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from overlay.fetch.connection import Trust

MAX_HOPS = 5
_CHUNK = 1 << 16
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


@value(kw_only=True)
class Answer:
    """What a server said in the end. headers: by lower-case name. address: after redirects."""

    status: int
    headers: dict[str, str]
    body: bytes
    address: Address


class Client:
    """Asks servers; keeps nothing between calls.

    patience, agent, sleep: seams. user_agent names us to servers.
    """

    def __init__(
        self, patience: Patience | None = None, *, agent: str = "overlay", sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.patience = patience or Patience()
        self.agent = agent
        self.sleep = sleep

    def get(
        self,
        address: Address,
        *,
        limit: int,
        accept: str = "*/*",
        authorization: str | None = None,
        trust: Trust | None = None,
        named: Address | None = None,
        form: bytes | None = None,
    ) -> Answer:
        """Return the answer of a GET (of a POST where a `form` is given), whatever its status; redirects followed.

        limit: the most bytes that a body may have. named: the address that the user named, where this is another one.
        Raises Temporary, FetchError, LimitError.
        """
        end = time.monotonic() + self.patience.total
        attempt = 0
        while True:
            attempt += 1
            failure: Temporary
            asked = None
            try:
                answer = self._follow(
                    address, named or address, end, limit=limit, accept=accept, authorization=authorization,
                    trust=trust, form=form,
                )  # fmt: skip
                if answer.status not in RETRIED:
                    return answer
                asked = retry_after(answer.headers.get("retry-after"), time.time())
                failure = Temporary(f"{answer.address} answers {answer.status} {_phrase(answer.status)}")
                if asked is not None and asked > self.patience.longest_wait:
                    failure.hint = f"the server asks to come back in {asked:.0f} seconds"
            except Temporary as error:
                failure = error
            wait = next_wait(
                self.patience, attempt=attempt, asked=asked, left=end - time.monotonic(), jitter=random.random
            )
            if wait is None:
                times = "once" if attempt == 1 else f"{attempt} times"
                raise Temporary(f"{failure.message} (asked {times})", hint=failure.hint or "try again later")
            self.sleep(wait)

    def send(
        self, method: str, address: Address, *, headers: Mapping[str, str], body: bytes | None, limit: int
    ) -> Answer:
        """Return the answer of one request, sent once: no redirect is followed and nothing is asked again.

        headers: further ones, such as a credential. Raises Temporary, FetchError, LimitError.
        """
        common = {"Accept-Encoding": "identity", "User-Agent": self.agent}
        return self._ask(
            address, {**common, **headers}, time.monotonic() + self.patience.total, limit=limit, form=body, trust=None,
            is_named=True, method=method,
        )  # fmt: skip

    def _follow(
        self, address: Address, named: Address, end: float, *, authorization: str | None, trust: Trust | None,
        form: bytes | None, limit: int, accept: str,
    ) -> Answer:  # fmt: skip
        first = address
        for _ in range(MAX_HOPS + 1):
            at_home = address.origin == first.origin
            headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": self.agent}
            if at_home and authorization:
                headers["Authorization"] = authorization
            if form is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            answer = self._ask(
                address, headers, end, limit=limit, form=form, trust=trust if at_home else None,
                is_named=address.host == named.host or is_loopback(named.host),
            )  # fmt: skip
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None:
                return answer
            if form is not None:
                raise FetchError(f"{address} redirects a request with credentials; that is never followed")
            address = redirected(address, location)
        raise FetchError(f"{first} redirects more than {MAX_HOPS} times")

    def _ask(
        self, address: Address, headers: Mapping[str, str], end: float, *, limit: int, trust: Trust | None,
        form: bytes | None, is_named: bool, method: str | None = None,
    ) -> Answer:  # fmt: skip
        left = end - time.monotonic()
        if left <= 0:
            raise Temporary(f"{address} took longer than {self.patience.total:g} seconds")
        proxy = proxy_for(address)
        connection = connection_to(address, proxy, trust, self.patience)
        overdue = threading.Event()
        watchdog = threading.Timer(left, stop, (connection, overdue))
        watchdog.daemon = True
        watchdog.start()
        try:
            connection.connect()
            if proxy is None and not is_named:
                check_peer(connection, address)
            connection.sock.settimeout(self.patience.idle)
            target = address.path
            if proxy is not None and address.scheme == "http":
                target, headers = absolute(address), {**headers, **proxy[1]}
            connection.request(method or ("GET" if form is None else "POST"), target, body=form, headers=dict(headers))
            response = connection.getresponse()
            if response.status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
                raise proxy_wants_login(address)
            body = _body(response, address, limit, end)
            if overdue.is_set():
                # A connection that the watchdog closed looks like a shorter answer.
                raise TimeoutError
            found = {name.lower(): text for name, text in response.getheaders()}
            return Answer(status=response.status, headers=found, body=body, address=address)
        except OverlayError:
            if overdue.is_set():
                raise Temporary(f"{address} took longer than {self.patience.total:g} seconds") from None
            raise
        except ssl.SSLCertVerificationError as error:
            raise explain(error, address, self.patience) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            if overdue.is_set() or time.monotonic() >= end:
                raise Temporary(f"{address} took longer than {self.patience.total:g} seconds") from None
            raise explain(error, address, self.patience) from None
        finally:
            watchdog.cancel()
            connection.close()


def _body(response: http.client.HTTPResponse, address: Address, limit: int, end: float) -> bytes:
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity" and response.status == http.HTTPStatus.OK:
        raise FetchError(
            f"{address} sends content as {printable(encoding)}, though it was asked for the bytes as they are"
        )
    length = response.headers.get("Content-Length")
    expected = int(length) if length is not None and length.isascii() and length.isdigit() else None
    if expected is not None and expected > limit:
        raise LimitError(f"{address} has {expected} bytes, more than the limit of {limit}")
    parts, size = [], 0
    while chunk := response.read1(_CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > limit:
            raise LimitError(f"{address} sends more than the limit of {limit} bytes")
        if time.monotonic() >= end:
            raise TimeoutError
    if expected is not None and size != expected and response.status == http.HTTPStatus.OK:
        raise Temporary(f"{address} sent {size} of {expected} bytes")
    return b"".join(parts)


def _phrase(status: int) -> str:
    return http.client.responses.get(status, "")
