"""Any bytes give a value or one of our errors, soon."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from overlay.errors import OverlayError
from overlay.yaml import decode, read_documents

pieces = st.sampled_from(
    ["a", "b: ", "- ", "\n", "  ", "{", "}", "[", "]", ",", ":", "&x ", "*x", "<<: ", "!t ", "'", '"', "|\n", ">-\n", "---\n",
     "...\n", "#", "%", "? ", "\t", "\r\n", "é", "\x00", "\u2028", "0x", "1e9", "null", "{{ x }}"]
)  # fmt: skip


def read(data: bytes) -> None:
    started = time.monotonic()
    try:
        for document in read_documents(decode(data, "f"), "f"):
            document.location(("a", 0, "b"))
    except OverlayError as error:
        assert error.each()
        assert all(one.message for one in error.each())
    assert time.monotonic() - started < 2


@given(st.binary(max_size=200))
def test_Y20_fuzz_any_bytes_give_a_value_or_our_error(data: bytes) -> None:
    read(data)


@given(st.lists(pieces, max_size=40).map("".join))
def test_Y20_fuzz_any_yaml_like_text_gives_a_value_or_our_error(text: str) -> None:
    read(text.encode())
