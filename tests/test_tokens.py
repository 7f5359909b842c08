"""Credentials are known by their form, and what only looks a little like one is none."""

from __future__ import annotations

import base64

import pytest

from overlay.tokens import find_tokens

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


def test_time_is_linear_in_what_is_looked_at() -> None:
    hostile = [b"a://" * 50_000, b"-----BEGIN " * 50_000 + b"PRIVATE KEY", b"A" * 400_000, b"eyJ.eyJ" * 50_000]
    for data in hostile:
        assert len(list(find_tokens(data))) == 0
