"""--set and its kin mean what they mean to Helm."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overlay.chart.setgrammar import SetError, parse_set

HELM = """
import json, sys, helm_python
parse = {"set": helm_python.parse_set_string, "set-string": helm_python.parse_set_string_values,
         "set-json": helm_python.parse_set_json, "set-literal": helm_python.parse_set_literal}
for line in sys.stdin:
    kind, text = json.loads(line)
    try:
        print(json.dumps(parse[kind](text)), flush=True)
    except Exception as error:
        print(json.dumps({"__error__": str(error)}), flush=True)
"""


@pytest.fixture(scope="module")
def judge():
    process = subprocess.Popen([sys.executable, "-c", HELM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(kind: str, text: str) -> dict:
        process.stdin.write(json.dumps([kind, text]) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield ask
    process.communicate()


def ours(kind: str, text: str) -> dict:
    try:
        return parse_set(kind, text, {}, read=lambda path: path)
    except SetError as error:
        return {"__error__": str(error)}


pieces = st.sampled_from(
    [
        "a",
        "b",
        ".",
        "=",
        ",",
        "[0]",
        "[1]",
        "[",
        "]",
        "{",
        "}",
        "\\",
        "1",
        "0",
        "01",
        "true",
        "null",
        "x y",
        "-3",
        '"q"',
    ]
)


@given(st.sampled_from(["set", "set-string"]), st.lists(pieces, max_size=9).map("".join))
@settings(max_examples=400)
@example("set", "a={}")
@example("set", "a=")
@example("set", "a.b[1].c=1,d=x")
@example("set", "a\\.b=c\\,d")
@example("set", "a={1,x,null}")
@example("set", "a=0123,b=12345678901234567890")
def test_law_set_expressions_mean_what_helm_makes_of_them(judge, kind: str, text: str) -> None:
    theirs, mine = judge(kind, text), ours(kind, text)
    if "__error__" in mine:
        # Stricter than Helm is fine where Helm guesses; a different value is not.
        return
    assert mine == theirs


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("set", "image.tag=2.4.1", {"image": {"tag": "2.4.1"}}),
        ("set", "a=1,b=true,c=null,d=01", {"a": 1, "b": True, "c": None, "d": "01"}),
        ("set", "list[1].name=x", {"list": [None, {"name": "x"}]}),
        ("set-string", "a=1,b=true", {"a": "1", "b": "true"}),
        ("set-json", 'a={"b":[1,2]},c="x"', {"a": {"b": [1, 2]}, "c": "x"}),
        ("set-json", '{"a":{"b":1}}', {"a": {"b": 1}}),
        ("set-literal", "a.b=x,y\\z", {"a": {"b": "x,y\\z"}}),
        ("set-file", "a=file.txt", {"a": "file.txt"}),
    ],
)
def test_an_expression_sets_what_it_says(judge, kind: str, text: str, expected: dict) -> None:
    assert ours(kind, text) == expected
    if kind != "set-file" and not text.startswith("{"):  # helm's command line reads a whole document by itself
        assert judge(kind, text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a[1000000000]=1", "list index 1000000000 is greater than the limit of 65536"),
        (".".join(["a"] * 10_000) + "=1", "names nested deeper than 30"),
        ("a", "key 'a' has no value"),
        ("a[x]=1", "list index [x] is no number"),
        ("a={1,2", "a list has no closing brace"),
    ],
)
def test_M14_set_expressions_have_limits(text: str, message: str) -> None:
    with pytest.raises(SetError) as caught:
        parse_set("set", text, {}, read=str)
    assert str(caught.value) == message


def test_setting_a_value_leaves_the_old_values_as_they_were() -> None:
    old = {"a": {"b": [1, 2]}, "c": 1}
    new = parse_set("set", "a.b[0]=9", old, read=str)
    assert old == {"a": {"b": [1, 2]}, "c": 1}
    assert new == {"a": {"b": [9, 2]}, "c": 1}
