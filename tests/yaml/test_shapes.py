"""Documents of one shape: what is made from another document is what a parser makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlay.errors import OverlayError
from overlay.yaml import shapes
from overlay.yaml.reader import Document, read_documents
from overlay.yaml.shapes import Shapes

# Lines with a place for a value, and values that mean themselves only here and there.
LINES = (
    "a: {}\n", "b: {}\n", "  c: {}\n", "    d: {}\n", "  - e: {}\n", "- {}\n", "f: {{g: {}, h: {}}}\n", "i: [{}, j: {}]\n",
    "k: |\n  l: {}\n", "m: 'n: {}'\n", 'o: "p: {}"\n', "q:\n", "  r: {} s\n", "# t: {}\n", "u: {} # v\n", "{}: w\n", "x: {{\n",
    "  y: {},\n", "}}\n", "z: >-\n", "  {}\n", "&A a: {}\n", "c: &A {}\n", "d: *A\n", "<<: {{e: {}}}\n", "<<: *A\n", "? {}\n",
    ": {}\n", "--- {}\n", "---\n", "...\n", "", "a: {{b: {} }}\n", "c:   {}\n", "d: !x {}\n", "e:\n  - f: {}\n    g: {}\n", "h: {}\r\n",
    "i: {}\u2028", "kind: {}List\n", "j: {{{}: k, l: {}}}\n", "{} m: n\n", "'o': {}\n", '"p": {}\n', "q: {}\n\n  \n", "\tr: {}\n",
)  # fmt: skip
VALUES = (
    "x", "web", "1", "01", "0x1f", "1_000", "1.5", "1e3", "1e999", ".inf", ".", "-", "-1", "-x", "--x", "~", "null", "yes", "true",
    "=", "a:b", "a:", ":a", "a#b", "#a", "a b", "a, b", "a,b", "{a", "a}", "[a", "a]", "{}", "[]", "{a: b}", "a: b", "- a", "? a",
    "*A", "&A x", "!x y", "|", ">", "|-", "%a", "@a", "`a", "a%b", "a@b", "'x'", "'it''s'", "'a: b'", '"x"', '"a\\nb"', '"a\\"b"',
    '"a: b"', '"a, b}"', "'", '"', '""', "''", "x'y", 'x"y', "a\\b", "é", "\u2028", "x\u2028", "a\tb", "x ", " x", "a?b", "a!b",
    "a&b", "a|b", "a?", "http://a/b?c=d", "shop/web:1.0", "2001-01-01", "10:30", "---", "...", "a---", "x" * 499, "x" * 1100,
    '"' + "x" * 1100 + '"', "12345678901234567890", "1" * 500, "\0", "<<", "<", "a;b", "$(A)", "a^b", "0o7", "+1", "/a", "a/b",
)  # fmt: skip


def outcome(documents: list[Document]) -> object:
    """Return what documents say of themselves, the types of values and the places of all in them, too."""
    return [
        (repr(one.value), one.line, [(path, str(one.location(path))) for path in paths(one.value)]) for one in documents
    ]


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *[each for key, item in items for each in paths(item, (*path, key))]]


# Documents of these are well-formed with most values.
BLOCKS = (
    "a: {}\n", "b:\n  c: {}\n  d: {}\n", "e:\n- f: {}\n  g: {}\n- {}\n", "h: {{i: {}, j: [{}, {{k: {} }}]}}\n", "l: |\n  m: {}\n",
    'n: "o: {}"\n', "p: # q: {}\n  r: {}\n", "s: {} # t: {}\n", "u: &A {}\n", "v: '{}'\n", "w:\n    x: {}\n\n    y: {}\n",
    "z: >\n x: {}\n y: {}\n", "aa: {}\n  \n# ab: {}\n", "ac: {{\n  ad: {},\n  ae: {}\n  }}\n", "af: {} {}\n", "ag: x\n  y: {}\n",
    "ah: ab: {}\n", "ai:\n  - - aj: {}\n    - {}\n", "ak: !x {}\n", "al: *A\n", "am: 'x\n  an: {}'\n", "ao: [a: {}, {}]\n", "ap: {}",
    '"aq": {}\n', "'ar': {}\n", "as:\n  {}\n", "at: {}\n\n\n", "au: x y: {}\n", "av: [x, y]: {}\n", "aw: {}\n ax: {}\n",
)  # fmt: skip
SAFE = ("x", "web", "1", "1.5", "a:b", "'x'", '"x"', '"a, b}"', "shop/web:1.0", "true")


@st.composite
def texts(draw: st.DrawFn, lines: tuple[str, ...], first: tuple[str, ...], most: int) -> list[str]:
    """Return documents that have the same lines with other values."""
    text = "".join(draw(st.lists(st.sampled_from(lines), min_size=1, max_size=most, unique=True)))
    count = text.replace("{{", "").replace("}}", "").count("{}")
    row = draw(st.lists(st.sampled_from(first), min_size=count, max_size=count))
    rows = [row]
    for _ in range(draw(st.integers(1, 3))):
        places = draw(st.sets(st.integers(0, count - 1), max_size=2)) if count else ()
        rows.append([draw(st.sampled_from(VALUES)) if at in places else one for at, one in enumerate(row)])
    return [text.format(*row) for row in rows]


@settings(max_examples=600)
@given(texts(LINES, VALUES, 6) | texts(BLOCKS, SAFE, 4))
def test_law_what_is_made_is_what_a_parser_makes(some: list[str]) -> None:
    known = Shapes()
    for at, text in enumerate(some):
        try:
            parsed: object = outcome(read_documents(text, "f.yaml", at))
        except OverlayError as error:
            parsed = str(error)
        try:
            made: object = outcome(known.read(text, "f.yaml", at))
        except OverlayError as error:
            made = str(error)
        assert made == parsed


DEPLOYMENT = """\
---
kind: Deployment
metadata:
  name: {name}
  labels: {{app: {name}, tier: "{tier}"}}
