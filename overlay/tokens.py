"""Credentials that can be told by their form, as those who give them out describe it; no value is ever returned."""

from __future__ import annotations

import base64
import binascii
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# What stands before: nothing of a word, or the escape of a line's end or tab.
_LEFT, _RIGHT = rb"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))", rb"(?![A-Za-z0-9])"
# What each is called, what is always in it (looked for first, which is quick), and its form. A password with $, <, {
# or * in it stands for one that is put in later.
_FORMS = (
    ("a PEM private key", (b"PRIVATE KEY",), rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
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
    (
        "a password in a URL",
        (b"://",),
        rb"[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"$<{*]{0,99}:[^\s/:@'\"$<{*]{3,200}@[\w\[]",
    ),
    ("a PyPI token", (b"pypi-AgEIcHlwaS5vcmc",), rb"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}"),
    ("a SendGrid key", (b"SG.",), rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}" + _RIGHT),
    ("a Slack token", (b"xox",), rb"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a Slack webhook", (b"hooks.slack.com",), rb"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/]{20,}"),
    ("a Stripe key", (b"_live_",), rb"(?:sk|rk)_live_[A-Za-z0-9]{24,}"),
)
_TABLE = tuple([(name, literals, re.compile(_LEFT + form)) for name, literals, form in _FORMS])
_CERTIFICATE = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----"
    # The same in base64.
    rb"|LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS|LS0tLS1CRUdJTiBYNTA5IENFUlRJRklDQVRF|LS0tLS1CRUdJTiBUUlVTVEVEIENFUlRJRklDQVRF"
)
_ENCODED = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
# Records are full of these.
_DIGEST = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")


def find_tokens(data: bytes) -> Iterator[tuple[str, int]]:
    """Yield what a text holds, and in which line; also what it holds in base64."""
    for name, at in _find(data):
        yield name, _line(data, at)
    for run in _ENCODED.finditer(data):
        if _DIGEST.fullmatch(run[0]):
            continue
        for name, _ in _find(_decoded(run[0])):
            yield f"{name} in base64", _line(data, run.start())


def find_certificates(data: bytes) -> bool:
    """Tell whether a text holds a certificate, also in base64."""
    return _CERTIFICATE.search(data) is not None


def _find(data: bytes) -> Iterator[tuple[str, int]]:
    for name, literals, form in _TABLE:
        if any(literal in data for literal in literals):
            for match in form.finditer(data):
                yield name, match.start()


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


def _decoded(run: bytes) -> bytes:
    text = run.rstrip(b"=")
    try:
        return base64.b64decode(text[: len(text) - (len(text) % 4 == 1)] + b"==")
    except binascii.Error:
        return b""
