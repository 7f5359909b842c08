"""What of a chart's folder reaches Helm: checked bytes, never a link, never more than Helm takes."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from overlay.chart.child import HelmLibrary
from overlay.chart.pack import pack
from overlay.chart.render import Rendered
from overlay.chart.source import MAX_CHART_FILE, read_chart
from overlay.errors import OverlayError
from overlay.files.reader import ProjectFiles
from overlay.model.contents import ChartSource
from overlay.model.value import replace
from tests.chart.charts import HERE, request

CHART = "environments/base/chart"
FILES = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "values.yaml": "a: 1\n",
    "templates/a.yaml": "a: {{ .Values.a }}\n",
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / CHART / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def read(root: Path, path: str = CHART) -> ChartSource:
    return read_chart(ProjectFiles(str(root)), path, HERE)


def refused(root: Path, path: str = CHART) -> OverlayError:
    with pytest.raises(OverlayError) as caught:
        read(root, path)
    assert "canary" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "name", ["Chart.yaml", "values.yaml", "templates/a.yaml", ".helmignore", "charts", "crds/x.yaml"]
)
@pytest.mark.parametrize("target", ["/proc/self/environ", "../outside.txt", "/etc/passwd", "values.yaml"])
def test_P01_P02_T01_a_chart_with_a_link_never_reaches_helm(name: str, target: str, tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "environments/base/outside.txt").write_text("canary")
    link = tmp_path / CHART / name
    link.unlink(missing_ok=True)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(target)
    found = refused(tmp_path)
    assert (found.message, found.hint, found.location) == (
        f"symlink not allowed: {CHART}/{name} → {target}", "put the file itself there; links are never followed", HERE,
    )  # fmt: skip


def test_T01_a_chart_behind_a_link_is_refused(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "environments/base/link").symlink_to("chart")
    assert refused(tmp_path, "environments/base/link").message == "symlink not allowed: environments/base/link → chart"


def test_T02_what_is_swapped_after_the_check_does_not_reach_helm(tmp_path: Path, helm: HelmLibrary) -> None:
    write(tmp_path, FILES)
    (tmp_path / "outside.yaml").write_text("a: canary\n")
    source = read(tmp_path)
    for name in ("values.yaml", "templates/a.yaml"):
        (tmp_path / CHART / name).unlink()
        (tmp_path / CHART / name).symlink_to(tmp_path / "outside.yaml")
    assert list(helm.render([replace(request({}), chart=source)])) == [
        Rendered(templates=(("templates/a.yaml", "a: 1\n"),), crds=(), notes=None)
    ]


def test_P03_a_lock_file_that_is_a_link_is_neither_read_nor_written_through(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    victim = tmp_path / ".bashrc"
    victim.write_text("canary\n")
    before = os.stat(victim)
    (tmp_path / CHART / "Chart.lock").symlink_to(victim)
    assert refused(tmp_path).message == f"symlink not allowed: {CHART}/Chart.lock → {victim}"
    after = os.stat(victim)
    assert (victim.read_text(), after.st_mtime_ns, after.st_ino) == ("canary\n", before.st_mtime_ns, before.st_ino)


def test_T22_a_file_in_a_folder_above_helms_limit_names_limit_file_and_way_out(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, "files/big.bin": "x" * (MAX_CHART_FILE + 1)})
    found = refused(tmp_path)
    assert found.message == f"{CHART}/files/big.bin has 5242881 bytes; Helm takes no chart file above 5242880"
    assert found.hint == "list it in .helmignore when the chart does not need it"
    write(tmp_path, {".helmignore": "files/big.bin\n"})
    assert "files/big.bin" not in dict(read(tmp_path).files)


def test_T22_a_folder_above_helms_limit_for_all_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    for number in range(21):
        with open(tmp_path / CHART / f"big{number:02}.bin", "wb") as file:
            file.truncate(MAX_CHART_FILE)
    size = 21 * MAX_CHART_FILE + sum(len(text) for text in FILES.values())
    assert refused(tmp_path).message == f"chart {CHART} has {size} bytes; Helm takes no chart above 104857600"


def test_a_chart_that_leaves_itself_out_is_refused(tmp_path: Path) -> None:
    found = refused(write(tmp_path, {**FILES, ".helmignore": "!values.yaml\n"}))
    assert (found.message, str(found.location)) == (
        f"{CHART}/.helmignore leaves out Chart.yaml", f"{CHART}/.helmignore",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("files", "path", "message"),
    [
        ({"templates/a.yaml": "a: {{ b }}"}, CHART, f"{CHART} has templates/ but no Chart.yaml"),
        (
            {"a/kustomization.yaml": "resources: []"},
            CHART,
            f"{CHART}/a/kustomization.yaml is a kustomization, no manifest",
        ),
        ({"notes.txt": "x"}, CHART, f"{CHART} holds neither a Chart.yaml nor manifests (*.yaml, *.yml, *.json)"),
        (
            {"notes.txt": "x"},
            f"{CHART}/notes.txt",
            f"{CHART}/notes.txt is neither a folder nor a packaged chart (.tgz)",
        ),
        ({}, "nowhere", "nowhere does not exist"),
    ],
)
def test_what_is_no_chart_says_what_is_expected(files: dict[str, str], path: str, message: str, tmp_path: Path) -> None:
    found = refused(write(tmp_path, files), path)
    assert (found.message, found.location) == (message, HERE)


def test_a_folder_without_chart_yaml_holds_plain_manifests(tmp_path: Path) -> None:
    source = read(write(tmp_path, {"b/x.json": "{}", "a.yml": "a: 1\n", "README.md": "x"}))
    assert (source.kind, source.files) == ("manifests", (("a.yml", b"a: 1\n"), ("b/x.json", b"{}")))
    assert [one.path for one in source.inputs] == [f"{CHART}/a.yml", f"{CHART}/b/x.json"]


def test_equal_content_has_an_equal_digest_and_any_change_another(tmp_path: Path) -> None:
    first = read(write(tmp_path / "one", FILES)).digest
    assert read(write(tmp_path / "two", dict(reversed(FILES.items())))).digest == first
    changes = [{**FILES, "values.yaml": "a: 2\n"}, {**FILES, "empty": ""}, {**FILES, "templates/a.yaml": "a: 1\n"}]
    found = {read(write(tmp_path / f"change{number}", files)).digest for number, files in enumerate(changes)}
    assert len(found | {first}) == 4


def test_a_packaged_sub_chart_is_checked_file_by_file(tmp_path: Path) -> None:
    below = pack([("Chart.yaml", b"apiVersion: v2\nname: db\nversion: 1.0.0\n"), ("templates/x.yaml", b"x: 1\n")])
    write(tmp_path, FILES)
    (tmp_path / CHART / "charts").mkdir()
    (tmp_path / CHART / "charts/db-1.0.0.tgz").write_bytes(below)
    assert [name for name, _ in read(tmp_path).files if name.startswith("charts/")] == [
        "charts/db-1.0.0/Chart.yaml", "charts/db-1.0.0/templates/x.yaml",
    ]  # fmt: skip
    (tmp_path / CHART / "charts/db-1.0.0.tgz").write_bytes(gzip.compress(b"no tar"))
    assert refused(tmp_path).message.startswith(f"{CHART}/charts/db-1.0.0.tgz")
