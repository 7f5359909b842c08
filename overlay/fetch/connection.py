"""Connections to servers: through proxies, with verified TLS, and in words when they fail."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import ssl
import threading
from urllib.parse import unquote

from overlay.errors import FetchError, OverlayError, Temporary
from overlay.fetch.address import Address, is_inner, parse
from overlay.fetch.clock import utc_now
from overlay.files.paths import printable
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.fetch.retry import Patience


# OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
_NOT_NOW = (9, 10)


@value(kw_only=True)
class Trust:
    """Further certificates for one host: files of a CA to trust, and of our own certificate and key."""

    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None


def connection_to(
    address: Address, proxy: tuple[Address, dict[str, str]] | None, trust: Trust | None, patience: Patience
) -> http.client.HTTPConnection:
    """Return a connection that is not open yet; proxy: what `proxy_for` says."""
    place = proxy[0] if proxy else address
    if address.scheme == "http":
        return http.client.HTTPConnection(place.host, place.port, timeout=patience.connect)
    context = _context(trust)
    made = http.client.HTTPSConnection(place.host, place.port, timeout=patience.connect, context=context)
    if proxy is not None:
        made.set_tunnel(address.host, address.port, headers=proxy[1])
    return made


def _context(trust: Trust | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if trust is None:
        return context
    try:
        if trust.ca_file:
            context.load_verify_locations(cafile=trust.ca_file)
        if trust.cert_file:
            context.load_cert_chain(trust.cert_file, trust.key_file or None)
    except (OSError, ssl.SSLError) as error:
        names = ", ".join([name for name in (trust.ca_file, trust.cert_file, trust.key_file) if name])
        reason = os.strerror(error.errno).lower() if error.errno and not isinstance(error, ssl.SSLError) else "no PEM"
        raise FetchError(f"certificates cannot be read from {printable(names)}: {reason}") from None
    return context


def stop(connection: http.client.HTTPConnection, overdue: threading.Event) -> None:
    """End a call that takes too long, wherever it is: whoever reads sees the connection closed."""
    overdue.set()
    sock = connection.sock
    if sock is not None:
        try:
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        except OSError:
            pass


def check_peer(connection: http.client.HTTPConnection, address: Address) -> None:
    """Refuse a host that a server named and whose name leads to this machine (hazard R06: DNS)."""
    peer = connection.sock.getpeername()[0].partition("%")[0]
    if is_inner(peer):
        raise FetchError(f"{address.host} leads to {peer}, an address inside this machine or network segment")


def explain(error: Exception, address: Address, patience: Patience) -> OverlayError:
    """Return what a failure of the network or of HTTP means."""
    where = address.authority
    proxy = proxy_for(address)
    # Who is looked up and connected to.
    first = address if proxy is None else proxy[0]
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _NOT_NOW:
            return FetchError(
                f"the certificate of {where} is not valid now: {printable(error.verify_message)}",
                hint=f"it is {utc_now()} by this machine's clock; if that is right, the certificate has to be renewed",
            )
        return FetchError(
            f"the certificate of {where} is not trusted: {printable(error.verify_message)}",
            hint="give the CA in SSL_CERT_FILE; for a Helm repository also with `overlay repo add --ca-file`",
        )
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return Temporary(f"the name {first.host} cannot be looked up now")
        hint = "check HTTPS_PROXY and HTTP_PROXY" if proxy else "check its name, and HTTPS_PROXY where one is needed"
        return FetchError(f"the {'proxy' if proxy else 'host'} {first.host} is not known", hint=hint)
    if isinstance(error, TimeoutError):
        return Temporary(f"{where} is silent for more than {patience.idle:g} seconds")
    if isinstance(error, ssl.SSLError):
        return FetchError(
            f"{where} speaks no proper TLS: {printable(error.reason or str(error))}",
            hint="a registry that speaks http is asked so with --plain-http",
        )
    if isinstance(error, OSError) and "Tunnel connection failed: 407" in str(error):
        return proxy_wants_login(address)
    if isinstance(error, OSError) and "Tunnel connection failed" in str(error):
        return FetchError(f"the proxy refuses to connect to {where}: {printable(str(error)[:200])}")
    if isinstance(error, ConnectionRefusedError):
        through = f"the proxy {first.authority}, asked for {where}," if proxy else where
        return Temporary(f"{through} refuses the connection")
    if isinstance(error, (ConnectionError, http.client.RemoteDisconnected, http.client.IncompleteRead)):
        return Temporary(f"{where} broke off the connection")
    if isinstance(error, OSError):
        reason = os.strerror(error.errno).lower() if error.errno else printable(str(error))
        return Temporary(f"{where} cannot be reached: {reason}")
    return FetchError(
        f"{where} does not speak proper HTTP: {printable(f'{type(error).__name__} {error}'.strip()[:200])}"
    )


def proxy_wants_login(address: Address) -> FetchError:
    """Return the error of a proxy that answers 407."""
    proxy = proxy_for(address)
    return FetchError(
        f"the proxy {proxy[0].authority if proxy else 'on the way'} wants a login",
        hint="HTTP_PROXY takes both before its host: user, colon, password, @",
    )


def proxy_for(address: Address) -> tuple[Address, dict[str, str]] | None:
    """Return the proxy that the environment names for a host (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), and its headers."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    import urllib.request  # noqa: PLC0415  # it brings a dozen modules that nothing else of ours needs

    text = urllib.request.getproxies_environment().get(address.scheme)
    if not text or urllib.request.proxy_bypass(address.authority):
        return None
    scheme, _, rest = (text if "://" in text else f"http://{text}").partition("://")
    user, at, host = rest.rpartition("@")
    headers = {"Proxy-Authorization": basic(*_pair(user))} if at else {}
    return parse(f"{scheme}://{host}", plain_http=True), headers


def basic(user: str, password: str) -> str:
    """Return the Authorization header of a user name and password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _pair(user: str) -> tuple[str, str]:
    name, _, password = user.partition(":")
    return unquote(name), unquote(password)


def absolute(address: Address) -> str:
    """Return an address as proxies are asked for it."""
    return f"{address.scheme}://{address.authority}{address.path}"
