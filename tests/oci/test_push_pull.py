"""The commands that speak to registries, against real ones, and their artifacts in the hands of oras."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay.oci.layout import Layout
from overlay.oci.transfer import carry
from tests.fetch.servers import RegistryProcess
from tests.oci.artifacts import made
from tests.oci.scripted import Answer, Registry
from tests.oci.test_package import make_shop, package, tree_of
from tests.source.projects import ROOT, git, overlay


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path / "shop")


def given(folder: Path, text: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the program with a text on standard input."""
    return subprocess.run(
        [sys.executable, "-m", "overlay", *words], cwd=folder, input=text, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )  # fmt: skip


def test_the_story_push_list_remove_pull(shop: Path, registry: RegistryProcess) -> None:
    place = f"oci://{registry.host}/story/shop"
    pushed = overlay(shop, "push", place, "--version", "1.4.0")
    assert (pushed.returncode, pushed.stderr) == (0, f"pushed {place}:1.4.0\n")
    digest = pushed.stdout.strip()
    again = overlay(shop, "push", place, "--version", "1.4.0")
    assert (again.returncode, again.stdout, again.stderr) == (0, pushed.stdout, f"already there: {place}:1.4.0\n")
    found = json.loads(
        overlay(shop, "push", place, "--version", "1.5.0-rc.1", "--also-tag", "latest", "-o", "json").stdout
    )
    assert (found["url"], found["repository"], found["tag"]) == (
        f"oci://{registry.host}/story/shop@{found['digest']}", f"{registry.host}/story/shop", "1.5.0-rc.1",
    )  # fmt: skip
    listed = overlay(shop, "bundles", "list", place).stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["REF", f"{place}:1.5.0-rc.1", f"{place}:1.4.0"]
    assert overlay(shop, "bundles", "list", place, "--semver", "^1.4", "-o", "name").stdout == f"{place}:1.4.0\n"
    assert overlay(shop, "bundles", "remove", "shop:1.4.0", "shop:1.5.0-rc.1", "-q").returncode == 0
    pulled = overlay(shop, "pull", place, "-d", "out")
    assert (pulled.returncode, pulled.stdout.strip(), pulled.stderr) == (0, digest, "pulled shop:1.4.0 into out\n")
    overlay(shop, "render", "--all", "--output-dir", "wanted", "-q")
    assert tree_of(shop / "out/environments") == tree_of(shop / "wanted")
    assert overlay(shop, "pull", f"{place}@{digest}", "-d", "out").stderr == "out is shop:1.4.0 already\n"
    assert overlay(shop, "bundles", "-o", "name").stdout == "shop:1.4.0\n"


def test_a_newer_commit_cannot_take_a_version(shop: Path, registry: RegistryProcess) -> None:
    place = f"oci://{registry.host}/taken/shop"
    first = overlay(shop, "push", place, "--version", "1.4.0").stdout.strip()
    overlay(shop, "bundles", "remove", "shop:1.4.0", "-q")
    git(shop, "commit", "-q", "--allow-empty", "-m", "Nothing")
    second = overlay(shop, "push", place, "--version", "1.4.0")
    assert second.returncode == 4
    yours = json.loads(overlay(shop, "bundles", "-o", "json").stdout)[0]["digest"]
    assert second.stderr == (
        f"error: {place}:1.4.0 is {first}, yours is {yours}\n  hint: a published version never changes: package the next one\n"
    )
    pulled = overlay(shop, "pull", f"{place}:1.4.0")
    assert (pulled.returncode, pulled.stderr) == (
        4, f"error: shop:1.4.0 on this machine is {yours}, what is pulled is {first}\n"
        "  hint: if it was only tried out here, remove it: overlay bundles remove shop:1.4.0\n",
    )  # fmt: skip


