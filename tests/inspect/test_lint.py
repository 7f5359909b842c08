"""What `lint` finds beyond a build: dead and redundant values, renderings that change by themselves; its forms."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from overlay import build
from overlay.inspect.lint import lint
from overlay.inspect.session import Workshop

CHART = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
VALUES = "image: {tag: a}\nsame: 3\nfree: {}\nmany: []\ningress: {enabled: false, host: a.example}\n"
CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
data:
  tag: {{ .Values.image.tag }}
  same: {{ .Values.same | quote }}
  {{- if .Values.ingress.enabled }}
  host: {{ .Values.ingress.host }}
  {{- end }}
"""
SCHEMA = {"type": "object", "properties": {"inSchema": {"type": "object", "properties": {"a": {"type": "string"}}}}}


def project(folder: Path, values: str, config: str = CONFIG, **files: str) -> str:
    for name, text in {
        "environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\n"
        "spec: {chart: {path: chart}, values: [values.yaml]}\n",
        "values.yaml": values,
        "chart/Chart.yaml": CHART,
        "chart/values.yaml": VALUES,
        "chart/values.schema.json": json.dumps(SCHEMA),
        "chart/templates/config.yaml": config,
        **files,
    }.items():
        path = folder / "environments" / "prod" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


def found(folder: str) -> list[tuple[str, str, str, str, str | None]]:
    with Workshop(project=folder) as workshop:
        return [
            (
                one.severity,
                one.rule,
                str(one.location).removeprefix("environments/prod/"),
                one.message,
                one.hint,
            )
            for one in lint(workshop, "prod")
        ]


@pytest.mark.parametrize(
    ("values", "place", "key", "hint"),
    [
        ("imgae: {tag: b}\n", "values.yaml:1:1", "imgae", "did you mean image?"),
        ("imgae:\n  tag: b\n  pull: {policy: Always}\n", "values.yaml:1:1", "imgae", "did you mean image?"),
        ("image:\n  tga: b\n", "values.yaml:2:3", "image.tga", "did you mean tag?"),
        ("image: {tag: b, zz: 1}\n", "values.yaml:1:17", "image.zz", "remove it, or look for what was meant"),
        ("inSchema: {b: 1}\n", "values.yaml:1:12", "inSchema.b", "remove it, or look for what was meant"),
    ],
)
def test_M19_a_value_that_the_chart_does_not_know_and_that_changes_nothing_is_an_error(
    values: str, place: str, key: str, hint: str, tmp_path: Path
) -> None:
    message = f"the chart does not know the value {key}, and nothing changes without it"
    assert found(project(tmp_path, values)) == [("error", "value-unknown", place, message, hint)]


@pytest.mark.parametrize(
    "values",
    [
        "image: {tag: b}\n",
        "free: {anything: 1}\n",
        "many: [1, 2]\n",
        "global: {x: 1}\n",
        "inSchema: {a: x}\n",
        "ingress: {host: b.example}\n",
        "{}\n",
    ],
    ids=["changes", "below an empty map", "an empty list", "global", "in the schema", "known but off", "none"],
)
def test_a_value_that_may_be_meant_is_not_told(values: str, tmp_path: Path) -> None:
    assert found(project(tmp_path, values)) == []


def test_an_unknown_value_with_an_effect_is_known_to_the_templates(tmp_path: Path) -> None:
    config = CONFIG.replace("{{ .Values.image.tag }}", '{{ .Values.secretKnob | default "x" }}')
    assert found(project(tmp_path, "secretKnob: on1\n", config)) == []


def test_a_value_that_repeats_the_charts_own_is_redundant(tmp_path: Path) -> None:
    assert found(project(tmp_path, "same: 3\n")) == [
        ("warning", "value-redundant", "values.yaml:1:1", "the value same is what the chart has already", "remove it")
    ]


def test_a_field_that_is_another_value_each_time_is_named_at_its_template(tmp_path: Path) -> None:
    config = CONFIG + "  token: {{ randAlphaNum 20 | quote }}\n"
    assert found(project(tmp_path, "{}\n", config)) == [
        (
            "warning",
            "not-deterministic",
            "chart/templates/config.yaml:10:3",
            "data.token of ConfigMap/shop is another value each time the chart is rendered",
            "a rendering that changes by itself can be neither reviewed nor compared: give the value, or patch the field",
        )
    ]


