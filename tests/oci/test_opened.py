"""Bundles of others: every lie is refused by the part that lies, and nothing of it can be seen."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay import tree
from overlay.files.paths import printable
from overlay.files.tar import write_tar
from overlay.oci import media, opened
from overlay.oci.bundle import Artifact, Made
from overlay.oci.layout import Layout
from overlay.oci.manifest import describe, image, write_json
from overlay.oci.place import read_blob
from overlay.oci.transfer import carry
from tests.oci.test_package import make_shop, package
from tests.source.projects import overlay


class Forged:
    """A right bundle, of which parts can be replaced."""

    def __init__(self, folder: Path, right: Path) -> None:
        shutil.copytree(right, folder / "right")
        layout = Layout(str(right))
        manifest = layout.manifest("1.4.0")
        assert manifest.config is not None
        self.folder = folder
        self.kind = media.BUNDLE
        self.config_kind = media.BUNDLE_CONFIG
        self.config = json.loads(read_blob(layout, manifest.config, 1 << 20))
        self.layers = [(part.media_type, read_blob(layout, part, 1 << 20)) for part in manifest.parts]
        self.titles: dict[int, str] = {}
        self.files = {}
        with tarfile.open(fileobj=io.BytesIO(self.layers[0][1])) as archive:
            for member in archive:
                if member.isfile():
                    self.files[member.name] = archive.extractfile(member).read()

    def pack(self) -> None:
        """Make layer 0 of the files."""
        self.layers[0] = (self.layers[0][0], gzip.compress(b"".join(write_tar(sorted(self.files.items())))))

    def forge(self) -> str:
        """Put it into a layout; return its digest."""
        config = write_json(self.config)
        head = describe(self.config_kind, config)
        titles = [{media.TITLE: self.titles[at]} if at in self.titles else {} for at in range(len(self.layers))]
        parts = [describe(kind, data, title) for (kind, data), title in zip(self.layers, titles, strict=True)]
        manifest = image(self.kind, head, tuple(parts), {})
        blobs = {head.digest: config, **{part.digest: data for part, (_, data) in zip(parts, self.layers, strict=True)}}
        layout = Layout(str(self.folder / "forged"))
        layout.create()
        carry(Made(Artifact(manifest=manifest, blobs=blobs), "forged"), "", layout, "1.4.0")
        return manifest.digest

    def pull(self) -> str:
        """Return what `overlay pull` says of it; nothing of it may be there afterwards."""
        self.forge()
        done = overlay(self.folder, "pull", "forged:1.4.0", "-d", "out", "--store", "store")
        assert done.returncode == 2, done.stderr
        assert not (self.folder / "out").exists()
        assert not list(self.folder.glob("**/.overlay-*"))
        for name in os.listdir(self.folder / "store") if (self.folder / "store").exists() else ():
            assert Layout(str(self.folder / "store" / name)).tags() == ()
        return done.stderr


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a layout with a bundle that is as it should be."""
    folder = tmp_path_factory.mktemp("right")
    shop = make_shop(folder / "shop")
    done = package(
        shop, "--version", "1.4.0", "--to", str(folder / "right"), HOME=str(folder), XDG_CACHE_HOME=str(folder)
    )
    assert done.returncode == 0, done.stderr
    return folder / "right"


@pytest.fixture
def forged(tmp_path: Path, right: Path) -> Forged:
    return Forged(tmp_path, right)


def test_the_record_is_the_one_that_is_written() -> None:
    assert opened.RECORD == tree.RECORD


def test_the_right_one_is_taken(forged: Forged) -> None:
    done = overlay(forged.folder, "pull", "right:1.4.0", "-d", "out")
    assert done.returncode == 0, done.stderr


def set_(name: str, value: object) -> Callable[[Forged], None]:
    return lambda forged: setattr(forged, name, value)


def config(**more: object) -> Callable[[Forged], None]:
    return lambda forged: forged.config.update(more)


def drop(index: int) -> Callable[[Forged], None]:
    return lambda forged: forged.layers.pop(index) and None


def add(kind: str, data: bytes = b"x") -> Callable[[Forged], None]:
    return lambda forged: forged.layers.append((kind, data))


def rename(name: str) -> Callable[[Forged], None]:
    return lambda forged: forged.config["environments"][0].update(name=name)


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        (set_("kind", "application/vnd.other"), "is no bundle but application/vnd.other"),
        (set_("config_kind", "application/json"), "has a config of type application/json"),
        (config(apiVersion="overlay.dev/v2"), "is a Bundle of overlay.dev/v2, this program reads overlay.dev/v1"),
        (config(kind="Package"), "is a Package of overlay.dev/v1, this program reads overlay.dev/v1"),
        (config(name="../x"), "has a config with names that are none of a bundle"),
        (config(name="."), "has a config with names that are none of a bundle"),
        (config(name=7), "has a config with names that are none of a bundle"),
        (config(version="../1"), "'../1' is no semantic version"),
        (config(version=1), "has a config with names that are none of a bundle"),
        (config(environments=[]), "has a config with names that are none of a bundle"),
        (config(environments="prod"), "has a config with names that are none of a bundle"),
        (rename("../prod"), "has a config with names that are none of a bundle"),
        (rename("prod"), "has a config with names that are none of a bundle"),
        (config(version="1.5.0"), "forged:1.4.0 says that it is version 1.5.0"),
        (drop(0), "does not have the parts of a bundle, each once"),
        (drop(1), "does not have the parts of a bundle, each once"),
        (drop(2), "does not have the parts of a bundle, each once"),
        (add(media.RENDERED), "does not have the parts of a bundle, each once"),
        (add("application/vnd.shop.more"), "has a part of type application/vnd.shop.more, which is not known"),
    ],
)
def test_A08_A17_a_manifest_or_config_that_is_none_of_a_bundle_is_refused(
    forged: Forged, lie: Callable[[Forged], None], message: str
) -> None:
    lie(forged)
    assert message in forged.pull()


