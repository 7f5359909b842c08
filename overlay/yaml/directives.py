"""Directives, which act on documents after them."""

from __future__ import annotations

import re

# At the start of a line, whatever ends the one before (YAML 1.1, 5.4; libyaml still reads them so).
_DIRECTIVE = re.compile(r"(?:\A|[\r\n\x85\u2028\u2029])%")


def has_directive(text: str) -> bool:
    """Tell whether a text could hold a directive, which acts on documents after it."""
    return "%" in text and _DIRECTIVE.search(text) is not None
