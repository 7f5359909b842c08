"""Whether a host is this machine."""

from __future__ import annotations


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name or address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    if ":" not in host and not host[:1].isdigit():
        return False
    import ipaddress  # noqa: PLC0415  # most hosts have names

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
