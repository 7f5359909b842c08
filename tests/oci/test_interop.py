"""Our artifacts in other programs and servers, and theirs in ours; docs/explanation/interoperability.md is the table."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from overlay.oci.layout import Layout
from overlay.oci.manifest import describe, fallback_tag, image, read_manifest, write_json
from overlay.oci.remote import Remote
from overlay.oci.transfer import carry
from tests.fetch.servers import ReferrersRegistry, RegistryProcess
from tests.oci.artifacts import made
from tests.oci.test_package import make_shop, tree_of
from tests.source.projects import ROOT, overlay

SERVERS = {"registry": RegistryProcess, "docker-registry": RegistryProcess, "referrers-registry": ReferrersRegistry}
Tool = Callable[[str], str]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path / "shop")


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, tool: Tool, tmp_path: Path) -> Iterator[RegistryProcess]:
    """Distribution 3.1, the 2.8 that Debian has, and one with the referrers API."""
    (tmp_path / "server").mkdir()
    process = SERVERS[request.param](tool(request.param), tmp_path / "server")
    yield process
    process.close()


def test_R35_servers_take_list_give_and_keep_versions(shop: Path, server: RegistryProcess, tmp_path: Path) -> None:
    place = f"oci://{server.host}/team/shop"
    pushed = overlay(shop, "push", place, "--version", "1.4.0+7", "--also-tag", "latest")
    assert pushed.returncode == 0, pushed.stderr
    again = overlay(shop, "push", place, "--version", "1.4.0+7")
    assert (again.returncode, again.stderr) == (0, f"already there: {place}:1.4.0_7\n")
    assert overlay(shop, "bundles", "list", place, "-o", "name").stdout == f"{place}:1.4.0_7\n"
    pulled = overlay(shop, "pull", f"{place}:latest", "-d", "out", "--store", str(tmp_path / "store"))
    assert (pulled.returncode, pulled.stdout) == (0, pushed.stdout), pulled.stderr
    overlay(shop, "render", "--all", "--output-dir", "wanted", "-q")
    assert tree_of(shop / "out/environments") == tree_of(shop / "wanted")


def test_servers_with_and_without_a_referrers_api_carry_what_refers(
    server: RegistryProcess, remote: Callable[..., Remote], tmp_path: Path
) -> None:
    source = remote(server.host, "one/shop")
    first = carry(made(20), "", source, "1.0.0").manifest
    head = describe("application/vnd.shop.note.v1+json", b"{}")
    found = image("application/vnd.shop.note.v1+json", head, (), {})
    body = {**json.loads(found.data), "subject": first.descriptor.as_json()}
    note = read_manifest(write_json(body), "", "the note")
    source.put_blob(head, lambda start: iter([b"{}"[start:]]))
    source.put_manifest(note, None)
    target = remote(server.host, "two/shop")
    carry(source, "1.0.0", target, "1.0.0", referrers=True)
    assert [one.digest for one in target.referrers(first.digest)] == [note.digest]
    layout = Layout(str(tmp_path / "out"))
    layout.create()
    carry(target, "1.0.0", layout, "1.0.0", referrers=True)
    assert [one.digest for one in layout.referrers(first.digest)] == [note.digest]
    # The fallback tag is for servers without the API alone.
    has_api = type(server) is ReferrersRegistry
    assert (target.lookup(fallback_tag(first.digest)) is None) is has_api


def test_skopeo_copies_ours_and_back(shop: Path, server: RegistryProcess, tool: Tool, tmp_path: Path) -> None:
    skopeo = tool("skopeo")
    place = f"{server.host}/team/shop"
    digest = overlay(shop, "push", f"oci://{place}", "--version", "1.4.0", "-q").stdout.strip()

    def run(*words: str) -> str:
        done = subprocess.run([skopeo, *words], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    copy = ("copy", "--insecure-policy", "--preserve-digests")
    run(*copy, "--src-tls-verify=false", f"docker://{place}:1.4.0", "oci:theirs:1.4.0")
    assert Layout(str(tmp_path / "theirs")).manifest("1.4.0").digest == digest
    pulled = overlay(shop, "pull", f"{tmp_path}/theirs:1.4.0", "-d", "out", "--store", str(tmp_path / "store"))
    assert (pulled.returncode, pulled.stdout.strip()) == (0, digest), pulled.stderr
    run(*copy, "--dest-tls-verify=false", "oci:theirs:1.4.0", f"docker://{server.host}/theirs/shop:1.4.0")
    again = overlay(shop, "pull", f"oci://{server.host}/theirs/shop", "--store", str(tmp_path / "store"))
    assert (again.returncode, again.stdout.strip()) == (0, digest), again.stderr
    overlay(shop, "copy", "shop:1.4.0", "--to-tar", str(tmp_path / "ours.tar"), "-q")
    run(*copy, "oci-archive:ours.tar:1.4.0", "oci:from-tar:1.4.0")
    assert Layout(str(tmp_path / "from-tar")).manifest("1.4.0").digest == digest


def test_oras_and_cosign_find_what_we_attach_by_the_referrers_api(shop: Path, tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    server = ReferrersRegistry(tool("referrers-registry"), tmp_path / "server")
    try:
        place = f"{server.host}/team/shop"
        made_key = {"COSIGN_PASSWORD": ""}
        subprocess.run([tool("cosign"), "generate-key-pair"], env={**os.environ, **made_key}, cwd=tmp_path, check=True)
        pushed = overlay(
            shop,
            "push",
            f"oci://{place}",
            "--version",
            "1.4.0",
            "-q",
            "--sign",
            str(tmp_path / "cosign.key"),
            **made_key,
        )
        assert pushed.returncode == 0, pushed.stderr
        digest = pushed.stdout.strip()
        words = [tool("oras"), "discover", "--plain-http", "--format", "json", f"{place}@{digest}"]
        found = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
        # Provenance and bill of materials as they are, the same as signed, and the signature.
        assert len(found["referrers"]) == 5
        words = [tool("cosign"), "verify", "--key", "cosign.pub", "--allow-http-registry", "--insecure-ignore-tlog"]
        done = subprocess.run([*words, f"{place}@{digest}"], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        ours_too = overlay(shop, "verify", f"oci://{place}:1.4.0", "--key", str(tmp_path / "cosign.pub"))
        assert ours_too.returncode == 0, ours_too.stderr
    finally:
        server.close()


def test_crane_reads_our_layout_and_our_registry(
    shop: Path, server: RegistryProcess, tool: Tool, tmp_path: Path
) -> None:
    package = overlay(shop, "package", "--version", "1.4.0", "--to", str(tmp_path / "shop.oci"), "-q")
    digest = package.stdout.strip()

    def crane(*words: str) -> str:
        done = subprocess.run([tool("crane"), *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    overlay(shop, "push", f"oci://{server.host}/team/shop", "--version", "1.4.0", "-q")
    assert crane("digest", f"{server.host}/team/shop:1.4.0") == digest
    crane("push", str(tmp_path / "shop.oci"), f"{server.host}/crane/shop:1.4.0", "--index")
    index = json.loads(crane("manifest", f"{server.host}/crane/shop:1.4.0"))
    assert digest in [one["digest"] for one in index["manifests"]]
    pulled = overlay(shop, "pull", f"oci://{server.host}/crane/shop@{digest}", "--store", str(tmp_path / "store"))
    assert (pulled.returncode, pulled.stdout.strip()) == (0, digest), pulled.stderr


def test_oras_copies_ours_between_servers(shop: Path, server: RegistryProcess, tool: Tool, tmp_path: Path) -> None:
    place = f"{server.host}/team/shop"
    digest = overlay(shop, "push", f"oci://{place}", "--version", "1.4.0", "-q").stdout.strip()
    words = [
        tool("oras"),
        "cp",
        "--from-plain-http",
        "--to-plain-http",
        f"{place}:1.4.0",
        f"{server.host}/other/shop:1.4.0",
    ]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shown = overlay(shop, "show", f"oci://{server.host}/other/shop:1.4.0")
    assert digest and f"  digest: {digest}\n" in shown.stdout


ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| `(tests/[^:`]+)::(\w+)` \|$")


def test_every_row_of_the_table_is_proved_by_a_test_with_that_version() -> None:
    page = (ROOT / "docs/explanation/interoperability.md").read_text()
    rows = [match.groups() for line in page.splitlines() if (match := ROW.match(line))]
    assert len(rows) == sum(line.startswith("| ") and "`tests/" in line for line in page.splitlines()) > 8
    pins = "".join([path.read_text() for path in (ROOT / "scripts/install_tools.sh", *ROOT.glob("tests/**/go.mod"))])
    for program, version, _, file, name in rows:
        assert f"def {name}(" in (ROOT / file).read_text(), name
        if version.strip() != "Debian's":
            assert f"v{version.strip()}" in pins, f"{program} {version} is not what tests use"
