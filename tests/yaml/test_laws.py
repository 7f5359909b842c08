"""What is written is read back the same, by us and by the reader of Kubernetes and Helm."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from overlay.errors import OverlayError
from overlay.yaml import read_documents, write_document, write_documents

TRICKY = [
    "",
    "~",
    "null",
    "y",
    "no",
    "On",
    "0777",
    "0o17",
    "1_000",
    "1e3",
    "12:30:45",
    "2024-01-01",
    ".inf",
    "=",
    "<<",
    "-",
    "?",
    ":",
    "a: b",
    "a #b",
    "#a",
    " a",
    "a ",
    "a\n",
    "a\n\n",
    "\n",
    "\na",
    " a\nb",
    "a\n b\n",
    "a \nb",
    "\t",
    "a\tb",
    "a\r\nb",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "{",
    "}",
    "[",
    "]",
    ",",
    "'",
    '"',
    "'\"",
    "\\",
    "a:",
    "a:b",
    "---",
    "--- a",
    "...",
    "\x85",
    "\u2028",
    "\ufeff",
    "ä",
    "日本",
    "😀",
    "0x1F",
    "+1",
    "-1",
    "1.",
    ".5",
    "0b1",
    "a\x00b",
    "|",
    ">",
    "- a",
    "-a",
    "0.1.2",
]
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(TRICKY), st.text("ab \n\t:#-'\"", max_size=9)
)
numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=5))
@example({text: text for text in TRICKY})
@example({"a": [[["x", {}], []], {"b": [{"c": "x\n y\n"}]}]})
def test_law_what_is_written_is_read_back_the_same(value: dict) -> None:
    documents = read_documents(write_document(value), "x.yaml")
    assert [document.value for document in documents] == [value]
    assert json.dumps(documents[0].value) == json.dumps(value)


@given(st.lists(st.dictionaries(texts, values, min_size=1, max_size=2), min_size=1, max_size=3))
def test_law_several_documents_are_read_back_the_same(documents: list[dict]) -> None:
    assert [document.value for document in read_documents(write_documents(documents), "x.yaml")] == documents


HELM = """
import json, sys
from helm_python import values_from_yaml
for line in sys.stdin:
    try:
        print(json.dumps(values_from_yaml(json.loads(line))), flush=True)
    except Exception as error:
        print(json.dumps({"error": str(error)}), flush=True)
"""


class Judge:
    """Helm's reader in a process of its own: the Go runtime and pytest's threads do not mix well."""

    process: subprocess.Popen[str] | None = None

    @classmethod
    def read(cls, text: str) -> dict:
        if cls.process is None:
            cls.process = subprocess.Popen(
                [sys.executable, "-c", HELM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        cls.process.stdin.write(json.dumps(text) + "\n")
        cls.process.stdin.flush()
        return json.loads(cls.process.stdout.readline())


@pytest.fixture(scope="module", autouse=True)
def judge_ends() -> Iterator[None]:
    yield
    if Judge.process is not None:
        Judge.process.communicate()
        Judge.process = None


small = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)


@given(st.dictionaries(texts, small, max_size=4))
@example({text: text for text in TRICKY})
def test_law_helm_reads_back_what_we_write(value: dict) -> None:
    assert Judge.read(write_document(value)) == value


@given(
    st.text("0123456789_+-.eExXobBaf:yYnNoOtTrR~", min_size=1, max_size=6).filter(
        lambda t: t[0] not in "-:" or len(t) > 1
    )
)
@example("0777")
@example("1_000")
@example("0o17")
@example("-0b1")
@example("12:30:45")
@example("2024-01-01")
@example("1e3")
@example("0b")
@example("+1")
@example("1__0")
@example("_1")
@example("0_7")
@example("08")
@example("0x_1f")
@example("1.e1")
@example("+.5")
def test_Y10_plain_scalars_mean_what_they_mean_to_helm(text: str) -> None:
    theirs = Judge.read(f"a: {text}\n")
    try:
        ours = read_documents(f"a: {text}\n", "x.yaml")[0].value
    except OverlayError:
        return  # refused by name, never read as something else
    if theirs.keys() != {"a"}:
        return  # no scalar to them either
    assert ours == theirs
    assert isinstance(ours["a"], bool) == isinstance(theirs["a"], bool)
