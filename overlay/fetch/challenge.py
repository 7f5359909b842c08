"""What a registry's WWW-Authenticate header asks for."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"\s*,?\s*([A-Za-z][A-Za-z0-9-]*)(?=\s+[A-Za-z0-9_-]+\s*=|\s*(?:,|$))")
_PAIR = re.compile(r'\s*,?\s*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))')
MAX_HEADER = 8_192


def read_challenges(header: str) -> dict[str, dict[str, str]]:
    """Return the challenges of a header by lower-case scheme; what cannot be read is left out.

    >>> read_challenges('Bearer realm="https://a/token",service="a", Basic realm="x"')
    {'bearer': {'realm': 'https://a/token', 'service': 'a'}, 'basic': {'realm': 'x'}}
    """
    found: dict[str, dict[str, str]] = {}
    text = header[:MAX_HEADER]
    position = 0
    while match := _SCHEME.match(text, position):
        pairs: dict[str, str] = {}
        position = match.end()
        while pair := _PAIR.match(text, position):
            quoted, plain = pair[2], pair[3]
            pairs.setdefault(pair[1].lower(), plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
            position = pair.end()
        found.setdefault(match[1].lower(), pairs)
    return found
