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
from overlay.yaml.parts import Cut, cut, part_of

HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n"
LINES = (
    "  name: web\n", "  name: other\n", "  namespace: shop\n", "  name: 'web'\n", '  name: "we\\x62"\n', "  name: yes\n",
    "  name: web # said\n", "  name: 12\n", "  name:\n", "    name: inner\n", "    - x\n", "  - y\n", "  labels:\n",
    "    app: web\n", "  labels: {app: web}\n", "  labels: {app: web,\n", "  name: hidden}\n", "  annotations:\n",
    "    a: |\n", "    a: 'b\n", "  name: x'\n", '    a: "b\n', "  name: web\r\n", "    a: b\r  name: cr\n", "name: top\n",
    "  <<: *a\n", "  &a b: c\n", "  ? name\n", "  : q\n", "    more: text: wrong\n", "    plain words\n", "    u: http://a\n",
    "spec: {}\n", "kind: ConfigMap\n", "---\n", "\n", "  # said\n", "    a: b\u2028  name: ls\n", "    name: null\n",
)  # fmt: skip


def identity(text: str) -> object:
    """Return what the reader says: the only object's identity."""
    ((found, _, _),) = [
        one for document in read_documents(text, "f.yaml") for one in parse_objects(document.value, document.location)
    ]
    return found.key


def front(text: str) -> tuple[str, ...] | None:
    """Return what the first lines say of a text that cannot be cut."""
    found = cut(text.encode())
    key = front_key(found.parts[0], is_plain=found.is_plain) if len(found.parts) == 1 else None
    return tuple([word.decode() for word in key]) if key is not None else None


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


def test_what_both_hold_once_needs_no_reading() -> None:
    web, api = [part_of(f"{HEAD}  name: {name}\n") for name in ("web", "api")]
    keys = {name: (b"apps", b"Deployment", b"", name) for name in (b"web", b"api")}
    definition = web.replace(b"Deployment", b"CustomResourceDefinition")
    # Two texts of one object: whoever reads them says so.
    other = web + b"\nspec: {}\n"
    for old, new, found in (
        ([web, api], [api, web], {keys[b"web"]: web, keys[b"api"]: api}),
        ([web, web], [web], {}),
        ([web], [api], {}),
        ([definition], [definition], {}),
        ([web, other, api], [web, other, api], {keys[b"api"]: api}),
    ):
        assert held_by_both(*[[Cut(side, 0, is_plain=True)] for side in (old, new)]) == found
