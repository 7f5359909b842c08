from __future__ import annotations

import pytest

from overlay.merge.selectors import SelectorError, parse_selector

LABELS = {"app": "web", "tier": "front", "a.io/part": "x", "empty": "", "count": "5", "in": "notin"}


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("", True),
        ("  ", True),
        ("app=web", True),
        ("app==web", True),
        (" app = web ", True),
        ("app=api", False),
        ("app!=api", True),
        ("app!=web", False),
        ("missing!=web", True),
        ("app=web,tier=front", True),
        ("app=web,tier=back", False),
        ("app in (web,api)", True),
        ("app in ( api , db )", False),
        ("app in(web)", True),
        ("app notin (api)", True),
        ("app notin (web)", False),
        ("missing notin (web)", True),
        ("missing in (web)", False),
        ("app", True),
        ("missing", False),
        ("!missing", True),
        ("! app", False),
        ("a.io/part=x", True),
        ("empty=", True),
        ("empty", True),
        ("app=", False),
        ("empty=,app=web", True),
        ("empty in ()", True),
        ("empty in (,x)", True),
        ("empty in (x,)", True),
        ("app in (web,,x)", True),
        ("count>4", True),
        ("count > 5", False),
        ("count<6", True),
        ("app>1", False),
        ("in in (in,notin)", True),
        ("in=notin", True),
        ("app=web,!missing,tier in (front),count>1,missing notin (y)", True),
    ],
)
def test_a_selector_accepts_what_kubernetes_does(text, accepted):
    assert all(requirement.accepts(LABELS) for requirement in parse_selector(text)) is accepted


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        (",", "a key or ! is expected, found ,", 0),
        ("app=web,", "a key or ! is expected, found the end", 8),
        ("=web", "a key or ! is expected, found =", 0),
        ("!", "a key is expected, found the end", 1),
        ("!app=web", "a comma or the end is expected, found =", 4),
        ("app web", "one of =, ==, !=, in, notin, > and < is expected, found web", 4),
        ("app=web tier=x", "a comma or the end is expected, found tier", 8),
        ("app===web", "a value is expected, found =", 5),
        ("app in web", "( is expected, found web", 7),
        ("app in (web", "a comma or ) is expected, found the end", 11),
        ("app in (web api)", "a comma or ) is expected, found api", 12),
        ("app in (web))", "a comma or the end is expected, found )", 12),
        ("a_/b=c", "'a_/b' is no label key", 0),
        ("-app=web", "'-app' is no label key", 0),
        ("app=we*b", "'we*b' is no label value", 4),
        ("app=" + "a" * 64, f"'{'a' * 64}' is no label value", 4),
        ("count>many", "> needs a whole number, found many", 6),
        ("a" * 10_001, "is longer than 10000 characters", 10_000),
    ],
)
def test_a_selector_that_cannot_be_read_says_where(text, message, column):
    with pytest.raises(SelectorError) as error:
        parse_selector(text)
    assert (str(error.value), error.value.column) == (message, column)


def test_values_that_are_no_strings_are_no_values():
    (requirement,) = parse_selector("app in (web)")
    assert not requirement.accepts({"app": {"web": 1}})
