"""The library in its child, the helm program as Renderer, and `helm template` give the same objects."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from overlay.chart.check import check_chart
from overlay.chart.child import HelmLibrary
from overlay.chart.manifests import Manifests
from overlay.chart.program import HelmProgram
from overlay.chart.render import Rendered
from overlay.chart.source import read_chart
from overlay.chart.values import overlay_maps
from overlay.files.reader import ProjectFiles
from overlay.model.location import Location
from overlay.model.value import replace
from overlay.yaml import read_documents
from tests.chart.charts import request

SUB = "apiVersion: v2\nname: {name}\nversion: 1.0.0\n"
FILES = {
    "Chart.yaml": """\
apiVersion: v2
name: web
version: 1.2.3
appVersion: "7"
dependencies:
  - {name: db, version: 1.0.0, condition: db.enabled}
  - {name: cache, version: 1.0.0, tags: [fast]}
  - {name: db, version: 1.0.0, alias: second, import-values: [{child: exported, parent: imported}]}
  - {name: lib, version: 1.0.0}
  - {name: packed, version: 1.0.0}
""",
    "values.yaml": "db: {enabled: false, size: 1}\ntags: {fast: true}\nsecond: {size: 2}\nglobal: {team: shop}\nlist: [1, 2]\nkeep: {a: 1, b: 2}\n",
    ".helmignore": "*.bak\n/secret/\ntemplates/ignored.yaml\n# comment\n",
    "secret/x.txt": "hidden",
    "old.bak": "old",
    "config/a.txt": "text a",
    "crds/crd.yaml": (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: gs.x.example}\nspec: {group: x.example}\n"
    ),
    "templates/ignored.yaml": '{{ fail "ignored" }}',
    "templates/all.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "lib.name" . }}
  labels: {team: {{ .Values.global.team }}}
data:
  files: {{ range $path, $_ := .Files.Glob "**" }}{{ $path }};{{ end }}
  text: {{ .Files.Get "config/a.txt" }}
  kube: {{ .Capabilities.KubeVersion }}
  has: {{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" | quote }}
  policy: {{ if semverCompare ">=1.21-0" .Capabilities.KubeVersion.GitVersion }}v1{{ else }}v1beta1{{ end }}
  release: {{ .Release | toJson | quote }}
  chart: {{ .Chart.Name }}-{{ .Chart.Version }}-{{ .Chart.AppVersion }}
  imported: {{ .Values.imported | toJson | quote }}
  list: {{ .Values.list | toJson | quote }}
  keep: {{ .Values.keep | toJson | quote }}
  lookup: {{ lookup "v1" "Secret" "x" "y" | toJson | quote }}
  template: {{ .Template.Name }}
---
# an empty document
---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {helm.sh/hook: "pre-install, pre-upgrade", helm.sh/hook-weight: "1"}
---
apiVersion: v1
kind: Pod
metadata:
  name: probe
  annotations: {helm.sh/hook: test}
""",
    "templates/NOTES.txt": "Thanks, {{ .Release.Name }}!\n",
    **{
        f"charts/{name}/{path}": text
        for name in ("db", "cache", "packed")
        for path, text in {
            "Chart.yaml": SUB.format(name=name),
            "values.yaml": "size: 0\nexported: {port: 5432}\n",
            f"crds/{name}.yaml": f"apiVersion: x/v1\nkind: Crd\nmetadata: {{name: {name}}}\n",
            "templates/s.yaml": (
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}-{{ .Chart.Name }}-{{ .Values.size }}\n"
                "  labels: {team: {{ .Values.global.team }}}\n"
            ),
        }.items()
    },
    "charts/lib/Chart.yaml": SUB.format(name="lib") + "type: library\n",
    "charts/lib/templates/_h.tpl": '{{ define "lib.name" }}{{ .Release.Name }}-lib{{ end }}',
}
VALUES = [
    {},
    {"db": {"enabled": True}, "tags": {"fast": False}, "list": [3], "keep": {"a": None}, "global": {"team": "other"}},
    {"second": {"size": 9}, "tags": None, "keep": None},
]