def test_a_pull_asks_for_each_part_once(shop: Path, scripted: Registry) -> None:
    assert overlay(shop, "push", f"oci://{scripted.host}/shop", "--version", "1.4.0").returncode == 0
    store = Path(os.environ["HOME"]) / ".local/share/overlay/bundles/shop"
    manifest = Layout(str(store)).manifest("1.4.0")
    scripted.seen.clear()
    assert overlay(shop, "pull", f"oci://{scripted.host}/shop:1.4.0", "-d", "out", "--store", "other").returncode == 0
    assert sorted(scripted.seen) == sorted(
        [("GET", "/v2/shop/manifests/1.4.0"), *[("GET", f"/v2/shop/blobs/{one.digest}") for one in manifest.blobs]]
    )


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("1.3.0", "--also-tag 1.3.0: it is a version, which never changes"),
        ("1.3.0_build", "--also-tag 1.3.0_build: it is a version, which never changes"),
        (f"sha256-{'a' * 64}", f"--also-tag sha256-{'a' * 64}: it lists what refers to a manifest"),
        ("a b", "'a b' is no tag of a registry"),
        ("../../x/manifests/y", "'../../x/manifests/y' is no tag of a registry"),
    ],
)
def test_a_further_tag_is_one_that_may_move(shop: Path, scripted: Registry, tag: str, message: str) -> None:
    done = overlay(shop, "push", f"oci://{scripted.host}/shop", "--version", "1.4.0", "--also-tag", tag)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[0]) == (2, "", f"error: {message}")
    assert scripted.seen == [], "nothing is pushed before that is known"


def test_a_further_tag_that_is_refused_leaves_what_is_pushed_and_says_so(shop: Path, scripted: Registry) -> None:
    def refuse(handler: Answer) -> bool:
        if handler.command != "PUT" or not handler.path.endswith("/latest"):
            return False
        handler.body()
        handler.fail(400, "TAG_INVALID")
        return True

    place = f"oci://{scripted.host}/shop"
    scripted.faults.append(refuse)
    done = overlay(shop, "push", place, "--version", "1.4.0", "--also-tag", "latest")
    digest = json.loads(overlay(shop, "bundles", "-o", "json").stdout)[0]["digest"]
    assert (done.returncode, done.stdout, done.stderr) == (
        2, "", f"error: {place}:1.4.0 is pushed ({digest}), but latest does not mean it: {scripted.host} answers 400 for "
        f"{place}: TAG_INVALID tag_invalid\n",
    )  # fmt: skip


def test_what_was_packaged_from_an_older_commit_is_not_pushed_unasked(shop: Path, registry: RegistryProcess) -> None:
    place = f"oci://{registry.host}/older/shop"
    package(shop, "--version", "1.4.0")
    was = git(shop, "rev-parse", "HEAD")[:12]
    git(shop, "commit", "-q", "--allow-empty", "-m", "Mended")
    now = git(shop, "rev-parse", "HEAD")[:12]
    done = overlay(shop, "push", place, "--version", "1.4.0")
    assert (done.returncode, done.stdout, done.stderr) == (
        2, "", f"error: shop:1.4.0 on this machine was packaged from commit {was}, and the project is at {now}\n"
        "  hint: to package it anew: overlay bundles remove shop:1.4.0; to push it as it is: --from shop:1.4.0\n",
    )  # fmt: skip
    assert overlay(shop, "push", place, "--from", "shop:1.4.0").returncode == 0


