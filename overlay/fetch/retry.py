"""When to ask again, and how long to wait before: decided from what came back, bounded in number and time."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# What servers and proxies say when the same call may work later (hazards R10, R11).
RETRIED = frozenset((408, 429, 500, 502, 503, 504))
_FIRST_WAIT = 0.5


@value(kw_only=True)
class Patience:
    """How long a single fetch may take.

    connect: seconds to reach a host. idle: without a byte. total: for everything, retries and waits included.
    attempts: how often to ask. longest_wait: the longest single wait that a server may ask for.
    """

    connect: float = 10.0
    idle: float = 30.0
    total: float = 300.0
    attempts: int = 4
    longest_wait: float = 60.0


def next_wait(
    patience: Patience, *, attempt: int, asked: float | None, left: float, jitter: Callable[[], float]
) -> float | None:
    """Return how many seconds to wait before asking again, or None to give up.

    attempt: how often we have asked, from 1. asked: what Retry-After said. left: seconds of the total.
    """
    if attempt >= patience.attempts:
        return None
    wait = _FIRST_WAIT * 2 ** (attempt - 1) * (0.5 + jitter() / 2)
    if asked is not None:
        # Asking before the server wants us to would only make it worse.
        if asked > patience.longest_wait:
            return None
        wait = max(asked, 0.0)
    return wait if wait < left else None


def retry_after(text: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header means (a number or an HTTP date), or None."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.removeprefix("-").isdigit():
        return float(text[:10])
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # few servers send a date

    try:
        return parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
