"""What the reader accepts, what it refuses, and where it points."""

from __future__ import annotations

import time

import pytest

from overlay.errors import OverlayError
from overlay.yaml import decode, read_document, read_documents, read_mapping


def refused(text: str) -> list[tuple[str, str]]:
    """Return (place, message) of everything that is wrong with a text."""
    with pytest.raises(OverlayError) as caught:
        read_documents(text, "f.yaml")
    return [(str(one.location), one.message) for one in caught.value.each()]


def value(text: str) -> object:
    return read_document(text, "f.yaml").value


@pytest.mark.parametrize(
    ("text", "place", "tag"),
    [
        (
            "a: !!python/object/apply:os.system [touch x]",
            "f.yaml:1:4",
            "tag:yaml.org,2002:python/object/apply:os.system",
        ),
        ("a: !!python/name:os.system", "f.yaml:1:4", "tag:yaml.org,2002:python/name:os.system"),
        ("a:\n  - !custom {b: 1}", "f.yaml:2:5", "!custom"),
        ("!!str a: 1", "f.yaml:1:1", "tag:yaml.org,2002:str"),
        ("a: !!binary aGk=", "f.yaml:1:4", "tag:yaml.org,2002:binary"),
        ("a: !<plain> [b]\n", "f.yaml:1:4", "plain"),
        ("a: !<quoted> 5\n", "f.yaml:1:4", "quoted"),
        ("a: 1\n<<: !x {b: 2}\n", "f.yaml:2:5", "!x"),
    ],
)
def test_Y01_tags_are_refused_at_their_place(text: str, place: str, tag: str) -> None:
    assert refused(text) == [(place, f"tag not allowed: {tag}")]


def test_Y01_a_tag_called_as_ours_is_no_way_past_the_check_of_keys() -> None:
    assert refused("? !<plain> [b]\n: c\n") == [("f.yaml:1:3", "a key must be a string, not a map or list")]


def within(seconds: float, text: str) -> list[tuple[str, str]]:
    started = time.process_time()
    found = refused(text)
    assert time.process_time() - started < seconds
    return found


def test_Y02_an_alias_bomb_is_refused_before_it_goes_off() -> None:
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    assert within(1, bomb) == [
        ("f.yaml:7:10", "too many aliases: the document has more than 1000000 values once they are expanded")
    ]


def test_Y03_many_harmless_aliases_are_fine_up_to_the_limit() -> None:
    assert len(value("a: &a {x: 1}\nb: [" + ",".join(["*a"] * 10_000) + "]")["b"]) == 10_000
    assert (
        within(2, "a: &a {x: 1}\nb: [" + ",".join(["*a"] * 10_001) + "]")[0][1] == "too many aliases: more than 10000"
    )


def test_Y04_a_merge_key_bomb_is_refused() -> None:
    bomb = "a0: &a0 {k0: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: 1}}\n" for n in range(1, 27))
    assert len(bomb) < 2048
    message = within(1, bomb)[0][1]
    assert message in (
        "merge keys exceed 1000",
        "too many aliases: the document has more than 1000000 values once they are expanded",
    )


def test_Y05_merging_many_empty_maps_is_counted() -> None:
    assert within(2, "a: &a {}\nb: {<<: [" + ",".join(["*a"] * 9_999) + "]}")[0][1] == "merge keys exceed 1000"


def test_a_merge_key_merges_as_in_go_yaml() -> None:
    text = "a: &a {x: 1, w: 1}\nb: &b {w: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 0\nd:\n  <<: *b\n"
    assert value(text) == {
        "a": {"x": 1, "w": 1}, "b": {"w": 2, "z": 2}, "c": {"x": 0, "w": 1, "z": 2}, "d": {"w": 2, "z": 2},
    }  # fmt: skip


@pytest.mark.parametrize("depth", [101, 300, 1_000, 100_000])
def test_Y06_deep_flow_nesting_is_refused(depth: int) -> None:
    assert within(2, "a: " + "[" * depth + "]" * depth)[0][1] == "nesting deeper than 100"


