"""`overlay init`, `env add`, `env list` and `env show`: projects made, grown and looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from overlay.kube.types import DEFAULT_KUBERNETES

DNS_LABEL = "is no DNS label: lower-case letters, digits and dashes, a letter or digit at both ends"


def overlay(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "overlay", *args], cwd=cwd, capture_output=True, text=True)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_new_project_renders_at_once(tmp_path: Path) -> None:
    done = overlay("init", "shop", "--environments", "dev, prod", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("made ./shop with 2 environments: dev, prod\n")
    assert overlay("render", "--all", "-o", "name", cwd=tmp_path / "shop").stdout == (
        "service/web\ndeployment.apps/web\nservice/web\ndeployment.apps/web\n"
    )


def test_a_project_can_start_from_a_chart_or_from_manifests(tmp_path: Path) -> None:
    overlay("init", "shop", cwd=tmp_path)
    chart = tmp_path / "shop/environments/base/chart"
    done = overlay("init", "charted", "--chart", str(chart), "--environments", "dev", cwd=tmp_path)
    assert done.stderr.startswith("made ./charted with 1 environment: dev\n")
    assert files(tmp_path / "charted/environments/base/chart") == files(chart)
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    (manifests / "all.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    (manifests / "README.md").write_text("not a manifest\n")
    overlay("init", "plain", "--manifests", str(manifests), cwd=tmp_path)
    assert files(tmp_path / "plain/environments/base/chart") == ["all.yaml"]
    assert overlay("render", "dev", "-o", "name", cwd=tmp_path / "plain").stdout == "configmap/a\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["../evil"], f"'../evil' {DNS_LABEL}"),
        (["CON"], f"'CON' {DNS_LABEL}"),
        (["--", "-rf"], f"'-rf' {DNS_LABEL}"),
        (["there"], "./there exists and is not empty\n  hint: name a new folder"),
        (["new", "--environments", "dev,../prod"], f"'../prod' {DNS_LABEL}"),
        (["new", "--environments", "dev,base"], "--environments needs different names, and base is taken"),
        (["new", "--environments", "dev,dev"], "--environments needs different names, and base is taken"),
        (["new", "--environments", " , "], "--environments names none"),
        (["new", "--chart", "there", "--manifests", "there"],
         "--chart and --manifests exclude each other: an environment has one base"),
        (["new", "--chart", "nowhere"], "nowhere is no folder"),
        (["new", "--chart", "there"],
         "there has no Chart.yaml\n  hint: a folder of plain manifests goes with --manifests"),
        (["new", "--manifests", "chart"], "chart is a Helm chart\n  hint: give it with --chart"),
        (["new", "--manifests", "mixed"], "apiVersion is missing\n  --> mixed/package.json:1:1\n  1 | {}\n    | ^"),
        (["new", "--manifests", "kustomized"],
         "kustomized/kustomization.yaml is a kustomization, no manifest\n"
         "  hint: leave it out, and say its fields in our own documents: most have the same names"),
        (["new", "--chart", "chart.tgz"], "chart.tgz is no folder\n  hint: unpack it first: tar -xzf chart.tgz"),
        (["new", "--manifests", "empty"], "empty holds no manifests (*.yaml, *.yml, *.json)"),
        (["new", "--chart", "linked"],
         "symlink not allowed: secret.txt → /etc/passwd\n  hint: put the file itself there; links are never followed"),
    ],
)  # fmt: skip
def test_P09_a_project_that_cannot_be_made_leaves_nothing(args: list[str], message: str, tmp_path: Path) -> None:
    for folder in ("there", "chart", "empty", "linked", "mixed", "kustomized"):
        (tmp_path / folder).mkdir()
    (tmp_path / "mixed/package.json").write_text("{}")
    (tmp_path / "kustomized/kustomization.yaml").write_text("resources: []\n")
    (tmp_path / "there/mine.txt").write_text("mine")
    for folder in ("chart", "linked"):
        (tmp_path / folder / "Chart.yaml").write_text("apiVersion: v2\nname: c\nversion: 1.0.0\n")
    (tmp_path / "linked/secret.txt").symlink_to("/etc/passwd")
    before = files(tmp_path)
    done = overlay("init", *args, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {message}\n")
    assert files(tmp_path) == before


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    overlay("init", "shop", "--environments", "dev,prod", cwd=tmp_path)
    folder = tmp_path / "shop/environments/components/monitored"
    folder.mkdir(parents=True)
    (folder / "component.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Component\nmetadata: {name: monitored}\nspec: {annotations: {a: b}}\n"
    )
    with (tmp_path / "shop/environments/prod/environment.yaml").open("a") as file:
        file.write("  components: [../components/monitored]\n")
    return tmp_path / "shop"


def test_an_environment_is_added_as_small_as_can_be(shop: Path) -> None:
    done = overlay("env", "add", "prod-eu", "--extends", "prod", "-n", "eu", cwd=shop)
    assert (done.returncode, done.stderr) == (
        0,
        "wrote environments/prod-eu/environment.yaml with namespace eu; look at it with `overlay render prod-eu`\n",
    )
    assert (shop / "environments/prod-eu/environment.yaml").read_text() == (
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata:\n  name: prod-eu\n"
        "spec:\n  extends:\n    - ../prod\n  namespace: eu\n"
    )
    assert overlay("env", "list", "--graph", cwd=shop).stdout == (
        "base\n├── dev\n└── prod\n    └── prod-eu\nmonitored\n└── prod\n    └── prod-eu\n"
    )
    assert overlay("render", "prod-eu", "-o", "name", cwd=shop).stdout == "service/web\ndeployment.apps/web\n"


def test_an_environment_that_is_added_has_a_namespace_of_its_own_as_those_of_init_have(tmp_path: Path) -> None:
    overlay("init", "shop", "--environments", "dev", "-q", cwd=tmp_path)
    shop = tmp_path / "shop"
    for name, parent in (("qa", "base"), ("qa-eu", "dev")):
        done = overlay("env", "add", name, "--extends", parent, cwd=shop)
        assert (done.returncode, done.stderr) == (
            0,
            f"wrote environments/{name}/environment.yaml with namespace shop-{name}; look at it with "
            f"`overlay render {name}`\n",
        )
        assert f"  namespace: shop-{name}\n" in overlay("render", name, "deployment/web", cwd=shop).stdout
    assert "  namespace: shop-dev\n" in (shop / "environments/dev/environment.yaml").read_text()


def test_an_environment_that_extends_nothing_is_told_and_so_is_its_empty_rendering(shop: Path) -> None:
    done = overlay("env", "add", "bare", cwd=shop)
    assert (done.returncode, done.stderr) == (
        0,
        "wrote environments/bare/environment.yaml; it extends nothing: list a base under extends:, name a chart, "
        "or say --extends at once\n",
    )
    done = overlay("render", "bare", cwd=shop)
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "",
        "warning in bare: nothing is rendered: there are no objects\n"
        "  --> environments/bare/environment.yaml:4:9\n"
        "  3 | metadata:\n"
        "  4 |   name: bare\n"
        "    |         ^\n"
        "  hint: extend a base, name a chart or list resources\n",
    )
    assert overlay("render", "bare", "--strict", cwd=shop).returncode == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["../x", "--extends", "base"], f"'../x' {DNS_LABEL}"),
        (["qa", "--namespace", "Shop_QA"], f"'Shop_QA' {DNS_LABEL}"),
        (["prod"], "environments/prod exists already\n  hint: choose another name, or edit what is there"),
        (["qa", "--extends", "bsae"], "no environment is called 'bsae'\n  hint: did you mean base?"),
        (["qa", "--extends", "monitored"],
         "monitored is a Component\n  hint: list it under components: in the new environment.yaml"),
    ],
)  # fmt: skip
def test_P09_an_environment_that_cannot_be_added_leaves_nothing(args: list[str], message: str, shop: Path) -> None:
    before = files(shop)
    done = overlay("env", "add", *args, cwd=shop)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {message}\n")
    assert files(shop) == before


def test_P11_no_environment_is_made_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/environments").symlink_to("../elsewhere")
    done = overlay("env", "add", "qa", cwd=tmp_path / "shop")
    assert (done.returncode, done.stderr) == (
        2,
        "error: symlink not allowed: environments → ../elsewhere\n"
        "  hint: put the file itself there; links are never followed\n",
    )
    assert files(tmp_path / "elsewhere") == []


def test_environments_are_listed_in_every_form(shop: Path) -> None:
    assert overlay("env", "list", cwd=shop).stdout == (
        "NAME   EXTENDS   CHART   VERSION   NAMESPACE   PATCHES\n"
        "dev    base      web     0.1.0     shop-dev    0\n"
        "prod   base      web     0.1.0     shop-prod   0\n"
    )
    assert overlay("env", "list", "-o", "name", cwd=shop).stdout == "dev\nprod\n"
    rows = json.loads(overlay("env", "list", "-o", "json", cwd=shop).stdout)
    assert rows[0] == {
        "name": "dev", "extends": ["base"], "chart": "web", "version": "0.1.0", "namespace": "shop-dev", "patches": 0,
    }  # fmt: skip
    assert overlay("env", "list", "-o", "yaml", cwd=shop).stdout.startswith("- name: dev\n  extends:\n  - base\n")


def test_one_environment_that_cannot_be_loaded_does_not_hide_the_others(shop: Path) -> None:
    (shop / "environments/dev/environment.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: dev}\nspec: {extends: [../bsae]}\n"
    )
    done = overlay("env", "list", "-o", "name", cwd=shop)
    assert (done.returncode, done.stdout) == (2, "prod\n")
    assert done.stderr.startswith("error: environments/bsae does not exist")


def test_an_environment_shows_its_layers_each_with_its_files(shop: Path) -> None:
    done = overlay("env", "show", "prod", cwd=shop)
    assert (done.returncode, done.stdout) == (
        0,
        "prod: release shop in namespace shop-prod\n"
        f"  for Kubernetes {DEFAULT_KUBERNETES}, chart environments/base/chart\n"
        "layers, in the order in which they act:\n"
        "  1. Base base\n"
        "       environments/base/base.yaml\n"
        "       environments/base/values.yaml\n"
        "  2. Component monitored\n"
        "       environments/components/monitored/component.yaml\n"
        "  3. Environment prod\n"
        "       environments/prod/environment.yaml\n",
    )
    shown = json.loads(overlay("env", "show", "prod", "-o", "json", cwd=shop).stdout)
    assert [layer["name"] for layer in shown["layers"]] == ["base", "monitored", "prod"]
