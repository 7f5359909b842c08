from __future__ import annotations

import copy
import time

import pytest

from overlay.errors import LimitError, OverlayError
from overlay.merge.jsonpatch import json_patch, parse_operations
from overlay.model.location import Location
from overlay.yaml import read_document


def locate(path):
    return Location("patches/web.yaml:" + "/".join(map(str, path)), 1, 1)


def run(document, operations):
    return json_patch(document, parse_operations(operations, locate), locate)


def op(name, path, **members):
    return {"op": name, "path": path, **{key.rstrip("_"): item for key, item in members.items()}}


APPENDIX_A = [
    ("A.1 add an object member", {"foo": "bar"}, [op("add", "/baz", value="qux")], {"baz": "qux", "foo": "bar"}),
    (
        "A.2 add an array element",
        {"foo": ["bar", "baz"]},
        [op("add", "/foo/1", value="qux")],
        {"foo": ["bar", "qux", "baz"]},
    ),
    ("A.3 remove a member", {"baz": "qux", "foo": "bar"}, [op("remove", "/baz")], {"foo": "bar"}),
    ("A.4 remove an element", {"foo": ["bar", "qux", "baz"]}, [op("remove", "/foo/1")], {"foo": ["bar", "baz"]}),
    (
        "A.5 replace a value",
        {"baz": "qux", "foo": "bar"},
        [op("replace", "/baz", value="boo")],
        {"baz": "boo", "foo": "bar"},
    ),
    (
        "A.6 move a value",
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [op("move", "/qux/thud", from_="/foo/waldo")],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        "A.7 move an element",
        {"foo": ["all", "grass", "cows", "eat"]},
        [op("move", "/foo/3", from_="/foo/1")],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    (
        "A.8 test a value",
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [op("test", "/baz", value="qux"), op("test", "/foo/1", value=2)],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    (
        "A.10 add a nested member",
        {"foo": "bar"},
        [op("add", "/child", value={"g": {}})],
        {"foo": "bar", "child": {"g": {}}},
    ),
    ("A.14 escapes are read in order", {"/": 9, "~1": 10}, [op("test", "/~01", value=10)], {"/": 9, "~1": 10}),
    ("A.16 add a list to a list", {"foo": ["bar"]}, [op("add", "/foo/-", value=["a"])], {"foo": ["bar", ["a"]]}),
    ("add replaces a member", {"a": 1}, [op("add", "/a", value=None)], {"a": None}),
    ("add at the end by index", {"a": [1]}, [op("add", "/a/1", value=2)], {"a": [1, 2]}),
    ("null is a value", {"a": None}, [op("test", "/a", value=None), op("replace", "/a", value=1)], {"a": 1}),
    ("copy", {"a": {"b": 1}}, [op("copy", "/c", from_="/a")], {"a": {"b": 1}, "c": {"b": 1}}),
    ("copy of the whole document", {"a": 1}, [op("copy", "/b", from_="")], {"a": 1, "b": {"a": 1}}),
    (
        "a copy is a copy",
        {"a": {}},
        [op("copy", "/b", from_="/a"), op("add", "/b/x", value=1)],
        {"a": {}, "b": {"x": 1}},
    ),
    ("move onto itself", {"a": 1}, [op("move", "/a", from_="/a")], {"a": 1}),
    ("move into a former sibling", {"a": {"x": 1}, "b": 2}, [op("move", "/a/b", from_="/b")], {"a": {"x": 1, "b": 2}}),
    ("test of the whole document", {"a": 1}, [op("test", "", value={"a": 1})], {"a": 1}),
    ("test does not mind the order of keys", {"a": {"x": 1, "y": 2}}, [op("test", "/a", value={"y": 2, "x": 1})], None),
    ("M08 the empty key", {"": 1}, [op("replace", "/", value=2)], {"": 2}),
    ("M08 a slash in a key", {"a/b": 1}, [op("replace", "/a~1b", value=2)], {"a/b": 2}),
    ("M08 a tilde in a key", {"a~b": 1}, [op("replace", "/a~0b", value=2)], {"a~b": 2}),
    ("M08 a percent sign is no escape", {"%2F": 1, "/": 0}, [op("replace", "/%2F", value=2)], {"%2F": 2, "/": 0}),
    ("a number as a key", {"0": "a"}, [op("replace", "/0", value="b")], {"0": "b"}),
    ("a dash as a key", {"-": "a"}, [op("replace", "/-", value="b")], {"-": "b"}),
    (
        "an element by name",
        {"c": [{"name": "a", "x": 1}, {"name": "b", "x": 2}]},
        [op("replace", "/c/[name=b]/x", value=3)],
        {"c": [{"name": "a", "x": 1}, {"name": "b", "x": 3}]},
    ),
    (
        "an element by two fields",
        {"p": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]},
        [op("remove", "/p/[port=53,protocol=UDP]")],
        {"p": [{"port": 53, "protocol": "TCP"}]},
    ),
    (
        "add at an element inserts before it",
        {"c": [{"name": "a"}]},
        [op("add", "/c/[name=a]", value={"name": "b"})],
        {"c": [{"name": "b"}, {"name": "a"}]},
    ),
    (
        "move from an element by name",
        {"c": [{"name": "a"}, {"name": "b"}]},
        [op("move", "/c/-", from_="/c/[name=a]")],
        {"c": [{"name": "b"}, {"name": "a"}]},
    ),
    ("brackets are a key in a map", {"[name=b]": 1}, [op("replace", "/[name=b]", value=2)], {"[name=b]": 2}),
]


@pytest.mark.parametrize(
    ("document", "operations", "expected"), [pytest.param(*row[1:], id=row[0]) for row in APPENDIX_A]
)
def test_M01_operations_do_what_the_rfc_says(document, operations, expected):
    before = copy.deepcopy((document, operations))
    result = run(document, operations)
    assert result == (document if expected is None else expected)
    assert (document, operations) == before


def test_a_patch_without_effect_gives_the_same_value():
    document = {"a": {"b": 1}}
    assert run(document, [op("replace", "/a/b", value=2), op("replace", "/a/b", value=1)]) is document


DOCUMENT = {
    "spec": {"replicas": 1, "containers": [{"name": "web", "image": "a"}, {"name": "api", "image": "b"}], "empty": {}},
    "twice": [{"name": "x"}, {"name": "x"}],
}

FAILURES = [
    ("A.9 a test that fails", op("test", "/spec/replicas", value=2), "/spec/replicas is 1, the test expects 2", None),
    (
        "A.12 a missing parent",
        op("add", "/a/b", value=1),
        "/a/b does not exist; the nearest that exists is the root",
        "there is new, spec, twice",
    ),
    (
        "A.15 M07 a string is no number",
        op("test", "/spec/replicas", value="1"),
        "/spec/replicas is 1, the test expects '1'",
        None,
    ),
    ("M07 1 is not 1.0", op("test", "/spec/replicas", value=1.0), "/spec/replicas is 1, the test expects 1.0", None),
    ("M07 1 is not true", op("test", "/spec/replicas", value=True), "/spec/replicas is 1, the test expects true", None),
    (
        "M04 a missing field",
        op("replace", "/spec/replica", value=1),
        "/spec/replica does not exist; the nearest that exists is /spec",
        "did you mean replicas?",
    ),
    (
        "M04 remove of what is not there",
        op("remove", "/spec/empty/x"),
        "/spec/empty/x does not exist; the nearest that exists is /spec/empty",
        None,
    ),
    (
        "M04 through a scalar",
        op("add", "/spec/replicas/x/y", value=1),
        "/spec/replicas/x/y leads through /spec/replicas, which is a number",
        None,
    ),
    (
        "into a scalar",
        op("add", "/spec/replicas/x", value=1),
        "/spec/replicas/x leads into /spec/replicas, which is a number",
        None,
    ),
    (
        "M05 a negative index",
        op("remove", "/spec/containers/-1"),
        "/spec/containers/-1 leads into a list at /spec/containers, where '-1' is no index",
        "there is [name=api], [name=web]",
    ),
    (
        "M05 a leading zero",
        op("remove", "/spec/containers/01"),
        "/spec/containers/01 leads into a list at /spec/containers, where '01' is no index",
        "there is [name=api], [name=web]",
    ),
    (
        "M05 an exponent",
        op("remove", "/spec/containers/1e3"),
        "/spec/containers/1e3 leads into a list at /spec/containers, where '1e3' is no index",
        "there is [name=api], [name=web]",
    ),
    (
        "M05 past the end",
        op("add", "/spec/containers/999999999", value=1),
        "/spec/containers/999999999 has index 999999999, but the list at /spec/containers has 2 elements",
        None,
    ),
    (
        "M05 a dash in the middle",
        op("add", "/spec/containers/-/a", value=1),
        "/spec/containers/-/a ends past the last element: - is for add; the nearest that exists is /spec/containers",
        None,
    ),
    (
        "M05 a dash for replace",
        op("replace", "/spec/containers/-", value=1),
        "/spec/containers/- ends past the last element: - is for add; the nearest that exists is /spec/containers",
        None,
    ),
    (
        "no element of that name",
        op("remove", "/spec/containers/[name=wep]"),
        "/spec/containers/[name=wep] finds no element [name=wep]; the nearest that exists is /spec/containers",
        "did you mean web?",
    ),
    (
        "two elements of that name",
        op("remove", "/twice/[name=x]"),
        "/twice/[name=x] is ambiguous: 2 elements of /twice match [name=x]",
        None,
    ),
    (
        "M04 a missing source",
        op("copy", "/x", from_="/nope"),
        "/nope does not exist; the nearest that exists is the root",
        "there is new, spec, twice",
    ),
    (
        "M06 move into its own child",
        op("move", "/spec/empty/x", from_="/spec"),
        "/spec/empty/x lies inside /spec, which is moved",
        None,
    ),
    (
        "M06 the same by another name",
        op("move", "/spec/containers/0/x", from_="/spec/containers/[name=web]"),
        "/spec/containers/0/x lies inside /spec/containers/[name=web], which is moved",
        None,
    ),
]


@pytest.mark.parametrize(("operation", "message", "hint"), [pytest.param(*row[1:], id=row[0]) for row in FAILURES])
def test_M04_M05_M07_a_failing_operation_says_where_it_stopped(operation, message, hint):
    document = copy.deepcopy(DOCUMENT)
    with pytest.raises(OverlayError) as error:
        run(document, [op("add", "/new", value=1), operation])
    assert error.value.message == f"operation 1 ({operation['op']}): {message}"
    assert error.value.hint == hint
    member = "from" if "/nope" in message else "path"
    assert error.value.location == locate((1, member))
    assert document == DOCUMENT


MALFORMED = [
    ("no list", {"op": "add"}, "a JSON patch is a list of operations, found a map"),
    ("M06 no operations", [], "a JSON patch without operations does nothing"),
    ("no map", ["add"], "operation 0: a map with op and path is expected, found a string"),
    ("no op", [{"path": "/a"}], "operation 0: op is missing"),
    ("M06 unknown op", [op("ad", "/a", value=1)], "operation 0: op 'ad' is unknown"),
    ("op of another type", [op(["add"], "/a", value=1)], "operation 0: op ['add'] is unknown"),
    ("M06 unknown member", [op("add", "/a", value=1, valeu=2)], "operation 0: add has no member 'valeu'"),
    ("a member of another op", [op("remove", "/a", value=1)], "operation 0: remove has no member 'value'"),
    ("M06 no value", [op("add", "/a")], "operation 0: add needs value"),
    ("no path", [{"op": "remove"}], "operation 0: remove needs path"),
    ("no from", [op("copy", "/a")], "operation 0: copy needs from"),
    ("path of another type", [op("remove", 1)], "operation 0: path must be a string, found a number"),
    ("no leading slash", [op("remove", "a/b")], "operation 0: path 'a/b' does not start with /"),
    (
        "M08 a bad escape",
        [op("remove", "/a~2b")],
        "operation 0: path '/a~2b' has a ~ that is neither ~0 (for ~) nor ~1 (for /)",
    ),
    ("M06 root remove", [op("remove", "")], "operation 0: remove of the whole object is not allowed"),
    ("M06 root replace", [op("replace", "", value={})], "operation 0: replace of the whole object is not allowed"),
    ("M06 root add", [op("add", "", value={})], "operation 0: add of the whole object is not allowed"),
    ("M06 root move", [op("move", "/a", from_="")], "operation 0: the whole object cannot be moved into itself"),
    (
        "M03 a deep pointer",
        [op("remove", "/a" * 101)],
        f"operation 0: path '{('/a' * 39)[:77]}...' has more than 100 parts",
    ),
]


@pytest.mark.parametrize(("operations", "message"), [pytest.param(*row[1:], id=row[0]) for row in MALFORMED])
def test_M06_what_is_no_patch_is_refused(operations, message):
    with pytest.raises(OverlayError) as error:
        parse_operations(operations, locate)
    assert error.value.message == message


def test_every_malformed_operation_is_reported():
    with pytest.raises(OverlayError) as error:
        parse_operations([op("ad", "/a"), op("remove", "/b"), op("remove", "c")], locate)
    assert [str(each.location) for each in error.value.each()] == [str(locate((0, "op"))), str(locate((2, "path")))]


def test_an_error_has_the_place_in_the_file():
    document = read_document("- op: remove\n  path: /nope\n", "patches/web.yaml")
    with pytest.raises(OverlayError) as error:
        json_patch({}, parse_operations(document.value, document.location), document.location)
    assert str(error.value.location) == "patches/web.yaml:2:9"


def test_M02_copies_of_copies_hit_a_limit_soon():
    operations = [op("add", "/a", value=["x"] * 10)] + [op("copy", "/a/-", from_="/a")] * 24
    started = time.monotonic()
    with pytest.raises(LimitError) as error:
        run({}, operations)
    assert error.value.message == "operation 17: the patch adds more than 1000000 values"
    assert time.monotonic() - started < 10


def test_M02_a_result_cannot_nest_without_end():
    operations = [op("add", "/a", value={})]
    for index in range(120):
        old, new = ("/a", "/b") if index % 2 == 0 else ("/b", "/a")
        operations += [op("add", new, value={}), op("move", f"{new}/x", from_=old)]
    with pytest.raises(LimitError) as error:
        run({}, operations)
    assert error.value.message == "the result is nested deeper than 100"


def test_M03_too_many_operations_and_too_long_pointers_are_refused():
    with pytest.raises(LimitError) as error:
        parse_operations([op("remove", "/a")] * 10_001, locate)
    assert error.value.message == "more than 10000 operations in a JSON patch"
    with pytest.raises(OverlayError) as error:
        parse_operations([op("remove", "/" + "a" * 1_000_000)], locate)
    assert error.value.message.endswith("is longer than 4096 characters")
    assert len(error.value.message) < 200
