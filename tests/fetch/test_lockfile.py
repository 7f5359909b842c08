"""overlay.lock and its JSON Schema accept the same documents."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry

from overlay.errors import OverlayError
from overlay.fetch.lockfile import read_lock
from overlay.yaml import write_document

SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "lock.schema.json"
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")), registry=Registry())
anything = st.sampled_from([None, True, -1, 1.5, [], {}, "x", ""])


def mostly(value: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(*[value] * 8, anything)


request = st.dictionaries(
    st.sampled_from(["oci", "git", "version", "ref", "unknown"]), mostly(st.just("x")), max_size=2
)
entry = st.fixed_dictionaries(
    {
        "name": mostly(st.sampled_from(["db", "../x", "a" * 129])),
        "request": mostly(request),
        "version": mostly(st.sampled_from(["1.2.0", "", "1.2.0+x", "../x", "a" * 129])),
        "source": mostly(st.just("https://x")),
        "digest": mostly(st.sampled_from(["sha256:" + "0a" * 32, "sha256:0", "md5:" + "0" * 32])),
        "size": mostly(st.sampled_from([0, 10**9])),
    },
    optional={"more": st.just(1)},
)
document = st.fixed_dictionaries(
    {
        "apiVersion": mostly(st.just("overlay.dev/v1")),
        "kind": mostly(st.just("Lock")),
        "inputs": mostly(st.lists(mostly(entry), max_size=1)),
    },
    optional={"more": st.just(1)},
)


@given(document)
def test_law_schema_and_reader_accept_the_same_locks(value: dict) -> None:
    try:
        read_lock(write_document(value).encode())
        accepted = True
    except OverlayError:
        accepted = False
    assert accepted == VALIDATOR.is_valid(value), value
