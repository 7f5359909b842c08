"""Names by patterns, as `--only` takes them."""

from __future__ import annotations

import re


def is_like(name: str, pattern: str) -> bool:
    """Tell whether a name fits a pattern, in which `*` matches anything and nothing else is special."""
    return re.fullmatch(".*".join([re.escape(part) for part in pattern.split("*")]), name, re.DOTALL) is not None