def test_oras_and_we_read_each_other(
    shop: Path, registry: RegistryProcess, tool: Callable[[str], str], tmp_path: Path
) -> None:
    oras = tool("oras")
    place = f"{registry.host}/interop/shop"
    digest = overlay(shop, "push", f"oci://{place}", "--version", "1.4.0").stdout.strip()

    def run(*words: str) -> str:
        return subprocess.run([oras, *words], check=True, capture_output=True, text=True, cwd=tmp_path).stdout

    assert run("resolve", "--plain-http", f"{place}:1.4.0").strip() == digest
    run("pull", "--plain-http", f"{place}:1.4.0", "-o", "got")
    overlay(shop, "render", "--all", "--output-dir", str(tmp_path / "wanted"), "-q")
    assert tree_of(tmp_path / "got/environments") == tree_of(tmp_path / "wanted")
    # What oras copied is what we pull, and the other way round.
    run("cp", "--from-plain-http", f"{place}:1.4.0", "--to-oci-layout", "theirs:1.4.0")
    assert overlay(tmp_path, "pull", "theirs:1.4.0").stdout.strip() == digest
    assert overlay(tmp_path, "copy", f"oci://{place}:1.4.0", "--to-layout", "ours").returncode == 0
    assert run("resolve", "--oci-layout", "ours:1.4.0").strip() == digest
    assert overlay(tmp_path, "copy", f"oci://{place}:1.4.0", "--to-tar", "ours.tar").stdout.strip() == digest
    assert run("resolve", "--oci-layout", "ours.tar:1.4.0").strip() == digest
    # A signature that oras attached is carried along.
    (tmp_path / "sbom.json").write_text("{}")
    run(
        "attach",
        "--plain-http",
        f"{place}:1.4.0",
        "--artifact-type",
        "application/vnd.shop.sbom",
        "sbom.json:application/json",
    )
    copied = overlay(tmp_path, "copy", f"oci://{place}:1.4.0", f"oci://{registry.host}/interop/copy:1.4.0")
    assert copied.stderr == f"copied to oci://{registry.host}/interop/copy:1.4.0\n"
    assert "application/vnd.shop.sbom" in run("discover", "--plain-http", f"{registry.host}/interop/copy:1.4.0")
    assert overlay(tmp_path, "copy", f"oci://{place}:1.4.0", "--to-tar", "signed.tar").returncode == 0
    back = overlay(tmp_path, "copy", "signed.tar", f"oci://{registry.host}/interop/back")
    assert (back.returncode, back.stdout.strip()) == (0, digest)
    assert "application/vnd.shop.sbom" in run("discover", "--plain-http", f"{registry.host}/interop/back:1.4.0")


def test_a_login_is_tried_kept_and_forgotten(shop: Path, private: RegistryProcess, tmp_path: Path) -> None:
    place = f"oci://{private.host}/shop"
    refused = overlay(shop, "push", place, "--version", "1.4.0")
    assert refused.returncode == 2
    assert f"{private.host} wants a login" in refused.stderr
    assert f"hint: log in with `overlay login {private.host}`" in refused.stderr
    wrong = given(shop, "wr0ng", "login", private.host, "-u", "me", "--password-stdin")
    assert (wrong.returncode, wrong.stderr) == (
        2, f"error: login rejected by {private.host}\n  hint: check the user name and the password or token\n",
    )  # fmt: skip
    config = Path(os.environ["HOME"]) / ".docker/config.json"
    assert not config.exists()
    done = given(shop, "s3cret\n", "login", private.host, "-u", "me", "--password-stdin")
    assert (done.returncode, done.stderr) == (0, f"logged in to {private.host}; kept in {config}\n")
    assert config.stat().st_mode & 0o777 == 0o600
    assert overlay(shop, "push", place, "--version", "1.4.0").returncode == 0
    assert overlay(shop, "pull", place).returncode == 0
    assert "s3cret" not in done.stderr
    out = overlay(shop, "logout", private.host)
    assert out.stderr == f"logged out of {private.host}: removed from {config}\n"
    assert json.loads(config.read_text()) == {"auths": {}}
    assert overlay(shop, "logout", private.host).stderr == f"there was no login to {private.host}\n"
    assert overlay(shop, "pull", place).returncode == 2


