"""URLs of remote inputs: which are allowed, what is the same host, and to whom a credential may go."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from overlay.errors import FetchError
from overlay.files.paths import printable
from overlay.loopback import is_loopback
from overlay.model.value import value

_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\]")
MAX_URL = 4096


@value(kw_only=True)
class Address:
    """One http or https URL. path: with its query, as it is sent."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The host, and its port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """Show the URL as messages do: without its query, which may hold a signature."""
        return printable(f"{self.scheme}://{self.authority}{self.path.partition('?')[0]}")


def parse(url: str, *, plain_http: bool | None = None) -> Address:
    """Return the address that a URL means.

    plain_http: whether http:// is allowed; None means on loopback only. Raises FetchError.
    """
    shown = printable(url.partition("?")[0])[:200]
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise FetchError(f"{shown!r} is no URL: it has spaces, backslashes or characters beyond ASCII, or is too long")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchError(f"{shown!r} is no URL: {error}") from None
    if "@" in parts.netloc:
        raise FetchError(
            f"the URL of {parts.hostname} has a user name in it",
            hint="credentials belong into the stores of Docker, Helm or Git, never into documents",
        )
    if parts.scheme not in _PORTS or not parts.netloc:
        raise FetchError(f"{shown!r} is no https:// URL")
    host = (parts.hostname or "").rstrip(".")
    if not _HOST.fullmatch(f"[{host}]" if ":" in host else host):
        raise FetchError(f"{shown!r} is no URL: {host!r} is no host")
    if parts.scheme == "http" and not (is_loopback(host) if plain_http is None else plain_http):
        raise FetchError(
            f"{shown} is not encrypted",
            hint="use https://; --plain-http allows http:// where you trust the way there",
        )
    query = f"?{parts.query}" if parts.query else ""
    return Address(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme], path=(parts.path or "/") + query)


def redirected(address: Address, location: str) -> Address:
    """Return where a redirect leads.

    Raises FetchError where that is no URL, leaves https, or points from elsewhere into the local machine (hazard R14).
    """
    target = parse(urljoin(f"{address.scheme}://{address.authority}{address.path}", location), plain_http=True)
    if address.scheme == "https" and target.scheme != "https":
        raise FetchError(f"{address} leads to {target}, which is not encrypted")
    if target.host != address.host and is_inner(target.host):
        raise FetchError(f"{address} leads to {target}, an address inside this machine or network segment")
    return target


def is_inner(host: str) -> bool:
    """Tell whether a host is an address that no server elsewhere may send us to: loopback, link-local, metadata."""
    if is_loopback(host):
        return True
    if ":" not in host and not host[:1].isdigit():
        return False
    import ipaddress  # noqa: PLC0415  # most hosts have names

    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        # Decimal and hexadecimal forms of addresses, which resolvers understand.
        return bool(re.fullmatch(r"(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+))*", host.lower()))
    mapped = getattr(found, "ipv4_mapped", None)
    return is_inner(str(mapped)) if mapped else found.is_link_local or found.is_unspecified or found.is_multicast


def refuse_realm(realm: Address, registry: Address) -> str | None:
    """Return why a registry may not send us to this token service, or None (hazards R05, R06)."""
    if registry.scheme == "https" and realm.scheme != "https":
        return "is not encrypted, though the registry is"
    if realm.scheme != "https" and not is_loopback(realm.host) and realm.host != registry.host:
        return "is not encrypted"
    if realm.host != registry.host and is_inner(realm.host) and not is_loopback(registry.host):
        return "is inside this machine or network segment"
    return None


def may_have_credentials(realm: Address, registry: Address, listed: tuple[str, ...]) -> bool:
    """Tell whether a token service may see a registry's credentials (hazards V5, R07).

    It may when it is the same host, a parent domain of the registry's host (registry.gitlab.com → gitlab.com),
    Docker Hub's own, or listed by the user.
    """
    if realm.host == registry.host or realm.host in listed:
        return True
    if (registry.host, realm.host) == ("registry-1.docker.io", "auth.docker.io"):
        return True
    return realm.host.count(".") >= 1 and not is_inner(realm.host) and registry.host.endswith(f".{realm.host}")
