"""Formats of strings and numbers, as Kubernetes' API server reads them."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
# Patterns are compiled when they are first used: most runs need one of them.
_QUANTITY = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?"
_BYTE = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_DATE_TIME = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
_DURATION = r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(?:ns|us|µs|μs|ms|s|m|h|d|w) ?)+|0"
_HOSTNAME = (r"(?=.{1,253}\.?\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
                       r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?")  # fmt: skip
_UUID = r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"
_EMAIL = r"[^@\s]+@[^@\s]+"
_URI = r"(?:[A-Za-z][A-Za-z0-9+.-]*:|/)[^\s\x00-\x1f\x7f]*"


_quantities: dict[str, bool] = {}


def is_quantity(text: str) -> bool:
    """Tell whether a text is a quantity; the same few stand in all objects, so they are remembered."""
    known = _quantities.get(text)
    if known is None:
        if len(_quantities) > 10_000:
            _quantities.clear()
        known = _quantities[text] = re.fullmatch(_QUANTITY, text.strip()) is not None
    return known


def _is_date(text: str) -> bool:
    match = re.fullmatch(_DATE, text)
    if match is None:
        return False
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1 <= month <= 12 and 1 <= day <= days[month - 1]


def _is_date_time(text: str) -> bool:
    match = re.fullmatch(_DATE_TIME, text)
    return match is not None and _is_date(match[1])


def _is_address(text: str, version: int) -> bool:
    from ipaddress import ip_address  # noqa: PLC0415  # few schemas have addresses

    try:
        return ip_address(text).version == version
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    from ipaddress import ip_interface  # noqa: PLC0415  # few schemas have addresses

    try:
        ip_interface(text)
    except ValueError:
        return False
    return "/" in text


# By OpenAPI's name: what the text must be, in words, and the test. Formats that are not here are not checked.
FORMATS: dict[str, tuple[str, Callable[[str], bool]]] = {
    # Go's decoder skips line breaks, so that text may be wrapped.
    "byte": ("base64", lambda text: re.fullmatch(_BYTE, text.replace("\n", "").replace("\r", "")) is not None),
    "cidr": ("a network such as 10.0.0.0/8", _is_network),
    "date": ("a date such as 2026-01-31", _is_date),
    "date-time": ("a time such as 2026-01-31T12:00:00Z", _is_date_time),
    "datetime": ("a time such as 2026-01-31T12:00:00Z", _is_date_time),
    "duration": ("a duration such as 1h30m", lambda text: re.fullmatch(_DURATION, text) is not None),
    "email": ("an e-mail address", lambda text: re.fullmatch(_EMAIL, text) is not None),
    "hostname": ("a host name", lambda text: re.fullmatch(_HOSTNAME, text) is not None),
    "ipv4": ("an IPv4 address", lambda text: _is_address(text, 4)),
    "ipv6": ("an IPv6 address", lambda text: _is_address(text, 6)),
    "uri": ("a URI", lambda text: re.fullmatch(_URI, text) is not None),
    "uuid": ("a UUID", lambda text: re.fullmatch(_UUID, text) is not None),
}
