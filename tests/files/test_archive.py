"""Packaged charts: only what cannot be read in two ways, within limits, never on disk."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
import zlib
from pathlib import Path

import pytest

from overlay.chart.pack import pack
from overlay.errors import OverlayError
from overlay.files.archive import MAX_ENTRIES, unpack
from overlay.files.tar import entry_header, read_header, write_tar
from overlay.model.location import Location

HERE = Location("environments/base/base.yaml", 3, 4)
CHART = ("web/Chart.yaml", b"name: web\n")


def entry(name: str, data: bytes = b"x", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def archive(*entries: tuple[tarfile.TarInfo, bytes], chart: bool = True) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for info, data in ((entry(*CHART),) if chart else ()) + entries:
            tar.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return gzip.compress(raw.getvalue(), mtime=0)


def refused(data: bytes) -> str:
    with pytest.raises(OverlayError) as caught:
        unpack(data, "web.tgz", HERE)
    assert caught.value.location == HERE
    return caught.value.message


def test_a_sound_archive_gives_its_files_below_the_chart() -> None:
    data = archive(entry("web/templates/a.yaml", b"a"), entry("web/templates/", b"", type=tarfile.DIRTYPE))
    assert unpack(data, "web.tgz", HERE) == [("Chart.yaml", b"name: web\n"), ("templates/a.yaml", b"a")]


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "web/../../x",
        "/abs",
        "\\..\\x",
        "C:x",
        "",
        "web/a\x01b",
        "web//x",
        "web/./x",
        "../web-evil/x",
        "web/../web/x",
    ],
)
def test_A01_A02_A06_names_that_leave_the_archive_are_refused(name: str) -> None:
    assert "the entry name" in refused(archive(entry(name)))


@pytest.mark.parametrize("name", [".", "./Chart.yaml", "./web"])
def test_an_archive_of_the_current_folder_says_how_to_pack_it(name: str) -> None:
    with pytest.raises(OverlayError) as caught:
        unpack(archive(entry(name)), "web.tgz", HERE)
    assert (caught.value.message, caught.value.hint) == (
        f"web.tgz: the entry name {name!r} is not allowed",
        "pack the folder itself, as `helm package` does",
    )


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"), (tarfile.SYMTYPE, ".."), (tarfile.LNKTYPE, "../x"), (tarfile.LNKTYPE, "web/Chart.yaml"),
        (tarfile.FIFOTYPE, ""), (tarfile.CHRTYPE, ""), (tarfile.BLKTYPE, ""),
    ],
)  # fmt: skip
def test_A03_A04_A05_A07_only_files_and_folders_are_allowed(kind: bytes, target: str) -> None:
    found = refused(archive(entry("web/x", b"", type=kind, linkname=target), entry("web/x/y")))
    assert found == "web.tgz: web/x is a link, device or special entry; only files are allowed"


def test_A07_a_pax_header_cannot_give_an_entry_another_name() -> None:
    assert "the entry name '../evil'" in refused(archive(entry("web/fine", pax_headers={"path": "../evil"})))


def test_A08_an_archive_has_one_folder_with_a_chart() -> None:
    for data in (
        archive(entry("other/x")),
        archive(entry("web/x"), chart=False),
        archive(entry("Chart.yaml"), chart=False),
    ):
        assert refused(data) in (
            "web.tgz is no packaged chart: it needs one folder with a Chart.yaml",
            "web.tgz: Chart.yaml is not below the chart's folder",
        )


@pytest.mark.parametrize("second", ["web/values.yaml", "web/VALUES.yaml"])
def test_A09_a_name_stands_once_whatever_its_case(second: str) -> None:
    found = refused(archive(entry("web/values.yaml", b"a: 1"), entry(second, b"a: evil")))
    assert found == f"web.tgz: {second} is there twice (or differs only in case)"


@pytest.mark.parametrize(
    ("first", "second"),
    [("web/a", "web/a/"), ("web/a/", "web/a"), ("web/a", "web/A/b"), ("web/a/b", "web/a"), ("web/a/b/c", "web/A")],
)
def test_A09_A14_a_name_is_a_file_or_a_folder(first: str, second: str) -> None:
    def one(name: str) -> tuple[tarfile.TarInfo, bytes]:
        return entry(name, b"", type=tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE)

    assert refused(archive(one(first), one(second))) == "web.tgz: web/a is a file and a folder"
    if "/" not in (first[-1], second[-1]):
        # What we would write ourselves is read without the library.
        raw = b"".join(write_tar([CHART, (first, b""), (second, b"")]))
        assert refused(gzip.compress(raw, mtime=0)) == "web.tgz: web/a is a file and a folder"


def test_A11_folders_without_end_are_refused() -> None:
    # A few entries that stand for many folders each.
    found = refused(archive(*[entry(f"web/{number}/" + "x/" * 450 + "y") for number in range(25)]))
    assert found == "web.tgz has more than 10000 folders"


def test_A10_a_gzip_bomb_stops_at_the_limit() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(150)) + packer.flush()
    assert len(bomb) < 200_000
    assert refused(bomb) == "web.tgz unpacks to more than 104857600 bytes"


def test_A11_too_many_entries_are_refused() -> None:
    assert (
        refused(archive(*[entry(f"web/{n}", b"") for n in range(MAX_ENTRIES + 1)]))
        == "web.tgz has more than 10000 entries"
    )
    assert "the entry name" in refused(archive(entry("web/" + "d/" * 10_000 + "x")))


def test_A12_cut_off_and_prolonged_archives_are_refused() -> None:
    whole = archive(entry("web/a", b"a" * 2_000))
    raw = gzip.decompress(whole)
    for data in (
        whole[:-9], whole[:40], whole + b"garbage", whole + whole, gzip.compress(raw[:1600]),
        gzip.compress(raw[: len(raw.rstrip(b"\0"))]), gzip.compress(raw + b"tail"), b"", b"no gzip", gzip.compress(b"no tar at all"),
    ):  # fmt: skip
        assert refused(data)


def test_A13_sizes_that_cannot_be_are_refused() -> None:
    raw = bytearray(gzip.decompress(archive(entry("web/a", b"a"))))
    for size in (b"77777777777\0", b"\x80" + b"\xff" * 11, b"-0000000001\0", b"zzzzzzzzzzz\0"):
        changed = bytearray(raw)
        changed[1024 + 124 : 1024 + 136] = size
        header = bytes(changed[1024:1536])
        total = sum(header[:148]) + 8 * 32 + sum(header[156:])
        changed[1024 + 148 : 1024 + 156] = b"%06o\0 " % total
        assert refused(gzip.compress(bytes(changed)))


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"PK\3\4", "a zip archive"),
        (b"\x28\xb5\x2f\xfd", "packed with zstd"),
        (b"\xfd7zXZ\0", "packed with xz"),
        (b"BZh9", "packed with bzip2"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    ],
)
def test_A20_other_ways_of_packing_are_named(start: bytes, what: str) -> None:
    for data in (start, start + b"\0" * 2_000):
        assert refused(data) == f"web.tgz is {what}; only tar archives packed with gzip (.tgz) are read"


def test_A15_modes_and_owners_of_entries_do_not_matter() -> None:
    plain = unpack(archive(entry("web/a")), "web.tgz", HERE)
    assert unpack(archive(entry("web/a", mode=0o6777, uid=1234, gid=99, mtime=2**33)), "web.tgz", HERE) == plain


def test_T22_a_file_above_helms_limit_names_limit_and_file() -> None:
    found = refused(archive(entry("web/big", bytes(5 * 1024 * 1024 + 1))))
    assert found == "web.tgz: web/big has 5242881 bytes; Helm takes no file above 5242880"


def test_packing_is_deterministic_and_read_by_others(tmp_path: Path, tool) -> None:
    long = "templates/" + "x" * 150 + ".yaml"
    files = [("Chart.yaml", b"apiVersion: v2\nname: web\nversion: 1.0.0\n"), ("e", b""), (long, b"a: 1\n")]
    data = pack(files)
    assert data == pack(files)
    assert unpack(data, "x.tgz", HERE) == files
    path = tmp_path / "web.tgz"
    path.write_bytes(data)
    shown = subprocess.run([tool("helm"), "show", "chart", path], capture_output=True, text=True, check=True).stdout
    assert "name: web" in shown


@pytest.mark.parametrize("name", ["shop/a.yaml", "shop/" + "x" * 95, "shop/ä.yaml"])
def test_a_header_as_we_write_it_is_read_without_the_library_and_the_same(name: str) -> None:
    header = entry_header(name, 1234, 1_700_000_000)
    found = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    assert read_header(header) == (found.name, found.size, found.isdir()) == (name, 1234, False)
    folders = b"".join(write_tar([("shop/a", b"")], folders=True))
    assert read_header(folders[:512]) == ("shop/", 0, True)
    # Whatever is changed is left to the library: each byte of it, one after the other.
    for at in range(512):
        changed = bytearray(header)
        changed[at] ^= 1
        assert read_header(bytes(changed)) is None, at


@pytest.mark.parametrize(
    ("kind", "name", "size"),
    [
        (tarfile.SYMTYPE, "shop/a", 0), (tarfile.LNKTYPE, "shop/a", 0), (tarfile.XHDTYPE, "pax", 30),
        (tarfile.GNUTYPE_LONGNAME, "shop/a", 30), (tarfile.AREGTYPE, "shop/a", 3), (tarfile.DIRTYPE, "shop/", 3),
        (tarfile.REGTYPE, "shop/", 3), (tarfile.CONTTYPE, "shop/a", 3), (tarfile.FIFOTYPE, "shop/a", 0),
        (tarfile.GNUTYPE_SPARSE, "shop/a", 3),
    ],
)  # fmt: skip
def test_A07_no_other_kind_of_entry_is_read_without_the_library(kind: bytes, name: str, size: int) -> None:
    as_ours = bytearray(entry_header("shop/a", 3))
    as_ours[:100] = name.encode().ljust(100, b"\0")
    as_ours[124:136] = b"%011o\0" % size
    as_ours[156:157] = kind
    as_ours[148:156] = b" " * 8
    as_ours[148:156] = b"%06o\0 " % sum(as_ours)
    assert read_header(bytes(as_ours)) is None