@pytest.mark.parametrize(
    ("action", "column"),
    [
        ('{{ lookup "v1" "Secret" "a" "b" | toJson | quote }}', 9),
        ('{{ (lookup "v1" "Secret" "a" "b").data | toJson | quote }}', 10),
        ('{{ if lookup "v1" "Secret" "a" "b" }}x{{ end }}', 12),
    ],
)
def test_T10_a_lookup_is_told_because_a_cluster_would_answer(action: str, column: int, tmp_path: Path) -> None:
    config = CONFIG + f"  x: {action}\n"
    assert found(project(tmp_path, "{}\n", config)) == [
        (
            "warning",
            "lookup-used",
            f"chart/templates/config.yaml:10:{column}",
            "lookup finds nothing when a chart is rendered without a cluster, so the result can differ from helm "
            "install's",
            "give the value, so that the same input always renders the same",
        )
    ]


def test_the_word_lookup_alone_is_no_call(tmp_path: Path) -> None:
    config = CONFIG + '  x: "lookup it {{ "lookup this" }}"\n  {{- /* lookup x */}}\n'
    assert found(project(tmp_path, "{}\n", config)) == []


def test_unused_values_are_told_also_where_the_chart_is_not_deterministic(tmp_path: Path) -> None:
    extra = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\ndata: {x: "{{ randAlphaNum 20 }}"}\n'
    rules = [one[1] for one in found(project(tmp_path, "imgae: {tag: b}\n", **{"chart/templates/r.yaml": extra}))]
    assert rules == ["value-unknown", "not-deterministic"]


def test_errors_of_the_build_and_findings_of_values_come_together(tmp_path: Path) -> None:
    config = CONFIG.replace("\ndata:", "\ndta: {}\ndata:")
    assert [one[:3] for one in found(project(tmp_path, "imgae: 1\n", config))] == [
        ("error", "unknown-field", "chart/templates/config.yaml:4:1"),
        ("error", "value-unknown", "values.yaml:1:1"),
    ]


def overlay(*args: str, cwd: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "overlay", *args], cwd=cwd, capture_output=True, text=True)


def test_text_ends_with_a_count_and_errors_exit_1(tmp_path: Path) -> None:
    done = overlay("lint", "prod", cwd=project(tmp_path, "imgae: 1\nsame: 3\n"))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "error in prod: the chart does not know the value imgae, and nothing changes without it\n"
        "  --> environments/prod/values.yaml:1:1\n"
        "  1 | imgae: 1\n"
        "    | ^\n"
        "  hint: did you mean image?\n"
        "warning in prod: the value same is what the chart has already\n"
        "  --> environments/prod/values.yaml:2:1\n"
        "  1 | imgae: 1\n"
        "  2 | same: 3\n"
        "    | ^\n"
        "  = the chart's: environments/prod/chart/values.yaml:2:7\n"
        "  hint: remove it\n"
        "1 error, 1 warning in 1 environment\n"
    )


def test_warnings_alone_exit_0_unless_strict(tmp_path: Path) -> None:
    folder = project(tmp_path, "same: 3\n")
    assert [overlay("lint", "prod", *more, cwd=folder).returncode for more in ([], ["--strict"])] == [0, 1]


def test_sarif_names_rule_level_and_region(tmp_path: Path) -> None:
    done = overlay("lint", "--all", "-o", "sarif", cwd=project(tmp_path, "imgae: 1\n"))
    log = json.loads(done.stdout)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["tool"]["driver"]["rules"] == [{"id": "value-unknown"}]
    assert run["results"] == [
        {
            "ruleId": "value-unknown",
            "ruleIndex": 0,
            "level": "error",
            "message": {
                "text": "the chart does not know the value imgae, and nothing changes without it (did you mean image?)"
            },
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "environments/prod/values.yaml", "uriBaseId": "PROJECTROOT"},
                        "region": {"startLine": 1, "startColumn": 1},
                    }
                }
            ],
            "properties": {"environment": "prod"},
        }
    ]


