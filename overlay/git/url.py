"""URLs of remotes: which are used, by which protocols, and how messages show them."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote, urlsplit, urlunsplit

from overlay.errors import GitError
from overlay.files.paths import printable
from overlay.loopback import is_loopback

# `ext::…` runs a program; a line's end in a URL reaches programs as one.
_HELPED = re.compile(r"[A-Za-z0-9.+-]+::")
_ENCODED = re.compile(r"%0[0ad]")


def protocols(url: str) -> tuple[str, ...]:
    """Return the protocols that a remote's URL may use.

    Raises GitError (hazards G25, G29).
    """
    shown = shown_url(url)
    if not url.isprintable() or url.startswith("-") or _HELPED.match(url) or _ENCODED.search(url.lower()):
        raise GitError(f"{shown!r} is no URL of a remote that is used")
    if "://" not in url:
        is_scp = re.match(r"[^/]+:", url) is not None
        if is_scp and url.partition("@")[2].startswith("-"):
            raise GitError(f"{shown!r} is no URL of a remote that is used")
        return ("ssh",) if is_scp else ("file",)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise GitError(f"{shown!r} is no URL of a remote that is used") from None
    if host.startswith("-") or (parts.username or "").startswith("-"):
        raise GitError(f"{shown!r} is no URL of a remote that is used")
    if parts.scheme == "http" and is_loopback(host):
        return ("http", "https")
    if parts.scheme not in ("https", "ssh", "file"):
        raise GitError(f"{shown} cannot be used: only https://, ssh://, file:// and paths are pushed to")
    return (parts.scheme,)


def shown_url(url: str) -> str:
    """Return a URL as messages show it: without a user's password or token."""
    if "://" not in url:
        return printable(url)
    try:
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
        return printable(urlunsplit((parts.scheme, place, parts.path, "", "")))
    except ValueError:
        return "the remote's URL"


def told_forms(user: str, password: str) -> list[str]:
    """Return a password as it could be told back: as it stands in a URL, in the clear, and in a header."""
    login = f"{unquote(user)}:{unquote(password)}"
    return [password, unquote(password), base64.b64encode(login.encode()).decode()]


def http_settings(url: str) -> list[tuple[str, str]]:
    """Return what holds of HTTP for this URL, whatever settings of one say: no redirect, no file that is written."""
    parts = urlsplit(url)
    if "://" not in url or parts.scheme not in ("http", "https"):
        return []
    user = f"{parts.username}@" if parts.username else ""
    place = urlunsplit((parts.scheme, user + parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return [(f"http.{place}.{name}", "false") for name in ("followRedirects", "saveCookies")]
