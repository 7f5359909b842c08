"""Kept connections to one API server: one per thread, no redirects, no hidden retries, every wait bounded."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
import time

from overlay.cluster.tls import Secure, make_context
from overlay.errors import ClusterError, Temporary, UsageError
from overlay.files.paths import printable
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from overlay.cluster.access import Access
    from overlay.cluster.credentials import Credential

# Larger than any list page or discovery of a real cluster; an endless answer ends here.
MAX_ANSWER = 256 * 1024 * 1024


@value(kw_only=True)
class Limits:
    """Seconds: to reach the server, to settle the encryption with it, without a byte, and for one request in all."""

    reach: float = 4.0
    connect: float = 10.0
    idle: float = 60.0
    request: float = 120.0


@value
class Answer:
    """What the server said. headers: by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Broken(Exception):  # never leaves `overlay.cluster`
    """The connection failed; `sent` tells whether the server may have seen the request."""

    def __init__(self, reason: str, *, sent: bool, kept: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.kept = kept


class Connections:
    """Opens and keeps connections; `close` ends those of all threads."""

    def __init__(self, access: Access, limits: Limits) -> None:
        self.limits = limits
        self._access = access
        scheme, _, rest = access.server.partition("://")
        authority, slash, base = rest.partition("/")
        self._secure = scheme == "https"
        self._host, self._port = _split(authority, 443 if self._secure else 80)
        self._base = f"{slash}{base}".rstrip("/")
        self._local = threading.local()
        self._all: set[http.client.HTTPConnection] = set()
        self._watches: set[http.client.HTTPConnection] = set()
        # A watch that the collector finds closes itself in whatever thread runs, which may hold this very lock.
        self._lock = threading.RLock()
        self._is_closed = False
        self._contexts: dict[tuple[bytes, bytes], ssl.SSLContext] = {}
        self._watch = _Overdue()

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, credential: Credential
    ) -> Answer:
        """Send one request and return the whole answer. Raises Broken, ClusterError, Temporary."""
        connection, kept = self._connection(credential)
        response: http.client.HTTPResponse | None = None
        sent = False
        end = time.monotonic() + self.limits.request
        try:
            if connection.sock is None:
                self._connect(connection)
            with self._watch.until(end, connection.sock):
                connection.request(method, self._base + path, body=body, headers=headers)
                sent = True
                response = connection.getresponse()
                data = response.read(MAX_ANSWER + 1)
                if response.length and len(data) <= MAX_ANSWER:
                    # http.client takes the end of a connection for the end of an answer.
                    raise http.client.IncompleteRead(data, response.length)
                answer = Answer(response.status, {name.lower(): text for name, text in response.getheaders()}, data)
        except (OSError, http.client.HTTPException, ValueError) as error:
            seconds = self._limit(connection, sent=sent)
            self._drop(connection, response)
            raise self._broken(error, end, seconds, sent=sent, kept=kept) from None
        except BaseException:
            # Interrupted in the middle of an answer: the rest of it must not be read as the next one.
            self._drop(connection, response)
            raise
        if len(data) > MAX_ANSWER:
            self._drop(connection)
            raise ClusterError(f"{self._access.server} sends more than {MAX_ANSWER >> 20} MiB")
        return answer

    def lines(
        self, path: str, headers: dict[str, str], credential: Credential, seconds: float,
        opened: Callable[[Callable[[], None]], None] | None = None,
    ) -> Generator[bytes]:  # fmt: skip
        """Yield the status, then the lines of a watch, on a connection of its own. Raises Broken.

        seconds: how long the server was asked to go on; a silence longer than that is a broken connection.
        opened: gets what ends the watch from another thread.
        """
        connection = self._open(credential, is_watch=True)
        try:
            self._connect(connection)
            if opened is not None:
                opened(lambda: _shut(connection))
            connection.sock.settimeout(seconds + self.limits.connect)
            connection.request("GET", self._base + path, headers=headers)
            response = connection.getresponse()
            if response.status != http.client.OK:
                yield str(response.status).encode()
                yield response.read(1 << 20)
                return
            yield b"200"
            while line := response.readline(MAX_ANSWER):
                yield line
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._broken(error, float("inf"), self.limits.idle, sent=True, kept=False) from None
        finally:
            self._close_one(connection)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            kept, self._all = self._all, set()
            watches, self._watches = self._watches, set()
        for one in kept:
            _shut(one)
            one.close()
        for one in watches:
            # Its own thread reads from it, sees the end, and closes it.
            _shut(one)

    def _connection(self, credential: Credential) -> tuple[http.client.HTTPConnection, bool]:
        known = getattr(self._local, "known", None)
        # A renewed token goes over the connection that there is; another certificate needs one of its own.
        pair = (credential.certificate, credential.key)
        if known is not None and known[0] == pair and known[1].sock is not None:
            return known[1], True
        connection = self._open(credential)
        self._local.known = (pair, connection)
        return connection, False

    def _open(self, credential: Credential, *, is_watch: bool = False) -> http.client.HTTPConnection:
        proxy = _proxy(self._access.proxy, self._secure, self._host, self._port)
        host, port = proxy or (self._host, self._port)
        if self._secure:
            made: http.client.HTTPConnection = Secure(
                host, port, timeout=self.limits.reach, context=self._context(credential),
                name=self._access.server_name, handshake=self.limits.connect,
            )  # fmt: skip
        else:
            made = http.client.HTTPConnection(host, port, timeout=self.limits.reach)
        if proxy is not None:
            made.set_tunnel(self._host, self._port)
        with self._lock:
            if self._is_closed:
                raise _ended()
            (self._watches if is_watch else self._all).add(made)
        return made

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        connection.connect()
        if self._is_closed:
            # Closed while we were about to connect: nobody else knows this socket.
            self._close_one(connection)
            raise _ended()
        connection.sock.settimeout(self.limits.idle)
        # A dead peer behind a load balancer is noticed in a minute, not in two hours.
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def _drop(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse | None = None) -> None:
        self._local.known = None
        if response is not None:
            # It may hold the socket alone, where the server said that it closes.
            response.close()
        self._close_one(connection)

    def _close_one(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._all.discard(connection)
            self._watches.discard(connection)
        connection.close()

    def _context(self, credential: Credential) -> ssl.SSLContext:
        with self._lock:
            pair = (credential.certificate, credential.key)
            found = self._contexts.get(pair)
            if found is None:
                found = self._contexts[pair] = make_context(self._access, credential)
            return found

    def _limit(self, connection: http.client.HTTPConnection, *, sent: bool) -> float:
        if sent:
            return self.limits.idle
        return self.limits.reach if connection.sock is None else self.limits.connect

    def _broken(self, error: Exception, end: float, seconds: float, *, sent: bool, kept: bool) -> Exception:
        server = self._access.server
        if isinstance(error, ssl.SSLCertVerificationError):
            return ClusterError(
                f"the certificate of {server} is not trusted: {printable(error.verify_message)}",
                hint=f"the CA is the one that context {self._access.context} of the kubeconfig names",
            )
        if isinstance(error, socket.gaierror) and error.errno != socket.EAI_AGAIN:
            return ClusterError(f"the host of {server} is not known", hint="check the server in the kubeconfig")
        if isinstance(error, TimeoutError) or time.monotonic() >= end:
            return Broken(
                f"no answer within {seconds:g} seconds"
                if time.monotonic() < end
                else f"no whole answer within {self.limits.request:g} seconds",
                sent=sent, kept=False,
            )  # fmt: skip
        if isinstance(error, ConnectionRefusedError):
            return Broken(f"{server} of context {self._access.context} refuses the connection", sent=False, kept=False)
        if isinstance(error, ssl.SSLError):
            return Broken(f"no proper TLS: {printable(error.reason or str(error))}", sent=sent, kept=kept)
        if isinstance(error, (ConnectionError, http.client.RemoteDisconnected, http.client.IncompleteRead)):
            return Broken("the connection broke off", sent=sent, kept=kept)
        if isinstance(error, OSError):
            reason = os.strerror(error.errno).lower() if error.errno else printable(str(error)[:200])
            return Broken(reason, sent=sent, kept=kept)
        told = printable(f"{type(error).__name__} {error}".strip()[:200])
        return Broken(f"no proper HTTP: {told}", sent=sent, kept=kept)


class _Overdue:
    """Ends requests whose time is over, wherever they are: whoever reads sees the connection closed.

    A socket's own timeout starts anew with every byte, so a server that sends one a minute would hold us for ever.
    """

    def __init__(self) -> None:
        self._ends: dict[int, tuple[float, socket.socket]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def until(self, end: float, sock: socket.socket) -> _Until:
        return _Until(self, end, sock)

    def add(self, end: float, sock: socket.socket) -> None:
        with self._changed:
            self._ends[id(sock)] = (end, sock)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def remove(self, sock: socket.socket) -> None:
        # No lock: dict operations are atomic, and this runs once per request.
        self._ends.pop(id(sock), None)

    def _run(self) -> None:
        quiet = 0
        while True:
            time.sleep(0.5)
            with self._changed:
                quiet = 0 if self._ends else quiet + 1
                if quiet > 20:
                    self._thread = None
                    return
                # A copy: `remove` does not wait for us.
                late = [sock for end, sock in list(self._ends.values()) if time.monotonic() >= end]
            for sock in late:
                _end(sock)


class _Until:
    __slots__ = ("_end", "_overdue", "_sock")

    def __init__(self, overdue: _Overdue, end: float, sock: socket.socket) -> None:
        self._overdue = overdue
        self._end = end
        self._sock = sock

    def __enter__(self) -> None:
        self._overdue.add(self._end, self._sock)

    def __exit__(self, *_: object) -> None:
        self._overdue.remove(self._sock)


def _ended() -> Temporary:
    return Temporary("the run was ended while it talked to the cluster", hint="run it again; it goes on from there")


def _shut(connection: http.client.HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        _end(sock)


def _end(sock: socket.socket) -> None:
    """End a connection under its reader, who sees it closed; closing it here would wait for the reader."""
    try:
        # Below TLS, whose own shutdown would wait for the peer.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        pass


def _split(authority: str, default: int) -> tuple[str, int]:
    host, colon, port = authority.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = authority, str(default)
    if not port.isdigit() or not host:
        raise UsageError(f"the server {printable(authority)} of the kubeconfig is no address")
    return host.strip("[]"), int(port)


def _proxy(given: str, secure: bool, host: str, port: int) -> tuple[str, int] | None:  # noqa: FBT001
    """Return the proxy that the kubeconfig names (proxy-url) or the environment (HTTPS_PROXY, NO_PROXY)."""
    if not given:
        name = "https_proxy" if secure else "http_proxy"
        given = os.environ.get(name) or os.environ.get(name.upper()) or ""
        if not given:
            return None
        import urllib.request  # noqa: PLC0415  # only behind a proxy

        if urllib.request.proxy_bypass(f"{host}:{port}"):
            return None
    scheme, _, rest = (given if "://" in given else f"http://{given}").partition("://")
    if scheme != "http" or "@" in rest:
        raise UsageError(f"a proxy of the kind {printable(scheme)}://, or with a password, is not supported")
    return _split(rest.rstrip("/"), 80)
