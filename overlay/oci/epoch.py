"""The one time that an artifact carries: SOURCE_DATE_EPOCH, else that of the commit, else 1970; never now."""

from __future__ import annotations

import re

from overlay.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "SOURCE_DATE_EPOCH"
# 9999-12-31T23:59:59Z, the last time that RFC 3339 can say.
_LATEST = 253_402_300_799
_DAY = 86_400


def epoch(env: Mapping[str, str], committed: int | None) -> int:
    """Return seconds since 1970.

    committed: the time of the commit that is packaged, where there is one. Raises UsageError for a variable that is no
    number of seconds: ignoring it would make other bytes than whoever set it expects (hazard D03).
    """
    text = env.get(VARIABLE)
    if text is None:
        return min(max(committed or 0, 0), _LATEST)
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) > _LATEST:
        raise UsageError(
            f"{VARIABLE} is {text[:50]!r}, expected seconds since 1970", hint="such as `git log -1 --format=%ct`"
        )
    return int(text)


def rfc3339(seconds: int) -> str:
    """Return a time as annotations have it, in UTC.

    >>> rfc3339(1735689600)
    '2025-01-01T00:00:00Z'
    """
    # Worked out here: the platform's own functions end where its time_t does, and look at the time zone.
    days, rest = divmod(seconds, _DAY)
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = year_of_era + era * 400 + (month <= 2)
    return f"{year:04}-{month:02}-{day:02}T{rest // 3_600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"
