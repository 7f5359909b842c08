"""Whether this machine's clock is right, as far as others' tell: logins and certificates depend on it."""

from __future__ import annotations

import time

from overlay.fetch.retry import retry_after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# What tokens and servers allow for on the way, and clocks that nobody sets drift to in a month.
_ALLOWED = 60.0


def clock_difference(headers: Mapping[str, str], now: float | None = None) -> str:
    """Return `this machine's clock is 5 minutes ahead of …`, by an answer's Date; empty where it is not far off."""
    seconds = retry_after(headers.get("date"), time.time() if now is None else now)
    if seconds is None or abs(seconds) <= _ALLOWED:
        return ""
    minutes = round(abs(seconds) / 60)
    shown = f"{minutes} minute{'s' * (minutes != 1)}" if minutes < 120 else f"{minutes // 60} hours"
    return f"this machine's clock is {shown} {'behind' if seconds > 0 else 'ahead of'} the server's"


def utc_now() -> str:
    """Return the time as this machine's clock has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