@pytest.fixture
def chart(tmp_path: Path, tool) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "chart" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    packed = tmp_path / "chart/charts/packed"
    subprocess.run([tool("helm"), "package", packed, "-d", tmp_path / "chart/charts"], check=True, capture_output=True)
    for path in sorted(packed.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    packed.rmdir()
    return tmp_path


def objects(text: str) -> list[dict]:
    found = [document.value for document in read_documents(text, "x")]
    return sorted(found, key=lambda one: (one["kind"], one["metadata"]["name"]))


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("upgrade", [False, True])
def test_T17_T18_objects_are_those_of_helm_template(
    values: dict, upgrade: bool, chart: Path, tool, helm: HelmLibrary
) -> None:
    (chart / "values.json").write_text(json.dumps(values))
    command = [
        tool("helm"), "template", "shop", chart / "chart", "--namespace", "there", "--kube-version", "1.30", "--include-crds",
        "--api-versions", "monitoring.coreos.com/v1", "--values", chart / "values.json", *(["--is-upgrade"] if upgrade else []),
    ]  # fmt: skip
    expected = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    source = read_chart(ProjectFiles(str(chart)), "chart", Location("x"))
    check_chart(source)
    made = request(
        {},
        overlay_maps({}, values),
        is_upgrade=upgrade,
        kubernetes_version="1.30",
        api_versions=("monitoring.coreos.com/v1",),
    )
    made = replace(made, chart=source)
    (library,) = helm.render([made])
    assert isinstance(library, Rendered), library
    found = Manifests().of_chart(library, source, include_crds=True, include_tests=True)
    assert sorted([one.body for one in found], key=lambda one: (one["kind"], one["metadata"]["name"])) == objects(
        expected
    )
    (program,) = HelmProgram(tool("helm"), "4.2.3").render([made])
    assert isinstance(program, Rendered), program
    assert library.notes == program.notes == "Thanks, shop!\n"
    again = Manifests().of_chart(program, source, include_crds=True, include_tests=True)
    assert [(one.id, one.body, one.hooks, one.origin.source) for one in sorted(again, key=str)] == [
        (one.id, one.body, one.hooks, one.origin.source) for one in sorted(found, key=str)
    ]


def test_T16_hooks_are_marked_and_stay(chart: Path, helm: HelmLibrary) -> None:
    source = read_chart(ProjectFiles(str(chart)), "chart", Location("x"))
    (rendered,) = helm.render([replace(request({}), chart=source)])
    found = {
        one.id.name: one.hooks
        for one in Manifests().of_chart(rendered, source, include_crds=False, include_tests=False)
    }
    assert found["migrate"] == ("pre-install", "pre-upgrade")
    assert "probe" not in found
    assert found["shop-lib"] == ()


@pytest.mark.parametrize(
    "template",
    [
        "---apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  clipped: |\n    no break at the end",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  kept: |+\n    text\n\n\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  kept: |+\n    text\n\n\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  kept: >+\n    text\n\n",
        "\n\n   \n---\n\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: a---b}\n---\n# nothing\n---\n",
    ],
)
def test_documents_are_divided_as_helm_divides_them(template: str, tool, tmp_path: Path, helm: HelmLibrary) -> None:
    for name, text in {
        "Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
        "templates/all.yaml": template,
    }.items():
        path = tmp_path / "environments" / "c" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run(
        [tool("helm"), "template", "rel", tmp_path / "environments" / "c"], capture_output=True, text=True, check=True
    )
    expected = [one.value for one in read_documents(done.stdout, "helm") if one.value]
    source = read_chart(ProjectFiles(str(tmp_path)), "environments/c", Location("x"))
    (rendered,) = helm.render([replace(request({}), chart=source, release_name="rel")])
    assert isinstance(rendered, Rendered)
    found = Manifests().of_chart(rendered, source, include_crds=True, include_tests=False)
    assert [one.body for one in found] == expected