def test_Z05_Z11_debug_shows_where_it_failed_and_no_credential(shop: Path, private: RegistryProcess) -> None:
    docker = Path(os.environ["HOME"]) / ".docker/config.json"
    docker.parent.mkdir()
    kept = base64.b64encode(b"me:wr0ng-s3cret").decode()
    docker.write_text(json.dumps({"auths": {private.host: {"auth": kept}}}))
    done = overlay(shop, "push", f"oci://{private.host}/shop", "--version", "1.4.0", "--debug")
    assert done.returncode == 2
    assert "Traceback (most recent call last)" in done.stderr
    assert f"login rejected by {private.host}" in done.stderr
    for secret in ("wr0ng-s3cret", kept, "Basic ", "Authorization"):
        assert secret not in done.stdout + done.stderr


def test_a_login_goes_where_this_hosts_is_already_and_all_else_stays(shop: Path, private: RegistryProcess) -> None:
    home = Path(os.environ["HOME"])
    helm, docker = home / ".config/helm/registry/config.json", home / ".docker/config.json"
    helm.parent.mkdir(parents=True)
    docker.parent.mkdir()
    helm.write_text(json.dumps({"auths": {private.host: {"auth": "bWU6b2xk"}, "other.example": {"auth": "YTpi"}}}))
    docker.write_text(json.dumps({"psFormat": "x", "auths": {}}))
    done = given(shop, "s3cret", "login", private.host, "-u", "me", "--password-stdin")
    assert done.stderr == f"logged in to {private.host}; kept in {helm}\n"
    assert json.loads(helm.read_text())["auths"] == {
        "other.example": {"auth": "YTpi"}, private.host: {"auth": "bWU6czNjcmV0"},
    }  # fmt: skip
    assert json.loads(docker.read_text()) == {"psFormat": "x", "auths": {}}


def test_a_login_is_kept_by_the_helper_that_docker_names(shop: Path, private: RegistryProcess, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    helper = programs / "docker-credential-box"
    helper.write_text(
        '#!/bin/sh\ncase $1 in store) cat > "$BOX" ;; get) cat "$BOX" 2>/dev/null || { echo credentials not found; exit 1; } ;;'
        ' erase) rm "$BOX" ;; esac\n'
    )
    helper.chmod(0o755)
    docker = Path(os.environ["HOME"]) / ".docker/config.json"
    docker.parent.mkdir()
    docker.write_text(json.dumps({"credsStore": "box"}))
    env = {"PATH": f"{programs}:{os.environ['PATH']}", "BOX": str(tmp_path / "box")}
    done = given(shop, "s3cret", "login", private.host, "-u", "me", "--password-stdin", **env)
    assert done.stderr == f"logged in to {private.host}; kept in docker-credential-box\n"
    assert json.loads((tmp_path / "box").read_text()) == {
        "ServerURL": private.host,
        "Username": "me",
        "Secret": "s3cret",
    }
    assert "s3cret" not in docker.read_text()
    assert overlay(shop, "push", f"oci://{private.host}/shop", "--version", "1.4.0", **env).returncode == 0
    assert overlay(shop, "logout", private.host, **env).returncode == 0
    assert not (tmp_path / "box").exists()


@pytest.mark.parametrize("step", ["push.blob", "transfer.blobs", "push.manifest"])
def test_R27_a_push_that_is_killed_leaves_no_tag_without_blobs_and_the_next_completes(
    shop: Path, scripted: Registry, step: str
) -> None:
    place = f"oci://{scripted.host}/shop"
    package(shop, "--version", "1.4.0")
    killed = overlay(shop, "push", place, "--version", "1.4.0", OVERLAY_FAILPOINT=f"{step}:kill")
    assert killed.returncode == -9
    scripted.check()
    assert ("1.4.0" in scripted.manifests.get("shop", {})) is (step == "push.manifest")
    before = len(scripted.seen)
    assert overlay(shop, "push", place, "--version", "1.4.0").returncode == 0
    scripted.check()
    sent = sum(method == "PUT" and "/uploads/" in path for method, path in scripted.seen[before:])
    # The layers of what refers to it, provenance and bill of materials, come after its tag.
    assert sent <= (6 if step == "push.blob" else 3)


@pytest.mark.parametrize(("has_referrers", "most"), [(True, 2), (False, 3)])
def test_R25_a_push_of_what_is_there_asks_little_and_writes_nothing(shop: Path, has_referrers: bool, most: int) -> None:
    registry = Registry(has_referrers=has_referrers)
    try:
        place = f"oci://{registry.host}/shop"
        assert overlay(shop, "push", place, "--version", "1.4.0").returncode == 0
        before, written = len(registry.seen), len(registry.writes())
        assert overlay(shop, "push", place, "--version", "1.4.0").returncode == 0
        assert (len(registry.seen) - before, len(registry.writes()) - written) == (most, 0)
        registry.check()
    finally:
        registry.close()


@pytest.mark.parametrize("step", ["layout.blob", "layout.manifest", "unpack.written", "layout.tag"])
def test_A18_a_pull_that_is_killed_shows_nothing_and_the_next_completes(
    shop: Path, registry: RegistryProcess, step: str
) -> None:
    place = f"oci://{registry.host}/killed/shop"
    overlay(shop, "push", place, "--version", "1.4.0")
    overlay(shop, "bundles", "remove", "shop:1.4.0")
    killed = overlay(shop, "pull", f"{place}:1.4.0", "-d", "out", OVERLAY_FAILPOINT=f"{step}:kill")
    assert killed.returncode == -9
    assert not (shop / "out").exists()
    done = overlay(shop, "pull", f"{place}:1.4.0", "-d", "out")
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(shop / "out/environments")) == ["dev", "prod", "staging"]
    assert not [name for name in os.listdir(shop) if name.startswith(".overlay-")]


