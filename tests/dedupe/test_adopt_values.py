"""`overlay adopt` for values-per-environment: one chart, its base's values, and what each environment sets itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.dedupe.test_adopt import overlay, texts

TEMPLATE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  all: {{ toJson .Values | quote }}\n"
VALUES = """# Asked by the team.
image:
  repository: shop/web
  tag: "2.4.1"  # as tested
resources:
  # One page takes 3 MB.
  limits: {{memory: {memory}}}
  requests: {{memory: 128Mi, cpu: 100m}}
ingress:
  enabled: true
  host: web.shop-{name}.example
  path: /
probes:
  path: /healthz
  period: 10
  timeout: 3
dbPassword: hunter2-{name}
"""
NAMES = ("dev", "prod", "staging")
FILES = tuple([f"chart/values-{name}.yaml" for name in NAMES])
PROVED = "proved: 3 environments render to the same bytes as with the values that they had; "


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A chart and a values file for each environment in its folder."""
    (tmp_path / "chart/templates").mkdir(parents=True)
    (tmp_path / "chart/Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (tmp_path / "chart/values.yaml").write_text("level: info\n")
    (tmp_path / "chart/templates/all.yaml").write_text(TEMPLATE)
    for name in NAMES:
        values = VALUES.format(name=name, memory="1Gi" if name == "prod" else "256Mi")
        (tmp_path / f"chart/values-{name}.yaml").write_text(values)
    return tmp_path


def test_values_that_most_set_alike_stand_in_the_base_and_helm_makes_the_same_of_them(
    shop: Path, tool: Callable[[str], str]
) -> None:
    before = texts(shop / "chart")
    done = overlay("adopt", *FILES, "--write", cwd=shop)
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"{PROVED}wrote environments\n"
    found = texts(shop / "environments")
    assert sorted(found) == sorted(
        ["base/base.yaml", "base/values.yaml"]
        + [f"{name}/{file}.yaml" for name in NAMES for file in ("environment", "values")]
    )
    assert found["base/base.yaml"] == (
        "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\nspec:\n  chart: {path: ../../chart}\n"
        "  values: [values.yaml]\n"
    )
    assert found["prod/environment.yaml"] == (
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec:\n  extends: [../base]\n"
        "  values: [values.yaml]\n"
    )
    assert yaml.safe_load(found["dev/values.yaml"]) == {
        "ingress": {"host": "web.shop-dev.example"},
        "dbPassword": "hunter2-dev",
    }
    assert yaml.safe_load(found["prod/values.yaml"])["resources"] == {"limits": {"memory": "1Gi"}}
    assert "# as tested" in found["base/values.yaml"]
    assert "# One page takes 3 MB." in found["base/values.yaml"]
    for name in NAMES:
        helm = [tool("helm"), "template", "web", "chart", "-f", f"chart/values-{name}.yaml"]
        wanted = subprocess.run(helm, cwd=shop, capture_output=True, check=True)
        rendered = overlay("render", name, cwd=shop)
        assert yaml.safe_load(rendered.stdout)["data"] == yaml.safe_load(wanted.stdout)["data"]
    assert texts(shop / "chart") == before


def test_the_dry_run_shows_what_differs_hides_secrets_and_writes_nothing(shop: Path) -> None:
    done = overlay("adopt", *FILES, cwd=shop)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[1] == ["web", "dev,", "prod,", "staging", "51", "54", "grows,", "-6", "%"]
    assert ["resources.limits.memory", "256Mi", "1Gi", "256Mi"] in lines
    assert ["dbPassword", "••••", "••••", "••••"] in lines
    assert done.stderr == f"{PROVED}nothing is written without --write\n"
    (group,) = json.loads(overlay("adopt", *FILES, "-o", "json", cwd=shop).stdout)["groups"]
    assert group["environments"][1] == {
        "name": "prod",
        "folder": "chart/values-prod.yaml",
        "lines": {"before": 17, "after": 13},
    }
    assert {"value": "dbPassword", "values": dict.fromkeys(NAMES, "••••")} in group["differs"]
    assert "hunter2" not in done.stdout + json.dumps(group)
    assert not (shop / "environments").exists()


def test_folders_of_one_values_file_beside_their_chart_are_adopted_too_and_twice_changes_nothing(shop: Path) -> None:
    for name in NAMES:
        (shop / "stages" / name).mkdir(parents=True)
        (shop / f"chart/values-{name}.yaml").rename(shop / "stages" / name / "values.yaml")
    folders = [f"stages/{name}" for name in NAMES]
    done = overlay("adopt", *folders, "--into", "out", "--write", cwd=shop)
    assert done.returncode == 0, done.stderr
    assert "environments: out\n" in (shop / "overlay.yaml").read_text()
    assert overlay("render", "--all", cwd=shop).returncode == 0
    before = texts(shop)
    again = overlay("adopt", *reversed(folders), "--into", "out", "--write", cwd=shop)
    assert (again.returncode, again.stderr) == (0, f"{PROVED}out holds just this already\n")
    assert texts(shop) == before


def test_values_that_are_equal_are_said_to_be_equal(shop: Path) -> None:
    (shop / "chart/values-prod.yaml").write_text((shop / "chart/values-dev.yaml").read_text())
    done = overlay("adopt", *FILES[:2], cwd=shop)
    assert done.stdout.endswith("\ndev and prod are equal in all: one of them is enough, for example dev\n")


def test_what_is_no_values_file_or_for_no_chart_is_refused_with_its_place(shop: Path) -> None:
    first = shop / FILES[0]
    text = first.read_text()
    for bad, said in (
        ("a: [\n", "error: "),
        ("- a\n", "error: a mapping (key: value) is expected, found a list\n  --> chart/values-dev.yaml:1:1\n"),
        ("a: b\nsops: {mac: x}\n", "error: the values are encrypted by SOPS\n  --> chart/values-dev.yaml:2:1\n"),
        ("apiVersion: v1\nkind: Pod\n", "error: a file of values is expected, found an object\n  --> chart/values-dev.yaml:1:1\n"),
    ):  # fmt: skip
        first.write_text(bad)
        done = overlay("adopt", *FILES, cwd=shop)
        assert (done.returncode, done.stderr[: len(said)]) == (2, said)
    first.unlink()
    first.symlink_to("/etc/passwd")
    done = overlay("adopt", *FILES, cwd=shop)
    assert (done.returncode, done.stderr) == (2, f"error: {FILES[0]} cannot be read: symlink not allowed\n")
    first.unlink()
    first.write_text(text)
    done = overlay("adopt", *FILES, "--in-place", "--write", cwd=shop)
    assert (done.returncode, done.stderr) == (
        2, "error: --in-place is for manifests; these are values\n  hint: leave it out\n",
    )  # fmt: skip
    (shop / "other").mkdir()
    (shop / "other/Chart.yaml").write_text("apiVersion: v2\nname: other\nversion: 1.0.0\n")
    for name in NAMES:
        (shop / f"values-{name}.yaml").write_text(text)
    done = overlay("adopt", "values-dev.yaml", "values-prod.yaml", cwd=shop)
    assert (done.returncode, done.stderr) == (
        2,
        "error: values-dev.yaml may hold values of chart or of other\n  hint: put the values of a chart into its folder\n",
    )
    for folder in ("chart", "other"):
        (shop / folder / "Chart.yaml").unlink()
    done = overlay("adopt", "values-dev.yaml", "values-prod.yaml", cwd=shop)
    assert (done.returncode, done.stderr) == (
        2,
        "error: values-dev.yaml holds values, but no chart is there: no Chart.yaml around or beside it\n"
        "  hint: --into names the environments folder, which stands beside the chart or above it; or render each "
        "environment with `helm template --output-dir`, and adopt that\n",
    )
    assert not (shop / "environments").exists()


def test_files_of_others_are_never_overwritten(shop: Path) -> None:
    for taken in ("dev", "web-dev"):
        (shop / "environments" / taken).mkdir(parents=True)
        (shop / "environments" / taken / "environment.yaml").write_text("mine\n")
    done = overlay("adopt", *FILES, "--write", cwd=shop)
    assert (done.returncode, done.stderr) == (
        2,
        "error: environments holds environments of these names already\n  hint: name another folder with --into\n",
    )
