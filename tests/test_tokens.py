"""Credentials are known by their form, and what only looks a little like one is none."""

from __future__ import annotations

import base64
import gzip

import pytest

from overlay.errors import OverlayError
from overlay.tokens import cover_tokens, find_tokens

# Put together here, so that no scanner takes this file for a leak.
REAL = {
    "a PEM private key": "-----BEGIN RSA PRIVATE " + "KEY-----",
    "an age secret key": "AGE-SECRET-" + "KEY-1" + "Q" * 58,
    "an AWS access key id": "AKIA" + "QWERTYUIOPASDFGH",
    "an Azure storage key": "AccountKey=" + "a" * 86 + "==",
    "a Docker Hub token": "dckr_" + "pat_" + "a" * 27,
    "a GitHub token": "ghp_" + "a" * 36,
    "a GitLab token": "glpat-" + "a" * 20,
    "a Google API key": "AIza" + "a" * 35,
    "a JSON web token": "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxIn0" + "." + "a" * 43,
    "an npm token": "npm_" + "a" * 36,
    "a password in a URL": "postgres://shop:" + "hunter22@db/shop",
    "a PyPI token": "pypi-" + "AgEIcHlwaS5vcmc" + "a" * 60,
    "a SendGrid key": "SG." + "a" * 22 + "." + "b" * 43,
    "a Slack token": "xoxb-" + "1234567890-abc",
    "a Slack webhook": "https://hooks.slack.com/services/" + "T00000000/B00000000/aaaa",
    "a Stripe key": "sk_" + "live_" + "a" * 24,
}
NONE = [
    "postgres://shop:$(PASSWORD)@db/shop",
    "postgres://shop:${PASSWORD}@db/shop",
    "postgres://shop:<password>@db/shop",
    "postgres://shop:****@db/shop",
    "postgres://db:5432/shop",
    "https://shop.example:8443/a?x=b@c",
    "image: registry.example:5000/shop/web@sha256:" + "0" * 64,
    "AKIA" + "IOSFODNN7EXAMPLE",
    "XAKIA" + "QWERTYUIOPASDFGH",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----",
    "sk_test_" + "a" * 24,
    "eyJhbGciOiJIUzI1NiJ9",
    "sha256:" + "ab" * 32,
]


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("form", ["data: {}", 'data: "x\\n{}\\n"', "data: |\n  x\n  {}\n", "{}"])
def test_a_token_is_found_at_its_line(name: str, form: str) -> None:
    text = "a: 1\n" + form.format(REAL[name])
    line = text[: text.index(REAL[name])].count("\n") + 1
    assert list(find_tokens(text.encode())) == [(name, line)]


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("before", ["", "x", "xy"])
def test_a_token_is_found_in_base64(name: str, before: str) -> None:
    encoded = base64.b64encode(f"{before} {REAL[name]}".encode()).decode()
    found = list(find_tokens(f"data:\n  key: {encoded}\n".encode()))
    assert found == [(f"{name} in base64", 2)]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_token_is_not_found(text: str) -> None:
    assert list(find_tokens(f"data: {text}\n".encode())) == []


TOKEN = REAL["a GitHub token"]
LONG = base64.b64encode(f"{'x' * 70} {TOKEN}".encode()).decode()
ENCODED = {
    "base64 in Secrets' data": (base64.b64encode(TOKEN.encode()).decode(), "in base64"),
    "base64 of URLs": (base64.urlsafe_b64encode(b"\xff\xfe??>> " + TOKEN.encode()).decode(), "in base64"),
    "base64 in lines": ("\n  ".join([LONG[at : at + 40] for at in range(0, len(LONG), 40)]), "in base64"),
    "base64 below a word": (f"a-word-of-twenty-four-letters\n  {LONG}", "in base64"),
    "base64 below words": (f"a-word-of-twenty-four-letters\n  a-word-of-twenty-five-letters-\n  {LONG}", "in base64"),
    "gzip below a word": (
        f"a-word-of-twenty-four-letters\n  {base64.b64encode(gzip.compress(TOKEN.encode())).decode()}",
        "in base64",
    ),
    "base64 of base64": (base64.b64encode(base64.b64encode(TOKEN.encode())).decode(), "in base64"),
    "base64 of UTF-16": (base64.b64encode(TOKEN.encode("utf-16")).decode(), "in base64"),
    "base64 of gzip": (base64.b64encode(gzip.compress(TOKEN.encode())).decode(), "in base64"),
    "URL-encoded": ("".join([f"%{byte:02x}" for byte in TOKEN.encode()]), "in URL-encoding"),
    "URL-encoded in part": (TOKEN.replace("_", "%5F"), "in URL-encoding"),
    "JSON's escapes": ("".join([f"\\u{byte:04x}" for byte in TOKEN.encode()]), "in escapes"),
    "UTF-16": (TOKEN.encode("utf-16-le").decode(), "in UTF-16"),
    "broken over lines": (f"{TOKEN[:10]}\n  {TOKEN[10:]}", "over several lines"),
    "broken as shells do": (f"{TOKEN[:10]}\\\n{TOKEN[10:]}", "over several lines"),
}


@pytest.mark.parametrize("how", ENCODED)
def test_Z10_a_token_is_found_and_covered_however_it_is_written(how: str) -> None:
    written, named = ENCODED[how]
    text = f"data: {written}\n"
    assert [name for name, _ in find_tokens(text.encode())] == [f"a GitHub token {named}"]
    covered = cover_tokens(text)
    assert "***" in covered
    assert written not in covered
    assert TOKEN not in covered
    error = OverlayError(f"found {text}", hint=text)
    assert written not in f"{error} {error.message} {error.hint} {error!r}"


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("https://ada:secret@h.example/x", "https://***@h.example/x"),
        ("from https://" + TOKEN + "@h.example/x: no", "from https://***@h.example/x: no"),
        ("https://h.example/x?sv=1&sig=abc%3D&se=2", "https://h.example/x?sv=1&sig=***&se=2"),
        ("https://h.example/?X-Amz-Signature=abc&access_token=d#e", "https://h.example/?X-Amz-Signature=***&access_token=***#e"),
        ("ssh://git@h.example/x, git@h.example:x", "ssh://git@h.example/x, git@h.example:x"),
        ("-----BEGIN RSA PRIVATE " + "KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nb", "***\nb"),
        ("write to ada@shop.example about https://h.example/@x", "write to ada@shop.example about https://h.example/@x"),
        (f"the value {TOKEN}, again", "the value ***, again"),
    ],
)  # fmt: skip
def test_Z04_what_a_message_shows_has_no_credential(text: str, covered: str) -> None:
    assert cover_tokens(text) == covered


@pytest.mark.parametrize("text", [text for text in NONE if "@db" not in text])
def test_what_is_no_token_is_shown(text: str) -> None:
    assert cover_tokens(text) == text


def test_time_is_linear_in_what_is_looked_at() -> None:
    hostile = [
        (b"A" * 30 + b"\n") * 9_000,
        b"%41" * 90_000,
        b"-" * 400_000,
        b"a://x:" * 50_000,
        b"a://" * 50_000,
        b"-----BEGIN " * 50_000 + b"PRIVATE KEY",
        b"A" * 400_000,
        b"eyJ.eyJ" * 50_000,
    ]
    for data in hostile:
        assert len(list(find_tokens(data))) == 0