def test_R36_what_is_here_is_pulled_without_a_network(shop: Path, registry: RegistryProcess) -> None:
    digest = overlay(shop, "push", f"oci://{registry.host}/offline/shop", "--version", "1.4.0").stdout.strip()
    done = overlay(shop, "pull", f"shop@{digest}", "-d", "out", HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="")
    assert (done.returncode, done.stderr) == (0, "pulled shop:1.4.0 into out\n")


def test_files_of_others_are_not_touched(shop: Path) -> None:
    package(shop, "--version", "1.4.0")
    (shop / "out").mkdir()
    (shop / "out/mine.txt").write_text("mine")
    done = overlay(shop, "pull", "shop:1.4.0", "-d", "out")
    assert (done.returncode, done.stderr) == (
        4, "error: out holds other files\n  hint: name another folder, or remove it: nothing is overwritten\n",
    )  # fmt: skip
    assert os.listdir(shop / "out") == ["mine.txt"]
    assert not [name for name in os.listdir(shop) if name.startswith(".overlay-")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["push", "oci://HOST/shop"], "which version?"),
        (["push", "oci://HOST/shop:1.4.0", "--version", "1.4.0"], "the tag is the version: name the repository alone"),
        (
            ["push", "HOST/shop", "--version", "1.4.0"],
            "'HOST/shop' is no oci:// reference\n  hint: write oci://HOST/shop\n",
        ),
        (
            ["push", "oci://HOST", "--version", "1.4.0"],
            "oci://HOST names a registry alone\n  hint: write oci://HOST/PATH\n",
        ),
        (
            ["push", "oci://HOST/shop", "--from", "nothing:1"],
            "nothing is no bundle on this machine, no image layout and no oci:// reference",
        ),
        (["pull", "oci://HOST/nothing"], "oci://HOST/nothing has no version"),
        (["pull", "oci://HOST/nothing", "--version", "^1"], "oci://HOST/nothing has no version that meets '^1'"),
        (["pull", "oci://HOST/nothing", "--version", "=<"], "'=<' is no version constraint"),
        (["pull", "oci://HOST/nothing:1.4.0"], "oci://HOST/nothing has no 1.4.0"),
        (
            ["pull", "oci://HOST/x:1.4.0", "--version", "^1"],
            "--version chooses a tag, and the reference has one already",
        ),
        (["pull", "oci://HOST/x@sha256:12"], "'sha256:12' is no digest, expected sha256: and 64 digits"),
        (["copy", "oci://HOST/x:1"], "copy to where?"),
        (
            ["copy", "oci://HOST/x:1", "./x"],
            "'./x' is no oci:// reference\n  hint: into a folder: --to-layout DIR, into a tar file: --to-tar FILE\n",
        ),
        (["copy", "oci://HOST/x", "--to-tar", "x.tar"], "oci://HOST/x has nothing: which one?"),
        (["login", "HOST/x", "-u", "me"], "'HOST/x' is no registry"),
        (["login", "HOST"], "whose login?"),
        (["login", "HOST", "-u", "me"], "nobody can be asked for a password here"),
        (["bundles", "list", "oci://HOST/nothing"], "oci://HOST/nothing has nothing\n  hint: check its name;"),
        (
            ["bundles", "remove", "oci://HOST/shop:1.4.0"],
            "oci://HOST/shop:1.4.0 is in a registry, and bundles are removed from this machine alone\n",
        ),
        (
            ["chart", "push", "oci://HOST/charts:1.0.0"],
            "the tag is the chart's version: name the place alone\n  hint: such as oci://host/charts\n",
        ),
        (
            ["chart", "push", "x.tgz", "oci://HOST/charts"],
            "a chart that is packaged already is named by --from\n  hint: overlay chart push oci://HOST/charts --from x.tgz\n",
        ),
        (["bundles", "list", "--semver", "^1"], "--semver chooses among the versions of a repository"),
    ],
)
def test_mistakes_are_named(shop: Path, registry: RegistryProcess, words: list[str], message: str) -> None:
    done = overlay(shop, *[word.replace("HOST", registry.host) for word in words])
    assert done.returncode == 2, done.stdout
    assert done.stderr.startswith(f"error: {message.replace('HOST', registry.host)}")