spec:
  replicas: {replicas}
  selector: &x {{}}
  containers:
  - name: main
    image: shop/{name}:1.0
    note: |
      at: {note}
"""


def deployment(name: str = "web", tier: str = "front end", replicas: str = "2", note: str = "home") -> str:
    return DEPLOYMENT.format(name=name, tier=tier, replicas=replicas, note=note)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were parsed."""
    found: list[str] = []

    def reading(text: str, file: str, first: int) -> list[Document]:
        found.append(text)
        return read_documents(text, file, first)

    monkeypatch.setattr(shapes, "read_documents", reading)
    return found


def test_of_documents_that_differ_in_values_one_is_parsed(parsed: list[str]) -> None:
    known = Shapes()
    (web,) = known.read(deployment(), "f.yaml")
    (api,) = known.read(deployment("api", "'", "0x10"), "f.yaml", 20)
    assert len(parsed) == 1
    assert (web.value["spec"]["replicas"], web.value["metadata"]["name"]) == (2, "web")
    assert api.value == {
        "kind": "Deployment",
        "metadata": {"name": "api", "labels": {"app": "api", "tier": "'"}},
        "spec": {
            "replicas": 16,
            "selector": {},
            "containers": [{"name": "main", "image": "shop/api:1.0", "note": "at: home\n"}],
        },
    }
    assert str(api.location(("spec", "containers", 0, "image"))) == "f.yaml:31:12"
    assert api.value["spec"]["selector"] is web.value["spec"]["selector"]


@pytest.mark.parametrize(
    "other",
    [
        deployment(note="away"), deployment("a?b"), deployment('"web"'), deployment(replicas='"2"'), deployment(replicas=".inf"),
        deployment("x" * 600), deployment(replicas="*x"), deployment(replicas="2 # two"), deployment() + "more: 1\n",
    ],
    ids=["text", "a sign", "quotes", "other quotes", "no JSON", "long", "an alias", "a comment", "more"],
)  # fmt: skip
def test_what_could_mean_more_is_parsed(parsed: list[str], other: str) -> None:
    known = Shapes()
    known.read(deployment(), "f.yaml")
    try:
        known.read(other, "f.yaml")
    except OverlayError:
        pass
    assert len(parsed) == 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('a: b\nc: "text\n---no mark"\nd: {e: f}\n', "f.yaml:4:8"),
        ("# said\r---\ra: b\nd: {e: f}\n", "f.yaml:4:8"),
        ("---  {a: b, d: {e: f}}\n", "f.yaml:1:20"),
    ],
    ids=["dashes in a text", "other line ends", "on the line of the dashes"],
)
def test_places_in_what_is_made_are_those_that_a_parser_tells(parsed: list[str], text: str, place: str) -> None:
    known = Shapes()
    for each in (text, text.replace("b", "x")):
        (document,) = known.read(each, "f.yaml")
        assert str(document.location(("d", "e"))) == place
    assert len(parsed) == 1
