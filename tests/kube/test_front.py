"""What the first lines of a manifest say is what a reader says, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.errors import OverlayError
from overlay.kube.front import front_key
from overlay.kube.held_by_both import held_by_both
from overlay.kube.objects import parse_objects
from overlay.yaml import read_documents
from overlay.yaml.parts import cut, part_of

HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n"
LINES = (
    "  name: web\n", "  name: other\n", "  namespace: shop\n", "  name: 'web'\n", '  name: "we\\x62"\n', "  name: yes\n",
    "  name: web # said\n", "  name: 12\n", "  name:\n", "    name: inner\n", "    - x\n", "  - y\n", "  labels:\n",
    "    app: web\n", "  labels: {app: web}\n", "  labels: {app: web,\n", "  name: hidden}\n", "  annotations:\n",
    "    a: |\n", "    a: 'b\n", "  name: x'\n", '    a: "b\n', "  name: web\r\n", "    a: b\r  name: cr\n", "name: top\n",
    "  <<: *a\n", "  &a b: c\n", "  ? name\n", "  : q\n", "    more: text: wrong\n", "    plain words\n", "    u: http://a\n",
    "spec: {}\n", "kind: ConfigMap\n", "---\n", "\n", "  # said\n", "    a: b\u2028  name: ls\n", "    name: null\n",
    " labels:\n", " name: web\n",
)  # fmt: skip


def identity(text: str) -> object:
    """Return what the reader says: the only object's identity."""
    ((found, _, _),) = [
        one for document in read_documents(text, "f.yaml") for one in parse_objects(document.value, document.location)
    ]
    return found.key


def front(text: str) -> tuple[str, ...] | None:
    """Return what the first lines say of a text that cannot be cut: group, kind, namespace and name."""
    parts = cut(text.encode()).parts
    key = front_key(parts[0]) if len(parts) == 1 else None
    if key is None:
        return None
    group, kind, name, namespace = [word.decode() for word in key]
    return group, kind, namespace, name


@given(st.lists(st.sampled_from(LINES), max_size=7).map("".join), st.sampled_from(("", "---\n")))
def test_law_first_lines_say_what_the_reader_says_or_nothing(lines: str, start: str) -> None:
    text = start + HEAD + lines
    found = front(text)
    if found is not None:
        try:
            assert identity(text) == found
        except (OverlayError, ValueError):
            # What is no YAML, or no object, is so on both sides; several documents are several parts.
            return


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{HEAD}  name: web\nspec: {{}}\n", "Deployment/web"),
        (f"---\n{HEAD}  labels: {{app: web}}\n  name: web\n  namespace: shop\n", "Deployment/shop/web"),
        (f'{HEAD}  annotations:\n    at: "10:30"\n    see: https://shop.example/#a\n  name: web\n', "Deployment/web"),
        ("kind: Deployment\napiVersion: apps/v1\nmetadata:\n  name: web\n", None),
        (f"{HEAD}  namespace: shop\n  labels:\n    name: inner\n  name: web\n", "Deployment/shop/web"),
        (f"{HEAD}  labels: {{}}\n  namespace: shop\n  name: web\n", "Deployment/shop/web"),
        (f"{HEAD}  name: web\n  labels: {{}}\n  namespace: shop\n", "Deployment/shop/web"),
        (f"{HEAD}  name: web\n  labels: {{}}\n  name: api\n", None),
        (f"{HEAD}  name: yes\n", None),
        (f'{HEAD}  name: "web"\n', None),
        (f"{HEAD}  name: web\n    - more\n", None),
        (f"{HEAD}  labels: {{app: web,\n  name: x}}\n  name: web\n", None),
        (f"{HEAD} labels:\n  name: x\n name: web\n", None),
        (f"{HEAD}  name: web\r\n", None),
        ("apiVersion: v1\nkind: ConfigMapList\nmetadata:\n  name: web\nitems: []\n", None),
        (f"{HEAD}  name: web\n...\n{HEAD}  name: api\n", None),
        (f"{HEAD}  name: web\nspec: {{}}\r---\r{HEAD}  name: api\n", None),
        (f"# said\n{HEAD}  name: web\n", None),
    ],
)
def test_a_front_is_read_where_it_can_mean_one_thing_only(text: str, found: str | None) -> None:
    key = front(text)
    assert ("/".join([part for part in key[1:] if part]) if key is not None else None) == found


WEB, API = f"{HEAD}  name: web\n", f"{HEAD}  name: api\n"
DEFINITION = WEB.replace("Deployment", "CustomResourceDefinition")
KEYS = {name: (b"apps", b"Deployment", name, b"") for name in (b"web", b"api")}


@pytest.mark.parametrize(
    ("old", "new", "keys", "left"),
    [
        ([WEB, API], [WEB, API], [b"web", b"api"], ([], [])),
        ([WEB, API], [API, WEB], [b"web", b"api"], ([], [])),
        ([WEB, API, WEB + "spec: {}\n"], [API], [b"api"], ([WEB, WEB + "spec: {}\n"], [])),
        ([WEB], [API], [], ([WEB], [API])),
        ([DEFINITION, API], [DEFINITION, API], [b"api"], ([DEFINITION], [DEFINITION])),
        ([API, "# nothing\n", WEB], [API, "# nothing\n", WEB], [b"api", b"web"], (["# nothing\n"], ["# nothing\n"])),
        ([API, WEB + "...\n"], [API, WEB + "...\n"], [b"api"], ([WEB + "...\n"], [WEB + "...\n"])),
        ([API, WEB + "a: b\r\n"], [API, WEB + "a: b\r\n"], [b"api"], ([WEB + "a: b\r\n"], [WEB + "a: b\r\n"])),
    ],
    ids=["all", "moved", "less", "others", "a definition", "no object", "an end", "other line ends"],
)
def test_what_both_hold_needs_no_reading(
    old: list[str], new: list[str], keys: list[bytes], left: tuple[list[str], list[str]]
) -> None:
    found = held_by_both([("---\n".join(old).encode(), "---\n".join(new).encode())])
    assert found is not None
    assert found.keys == {KEYS[name] for name in keys}
    assert [one for _, one in found.old] == [part_of(one) for one in left[0]]
    assert [one for _, one in found.new] == [part_of(one) for one in left[1]]


def test_an_object_that_both_hold_twice_takes_a_reader() -> None:
    text = f"{API}---\n{WEB}---\n{API}".encode()
    assert held_by_both([(text, text)]) is None
    other = f"{API}---\n{WEB}---\n{API}spec: {{}}\n".encode()
    assert held_by_both([(other, other)]) is None
    found = held_by_both([(API.encode(), API.encode())] * 2)
    assert found is not None
    assert (len(found.keys), len(found.old), len(found.new)) == (0, 2, 2)


def test_what_moved_to_another_text_needs_no_reading() -> None:
    found = held_by_both([(WEB.encode(), b""), (API.encode(), f"{API}---\n{WEB}".encode())])
    assert found is not None
    assert (found.keys, found.old) == ({KEYS[b"web"], KEYS[b"api"]}, [])
