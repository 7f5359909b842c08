"""A project becomes one bundle: the same on every machine, read by others' tools, never changed once it is there."""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay.oci.layout import Layout
from overlay.oci.layout_tar import LayoutTar
from overlay.oci.media import INDEX, RENDERED
from overlay.oci.place import read_blob
from tests.conftest import IN_CI
from tests.fetch.projects import sha256
from tests.source.projects import FILES, git, overlay, write

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a project with one commit of a known time."""
    return make_shop(tmp_path / "shop")


def make_shop(folder: Path, **more: str) -> Path:
    folder.mkdir(parents=True)
    write(folder, {**FILES, **more})
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@shop.example")
    git(folder, "add", ".")
    subprocess.run(
        ["git", "commit", "-q", "-m", "The shop opens"], cwd=folder, check=True,
        env={**os.environ, "GIT_COMMITTER_DATE": "1700000000 +0545", "GIT_AUTHOR_DATE": "1600000000 -0700"},
    )  # fmt: skip
    return folder


def package(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return overlay(folder, "package", *words, **env)


def test_a_project_is_packaged_listed_and_removed(shop: Path) -> None:
    done = package(shop, "--version", "1.4.0")
    assert done.returncode == 0, done.stderr
    digest = done.stdout.strip()
    assert done.stderr.startswith("packaged shop:1.4.0: 3 environments, 3 objects, ")
    listed = overlay(shop, "bundles").stdout.splitlines()
    assert listed[0].split() == ["REF", "NAME", "VERSION", "DIGEST", "SIZE", "CREATED"]
    assert listed[1].split()[:4] == ["shop:1.4.0", "shop", "1.4.0", digest[:19]]
    assert listed[1].endswith("KiB   2023-11-14T22:13:20Z")
    assert package(shop, "--version", "1.5.0-rc.1+7").returncode == 0
    assert overlay(shop, "bundles", "-o", "name").stdout == "shop:1.4.0\nshop:1.5.0-rc.1_7\n"
    [first, second] = json.loads(overlay(shop, "bundles", "list", "-o", "json").stdout)
    assert (first["digest"], second["version"]) == (digest, "1.5.0-rc.1+7")
    assert overlay(shop, "bundles", "remove", "shop:1.4.0").stderr == "removed shop:1.4.0\n"
    assert overlay(shop, "bundles", "-o", "name").stdout == "shop:1.5.0-rc.1_7\n"
    assert overlay(shop, "bundles", "remove", "shop:1.5.0-rc.1_7", "-q").returncode == 0
    store = Path(os.environ["HOME"]) / ".local/share/overlay/bundles/shop"
    assert sorted(os.listdir(store / "blobs/sha256")) == []
    assert overlay(shop, "bundles", "remove", "shop:1.4.0").stderr == (
        "error: there is no bundle 'shop:1.4.0' here\n  hint: `overlay bundles` shows what there is\n"
    )


def test_a_damaged_bundle_is_named_and_keeps_no_other_from_being_listed(shop: Path) -> None:
    for version in ("1.4.0", "1.5.0"):
        assert package(shop, "--version", version).returncode == 0
    store = Path(os.environ["HOME"]) / ".local/share/overlay/bundles"
    for name in ("broken", "old"):
        shutil.copytree(store / "shop", store / name)
    (store / "broken/index.json").write_text("{")
    (store / "old/oci-layout").write_text('{"imageLayoutVersion":"0.9.0"}')
    lost = Layout(str(store / "shop")).find("1.4.0")
    assert lost is not None
    (store / "shop/blobs/sha256" / lost.removeprefix("sha256:")).unlink()
    done = overlay(shop, "bundles", "-o", "name")
    assert (done.returncode, done.stdout) == (5, "shop:1.5.0\n")
    assert done.stderr == (
        f"error: {store}/broken/index.json is no index of an OCI image layout\n"
        f"  hint: remove {store}/broken, and package or pull again\n"
        f"error: {store}/old is no OCI image layout of version 1.0.0\n"
        f"error: {store}/shop: {lost} cannot be read: no such file or directory\n"
        "3 problems\n"
    )
    shutil.rmtree(store / "shop")
    assert overlay(shop, "bundles").returncode == 2


def test_without_a_folder_for_temporary_files_it_is_said_what_to_name(shop: Path) -> None:
    assert package(shop, "--version", "1.4.0").returncode == 0
    # A folder is tried with a small file: none is found, whoever runs this.
    done = subprocess.run(
        [sys.executable, "-m", "overlay", "show", "shop:1.4.0", "prod"], cwd=shop, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "error: there is no folder for temporary files that can be written\n"
        "  hint: name one: TMPDIR=FOLDER overlay …; /tmp and the working folder were tried, too\n",
    )


def test_what_is_in_it(shop: Path, tmp_path: Path) -> None:
    (shop / "overlay.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\n"
        "spec:\n  bundle: {title: The shop, source: https://git.shop.example/shop, licenses: Apache-2.0}\n"
    )
    git(shop, "commit", "-q", "-a", "-m", "It says what it is")
    commit = git(shop, "rev-parse", "HEAD").strip()
    done = package(shop, "prod", "dev", "--version", "1.4.0", "--to", str(tmp_path / "out"), SOURCE_DATE_EPOCH="0")
    assert done.returncode == 0, done.stderr
    layout = Layout(str(tmp_path / "out"))
    manifest = layout.manifest("1.4.0")
    assert dict(manifest.annotations) == {
        "org.opencontainers.image.created": "1970-01-01T00:00:00Z",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.revision": commit,
        "org.opencontainers.image.source": "https://git.shop.example/shop",
        "org.opencontainers.image.title": "The shop",
        "org.opencontainers.image.version": "1.4.0",
    }
    assert [layer.media_type for layer in manifest.parts] == [
        RENDERED, "application/vnd.overlay.source.v1+gzip", "application/vnd.overlay.report.v1+json",
    ]  # fmt: skip
    # Argo CD (util/oci/client.go): exactly one layer whose type ends so, at most ten layers.
    assert sum(layer.media_type.endswith(("tar", "tar+gzip", "tar.gzip")) for layer in manifest.parts) == 1
    assert manifest.config is not None
    config = json.loads(read_blob(layout, manifest.config, 1 << 20))
    assert config["source"] == {"revision": commit, "dirty": []}
    assert [one["name"] for one in config["environments"]] == ["dev", "prod"]
    assert config["images"] == ["shop/api:2.5.0", f"shop/api@sha256:{'a' * 64}", "shop/web:2.4.1", "shop/web:2.5.0"]
    assert config["inputs"]["environments/prod/values.yaml"] == sha256(
        (shop / "environments/prod/values.yaml").read_bytes()
    )
    rendered = unpacked(read_blob(layout, manifest.parts[0], 1 << 20), tmp_path / "rendered")
    overlay(shop, "render", "dev", "prod", "--output-dir", str(tmp_path / "wanted"), "-q")
    assert tree_of(rendered / "environments") == tree_of(tmp_path / "wanted")
    source = unpacked(read_blob(layout, manifest.parts[1], 1 << 20), tmp_path / "source")
    assert overlay(source, "render", "prod").stdout == overlay(shop, "render", "prod").stdout
    assert not (source / "environments/staging").exists()


def test_Z15_what_lies_beside_the_files_of_the_project_is_not_in_it(shop: Path, tmp_path: Path) -> None:
    (shop / ".gitignore").write_text(".env\n*.dec.yaml\nkubeconfig\n")
    git(shop, "add", ".gitignore")
    git(shop, "commit", "-q", "-m", "Ignore what is ours alone")
    for place in (
        ".env",
        "kubeconfig",
        "environments/prod/.env",
        "environments/prod/secret.dec.yaml",
        "environments/kubeconfig",
    ):
        (shop / place).write_text("token: s3cr3t-canary\n")
    done = package(shop, "--version", "1.4.0", "--to", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    layout = Layout(str(tmp_path / "out"))
    parts = layout.manifest("1.4.0").parts
    names = {*tree_of(unpacked(read_blob(layout, parts[1], 1 << 20), tmp_path / "source"))}
    assert "environments/prod/environment.yaml" in names
    assert [name for name in names if ".git" in name or ".env" in name or "kubeconfig" in name or "dec" in name] == []
    assert all(b"s3cr3t-canary" not in gunzipped(blob) for blob in (tmp_path / "out/blobs/sha256").iterdir())


def gunzipped(blob: Path) -> bytes:
    data = blob.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def unpacked(data: bytes, folder: Path) -> Path:
    folder.mkdir()
    subprocess.run(["tar", "xzf", "-"], cwd=folder, input=data, check=True)
    return folder


def tree_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_A16_the_same_commit_makes_the_same_bytes_everywhere(tmp_path: Path) -> None:
    first = make_shop(tmp_path / "a" / "shop")
    subprocess.run(["git", "clone", "-q", str(first), str(tmp_path / "elsewhere-with-another-name")], check=True)
    second = tmp_path / "elsewhere-with-another-name"
    for path in sorted(second.rglob("*"), reverse=True):
        if ".git" not in path.parts:
            path.chmod(0o700)
            os.utime(path, (1, 1))
    git(second, "remote", "set-url", "origin", "https://somebody:secret@elsewhere.example/fork")
    git(second, "switch", "-q", "-c", "some-branch")
    (second / "environments/prod/notes.txt").write_text("not tracked")
    one = package(first, "--version", "1.4.0")
    command = f"umask 077; exec {sys.executable} -m overlay package --version 1.4.0 --no-cache --to '{tmp_path}/x.tar'"
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TZ": "Asia/Kathmandu",
        "LC_ALL": "tr_TR.UTF-8",
        "PYTHONHASHSEED": "7",
    }
    other = subprocess.run(["sh", "-c", command], cwd=second, env=env, capture_output=True, text=True)
    assert (one.returncode, other.returncode) == (0, 0), other.stderr
    assert one.stdout == other.stdout


def test_A16_two_users_make_the_same_bytes(tmp_path: Path) -> None:
    first = make_shop(tmp_path / "shop")
    other = ("unshare", "--user", "--map-user=1234", "--map-group=1234")
    if subprocess.run([*other, "true"], capture_output=True).returncode != 0:
        (pytest.fail if IN_CI else pytest.skip)("there are no user namespaces here")
    one = package(first, "--version", "1.4.0", "--to", str(tmp_path / "one"))
    program = (sys.executable, "-m", "overlay", "package", "--version", "1.4.0", "--to", str(tmp_path / "other"))
    done = subprocess.run(
        [*other, "sh", "-c", f"id -u >&2; exec {' '.join(program)} --no-cache"], cwd=first, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "USER": "somebody", "HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert (one.returncode, done.returncode) == (0, 0), done.stderr
    assert done.stderr.startswith("1234\n")
    assert one.stdout == done.stdout
    assert tree_of(tmp_path / "one") == tree_of(tmp_path / "other")


def test_outside_git_there_is_no_revision_and_the_time_is_1970(tmp_path: Path) -> None:
    write(tmp_path / "shop", FILES)
    found = json.loads(package(tmp_path / "shop", "--version", "1.0.0", "-o", "json").stdout)
    assert (found["created"], found["revision"], found["isNew"]) == ("1970-01-01T00:00:00Z", None, True)
    assert found["environments"] == ["dev", "prod", "staging"]


def test_a_version_never_changes(shop: Path) -> None:
    first = package(shop, "--version", "1.4.0").stdout.strip()
    again = package(shop, "--version", "1.4.0")
    assert (again.returncode, again.stdout.strip()) == (0, first)
    assert again.stderr.startswith("already packaged: shop:1.4.0")
    other = package(shop, "prod", "--version", "1.4.0")
    assert other.returncode == 4
    assert f"shop:1.4.0 is {first}, yours is sha256:" in other.stderr
    assert "hint: package the next version, or remove this one: overlay bundles remove shop:1.4.0" in other.stderr
    assert json.loads(overlay(shop, "bundles", "-o", "json").stdout)[0]["digest"] == first


def test_what_is_not_committed_stops_it_unless_it_is_recorded(shop: Path) -> None:
    (shop / "environments/prod/values.yaml").write_text("web: {level: error}\n")
    refused = package(shop, "--version", "1.4.0")
    assert refused.returncode == 2
    assert "environments/prod/values.yaml has changes that are not committed, and prod reads it" in refused.stderr
    assert package(shop, "--version", "1.4.0", "--allow-dirty", "--to", "x.tar").returncode == 0
    with LayoutTar(str(shop / "x.tar")) as source:
        manifest = source.manifest("1.4.0")
        assert manifest.config is not None
        config = json.loads(read_blob(source, manifest.config, 1 << 20))
    assert config["source"]["dirty"] == ["environments/prod/values.yaml"]


def test_the_version_of_a_tag(shop: Path) -> None:
    none = package(shop, "--version-from-tag")
    assert (none.returncode, "has no tag that is a version" in none.stderr) == (2, True)
    git(shop, "tag", "v1.4.0")
    git(shop, "tag", "deployed")
    assert package(shop, "--version-from-tag").stderr.startswith("packaged shop:1.4.0")
    git(shop, "tag", "1.5.0")
    assert "has 1.4.0, 1.5.0" in package(shop, "--version-from-tag").stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "error: which version?\n  hint: say --version 1.4.0, or --version-from-tag\n"),
        (["--version", "1.4"], "error: '1.4' is no semantic version\n  hint: write one such as 1.4.0 or 1.5.0-rc.1\n"),
        (["qa", "--version", "1.4.0"], "error in qa: no environment is called 'qa'"),
        (["--version", "1.4.0", "--version-from-tag"], "error: --version and --version-from-tag exclude each other"),
    ],
)
def test_mistakes_are_named(shop: Path, words: list[str], message: str) -> None:
    done = package(shop, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)


def test_D03_a_wrong_time_is_an_error(shop: Path) -> None:
    assert "SOURCE_DATE_EPOCH is 'today'" in package(shop, "--version", "1.4.0", SOURCE_DATE_EPOCH="today").stderr


def test_Z01_a_secret_with_plain_values_is_not_packaged(shop: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: canary}\n"
    (shop / "environments/prod/db.yaml").write_text(secret)
    path = shop / "environments/prod/environment.yaml"
    path.write_text(path.read_text() + "  resources: [db.yaml]\n")
    git(shop, "add", ".")
    git(shop, "commit", "-q", "-m", "A secret")
    done = package(shop, "--version", "1.4.0")
    assert done.returncode == 2
    assert "Secret/db holds plain values, and who can pull the bundle can read it" in done.stderr
    assert "canary" not in done.stderr


def test_a_folder_with_other_things_is_not_written_to(shop: Path) -> None:
    done = package(shop, "--version", "1.4.0", "--to", "environments")
    assert (done.returncode, done.stderr) == (
        2,
        "error: environments holds other things than an OCI image layout\n  hint: name an empty folder, or none\n",
    )


@pytest.mark.parametrize("form", ["folder", "tar"])
def test_oras_reads_the_layout_and_unpacks_it(
    shop: Path, tmp_path: Path, tool: Callable[[str], str], form: str
) -> None:
    place = str(tmp_path / ("out.tar" if form == "tar" else "out"))
    digest = package(shop, "--version", "1.4.0", "--to", place).stdout.strip()
    oras = tool("oras")
    told = subprocess.run([oras, "resolve", "--oci-layout", f"{place}:1.4.0"], capture_output=True, text=True)
    assert told.stdout.strip() == digest, told.stderr
    subprocess.run(
        [oras, "pull", "--oci-layout", f"{place}:1.4.0", "-o", str(tmp_path / "got")], check=True, capture_output=True
    )
    overlay(shop, "render", "--all", "--output-dir", str(tmp_path / "wanted"), "-q")
    assert tree_of(tmp_path / "got/environments") == tree_of(tmp_path / "wanted")


STEPS = ("layout.create", "layout.written", "layout.blob", "layout.manifest", "layout.tag")


@pytest.mark.parametrize("step", STEPS)
def test_R27_killed_anywhere_the_tag_is_absent_or_whole_and_the_next_run_completes(
    shop: Path, tmp_path: Path, step: str
) -> None:
    place = tmp_path / "out"
    killed = package(shop, "--version", "1.4.0", "--to", str(place), OVERLAY_FAILPOINT=f"{step}:kill")
    assert killed.returncode == -9
    assert Layout(str(place)).tags() == (("1.4.0",) if step == "layout.tag" else ())
    done = package(shop, "--version", "1.4.0", "--to", str(place))
    assert done.returncode == 0, done.stderr
    layout = Layout(str(place))
    manifest = layout.manifest("1.4.0")
    attached = [layout.manifest(one.digest) for one in layout.referrers(manifest.digest)]
    assert len(attached) == 2
    names = {found for one in (manifest, *attached) for found in (one.digest, *[blob.digest for blob in one.blobs])}
    assert {f"sha256:{name}" for name in os.listdir(place / "blobs/sha256")} == names


@pytest.mark.parametrize("version", ["1.4.0", "1.5.0"])
def test_R36_a_damaged_blob_is_written_again(shop: Path, tmp_path: Path, version: str) -> None:
    place = tmp_path / "out"
    package(shop, "--version", "1.4.0", "--to", str(place))
    layer = Layout(str(place)).manifest("1.4.0").parts[0]
    path = place / "blobs" / layer.digest.replace(":", "/")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert package(shop, "--version", version, "--to", str(place)).returncode == 0
    assert sha256(path.read_bytes()) == layer.digest


def test_two_runs_at_once_both_stay(shop: Path, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "overlay", "package", "--version", f"1.{number}.0", "--to", str(tmp_path / "out"), "-q"],
            cwd=shop, env=env, stdout=subprocess.DEVNULL,
        )
        for number in range(4)
    ]  # fmt: skip
    assert [run.wait() for run in runs] == [0] * 4
    assert Layout(str(tmp_path / "out")).tags() == ("1.0.0", "1.1.0", "1.2.0", "1.3.0")


def test_a_layout_of_another_kind_is_named(shop: Path) -> None:
    (shop / "out").mkdir()
    (shop / "out/oci-layout").write_text('{"imageLayoutVersion": "2.0.0"}')
    done = package(shop, "--version", "1.4.0", "--to", "out")
    assert done.stderr == "error: out is no OCI image layout of version 1.0.0\n"
    (shop / "out/oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (shop / "out/index.json").write_text(json.dumps({"schemaVersion": 2, "mediaType": INDEX}))
    done = package(shop, "--version", "1.4.0", "--to", "out")
    assert done.stderr == (
        "error: out/index.json is no index of an OCI image layout\n  hint: remove out, and package or pull again\n"
    )
    shutil.rmtree(shop / "out")
