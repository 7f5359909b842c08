"""Whatever is changed in a bundle: it is refused by an error of ours, or it is whole by its own records."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.errors import OverlayError
from overlay.oci import media
from overlay.oci.bundle import Artifact, Made
from overlay.oci.layout import Layout
from overlay.oci.manifest import describe, image, read_manifest
from overlay.oci.opened import Contents, read_contents, rendered_files
from overlay.oci.place import read_blob
from tests.fetch.projects import sha256
from tests.oci.test_package import make_shop, package

WORDS = (b"{", b"}", b"[", b'"', b"null", b"../", b"/", b"environments/", b"prod", b"\0", b"\xff", b"-1", b"9" * 30)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, bytes]:
    """Return the config, the manifest and the plain tar of layer 0 of a bundle that is as it should be."""
    folder = tmp_path_factory.mktemp("right")
    done = package(
        make_shop(folder / "shop"), "--version", "1.4.0", "--to", str(folder / "out"), HOME=str(folder),
        XDG_CACHE_HOME=str(folder),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    layout = Layout(str(folder / "out"))
    manifest = layout.manifest("1.4.0")
    assert manifest.config is not None
    config, layer = (read_blob(layout, one, 1 << 24) for one in (manifest.config, manifest.parts[0]))
    return config, manifest.data, gzip.decompress(layer)


def changed(data: bytes, draw: st.DataObject) -> bytes:
    """Change a few places of some bytes."""
    found = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(found)))
        size = draw.draw(st.integers(0, 40))
        found[at : at + size] = draw.draw(st.one_of(st.sampled_from(WORDS), st.binary(max_size=20)))
    return bytes(found)


def bundle(config: bytes, layer: bytes) -> Made:
    head = describe(media.BUNDLE_CONFIG, config)
    blobs = [(media.RENDERED, layer), (media.SOURCE, b"source"), (media.REPORT, b"{}")]
    layers = tuple([describe(kind, data) for kind, data in blobs])
    manifest = image(media.BUNDLE, head, layers, {})
    return Made(Artifact(manifest=manifest, blobs={sha256(config): config, **{sha256(d): d for _, d in blobs}}), "x")


def read(made: Made) -> tuple[Contents, dict[str, bytes]] | None:
    """Read all of a bundle; None where it is refused."""
    try:
        contents = read_contents(made, made.manifest(""))
        layer = b"".join(made.chunks(made.manifest("").parts[0]))
        return contents, {name: b"".join(chunks) for name, chunks in rendered_files(io.BytesIO(layer), contents, "x")}
    except OverlayError:
        return None


def check(found: tuple[Contents, dict[str, bytes]] | None) -> None:
    """What is taken is what the records say, and nothing beside it."""
    if found is None:
        return
    contents, files = found
    wanted = set()
    for name, digest in contents.records.items():
        record = files[f"environments/{name}/overlay.metadata"]
        assert sha256(record) == digest
        for file, each in json.loads(record)["files"].items():
            assert sha256(files[f"environments/{name}/{file}"]) == each
            wanted.add(f"environments/{name}/{file}")
        wanted.add(f"environments/{name}/overlay.metadata")
    assert set(files) == wanted


@given(draw=st.data())
def test_A19_a_law_a_changed_config_is_refused_or_whole(parts: tuple[bytes, bytes, bytes], draw: st.DataObject) -> None:
    config, _, plain = parts
    check(read(bundle(changed(config, draw), gzip.compress(plain, 1))))


@given(draw=st.data())
def test_A19_a_law_a_changed_archive_is_refused_or_whole(
    parts: tuple[bytes, bytes, bytes], draw: st.DataObject
) -> None:
    config, _, plain = parts
    check(read(bundle(config, gzip.compress(changed(plain, draw), 1))))


@given(draw=st.data())
def test_A19_a_law_a_changed_packing_is_refused_or_whole(
    parts: tuple[bytes, bytes, bytes], draw: st.DataObject
) -> None:
    config, _, plain = parts
    check(read(bundle(config, changed(gzip.compress(plain, 1), draw))))


@given(draw=st.data())
def test_A19_a_law_a_changed_manifest_is_refused_or_reads_as_one(
    parts: tuple[bytes, bytes, bytes], draw: st.DataObject
) -> None:
    data = changed(parts[1], draw)
    try:
        found = read_manifest(data, media.MANIFEST, "x")
    except OverlayError:
        return
    assert found.digest == sha256(data)
    assert all(part.size >= 0 and part.digest.startswith("sha256:") for part in found.blobs)


def test_A19_what_is_unchanged_is_taken(parts: tuple[bytes, bytes, bytes]) -> None:
    found = read(bundle(parts[0], gzip.compress(parts[2], 1)))
    assert found is not None
    check(found)