def test_github_has_one_command_for_each_finding(tmp_path: Path) -> None:
    done = overlay("lint", "prod", "-o", "github", cwd=project(tmp_path, "same: 3\n"))
    assert done.stdout == (
        "::warning file=environments/prod/values.yaml,line=1,col=1,title=overlay prod::"
        "the value same is what the chart has already%0Aremove it\n"
    )


@pytest.mark.parametrize("args", [(), ("prod", "--all"), ("nope",)])
def test_a_wrong_call_exits_2(args: tuple[str, ...], tmp_path: Path) -> None:
    done = overlay("lint", *args, cwd=project(tmp_path, "{}\n"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")


def test_what_environments_share_is_told_once_with_their_names(tmp_path: Path) -> None:
    folder = project(tmp_path, "{}\n", CONFIG + "  token: {{ randAlphaNum 20 | quote }}\n")
    other = tmp_path / "environments" / "qa"
    other.mkdir()
    (other / "environment.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: qa}\nspec: {extends: [../prod]}\n"
    )
    problems = json.loads(overlay("lint", "--all", "-o", "json", cwd=folder).stdout)["problems"]
    assert [(one["rule"], one["environment"]) for one in problems] == [("not-deterministic", "prod, qa")]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (CONFIG.replace("\ndata:", "\ndta: {}\ndata:"), ["ConfigMap/shop"]),
        (
            '{{- range list "a" "b" }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ . }}}\n'
            "dta: {}\n{{- end }}\n",
            [None],
        ),
    ],
    ids=["one object in two namespaces", "one line makes two objects"],
)
def test_one_mistake_is_told_once_whatever_it_reaches(config: str, expected: list[str | None], tmp_path: Path) -> None:
    folder = project(tmp_path, "{}\n", config)
    other = tmp_path / "environments" / "qa"
    other.mkdir()
    for name, extends in (("prod", ""), ("qa", ", extends: [../prod]")):
        document = f"apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\n"
        chart = "" if extends else ", chart: {path: chart}"
        spec = f"spec: {{namespace: {name}{chart}{extends}}}\n"
        (tmp_path / "environments" / name / "environment.yaml").write_text(document + spec)
    problems = json.loads(overlay("lint", "--all", "-o", "json", cwd=folder).stdout)["problems"]
    assert [one.get("object") for one in problems if one["rule"] == "unknown-field"] == expected
    assert overlay("render", "--all", cwd=folder).stderr.count("unknown field dta") == 1


def test_building_many_times_in_one_process_keeps_no_file_open(tmp_path: Path) -> None:
    folder = project(tmp_path, "{}\n")
    build("prod", project=folder)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        build("prod", project=folder)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_Z01_an_allowance_that_nothing_is_called_by_is_told(tmp_path: Path) -> None:
    head = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec:\n"
    body = "  secrets: [{name: license, literals: {key: open}}, {name: token, literals: {key: open}}]\n"
    settings = "  configMaps: [{name: ca, literals: {ca.crt: open}}]\n"
    text = head + body + settings + "  publish: {secrets: [token, Secret/token, ConfigMap/ca, licence, old-key]}\n"
    folder = project(tmp_path, "", **{"environment.yaml": text})
    assert [one for one in found(folder) if one[1] == "allowance-unused"] == [
        (
            "warning", "allowance-unused", "environment.yaml:7:58",
            "spec.publish.secrets allows licence, and nothing is called so", "did you mean license?",
        ),
        (
            "info", "allowance-unused", "environment.yaml:7:67",
            "spec.publish.secrets allows old-key, and nothing is called so",
            "remove it, unless `overlay audit` needs it for what was published before",
        ),
    ]  # fmt: skip


def test_what_a_base_allows_may_be_of_another_environment(tmp_path: Path) -> None:
    head = "apiVersion: overlay.dev/v1\nkind: {}\nmetadata: {{name: {}}}\nspec:\n"
    base = head.format("Base", "base") + "  publish: {secrets: [license]}\n"
    prod = head.format("Environment", "prod") + "  extends: [../base]\n  configMaps: [{name: a, literals: {b: c}}]\n"
    folder = project(tmp_path, "", **{"environment.yaml": prod, "../base/base.yaml": base})
    assert found(folder) == []