def test_nothing_is_left_of_a_copy_that_fails(shop: Path, registry: RegistryProcess) -> None:
    assert overlay(shop, "copy", f"oci://{registry.host}/nothing:1", "--to-tar", "x.tar").returncode == 2
    assert not [name for name in os.listdir(shop) if name.endswith("x.tar")]


def test_a_tar_file_is_written_anew_but_its_version_keeps_its_content(shop: Path) -> None:
    first = package(shop, "--version", "1.4.0", "--to", "x.tar").stdout
    again = package(shop, "--version", "1.4.0", "--to", "x.tar")
    assert (again.returncode, again.stdout, again.stderr[:30]) == (0, first, "already packaged: x.tar:1.4.0:"[:30])
    before = (shop / "x.tar").read_bytes()
    other = package(shop, "prod", "--version", "1.4.0", "--to", "x.tar")
    assert (other.returncode, other.stderr[:40]) == (4, f"error: x.tar:1.4.0 is {first}"[:40])
    assert (shop / "x.tar").read_bytes() == before
    package(shop, "prod", "--version", "1.4.0")
    assert overlay(shop, "copy", "shop:1.4.0", "--to-tar", "x.tar").returncode == 4
    assert package(shop, "--version", "1.5.0", "--to", "x.tar").returncode == 0
    absent = overlay(shop, "show", "x.tar:1.4.0")
    assert absent.stderr == "error: x.tar has no 1.4.0\n  hint: there are 1.5.0\n"


@pytest.mark.parametrize("words", [("package", "--version", "1.4.0", "--to"), ("copy", "shop:1.4.0", "--to-tar")])
def test_nothing_is_left_of_a_tar_file_that_the_disk_has_no_room_for(shop: Path, words: tuple[str, ...]) -> None:
    package(shop, "--version", "1.4.0")
    # A limit of the process stands in for a full disk: the same calls fail.
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 4; exec "$@"', "_", sys.executable, "-m", "overlay", *words, "x.tar"], cwd=shop,
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "error: x.tar cannot be written: file too large\n")
    assert not [name for name in os.listdir(shop) if name.endswith("x.tar")]


