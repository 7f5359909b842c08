"""Archives of any kind: refused whole, or read as Helm and tar read them."""

from __future__ import annotations

import base64
import gzip
import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlay.errors import OverlayError
from overlay.files.archive import unpack
from overlay.files.tar import read_header, write_tar
from tests.files.test_archive import HERE

CHART = b"apiVersion: v2\nname: web\nversion: 1.0.0\n"
NAMES = (
    "web/a.txt", "web/./a.txt", "web//a.txt", "./web/b.txt", "web/B.txt", "web/../c", "web/d/e.txt", "web/d", "x/f", "web/é.txt",
    "web/e\u0301.txt", "/web/g", "web/" + "n" * 120, "web/" + "long/" * 30 + "x", "web/h ", "web/.helmignore", "web/i\\j", "web/k:l",
)  # fmt: skip
KINDS = (tarfile.REGTYPE, tarfile.REGTYPE, tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.CONTTYPE,
         tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE)  # fmt: skip


# Each of these examples starts a program, or packs and unpacks twice: the profile's number is too many for them.
LONG = bool(os.environ.get("OVERLAY_FUZZ"))


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """Draw a chart's archive with entries of all kinds in one of tar's formats, sometimes with pax records."""
    form = draw(st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=form) as tar:
        for name, kind, data in (("web/Chart.yaml", tarfile.REGTYPE, CHART), *draw(entries)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "web/Chart.yaml" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            info.size = len(data) if info.isreg() else 0
            info.mode, info.uid, info.mtime = draw(st.sampled_from([(0o644, 0, 0), (0o4777, 2**20, 2**33)]))
            if form == tarfile.PAX_FORMAT and draw(st.integers(0, 4)) == 0:
                info.pax_headers = {draw(st.sampled_from(["path", "comment", "size", "GNU.sparse.name"])): "7"}
            try:
                tar.addfile(info, io.BytesIO(data) if info.isreg() else None)
            except ValueError:
                continue  # this format has no room for the name
    return gzip.compress(raw.getvalue(), mtime=0)


entries = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(KINDS), st.binary(max_size=8)), max_size=5)


def ours(data: bytes) -> list[tuple[str, bytes]] | None:
    try:
        return unpack(data, "web.tgz", HERE)
    except OverlayError:
        return None


def tars(program: str, data: bytes) -> list[tuple[str, bytes]]:
    """Return what GNU's or BSD's tar unpacks, below the chart's folder."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "-xzf", "-", "-C", folder], input=data, check=True, capture_output=True)
        root = Path(folder) / "web"
        return sorted((str(path.relative_to(root)), path.read_bytes()) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("program", ["tar", "bsdtar"])
def test_A14_a_law_what_is_accepted_is_what_tar_unpacks(program: str, tool: Callable[[str], str]) -> None:
    path = tool(program)

    @settings(max_examples=2_000 if LONG else 80)
    @given(archives())
    def law(data: bytes) -> None:
        found = ours(data)
        if found is not None:
            assert found == tars(path, data)

    law()


def test_A14_what_is_accepted_is_what_helm_reads(tool: Callable[[str], str]) -> None:
    lister = (
        b'a: 1\n{{ range $path, $data := .Files.Glob "**" }}# {{ $path }}={{ $data | toString | b64enc }}\n{{ end }}'
    )
    helm = tool("helm")

    @settings(max_examples=25)
    @given(entries)
    def law(drawn: list[tuple[str, bytes, bytes]]) -> None:
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as tar:
            own = (("web/Chart.yaml", tarfile.REGTYPE, CHART), ("web/templates/l.yaml", tarfile.REGTYPE, lister))
            for name, kind, content in (*own, *drawn):
                info = tarfile.TarInfo(name)
                info.type, info.size = kind, len(content) if kind in tarfile.REGULAR_TYPES else 0
                tar.addfile(info, io.BytesIO(content))
        data = gzip.compress(raw.getvalue())
        files = ours(data)
        if files is None:
            return
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "web.tgz").write_bytes(data)
            done = subprocess.run([helm, "template", "x", "web.tgz"], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        listed = sorted(line[2:] for line in done.stdout.splitlines() if line.startswith("# ") and "=" in line)
        # Helm keeps Chart.yaml, templates and .helmignore to itself.
        kept = [(name, data) for name, data in files if name not in ("Chart.yaml", "templates/l.yaml", ".helmignore")]
        assert listed == sorted(f"{name}={base64.b64encode(data).decode()}" for name, data in kept)

    law()


@settings(max_examples=20_000 if LONG else 300)
@given(archives(), st.data())
def test_A19_a_law_no_change_of_an_archives_bytes_makes_reading_fail(data: bytes, draw: st.DataObject) -> None:
    raw = bytearray(gzip.decompress(data))
    for _ in range(draw.draw(st.integers(1, 4))):
        raw[draw.draw(st.integers(0, len(raw) - 1))] = draw.draw(st.integers(0, 255))
    ours(gzip.compress(bytes(raw)))
    packed = bytearray(data)
    packed[draw.draw(st.integers(0, len(packed) - 1))] = draw.draw(st.integers(0, 255))
    ours(bytes(packed))
    ours(draw.draw(st.binary(max_size=64)))


# A header that is nearly ours: fields that others read in other ways, under a checksum that is right again.
FIELDS = {
    "name": (0, 100, (b"web/a.txt", b"web/a\0b", b"web/", b"/web", b"web/\xc3\xa9", b"web/\xff", b"", b"w" * 100)),
    "mode": (100, 108, (b"0000644\0", b"0000755\0", b"0004777\0", b"644 \0")),
    "size": (124, 136, (b"00000000003\0", b"00000000000\0", b"3", b" 3 \0", b"\x80" + bytes(10) + b"\3", b"-0000000001\0")),
    "time": (136, 148, (b"77777777777\0", b"00000000008\0", b"0o000000001\0", bytes(12))),
    "kind": (156, 157, (b"0", b"\0", b"5", b"7", b"1", b"x", b"L", b"S")),
    "link": (157, 257, (b"", b"web/Chart.yaml")),
    "magic": (257, 265, (b"ustar\x0000", b"ustar  \0", bytes(8))),
    "prefix": (345, 500, (b"", b"other")),
}  # fmt: skip


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """Draw a header of a file of three bytes with some fields changed, its checksum mostly right."""
    block = bytearray(b"".join(write_tar([("web/a.txt", b"abc")]))[:512])
    for field in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=2)):
        start, end, texts = FIELDS[field]
        block[start:end] = draw(st.sampled_from(texts))[: end - start].ljust(end - start, b"\0")
    if draw(st.integers(0, 3)) == 0:
        block[draw(st.integers(0, 511))] = draw(st.integers(0, 255))
    if draw(st.integers(0, 3)):
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@settings(max_examples=20_000 if LONG else 500)
@given(headers())
def test_A14_a_law_a_header_that_is_read_without_the_library_is_read_so_by_it(block: bytes) -> None:
    ours = read_header(block)
    if ours is None:
        return
    with tarfile.open(fileobj=io.BytesIO(block + b"abc".ljust(512, b"\0") + bytes(1024)), mode="r:") as archive:
        member = archive.next()
    assert member is not None
    assert ours == (member.name + "/" * member.isdir(), member.size, member.isdir())
    assert (member.isreg() or member.isdir(), member.issparse()) == (True, False)