@pytest.mark.parametrize(
    "titles",
    [
        {1: "../x"}, {1: "/etc/x"}, {1: "a/b"}, {1: ".."}, {1: ".profile"}, {1: "a\\b"}, {1: "C:x"}, {1: "a\nb"},
        {1: "x" * 101}, {0: "environments", 1: "environments"}, {0: "environments", 1: "Environments"},
    ],
)  # fmt: skip
def test_R34_titles_that_are_paths_or_stand_twice_are_refused(forged: Forged, titles: dict[int, str]) -> None:
    forged.titles = titles
    assert f"has a part with the title {printable(titles[1])[:100]!r}, which is no name of its own" in forged.pull()


def file(name: str, data: bytes = b"x") -> Callable[[Forged], None]:
    return lambda forged: forged.files.update({name: data})


def without(end: str) -> Callable[[Forged], None]:
    def act(forged: Forged) -> None:
        for name in [name for name in forged.files if name.endswith(end)]:
            del forged.files[name]

    return act


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        (file("environments/dev/more.yaml"), "the files of dev are not those that its record lists"),
        (file("environments/dev/deployment-web.yaml"), "the files of dev are not those that its record lists"),
        (file("environments/dev/overlay.metadata"), "the record of dev is not the one that the config names"),
        (file("environments/qa/web.yaml"), "environments/qa/web.yaml is no file of its environments"),
        (file("environments/web.yaml"), "environments/web.yaml is no file of its environments"),
        (file("environments/dev/deep/web.yaml"), "environments/dev/deep/web.yaml is no file of its environments"),
        (file("elsewhere/dev/web.yaml"), "elsewhere/dev/web.yaml is no file of its environments"),
        (file("environments/../../x"), "the entry name 'environments/../../x' is not allowed"),
        (file("../out-evil/x"), "the entry name '../out-evil/x' is not allowed"),
        (file("/etc/x"), "the entry name '/etc/x' is not allowed"),
        (without("dev/overlay.metadata"), "the record of dev is not the one that the config names"),
        (without("dev/deployment-web.yaml"), "the files of dev are not those that its record lists"),
    ],
)
def test_A01_A17_files_that_are_not_those_of_the_records_are_refused(
    forged: Forged, lie: Callable[[Forged], None], message: str
) -> None:
    lie(forged)
    forged.pack()
    assert message in forged.pull()
    assert not list(forged.folder.parent.glob("out-evil*"))


def zipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def links(kind: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("environments/dev")
        entry.type, entry.linkname = kind, "/etc"
        archive.addfile(entry)
    return zipped(out.getvalue())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (links(tarfile.SYMTYPE), "environments/dev is a link, device or special entry; only files are allowed"),
        (links(tarfile.LNKTYPE), "environments/dev is a link, device or special entry; only files are allowed"),
        (links(tarfile.FIFOTYPE), "environments/dev is a link, device or special entry; only files are allowed"),
        (b"PK\3\4", "is a zip archive; only tar archives packed with gzip (.tgz) are read"),
        (b"plain", "is no sound gzip file"),
        (zipped(b"x" * 100), "is no sound tar archive"),
        (zipped(bytes(1024)) * 2, "has more behind its end"),
        (zipped(bytes(1024))[:-9], "is cut off"),
    ],
)
def test_A03_A04_A12_A20_a_layer_that_is_no_plain_archive_is_refused(forged: Forged, data: bytes, message: str) -> None:
    forged.layers[0] = (forged.layers[0][0], data)
    assert message in forged.pull()


def test_A10_a_layer_that_swells_is_stopped(forged: Forged, tmp_path: Path) -> None:
    entry = tarfile.TarInfo("environments/dev/bomb.yaml")
    entry.size = 60 << 20
    data = gzip.compress(entry.tobuf() + bytes(entry.size + 1024), 9)
    forged.layers[0] = (forged.layers[0][0], data)
    assert "has 62914560 bytes; no file may be above 52428800" in forged.pull()


def test_R33_a_tag_that_is_here_with_other_content_is_not_replaced(forged: Forged) -> None:
    overlay(forged.folder, "pull", "right:1.4.0", "--store", "kept")
    before = Layout(str(forged.folder / "kept/shop")).manifest("1.4.0").digest
    forged.config["images"] = []
    other = forged.forge()
    done = overlay(forged.folder, "pull", "forged:1.4.0", "--store", "kept")
    told = f"shop:1.4.0 on this machine is {before}, what is pulled is {other}"
    assert (done.returncode, told in done.stderr) == (4, True)
    assert Layout(str(forged.folder / "kept/shop")).manifest("1.4.0").digest == before