def test_a_bundle_is_pushed_from_anywhere(shop: Path, registry: RegistryProcess, tmp_path: Path) -> None:
    place = f"oci://{registry.host}/anywhere/shop"
    digest = package(shop, "--version", "1.4.0", "--to", str(tmp_path / "x.tar")).stdout.strip()
    assert overlay(tmp_path, "push", place, "--from", "x.tar").stdout.strip() == digest
    package(shop, "--version", "1.5.0")
    assert overlay(tmp_path, "push", place, "--version", "1.5.0").returncode == 0
    assert overlay(tmp_path, "bundles", "list", place, "-o", "name").stdout == f"{place}:1.5.0\n{place}:1.4.0\n"
    assert Layout(str(Path(os.environ["HOME"]) / ".local/share/overlay/bundles/shop")).tags() == ("1.5.0",)


def test_what_is_in_a_bundle_is_shown(shop: Path, registry: RegistryProcess) -> None:
    place = f"oci://{registry.host}/shown/shop"
    digest = overlay(shop, "push", place, "--version", "1.4.0").stdout.strip()
    shown = overlay(shop, "show", place).stdout
    assert shown == overlay(shop, "show", "shop:1.4.0").stdout == overlay(shop, "show", f"{place}@{digest}").stdout
    lines = shown.splitlines()
    commit = git(shop, "rev-parse", "HEAD").strip()
    assert lines[:5] == [
        "shop 1.4.0", "  title: shop", f"  digest: {digest}", "  created: 2023-11-14T22:13:20Z", f"  revision: {commit}",
    ]  # fmt: skip
    assert lines[7].split() == ["ENVIRONMENT", "NAMESPACE", "KUBERNETES", "CHART", "OBJECTS", "IMAGES"]
    assert lines[8].split()[:2] == ["dev", "shop"]
    assert overlay(shop, "show", place, "-o", "name").stdout == "dev\nprod\nstaging\n"
    assert json.loads(overlay(shop, "show", place, "-o", "json").stdout)["digest"] == digest
    assert overlay(shop, "show", place, "prod").stdout == overlay(shop, "render", "prod").stdout
    assert overlay(shop, "show", place, "prod", "deployment/web", "-o", "name").stdout == "deployment.apps/web\n"
    wrong = overlay(shop, "show", place, "prd")
    assert (wrong.returncode, wrong.stderr) == (
        2, "error: shop 1.4.0 has no environment 'prd'\n  hint: did you mean prod?\n",
    )  # fmt: skip


def test_R37_memory_is_flat_whatever_is_carried(registry: RegistryProcess, tmp_path: Path) -> None:
    layout = Layout(str(tmp_path / "large"))
    layout.create()
    carry(made(150_000_000), "", layout, "1.0.0")
    place = f"oci://{registry.host}/large/shop"
    for words in (("large:1.0.0", place), (f"{place}:1.0.0", "--to-tar", "x.tar"), ("x.tar", "--to-layout", "y")):
        # In a process between: what a parent holds counts as its children's peak.
        code = (
            "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=2);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, sys.executable, "-m", "overlay", "copy", *words], cwd=tmp_path, text=True,
            capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) < 80 * 1024


