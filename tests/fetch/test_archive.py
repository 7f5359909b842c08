"""Archives at a plain address: pinned by the document's own digest, unpacked in memory only."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tests.fetch.projects import chart, overlay, packed, project, sha256
from tests.fetch.servers import Web, redirect

DATA = chart("db", "1.2.0")


def line(web: Web, data: bytes, name: str = "db-1.2.0.tgz") -> str:
    return f"{{url: '{web.url}/{name}', digest: '{sha256(data)}'}}"


def test_a_packaged_chart_at_an_address(tls: Web, tmp_path: Path) -> None:
    tls.answers["/db-1.2.0.tgz"] = DATA
    folder = project(tmp_path, line(tls, DATA))
    assert overlay(folder, "lock").stderr == f"locked db-1.2.0 1.2.0 from {tls.url}/db-1.2.0.tgz\n"
    assert overlay(folder, "render", "prod", "-o", "name").stdout == "configmap/shop-db\n"


@pytest.mark.parametrize("version", ["../../x", "a/b", "1.0.0\\n", "x" * 129])
def test_A08_a_version_that_is_none_is_refused(web: Web, tmp_path: Path, version: str) -> None:
    data = packed({"Chart.yaml": f'apiVersion: v2\nname: db\nversion: "{version}"\n'})
    web.answers["/x.tgz"] = data
    done = overlay(project(tmp_path, line(web, data, "x.tgz")), "lock")
    assert done.returncode == 2
    assert "holds a chart whose version" in done.stderr


def test_a_packed_folder_of_manifests(web: Web, tmp_path: Path) -> None:
    data = packed({"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n", "README.md": "x"}, "any-folder")
    web.answers["/x.tgz"] = data
    folder = project(tmp_path, line(web, data, "x.tgz"))
    overlay(folder, "lock")
    assert overlay(folder, "render", "prod", "-o", "name").stdout == "configmap/a\n"


def test_R18_other_bytes_than_the_document_says_are_refused(web: Web, tmp_path: Path) -> None:
    web.answers["/db-1.2.0.tgz"] = chart("db", "6.6.6")
    done = overlay(project(tmp_path, line(web, DATA)), "lock")
    assert done.returncode == 2
    assert (
        f"{web.url}/db-1.2.0.tgz differs from its digest in the document: want {sha256(DATA)}, got sha256:"
        in done.stderr
    )


def test_a_signed_address_is_used_whole_and_never_written_or_shown(web: Web, tmp_path: Path) -> None:
    web.answers |= {"/a.tgz": redirect("/b.tgz?signature=hush"), "/b.tgz": DATA}
    folder = project(tmp_path, line(web, DATA, "a.tgz"))
    done = overlay(folder, "lock")
    assert done.returncode == 0
    assert web.seen[1][0] == "/b.tgz?signature=hush"
    assert "hush" not in done.stderr + (folder / "overlay.lock").read_text()


def hostile(*entries: tuple[str, bytes, bytes], folder: str = "db") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, kind, content in (
            ("Chart.yaml", tarfile.REGTYPE, b"apiVersion: v2\nname: db\nversion: 1.0.0\n"),
            *entries,
        ):
            entry = tarfile.TarInfo(name if name.startswith(("/", "..")) else f"{folder}/{name}")
            entry.type = kind
            if kind == tarfile.REGTYPE:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
            else:
                entry.linkname = content.decode()
                archive.addfile(entry)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (hostile(("../../evil", tarfile.REGTYPE, b"x")), "the entry name '../../evil' is not allowed"),
        (hostile(("/etc/evil", tarfile.REGTYPE, b"x")), "the entry name '/etc/evil' is not allowed"),
        (hostile(("leak", tarfile.SYMTYPE, b"/etc/passwd")), "db/leak is a link, device or special entry"),
        (hostile(("leak", tarfile.LNKTYPE, b"/etc/passwd")), "db/leak is a link, device or special entry"),
        (hostile(("pipe", tarfile.FIFOTYPE, b"")), "db/pipe is a link, device or special entry"),
        (
            hostile(("a", tarfile.REGTYPE, b"1"), ("A", tarfile.REGTYPE, b"2")),
            "is there twice (or differs only in case)",
        ),
        (hostile(("big", tarfile.REGTYPE, b"\0" * (6 * 1024 * 1024))), "Helm takes no file above"),
        (DATA[:-20], "is cut off"),
        (DATA + b"x", "has more behind its end"),
        (b"PK\3\4 zip", "is a zip archive; only tar archives packed with gzip (.tgz) are read"),
    ],
    ids=["dots", "absolute", "symlink", "hard-link", "pipe", "case", "big", "cut", "more", "zip"],
)
def test_V13_A01_A03_A04_A07_A12_a_hostile_archive_is_refused_whole(
    web: Web, tmp_path: Path, data: bytes, message: str
) -> None:
    web.answers["/db.tgz"] = data
    folder = project(tmp_path, line(web, data, "db.tgz"))
    done = overlay(folder, "lock")
    assert done.returncode == 2
    assert message in done.stderr
    assert "environments/prod/environment.yaml:6:10" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["environments", "overlay.yaml"]


def test_A10_what_unpacks_without_end_is_refused(web: Web, tmp_path: Path) -> None:
    data = hostile(*[(f"f{n}", tarfile.REGTYPE, b"\0" * (5 * 1024 * 1024)) for n in range(21)])
    web.answers["/db.tgz"] = data
    done = overlay(project(tmp_path, line(web, data, "db.tgz")), "lock")
    assert "unpacks to more than 104857600 bytes" in done.stderr
