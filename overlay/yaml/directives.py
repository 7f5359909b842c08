"""Directives, which act on documents after them."""

from __future__ import annotations

import re

# At the start of a line, whatever ends the one before (YAML 1.1, 5.4; libyaml still reads them so). The character is
# looked for first, what stands before it then: the other way around costs ten times as much.
_DIRECTIVE = r"%(?<![^\r\n\x85\u2028\u2029]%)"
# Of the breaks that are several bytes the last one is looked at.
_IN_BYTES = rb"%(?<![^\r\n\x85\xa8\xa9]%)"


def has_directive(text: str) -> bool:
    """Tell whether a text could hold a directive, which acts on documents after it."""
    return "%" in text and re.search(_DIRECTIVE, text) is not None


def may_have_directive(data: bytes) -> bool:
    """Tell whether a text in UTF-8 could hold a directive."""
    return b"%" in data and re.search(_IN_BYTES, data) is not None
