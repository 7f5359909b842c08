"""The base chart in a registry: what helm writes we read, what we write helm installs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay.oci.place import read_blob
from overlay.oci.remote import Remote
from tests.fetch.projects import chart as helm_chart
from tests.fetch.projects import overlay as run_overlay
from tests.fetch.projects import sha256
from tests.fetch.servers import RegistryProcess
from tests.oci.test_package import make_shop
from tests.source.projects import FILES, git, overlay

CHART = """\
apiVersion: v2
name: shop
version: 1.1.0
appVersion: "2.4"
description: The shop
home: https://shop.example
sources: [https://git.shop.example/shop]
maintainers: [{name: Ada, email: ada@shop.example}, {name: Bob}]
annotations: {example.com/a: b}
"""
HELMS = ("helm", "helm3")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path / "shop", **{"environments/base/chart/Chart.yaml": CHART})


def helm(program: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *words], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("program", HELMS)
def test_the_lectures_story(
    shop: Path, registry: RegistryProcess, tool: Callable[[str], str], tmp_path: Path, program: str
) -> None:
    """A chart is packaged, pushed, removed here, pulled back, and rendered by plain Helm."""
    real = tool(program)
    place = f"oci://{registry.host}/{program}/myrepo"
    pushed = overlay(shop, "chart", "push", place)
    assert (pushed.returncode, pushed.stderr) == (0, f"pushed {place}/shop:1.1.0\n")
    again = overlay(shop, "chart", "push", place)
    assert (again.stdout, again.stderr) == (pushed.stdout, f"already there: {place}/shop:1.1.0\n")
    wanted = overlay(shop, "render", "staging").stdout
    assert wanted
    work = tmp_path / "work"
    work.mkdir()
    got = helm(real, work, "pull", f"{place}/shop", "--version", "1.1.0", "--plain-http")
    assert got.returncode == 0, got.stderr
    assert f"Digest: {pushed.stdout.strip()}" in got.stdout + got.stderr
    shown = helm(real, work, "show", "chart", f"{place}/shop", "--version", "^1", "--plain-http").stdout
    assert "name: shop" in shown and "version: 1.1.0" in shown
    from_file = helm(real, work, "template", "release", "shop-1.1.0.tgz")
    from_registry = helm(real, work, "template", "release", f"{place}/shop", "--version", "1.1.0", "--plain-http")
    assert (from_registry.returncode, from_registry.stdout.partition("---")[2]) == (
        0,
        from_file.stdout.partition("---")[2],
    ), from_registry.stderr
    assert "kind: Deployment" in from_file.stdout
    dry = helm(real, work, "install", "release", f"{place}/shop", "--plain-http", "--dry-run=client")
    assert dry.returncode == 0 or "cluster" in dry.stderr.lower(), dry.stderr
    back = overlay(work, "chart", "pull", f"{place}/shop", "-d", "back")
    assert (back.returncode, back.stdout) == (0, "back/shop-1.1.0.tgz\n")
    assert (work / "back/shop-1.1.0.tgz").read_bytes() == (work / "shop-1.1.0.tgz").read_bytes()


@pytest.mark.parametrize("program", HELMS)
def test_we_write_what_helm_push_writes(
    shop: Path,
    registry: RegistryProcess,
    tool: Callable[[str], str],
    remote: Callable[..., Remote],
    tmp_path: Path,
    program: str,
) -> None:
    assert overlay(shop, "chart", "package", "-d", str(tmp_path)).stdout == f"{tmp_path}/shop-1.1.0.tgz\n"
    theirs, ours = f"oci://{registry.host}/{program}/theirs", f"oci://{registry.host}/{program}/ours"
    done = helm(tool(program), tmp_path, "push", "shop-1.1.0.tgz", theirs, "--plain-http")
    assert done.returncode == 0, done.stderr
    assert overlay(tmp_path, "chart", "push", ours, "--from", "shop-1.1.0.tgz").returncode == 0
    found = []
    for place in (theirs, ours):
        source = remote(registry.host, f"{place.removeprefix(f'oci://{registry.host}/')}/shop")
        manifest = source.manifest("1.1.0")
        value = json.loads(manifest.data)
        value["annotations"].pop("org.opencontainers.image.created")
        value["config"] = json.loads(read_blob(source, manifest.config, 1 << 20))
        found.append((manifest.config.media_type, value))
    assert found[0] == found[1]


def openpgp_rings(folder: Path) -> None:
    """Write a new key without a phrase, as Helm reads it, into `secret` and `public`."""
    home = tempfile.mkdtemp(prefix="overlay-gnupg-", dir="/tmp")  # sockets have short names
    env = {**os.environ, "GNUPGHOME": home}
    gpg = ("gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "")
    make = ("--quick-generate-key", "Ada <ada@shop.example>", "rsa2048")
    try:
        for words, name in ((make, None), (("--export-secret-keys",), "secret"), (("--export",), "public")):
            done = subprocess.run([*gpg, *words], env=env, check=True, capture_output=True)
            if name is not None:
                (folder / name).write_bytes(done.stdout)
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=env, check=True)
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.parametrize("program", HELMS)
def test_a_chart_that_helm_signed_keeps_its_provenance(
    shop: Path, registry: RegistryProcess, tool: Callable[[str], str], remote: Callable[..., Remote], tmp_path: Path,
    program: str,
) -> None:  # fmt: skip
    real = tool(program)
    openpgp_rings(tmp_path)
    chart, work = str(shop / "environments/base/chart"), tmp_path / "work"
    work.mkdir()
    done = helm(real, work, "package", chart, "--sign", "--key", "Ada", "--keyring", "../secret")
    assert done.returncode == 0, done.stderr
    theirs, ours = (f"{registry.host}/signed/{program}/{name}" for name in ("theirs", "ours"))
    assert helm(real, work, "push", "shop-1.1.0.tgz", f"oci://{theirs}", "--plain-http").returncode == 0
    assert overlay(work, "chart", "push", f"oci://{ours}", "--from", "shop-1.1.0.tgz").returncode == 0
    layers = []
    for place in (theirs, ours):
        manifest = remote(registry.host, f"{place.partition('/')[2]}/shop").manifest("1.1.0")
        # Helm 3 sorts them by digest, Helm 4 has the chart first.
        layers.append(sorted(json.loads(manifest.data)["layers"], key=lambda one: one["mediaType"]))
    assert layers[0] == layers[1] and len(layers[0]) == 2
    # Both pull it so that Helm verifies it.
    got = helm(real, tmp_path, "pull", f"oci://{ours}/shop", "--verify", "--keyring", "public", "--plain-http")
    assert got.returncode == 0, got.stderr
    assert overlay(tmp_path, "chart", "pull", f"oci://{theirs}/shop", "-d", "back").returncode == 0
    assert helm(real, tmp_path, "verify", "back/shop-1.1.0.tgz", "--keyring", "public").returncode == 0
    # One that lies beside another file is refused.
    (work / "shop-1.1.0.tgz").write_bytes(helm_chart("shop", "1.1.0"))
    done = overlay(work, "chart", "push", f"oci://{ours}", "--from", "shop-1.1.0.tgz")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2, "error: the provenance of shop-1.1.0.tgz is of another file"
    )  # fmt: skip


def test_we_read_what_helm_push_wrote(registry: RegistryProcess, tool: Callable[[str], str], tmp_path: Path) -> None:
    place = f"oci://{registry.host}/read/charts"
    for version in ("1.2.0", "1.3.0", "2.0.0-rc.1", "1.3.1+build.7"):
        (tmp_path / f"db-{version}.tgz").write_bytes(helm_chart("db", version))
        helm(tool("helm"), tmp_path, "push", f"db-{version}.tgz", place, "--plain-http")
    (tmp_path / "work").mkdir()
    done = overlay(tmp_path / "work", "chart", "pull", f"{place}/db")
    assert done.stdout == "db-1.3.1+build.7.tgz\n"
    # A chart that helm wrote is carried like any artifact.
    assert overlay(tmp_path, "copy", f"{place}/db:1.3.0", "--to-tar", "db.tar").returncode == 0
    assert overlay(tmp_path, "copy", "db.tar", f"{place}-copied/db").returncode == 0
    assert (
        helm(tool("helm"), tmp_path, "pull", f"{place}-copied/db", "--version", "1.3.0", "--plain-http").returncode == 0
    )
    assert (tmp_path / "work/db-1.3.1+build.7.tgz").read_bytes() == (tmp_path / "db-1.3.1+build.7.tgz").read_bytes()
    assert overlay(tmp_path / "work", "chart", "pull", f"{place}/db", "--version", "~1.2", "--untar").stdout == "db\n"
    assert sorted(os.listdir(tmp_path / "work/db")) == ["Chart.yaml", "templates"]
    assert overlay(tmp_path / "work", "chart", "pull", f"{place}/db:1.3.0", "--untar").returncode == 4


def test_sub_charts_are_in_it(registry: RegistryProcess, tool: Callable[[str], str], tmp_path: Path) -> None:
    place = f"oci://{registry.host}/sub/charts"
    (tmp_path / "db-1.2.0.tgz").write_bytes(helm_chart("db", "1.2.0"))
    helm(tool("helm"), tmp_path, "push", "db-1.2.0.tgz", place, "--plain-http")
    more = f"dependencies:\n- {{name: db, version: ^1.2.0, repository: '{place}'}}\n"
    shop = make_shop(tmp_path / "shop", **{"environments/base/chart/Chart.yaml": CHART + more})
    missing = overlay(shop, "chart", "package")
    assert (missing.returncode, "hint: pin it: `overlay lock`" in missing.stderr) == (2, True), missing.stderr
    assert run_overlay(shop, "lock", "-q").returncode == 0
    assert overlay(shop, "chart", "push", f"oci://{registry.host}/sub/ours").returncode == 0
    out = helm(tool("helm"), tmp_path, "template", "r", f"oci://{registry.host}/sub/ours/shop", "--plain-http").stdout
    assert "name: r-db" in out and "kind: Deployment" in out


def test_A16_the_same_chart_makes_the_same_bytes(tmp_path: Path) -> None:
    first = make_shop(tmp_path / "a")
    second = make_shop(tmp_path / "b")
    for path in second.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            path.chmod(0o600)
            os.utime(path, (1, 1))
    for folder in (first, second):
        assert overlay(folder, "chart", "package", TZ="Asia/Kathmandu").returncode == 0
    assert sha256((first / "shop-1.0.0.tgz").read_bytes()) == sha256((second / "shop-1.0.0.tgz").read_bytes())
    with tarfile.open(first / "shop-1.0.0.tgz") as archive:
        assert next((one.name, one.mode, one.uid, one.mtime) for one in archive) == (
            "shop/Chart.yaml",
            0o644,
            0,
            1_700_000_000,
        )


def test_versions_can_be_said(shop: Path, tool: Callable[[str], str]) -> None:
    done = overlay(shop, "chart", "package", "--version", "1.4.0+7", "--app-version", "2.5", "-o", "json")
    assert json.loads(done.stdout)["path"] == "shop-1.4.0+7.tgz"
    shown = helm(tool("helm"), shop, "show", "chart", "shop-1.4.0+7.tgz").stdout
    assert "version: 1.4.0+7" in shown and 'appVersion: "2.5"' in shown and "Ada" in shown
    assert overlay(shop, "chart", "package", "--version", "1.4").returncode == 2


def test_a_version_that_is_there_with_other_content_is_refused(shop: Path, registry: RegistryProcess) -> None:
    place = f"oci://{registry.host}/taken/charts"
    assert overlay(shop, "chart", "push", place).returncode == 0
    (shop / "environments/base/chart/values.yaml").write_text("web: {level: debug}\nfeature: {}\n")
    done = overlay(shop, "chart", "push", place)
    assert (done.returncode, f"{place}/shop:1.1.0 is sha256:" in done.stderr) == (4, True)


def test_a_bundle_is_no_chart_and_a_chart_no_bundle(shop: Path, registry: RegistryProcess) -> None:
    place = f"oci://{registry.host}/mixed"
    overlay(shop, "push", f"{place}/shop", "--version", "1.1.0")
    wrong = overlay(shop, "chart", "pull", f"{place}/shop:1.1.0")
    assert (
        "is no Helm chart but application/vnd.overlay.bundle.v1+json\n  hint: a bundle is pulled by `overlay pull`"
        in wrong.stderr
    )
    overlay(shop, "chart", "push", f"{place}/charts")
    wrong = overlay(shop, "pull", f"{place}/charts/shop:1.1.0")
    assert (
        "is no bundle but application/vnd.cncf.helm.config.v1+json\n  hint: a Helm chart is pulled by `overlay chart pull`"
        in wrong.stderr
    )


def test_which_chart_is_meant(tmp_path: Path) -> None:
    environment = FILES["environments/staging/environment.yaml"]
    files = {
        "environments/staging/environment.yaml": environment + "  chart: {path: chart}\n",
        "environments/bare/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: bare}\n",
        "environments/staging/chart/Chart.yaml": "apiVersion: v2\nname: other\nversion: 3.0.0\n",
        "environments/staging/chart/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    }
    shop = make_shop(tmp_path / "shop", **files)
    done = overlay(shop, "chart", "package")
    assert done.stderr == (
        "error: environments have 2 different charts\n  hint: name the environment whose chart is meant\n"
    )
    bare = overlay(shop, "chart", "package", "bare")
    assert (bare.returncode, bare.stderr) == (2, "error in bare: it has no chart\n  hint: name one that has, or none\n")
    assert overlay(shop, "chart", "package", "staging").stdout == "other-3.0.0.tgz\n"
    assert overlay(shop, "chart", "package", "base").stdout == "shop-1.0.0.tgz\n"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"Chart.yaml": CHART.replace("1.1.0", "'1.1'")}, "error: '1.1' is no semantic version"),
        ({"Chart.yaml": CHART.replace('"2.4"', "2.4")}, "error: appVersion of a chart must be a string"),
        ({"Chart.yaml": CHART.replace("name: shop", "name: ../x")}, "error: '../x' cannot name a chart in a registry"),
        ({"templates/bad.yaml": "a: {{ .Values.x | }}\n"}, "error: "),
        ({"templates/bad.yaml": "kind: [\n"}, "error: "),
    ],
)
def test_lint_looks_at_the_chart_by_itself(shop: Path, files: dict[str, str], message: str) -> None:
    assert overlay(shop, "chart", "lint").returncode == 0
    for name, text in files.items():
        (shop / "environments/base/chart" / name).write_text(text)
    done = overlay(shop, "chart", "lint")
    assert (done.returncode, done.stderr[: len(message)]) == (1, message), done.stderr
    git(shop, "checkout", "-q", ".")
