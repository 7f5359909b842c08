"""Credentials that can be told by their form, as those who give them out describe it: found, never returned, covered.

What is encoded is looked at as it is meant: base64 in its forms, over several lines and packed, URL-encoding, JSON's
escapes, UTF-16. A token that is broken over lines is still one.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# What stands before: nothing of a word, or the escape of a line's end or tab.
_LEFT, _RIGHT = rb"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))", rb"(?![A-Za-z0-9])"
# A password with $, <, { or * in it stands for one that is put in later.
_URL = rb"[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"$<{*]{0,99}:[^\s/:@'\"$<{*]{3,200}@[\w\[]"
_URL_MARK = b"://"
# How far before the mark it begins, and how far behind it ends, at most.
_URL_BEFORE, _URL_BEHIND = 21, 306
# What each is called, what it begins with (looked for first, which is quick), and its form.
_FORMS = (
    ("a PEM private key", (b"-----BEGIN ",), rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ("an age secret key", (b"AGE-SECRET-KEY-1",), rb"AGE-SECRET-KEY-1[0-9A-Z]{58}" + _RIGHT),
    ("an AWS access key id", (b"AKIA", b"ASIA"), rb"(?:AKIA|ASIA)(?![A-Z2-7]{9}EXAMPLE)[A-Z2-7]{16}" + _RIGHT),
    ("an Azure storage key", (b"AccountKey=",), rb"AccountKey=[A-Za-z0-9+/]{86}=="),
    ("a Docker Hub token", (b"dckr_",), rb"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}"),
    ("a GitHub token", (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), rb"gh[pousr]_[A-Za-z0-9]{36,}"),
    ("a GitHub token", (b"github_pat_",), rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    ("a GitLab token", (b"gl",), rb"gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_.-]{20,}"),
    ("a Google API key", (b"AIza",), rb"AIza[A-Za-z0-9_-]{35}" + _RIGHT),
    ("a JSON web token", (b"eyJ",), rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
    ("an npm token", (b"npm_",), rb"npm_[A-Za-z0-9]{36}" + _RIGHT),
    ("a password in a URL", (), _URL),  # it begins with any letter
    ("a PyPI token", (b"pypi-AgEIcHlwaS5vcmc",), rb"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}"),
    ("a SendGrid key", (b"SG.",), rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}" + _RIGHT),
    ("a Slack token", (b"xox",), rb"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a Slack webhook", (b"hooks.slack.com",), rb"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/]{20,}"),
    ("a Stripe key", (b"sk_live_", b"rk_live_"), rb"(?:sk|rk)_live_[A-Za-z0-9]{24,}"),
)
# These are compiled where they are needed, which is rare, as the forms above.
_CERTIFICATE = (
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----"
    # The same in base64.
    rb"|LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS|LS0tLS1CRUdJTiBYNTA5IENFUlRJRklDQVRF|LS0tLS1CRUdJTiBUUlVTVEVEIENFUlRJRklDQVRF"
)
# In one line, or in several that begin with the same indentation; `-` and `_` are those of URLs.
_ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{24,}(?:\r?\n[ \t]*[A-Za-z0-9+/_-]{8,})*={0,2}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_PERCENT = rb"%([0-9A-Fa-f]{2})"
_ESCAPE = rb"\\u00([0-9A-Fa-f]{2})|\\(/)"
_BROKEN = rb"\\?\r?\n[ \t]*"
_PACKED = b"\x1f\x8b"
# Of what is packed in a value so much is looked at; and so many encodings in each other.
_MOST_UNPACKED, _MOST_NESTED = 1 << 20, 3
_COVER = b"***"
_USER = rb"\b(?!ssh:)([A-Za-z][A-Za-z0-9+.-]{1,20}://)[^\s/@'\"<>]{1,500}@"
_QUERY = rb"(?i)([?&](?:[a-z_-]*(?:token|signature|credential|secret|password|api_?key)|sig)=)[^&\s'\"<>#]+"
_PEM = rb"(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)[\s\S]*?(?:-----END [A-Z0-9 ]+-----|\Z)"
# Records are full of these.
_DIGEST = rb"[0-9a-f]{40}|[0-9a-f]{64}"


def find_tokens(data: bytes) -> Iterator[tuple[str, int]]:
    """Yield what a text holds, and in which line; also what it holds in an encoding, which is named."""
    known: set[str] = set()
    for name, at in _find(data):
        known.add(name)
        yield name, _line(data, at)
    for run in _ENCODED.finditer(data):
        for name in dict.fromkeys(_in_run(run[0], _MOST_NESTED)):
            yield f"{name} in base64", _line(data, run.start())
    for text, how in _meant(data):
        for name, _ in _find(text):
            if name not in known:
                known.add(name)
                yield f"{name}{how}", 1


def cover_tokens(text: str) -> str:
    """Return a text for people with its tokens, and who logs in to the URLs in it, as `***`."""
    data = text.encode("utf-8", "surrogatepass")
    found = re.sub(_QUERY, rb"\1" + _COVER, data)
    found = re.sub(_USER, rb"\1" + _COVER + b"@", found) if b"@" in found else found
    if next(find_tokens(found), None) is not None:
        found = re.sub(_PEM, _COVER, found)
        for _, begins, form in _FORMS:
            if not begins or any(one in found for one in begins):
                found = re.sub(_LEFT + form, _COVER, found)
        found = _ENCODED.sub(_covered_run, found)
        if next(find_tokens(found), None) is not None:
            # It is broken over lines, or written in another way: nothing of the text can be shown.
            found = _COVER
    return text if found == data else found.decode("utf-8", "surrogatepass")


def _covered_run(run: re.Match[bytes]) -> bytes:
    return _COVER if any(_in_run(run[0], _MOST_NESTED)) else run[0]


def find_certificates(data: bytes) -> bool:
    """Tell whether a text holds a certificate, also in base64."""
    return re.search(_CERTIFICATE, data) is not None


def _find(data: bytes) -> Iterator[tuple[str, int]]:
    # Each form is compiled only where it can match at all, which is rare: all together take 5 ms of every command. And
    # it is tried only there: expressions that have to look at each byte take a second for some megabytes.
    for name, begins, form in _FORMS:
        for begin in begins:
            at = data.find(begin)
            while at >= 0:
                match = re.compile(_LEFT + form).match(data, at)
                if match:
                    yield name, at
                at = data.find(begin, match.end() if match else at + 1)
    at, end = data.find(_URL_MARK), 0
    while at >= 0:
        match = re.compile(_LEFT + _URL).search(data, max(at - _URL_BEFORE, end), at + _URL_BEHIND)
        if match:
            end = match.end()
            yield "a password in a URL", match.start()
        at = data.find(_URL_MARK, max(end, at + 1))


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


def _in_run(run: bytes, depth: int) -> Iterator[str]:
    """Yield what base64 holds: all of it and, as lines may be words of their own, what begins further down."""
    if re.fullmatch(_DIGEST, run):
        return
    lines = [line.rstrip(b"=").translate(_URL_SAFE) for line in run.split()]
    text = b"".join(lines)
    yield from _nested(_decoded(text), depth)
    if len(lines) > 1:
        # Four letters are three bytes, so these are all the ways in which lines below can be read.
        for start in (1, 2, 3):
            yield from _nested(_decoded(text[start:]), depth)
        # What is packed is told by its beginning alone.
        yield from _nested(_decoded(text[len(lines[0]) :]), depth)


def _nested(data: bytes, depth: int) -> Iterator[str]:
    """Yield what decoded bytes hold, also in further encodings."""
    if data.startswith(_PACKED):
        data = _unpacked(data)
    for name, _ in _find(data):
        yield name
    for text, _ in _meant(data):
        for name, _ in _find(text):
            yield name
    if depth > 1:
        for run in _ENCODED.finditer(data):
            yield from _in_run(run[0], depth - 1)


def _meant(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield a text as it is meant where it is written in another way, and how it is written."""
    if b"%" in data and (plain := re.sub(_PERCENT, lambda found: bytes([int(found[1], 16)]), data)) != data:
        yield plain, " in URL-encoding"
    if b"\\" in data and (plain := re.sub(_ESCAPE, _unescaped, data)) != data:
        yield plain, " in escapes"
    if b"\0" in data:
        yield data.replace(b"\0", b""), " in UTF-16"
    if b"\n" in data:
        # Words of a URL in the lines of a text are no URL.
        yield re.sub(_BROKEN, b"", data).replace(b"://", b""), " over several lines"


def _unescaped(found: re.Match[bytes]) -> bytes:
    return found[2] or bytes([int(found[1], 16)])


def _unpacked(data: bytes) -> bytes:
    import zlib  # noqa: PLC0415  # as below: a library to load

    try:
        return zlib.decompressobj(31).decompress(data, _MOST_UNPACKED)
    except zlib.error:
        return b""


def _decoded(text: bytes) -> bytes:
    import binascii  # noqa: PLC0415

    try:
        return binascii.a2b_base64(text[: len(text) - (len(text) % 4 == 1)] + b"==")
    except binascii.Error:
        return b""