def test_Y07_deep_block_nesting_is_refused() -> None:
    assert within(2, "- " * 100_000 + "x")[0][1] == "nesting deeper than 100"
    assert within(2, "".join(" " * n + "a:\n" for n in range(3_000)))[0][1] == "nesting deeper than 100"


def test_nesting_up_to_the_limit_is_read() -> None:
    assert value("[" * 100 + "]" * 100) is not None


@pytest.mark.parametrize("text", ["a: &x {b: *x}", "a: &x [*x]", "&x a: [*x]\nb: &y {c: [*y]}"])
def test_Y08_recursive_aliases_are_refused(text: str) -> None:
    assert "recursive alias" in refused(text)[0][1] or "undefined alias" in refused(text)[0][1]


def test_Y09_keys_written_twice_name_both_lines_and_all_of_them() -> None:
    assert refused("a: 1\n\"a\": 2\nb:\n  c: 1\n  d: {e: 1, 'e': 2}\n  c: 2\n") == [
        ("f.yaml:2:1", "key 'a' is written twice, first on line 1"),
        ("f.yaml:5:13", "key 'e' is written twice, first on line 5"),
        ("f.yaml:6:3", "key 'c' is written twice, first on line 4"),
    ]


def test_Y11_whole_numbers_stay_exact_and_absurd_ones_are_refused() -> None:
    assert value("a: 12345678901234567890123456789012345678901234567890") == {
        "a": 12345678901234567890123456789012345678901234567890
    }
    assert value("a: 9007199254740993") == {"a": 9007199254740993}
    assert refused("a: " + "9" * 5_000) == [("f.yaml:1:4", "a number of 5000 digits is longer than the limit of 4000")]
    assert "longer than the limit" in refused("a: 0x" + "f" * 200_000)[0][1]
    assert value("a: 1.0") == {"a": 1}


@pytest.mark.parametrize("text", [".nan", ".NaN", ".inf", "-.Inf", "+.INF", "1e400"])
def test_Y12_numbers_that_json_cannot_hold_are_refused(text: str) -> None:
    assert refused(f"a: {text}") == [("f.yaml:1:4", f"{text} is not a number that JSON can hold")]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: \x00", "f.yaml:1:4", "character U+0000 is not allowed in YAML"),
        ("a: 1\nb: \x9b", "f.yaml:2:4", "character U+009B is not allowed in YAML"),
        ("a: \ud800", "f.yaml:1:4", "character U+D800 is not allowed in YAML"),
        ("\ta: 1", "f.yaml:1:1", "found character that cannot start any token"),
        ("a:\n\tb: 1", "f.yaml:2:1", "found character that cannot start any token"),
    ],
)
def test_Y13_characters_that_cannot_stand_there_are_named(text: str, place: str, message: str) -> None:
    assert refused(text) == [(place, message)]


def test_Y13_byte_order_marks_and_carriage_returns_are_read() -> None:
    assert read_mapping(decode(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f"), "f").value == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        ("a: 1".encode("utf-16"), "f", "the file is UTF-16 or UTF-32"),
        (b"a: 1\nb: \xff", "f:2:4", "byte 0xff is no UTF-8 text"),
        (b"\xef\xbb\xbfa: 1\nb: \xff", "f:2:4", "byte 0xff is no UTF-8 text"),
    ],
)
def test_Y13_other_encodings_are_refused(data: bytes, place: str, message: str) -> None:
    with pytest.raises(OverlayError) as caught:
        decode(data, "f")
    assert (str(caught.value.location), caught.value.message) == (place, message)


def test_Y15_a_second_document_and_directives_are_refused() -> None:
    with pytest.raises(OverlayError) as caught:
        read_document("a: 1\n---\nb: 2\n", "f.yaml")
    assert (str(caught.value.location), caught.value.message) == (
        "f.yaml:3:1",
        "one document expected, a second starts here",
    )
    assert value("a: |\n  x\n  ---\n  y\n") == {"a": "x\n---\ny\n"}
    assert refused("%YAML 1.1\n---\na: no\n") == [("f.yaml:1:1", "directives such as %YAML and %TAG are not allowed")]
    assert refused("%TAG ! tag:x,2000:\n---\na: 1\n")[0][1] == "directives such as %YAML and %TAG are not allowed"


