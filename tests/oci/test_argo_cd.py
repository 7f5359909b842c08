"""What Argo CD wants of an artifact, held against ours.

Argo CD cannot be built here, so each rule names where it stands: argoproj/argo-cd at 0000f05c38a0, util/oci/client.go
and the default of --oci-layer-media-types in cmd/argocd-repo-server/commands/argocd_repo_server.go.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from overlay.oci.layout import Layout
from overlay.oci.manifest import Manifest
from overlay.oci.place import read_blob
from tests.oci.test_package import make_shop, package
from tests.source.projects import overlay

# The default of --oci-layer-media-types.
ALLOWED = (
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
)
# What it reads in a folder of plain manifests: reposerver/repository/repository.go, `manifestFile`.
MANIFEST_FILE = re.compile(r"^.*\.(yaml|yml|json|jsonnet)$")
# oras-go's file store, into which it copies: what has no title is kept in memory up to this size.
MOST_WITHOUT_TITLE = 1 << 22


def content_layers(manifest: Manifest) -> list[str]:
    """Return the types that `isContentLayer` takes for content."""
    return [one.media_type for one in manifest.parts if one.media_type.endswith(("tar+gzip", "tar"))]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A bundle with all the layers that one can have."""
    shop = make_shop(tmp_path / "shop", **{"overlay.lock": "apiVersion: overlay.dev/v1\nkind: Lock\ninputs: []\n"})
    done = package(shop, "--version", "1.4.0+7", "--to", str(tmp_path / "out"), "-q")
    assert done.returncode == 0, done.stderr
    return Layout(str(tmp_path / "out"))


def test_a_bundle_has_one_content_layer_of_an_allowed_type_and_few_layers(layout: Layout) -> None:
    manifest = layout.manifest("1.4.0_7")
    # Extract: "expected no more than 10 oci layers", "expected only a single oci content layer".
    assert len(manifest.parts) <= 10
    assert len(manifest.parts) == 4
    [kind] = content_layers(manifest)
    assert kind in ALLOWED
    # GetTags turns `_` back into `+` before it compares versions.
    assert [tag.replace("_", "+") for tag in layout.tags()] == ["1.4.0+7"]


def test_everything_else_of_a_bundle_can_be_copied_into_its_store(layout: Layout) -> None:
    manifest = layout.manifest("1.4.0_7")
    assert manifest.config is not None
    for part in (manifest.config, *manifest.parts):
        title = part.annotation("org.opencontainers.image.title")
        assert (title or part.size <= MOST_WITHOUT_TITLE) and "/" not in title and title not in (".", "..")
    assert len(manifest.data) <= MOST_WITHOUT_TITLE
    titles = [part.annotation("org.opencontainers.image.title") for part in manifest.parts]
    assert len(set(titles)) == len(titles), "two layers of one name are an error there"


def test_a_path_in_it_holds_manifests_and_nothing_that_is_taken_for_one(layout: Layout, tmp_path: Path) -> None:
    data = read_blob(layout, layout.manifest("1.4.0_7").parts[0], 1 << 20)
    with tarfile.open(fileobj=BytesIO(data)) as archive:
        # files.Untgz: names stay below the folder, links lead nowhere else; ours has none.
        for member in archive:
            assert member.isreg() or member.isdir()
            assert not member.name.startswith("/") and ".." not in member.name.split("/")
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "xzf", "-"], cwd=tmp_path / "unpacked", input=data, check=True)
    # path: environments/prod
    names = sorted(path.name for path in (tmp_path / "unpacked/environments/prod").iterdir())
    assert [name for name in names if not MANIFEST_FILE.fullmatch(name)] == ["overlay.metadata"]
    objects = overlay(tmp_path / "shop", "render", "prod", "-o", "name").stdout.split()
    assert len(names) - 1 == len(objects)


def test_a_chart_is_one_allowed_layer_with_one_folder(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    done = overlay(shop, "chart", "package", "-d", str(tmp_path / "dist"), "-q")
    assert done.returncode == 0, done.stderr
    # Push of compressedLayerExtracterStore: "expected 1 directory".
    with tarfile.open(tmp_path / "dist/shop-1.0.0.tgz") as archive:
        assert {name.split("/")[0] for name in archive.getnames()} == {"shop"}
