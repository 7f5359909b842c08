"""Patterns mean what Go's mean, and no pattern takes long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.check.pattern import matcher

# Both engines mean the same by these, but for $ before a last line break, which the texts below do not have.
PATTERNS = [
    r"^(a+)+$",
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$",
    r"a{2,3}b|c$",
    r"^$",
    r"(?i)^abc$",
    r"^[^\s/]{1,4}$",
    r"x?y+?",
    r"^(?:a|b)*c{0,2}$",
    r"\d+-\w*",
    r"[a\-z]+$",
    r"^.{0,5}$",
    r"a|^b$|",
    r"^\.?[]a]$",
    r"(?P<part>a)b",
    r"\x41|\$",
    r"a{,2}",
    r"\Aa\W",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.text("aabbcxyzAB019.-/ Ki+]$", max_size=7))
def test_patterns_match_as_pythons_do(pattern, text):
    expected = r"a\{,2\}" if pattern == "a{,2}" else pattern
    assert matcher(pattern)(text) == bool(re.search(expected, text, re.ASCII))


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"^a$", "a\n", False),
        (r"^[[:alpha:]_]+\z", "ab_", True),
        (r"^[^[:digit:]]$", "4", False),
        (r"^\S+$", "ä b", False),
        (r"a.b", "a\nb", False),
        (r"(?s)a.b", "a\nb", True),
        (r"(?i)straße", "STRAßE", True),
    ],
)
def test_what_go_means_otherwise_than_python(pattern, text, expected):
    assert matcher(pattern)(text) is expected


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "a**b(", r"\pL", r"\b", "a{2000}", "(?=a)", "*a", "a{3,2}", "[z-a]", "(" * 5000]
)
def test_what_cannot_be_read_is_not_checked(pattern):
    assert matcher(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^(a+)+$", "a" * 50_000 + "b"),
        (r"^(a|aa)*$", "a" * 50_000 + "b"),
        (r"(x+x+)+y", "x" * 50_000),
        (r"^.{0,1000}$", "a" * 50_000),
        (r"^(.*a){12}$", "a" * 2_000 + "b"),
    ],
)
def test_V11_no_pattern_takes_exponential_time(pattern, text):
    start = time.perf_counter()
    assert matcher(pattern)(text) is False
    assert time.perf_counter() - start < 2