def test_R08_a_registry_with_tls_is_trusted_by_its_certificate_alone(
    shop: Path, tool: Callable[[str], str], authority: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    process = RegistryProcess(
        tool("registry"),
        folder,
        REGISTRY_HTTP_TLS_CERTIFICATE=str(authority[1]),
        REGISTRY_HTTP_TLS_KEY=str(authority[1]),
    )
    place = f"oci://{process.host}/shop"
    package(shop, "--version", "1.4.0")
    try:
        plain = overlay(shop, "push", place, "--version", "1.4.0")
        assert (plain.returncode, plain.stderr) == (
            2, f"error: {process.host} speaks TLS, and was asked over http for {place}\n  hint: say --no-plain-http\n",
        )  # fmt: skip
        login = given(shop, "s3cret", "login", process.host, "-u", "me", "--password-stdin")
        assert (
            login.stderr == f"error: {process.host} speaks TLS, and was asked over http\n  hint: say --no-plain-http\n"
        )
        unknown = overlay(shop, "push", place, "--version", "1.4.0", "--no-plain-http")
        assert f"the certificate of {process.host} is not trusted" in unknown.stderr
        env = {"SSL_CERT_FILE": str(authority[0])}
        assert overlay(shop, "push", place, "--version", "1.4.0", "--no-plain-http", **env).returncode == 0
        assert overlay(shop, "pull", place, "--no-plain-http", "-d", "out", **env).returncode == 0
        # More than is read at once.
        layout = Layout(str(tmp_path / "large"))
        layout.create()
        carry(made(3_000_001), "", layout, "1.0.0")
        place = f"{place}/large:1.0.0"
        assert overlay(tmp_path, "copy", "large:1.0.0", place, "--no-plain-http", **env).returncode == 0
        assert overlay(tmp_path, "copy", place, "--to-layout", "back", "--no-plain-http", **env).returncode == 0
    finally:
        process.close()


def test_what_is_rendered_now_is_compared_with_a_bundle(shop: Path, registry: RegistryProcess) -> None:
    place = f"oci://{registry.host}/compared/shop:1.4.0"
    digest = overlay(shop, "push", place.removesuffix(":1.4.0"), "--version", "1.4.0").stdout.strip()
    same = overlay(shop, "diff", "prod", "--against", place)
    assert (same.returncode, same.stdout, same.stderr) == (0, "", "")
    path = shop / "environments/prod/environment.yaml"
    path.write_text(path.read_text().replace("newTag: 2.4.1", "newTag: 2.5.0"))
    for reference in (place, "shop:1.4.0"):
        other = overlay(shop, "diff", "prod", "--against", reference)
        assert other.returncode == 1, other.stderr
        assert other.stdout.splitlines() == [
            "prod of shop 1.4.0 → now",
            "  Deployment/shop/web",
            "    spec.template.spec.containers.[name=web].image: shop/web:2.4.1 → shop/web:2.5.0",
        ]
    found = json.loads(overlay(shop, "diff", "prod", "--against", place, "-o", "json").stdout)
    assert found["from"] == {"environment": "prod", "bundle": "shop", "version": "1.4.0", "digest": digest}
    wrong = overlay(shop, "diff", "prod@3", "--against", place)
    assert wrong.stderr.startswith("error: --against compares with what is rendered now\n")


def test_a_push_whose_signature_is_refused_says_what_is_there_and_how_to_sign_it(shop: Path) -> None:
    key = str(shop.parent / "release key.pem")
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True)
    registry = Registry()
    place = f"oci://{registry.host}/shop"

    def refuse(handler: Answer) -> bool:
        if handler.command != "PUT" or "/manifests/sha256:" not in handler.path:
            return False
        handler.body()
        handler.fail(403, "DENIED")
        return True

    try:
        digest = overlay(shop, "push", place, "--version", "1.4.0", "-q").stdout.strip()
        registry.faults.append(refuse)
        done = overlay(shop, "push", place, "--version", "1.4.0", "--sign", key, "--also-tag", "latest")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"error: {place}:1.4.0 is pushed ({digest}), but not signed: {registry.host} wants a login (it needs to "
            f"pull,push shop)\n  hint: log in with `overlay login {registry.host}`; then sign it: `overlay sign "
            f"{place}@{digest} --key '{key}' --attest`\n"
        )
        assert "latest" not in registry.manifests["shop"], "what moves along is signed"
        registry.faults.clear()
        signed = overlay(shop, "sign", f"{place}@{digest}", "--key", key, "--attest")
        assert signed.returncode == 0, signed.stderr
    finally:
        registry.close()