@pytest.mark.parametrize("sign", ["\n", "\r", "\r\n", "\x85", "\u2028", "\u2029"])
def test_every_sign_that_ends_a_line_is_looked_behind(sign: str) -> None:
    text = sign.join(["a: 1", "...", "%YAML 1.1", "---", "b: 2", ""])
    assert refused(text)[0][1] == "directives such as %YAML and %TAG are not allowed"
    assert refused(f"a:{sign}" + "- " * 600 + "x")[0][1] == "nesting deeper than 100"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty, one document is expected"),
        ("# only a comment\n", "the file is empty, one document is expected"),
        ("- a\n", "a mapping (key: value) is expected, found a list"),
        ("text\n", "a mapping (key: value) is expected, found a single value"),
    ],
)
def test_Y16_what_is_no_mapping_is_refused(text: str, message: str) -> None:
    with pytest.raises(OverlayError) as caught:
        read_mapping(text, "f.yaml")
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1: x", "key 1 is no string but a number"),
        ("on: x", "key on is no string but a boolean"),
        ("n: x", "key n is no string but a boolean"),
        ("~: x", "key ~ is no string but null"),
        ("? [a]\n: x", "a key must be a string, not a map or list"),
        ("? {a: 1}\n: x", "a key must be a string, not a map or list"),
    ],
)
def test_Y17_keys_that_are_no_strings_are_refused(text: str, message: str) -> None:
    assert [found for _, found in refused(text)] == [message]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert [place for place, _ in refused("a: !x 1\na: 2\non: 3\nb: .nan\n")] == [
        "f.yaml:1:4", "f.yaml:2:1", "f.yaml:3:1", "f.yaml:4:4",
    ]  # fmt: skip


def test_a_document_knows_where_each_value_and_key_stands() -> None:
    document = read_documents("# head\n---\na:\n  - b: 1\n    c: {d: x}\n", "f.yaml")[0]
    places = {
        (): "f.yaml:3:1",
        ("a",): "f.yaml:4:3",
        ("a", 0): "f.yaml:4:5",
        ("a", 0, "c", "d"): "f.yaml:5:12",
        ("a", 0, "c", "nope", "deeper"): "f.yaml:5:8",
        ("a", 7): "f.yaml:4:3",
    }
    assert {path: str(document.location(path)) for path in places} == places
    assert str(document.location(("a", 0, "c"), key=True)) == "f.yaml:5:5"
    assert document.line == 3


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028"], ids=["LF", "CR", "CRLF", "LS"])
def test_places_in_a_large_text_are_found_too(end: str) -> None:
    text = "---\n".join(f"nr: {n}\ntext: {'x' * 100}\nlast: [1, {{a: {n}}}]\n" for n in range(6_000))
    documents = read_documents(text.replace("\n", end), "f.yaml")
    assert (len(documents), documents[5_999].value["nr"]) == (6_000, 5_999)
    start = time.process_time()
    for n, document in enumerate(documents):
        assert str(document.location(("last", 1, "a"))) == f"f.yaml:{n * 4 + 3}:15"
    # Each looks at its own part of the text only.
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: b: c", "quote the value when it contains `: `, or check the indentation"),
        ("a:\n\tb: 1", "YAML is indented with spaces, this line has a tab"),
        ("a: *b", "quote a value that starts with * or &"),
        (
            "a: {{ .Values.x }}",
            "quote a value that starts with { or [; templates ({{ }}) belong into a Helm chart's templates/",
        ),
        ("a: b {{ x }}: {{ y", "this looks like a template; only files under a Helm chart's templates/ may have {{ }}"),
    ],
)
def test_common_mistakes_come_with_a_way_out(text: str, hint: str) -> None:
    with pytest.raises(OverlayError) as caught:
        read_documents(text, "f.yaml")
    assert caught.value.each()[0].hint == hint
