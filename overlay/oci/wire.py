"""Single HTTP requests over kept connections, with bodies that stream both ways; nothing is asked again here."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager

from overlay.errors import FetchError, LimitError, OverlayError, Temporary
from overlay.fetch.address import Address
from overlay.fetch.connection import absolute, check_peer, connection_to, explain, proxy_for, proxy_wants_login, stop
from overlay.files.paths import printable
from overlay.loopback import is_loopback
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from overlay.fetch.retry import Patience
    from overlay.oci.place import Chunk

# As much as there is, at most: a digest worked out beside has to be handed over once for each.
_CHUNK = 1 << 20
_MAX_SMALL = 4 * 1024 * 1024


@value(kw_only=True)
class Body:
    """What a request sends: so many bytes, as often as it must be sent."""

    size: int
    chunks: Callable[[], Iterator[Chunk]]


class Reply:
    """A server's answer; its body is read once, as a whole or in chunks. headers: by lower-case name."""

    def __init__(self, response: http.client.HTTPResponse, address: Address, overdue: threading.Event) -> None:
        self.status = response.status
        self.headers = {name.lower(): text for name, text in response.getheaders()}
        self.address = address
        self._response = response
        self._overdue = overdue

    def chunks(self) -> Iterator[bytes]:
        """Yield the body; fewer bytes than were promised are an error."""
        encoding = self.headers.get("content-encoding", "identity").lower()
        if encoding != "identity":
            raise FetchError(
                f"{self.address} sends content as {printable(encoding)}, though it was asked for the bytes as they are"
            )
        left = self._response.length
        while chunk := self._response.read1(_CHUNK):
            left = None if left is None else left - len(chunk)
            yield chunk
        if self._overdue.is_set():
            raise TimeoutError
        if left:
            raise Temporary(f"{self.address} broke off {left} bytes before the end")
        # The library of Python 3.11 leaves open what was read to its end piece by piece: no request could follow.
        self._response.close()

    def body(self, limit: int = _MAX_SMALL) -> bytes:
        """Return the whole body.

        Raises LimitError.
        """
        parts, size = [], 0
        for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                raise LimitError(f"{self.address} sends more than the limit of {limit} bytes")
            parts.append(chunk)
        return b"".join(parts)


class Wire:
    """Keeps connections between requests, as many as were needed at once."""

    def __init__(self, patience: Patience, agent: str) -> None:
        self.patience = patience
        self.agent = agent
        self._idle: dict[tuple[str, str, int], list[http.client.HTTPConnection]] = {}

    def close(self) -> None:
        """Close what is kept."""
        for kept in self._idle.values():
            for connection in kept:
                connection.close()
        self._idle.clear()

    @contextmanager
    def ask(
        self, method: str, address: Address, *, headers: Mapping[str, str], body: Body | None = None,
        named: Address | None = None,
    ) -> Iterator[Reply]:  # fmt: skip
        """Send one request; give its answer, which is read within the context.

        named: the address that the user named, where this is another one. Raises Temporary, FetchError, LimitError.
        """
        overdue = threading.Event()
        proxy = proxy_for(address)
        kept = self._idle.setdefault(address.origin, [])
        try:
            connection, is_kept = kept.pop(), True
        except IndexError:
            connection, is_kept = connection_to(address, proxy, None, self.patience), False
        may_stay = False
        watchdog = self._watch(connection, overdue)
        try:
            try:
                response = self._send(connection, method, address, headers, body, named, is_kept=is_kept)
            except (OSError, http.client.HTTPException):
                if not is_kept or overdue.is_set():
                    raise
                # The server closed a connection that nothing was asked on for a while: that is no failure yet.
                connection.close()
                watchdog.cancel()
                connection = connection_to(address, proxy, None, self.patience)
                watchdog = self._watch(connection, overdue)
                response = self._send(connection, method, address, headers, body, named, is_kept=False)
            if response.status == 407:
                raise proxy_wants_login(address)
            yield Reply(response, address, overdue)
            if response.isclosed() and not response.will_close:
                may_stay = True
        except OverlayError:
            if overdue.is_set():
                raise self._late(address) from None
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            if overdue.is_set():
                raise self._late(address) from None
            raise explain(error, address, self.patience) from None
        finally:
            watchdog.cancel()
            if may_stay:
                kept.append(connection)
            else:
                connection.close()

    def _send(
        self, connection: http.client.HTTPConnection, method: str, address: Address, headers: Mapping[str, str],
        body: Body | None, named: Address | None, *, is_kept: bool,
    ) -> http.client.HTTPResponse:  # fmt: skip
        proxy = proxy_for(address)
        if not is_kept:
            connection.connect()
            named = named or address
            if proxy is None and address.host != named.host and not is_loopback(named.host):
                check_peer(connection, address)
        connection.sock.settimeout(self.patience.idle)
        target = address.path
        found = {"Accept-Encoding": "identity", "User-Agent": self.agent, **headers}
        if proxy is not None and address.scheme == "http":
            target, found = absolute(address), {**found, **proxy[1]}
        if body is not None:
            found["Content-Length"] = str(body.size)
        elif method in ("POST", "PUT", "PATCH"):
            found["Content-Length"] = "0"
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, text in found.items():
            connection.putheader(name, text)
        connection.endheaders()
        if body is not None:
            try:
                for chunk in body.chunks():
                    if isinstance(chunk, bytes):
                        connection.send(chunk)
                    else:
                        chunk.send(connection.sock)
            except ConnectionError:
                # A server that refuses a body may answer before it read all of it, and close.
                response = connection.getresponse()
                response.will_close = True
                return response
        return connection.getresponse()

    def _watch(self, connection: http.client.HTTPConnection, overdue: threading.Event) -> threading.Timer:
        timer = threading.Timer(self.patience.total, stop, (connection, overdue))
        timer.daemon = True
        timer.start()
        return timer

    def _late(self, address: Address) -> Temporary:
        return Temporary(f"{address} took longer than {self.patience.total:g} seconds")
