"""The gzip stream is settled by the content, and every gunzip reads it."""

from __future__ import annotations

import gzip as standard
import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.files.tar import write_tar
from overlay.oci.gzip import gzip

ROOT = Path(__file__).resolve().parents[2]
# Where a developer may have further ones.
OTHERS = [str(path) for path in Path("~/.pyenv/versions").expanduser().glob("3.1[1-9]*/bin/python")]
TEXT = "".join(
    f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-{number}\n  namespace: shop\ndata:\n  level: info\n---\n"
    for number in range(2_000)
).encode()


def packed(data: bytes, size: int = 10_000) -> bytes:
    return b"".join(gzip(data[at : at + size] for at in range(0, len(data), size)))


words = st.sampled_from(
    [b"a: b\n", b"  - name: web\n", b"\0" * 700, b"\0", b"\n", b" ", b"\xc3\xbc", b"\xff" * 9, b"word"]
)


@given(st.one_of(st.binary(max_size=3000), st.lists(words, max_size=300).map(b"".join)), st.integers(1, 5000))
def test_law_what_is_packed_is_unpacked_however_it_was_cut(data: bytes, size: int) -> None:
    assert standard.decompress(packed(data, size)) == data
    assert packed(data, size) == packed(data, len(data) + 1)


@pytest.mark.parametrize("size", [0, 1, 3, 59_999, 60_000, 60_001, 300_000])
@pytest.mark.parametrize("kind", ["zeros", "text", "random", "high", "one line"])
def test_blocks_end_anywhere(kind: str, size: int) -> None:
    make = {
        "zeros": lambda: bytes(size), "text": lambda: (TEXT * 4)[:size], "random": lambda: random.Random(1).randbytes(size),
        "high": lambda: b"\xff" * size, "one line": lambda: b"a" * size,
    }  # fmt: skip
    data = make[kind]()
    assert standard.decompress(packed(data)) == data


def test_text_shrinks_and_random_bytes_do_not_grow() -> None:
    assert len(packed(TEXT)) < len(TEXT) // 6
    noise = random.Random(1).randbytes(1_000_000)
    assert len(packed(noise)) < len(noise) + 200


def test_the_bytes_are_pinned() -> None:
    """A change here changes the digest of every bundle that is made again."""
    assert packed(b"a: b\n" * 3).hex() == "1f8b08000000000000ff4bb45248e2421000383b26b50f000000"
    assert (
        hashlib.sha256(packed(TEXT)).hexdigest() == "816b3f3cccf4a24cea58a6065b6b6d66da26702463e382c06252fcfb71024fba"
    )


def test_A16_every_python_makes_the_same_bytes() -> None:
    code = (
        "import hashlib, sys; from overlay.oci.gzip import gzip; from overlay.files.tar import write_tar;"
        "data = sys.stdin.buffer.read(); files = [('a/b', data), ('a/' + 'c' * 120, b'x')];"
        "print(hashlib.sha256(b''.join(gzip(write_tar(files, seconds=7, folders=True)))).hexdigest())"
    )
    found = {}
    for program in (sys.executable, *[f"python3.{minor}" for minor in range(11, 20)], *OTHERS):
        try:
            done = subprocess.run([program, "-c", code], input=TEXT, capture_output=True, cwd=ROOT)
        except OSError:
            continue
        if done.returncode == 0:
            found[program] = done.stdout
    assert len(set(found.values())) == 1, found


def test_other_programs_read_it(tmp_path: object) -> None:
    files = [(f"environments/prod/{name}.yaml", TEXT[:4000]) for name in ("a", "b", "ü" * 90)]
    data = b"".join(gzip(write_tar(files, seconds=1_700_000_000, folders=True)))
    listed = subprocess.run(
        ["tar", "tzf", "-"], input=data, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )
    assert listed.stdout.decode().split()[:4] == [
        "environments/",
        "environments/prod/",
        "environments/prod/a.yaml",
        "environments/prod/b.yaml",
    ]
    assert subprocess.run(["gzip", "-t"], input=data, capture_output=True).returncode == 0
