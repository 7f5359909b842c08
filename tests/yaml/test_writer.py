"""How values are written: as people and kubectl would."""

from __future__ import annotations

import pytest

from overlay.yaml import write_document, write_documents


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": True, "c": None, "d": 1.5, "e": "x"}, "a: 1\nb: true\nc: null\nd: 1.5\ne: x\n"),
        ({"z": 1, "a": 2}, "z: 1\na: 2\n"),
        ({"a": {}, "b": [], "c": [{}], "d": [[]]}, "a: {}\nb: []\nc:\n- {}\nd:\n- []\n"),
        ({"a": [{"b": 1, "c": [1, 2]}, [3, [4]]]}, "a:\n- b: 1\n  c:\n  - 1\n  - 2\n- - 3\n  - - 4\n"),
        (
            {"a": "yes", "b": "0777", "c": "1e3", "d": "null", "e": ""},
            'a: "yes"\nb: "0777"\nc: "1e3"\nd: "null"\ne: ""\n',
        ),
        (
            {"a": "2024-01-01", "b": "12:30:45", "c": "=", "d": "1.2.3"},
            'a: "2024-01-01"\nb: "12:30:45"\nc: \'=\'\nd: "1.2.3"\n',
        ),
        ({"on": 1, "a b": 2, "a: b": 3}, "\"on\": 1\na b: 2\n'a: b': 3\n"),
        ({"a": "*/5 * * * *", "b": "it's", "c": "#x", "d": "- x"}, "a: '*/5 * * * *'\nb: it's\nc: '#x'\nd: '- x'\n"),
        ({"a": "/", "b": "/x", "c": ".", "d": "_"}, 'a: /\nb: /x\nc: "."\nd: "_"\n'),
        ({"a": "one\ntwo\n"}, "a: |\n  one\n  two\n"),
        ({"a": "one\ntwo"}, "a: |-\n  one\n  two\n"),
        ({"a": "one\n\n\n"}, "a: |+\n  one\n\n\n"),
        ({"a": "  one\n two\n"}, "a: |2\n    one\n   two\n"),
        ({"a": ["one\ntwo\n"]}, "a:\n- |\n  one\n  two\n"),
        ({"a": "one \ntwo\n"}, 'a: "one \\ntwo\\n"\n'),
        ({"a": "tab\there"}, 'a: "tab\\there"\n'),
        ({"a": "日本 äöü 😀"}, "a: '日本 äöü 😀'\n"),
        ({"a": "\u202eevil"}, 'a: "\\u202eevil"\n'),
        ({"a": 12345678901234567890123}, "a: 12345678901234567890123\n"),
        ({"a": "x" * 500 + " " + "y" * 500}, "a: " + "x" * 500 + " " + "y" * 500 + "\n"),
        ({}, "{}\n"),
        ([], "[]\n"),
        ("x", "x\n"),
    ],
)
def test_a_value_is_written_like_this(value: object, text: str) -> None:
    assert write_document(value) == text


def test_documents_are_parted_by_a_line_of_dashes() -> None:
    assert write_documents([{"a": 1}, {"b": 2}]) == "a: 1\n---\nb: 2\n"
    assert write_documents([]) == ""
