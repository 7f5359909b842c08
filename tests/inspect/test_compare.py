"""What makes environments differ: the file and line of each side, on small projects."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlay.diff.comparison import MISSING, Cause, Comparison
from overlay.errors import OverlayError, UsageError
from overlay.inspect.compare import compare_environments
from overlay.inspect.session import Workshop

TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      {{- with .Values.nodeSelector }}
      nodeSelector: {{ toJson . }}
      {{- end }}
      terminationGracePeriodSeconds: 30
      containers:
      - name: web
        image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
        args: ["--level", "{{ .Values.level }}"]
{{- if and .Values.budget.enabled .Values.budget.really }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  minAvailable: 1
  selector:
    matchLabels: {app: web}
{{- end }}
"""
VALUES = """\
replicas: 1
image:
  repository: shop/web
  tag: "1.0"
level: info
nodeSelector: {}
budget:
  enabled: false
  really: true
"""


def project(folder: Path, **environments: dict[str, str]) -> Path:
    files = {
        "overlay.yaml": "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\nspec: {}\n",
        "environments/base/base.yaml": "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\nspec:\n  chart: {path: chart}\n  resources: [plain.yaml]\n",
        "environments/base/plain.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: plain\ndata:\n  a: one\n  b: two\n",
        "environments/base/chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "environments/base/chart/values.yaml": VALUES,
        "environments/base/chart/templates/web.yaml": TEMPLATE,
    }
    for name, own in environments.items():
        head = (
            f"apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\nspec:\n  extends: [../base]\n"
        )
        head += "  values: [values.yaml]\n" if "values.yaml" in own else ""
        files[f"environments/{name}/environment.yaml"] = head + own.pop("spec", "")
        files.update({f"environments/{name}/{file}": text for file, text in own.items()})
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def compared(folder: Path, *names: str) -> Comparison:
    with Workshop(project=str(folder)) as workshop:
        return compare_environments(workshop, names)


def said(cause: Cause | None) -> str:
    if cause is None:
        return "-"
    place = str(cause.location).removeprefix("environments/")
    return f"{place} {cause.what}"


def causes(found: Comparison) -> dict[str, list[tuple[str, str]]]:
    return {
        f"{one.label.partition('/')[0]} {each.path}": [
            ("-" if cell.value is MISSING else str(cell.value), said(cell.cause))
            for cell in each.cells
            if cell is not None
        ]
        for one in found.objects
        for each in one.differences
    }


def test_a_value_of_either_environment_is_behind_what_a_template_made(tmp_path: Path) -> None:
    shop = project(
        tmp_path, dev={"values.yaml": "replicas: 2\n"}, prod={"values.yaml": "image:\n  tag: '2.0'\nreplicas: 5\n"}
    )
    assert causes(compared(shop, "dev", "prod")) == {
        "Deployment spec.replicas": [("2", "dev/values.yaml:1:11 replicas"), ("5", "prod/values.yaml:3:11 replicas")],
        "Deployment spec.template.spec.containers.[name=web].image": [
            ("shop/web:1.0", "base/chart/values.yaml:4:8 image.tag"),
            ("shop/web:2.0", "prod/values.yaml:2:8 image.tag"),
        ],
    }


def test_two_values_may_be_behind_one_field(tmp_path: Path) -> None:
    shop = project(tmp_path, dev={}, prod={"values.yaml": "image: {tag: '2.0', repository: mirror/web}\n"})
    assert causes(compared(shop, "dev", "prod")) == {
        "Deployment spec.template.spec.containers.[name=web].image": [
            ("shop/web:1.0", "base/chart/values.yaml:3:15 image.repository and image.tag"),
            ("mirror/web:2.0", "prod/values.yaml:1:33 image.repository and image.tag"),
        ]
    }


def test_a_field_that_only_one_has_names_the_value_that_makes_it(tmp_path: Path) -> None:
    shop = project(tmp_path, dev={}, prod={"values.yaml": "nodeSelector: {disk: ssd}\n"})
    assert causes(compared(shop, "dev", "prod")) == {
        "Deployment spec.template.spec.nodeSelector": [
            ("-", "-"),
            ("{'disk': 'ssd'}", "prod/values.yaml:1:22 nodeSelector.disk"),
        ]
    }


def test_a_value_is_named_whichever_environment_comes_first(tmp_path: Path) -> None:
    shop = project(tmp_path, dev={}, prod={"values.yaml": "nodeSelector: {disk: ssd}\n"})
    assert causes(compared(shop, "prod", "dev")) == {
        "Deployment spec.template.spec.nodeSelector": [
            ("{'disk': 'ssd'}", "prod/values.yaml:1:22 nodeSelector.disk"),
            ("-", "-"),
        ]
    }


def test_an_object_that_only_one_has_names_the_value_that_makes_it(tmp_path: Path) -> None:
    shop = project(tmp_path, dev={}, prod={"values.yaml": "budget: {enabled: true}\n"})
    (one,) = [one for one in compared(shop, "dev", "prod").objects if None in one.names]
    assert (one.label, [one.state(at) for at in (0, 1)]) == ("PodDisruptionBudget/web", ["absent", "added"])
    assert [said(cause) for cause in one.causes] == [
        "base/chart/values.yaml:8:12 budget.enabled",
        "prod/values.yaml:1:19 budget.enabled",
    ]


def test_patches_and_transforms_are_named_by_entry(tmp_path: Path) -> None:
    spec = (
        "  images: [{name: shop/web, newTag: main}]\n"
        "  patches:\n"
        "    - target: {kind: Deployment}\n"
        "      jsonPatch: [{op: replace, path: /spec/replicas, value: 9}]\n"
        "    - target: {kind: ConfigMap}\n"
        "      mergePatch: {data: {a: uno}}\n"
    )
    shop = project(tmp_path, dev={"spec": spec}, prod={})
    assert causes(compared(shop, "dev", "prod")) == {
        "ConfigMap data.a": [
            ("uno", "dev/environment.yaml:11:30 merge patch, entry 2"),
            ("one", "base/plain.yaml:6:6 resource"),
        ],
        "Deployment spec.replicas": [
            ("9", "dev/environment.yaml:9:62 json patch, entry 1"),
            ("1", "base/chart/templates/web.yaml:6:3 template"),
        ],
        "Deployment spec.template.spec.containers.[name=web].image": [
            ("shop/web:main", "dev/environment.yaml:6:37 images"),
            ("shop/web:1.0", "base/chart/templates/web.yaml:19:9 template"),
        ],
    }


def test_what_a_patch_removed_is_named(tmp_path: Path) -> None:
    spec = (
        "  patches:\n"
        "    - target: {kind: Deployment}\n"
        "      jsonPatch: [{op: remove, path: /spec/template/spec/terminationGracePeriodSeconds}]\n"
        "    - target: {kind: ConfigMap}\n"
        "      mergePatch: {data: {b: null}}\n"
    )
    shop = project(tmp_path, dev={}, prod={"spec": spec})
    assert causes(compared(shop, "dev", "prod")) == {
        "ConfigMap data.b": [
            ("two", "base/plain.yaml:7:6 resource"),
            ("-", "prod/environment.yaml:10:26 merge patch, entry 2"),
        ],
        "Deployment spec.template.spec.terminationGracePeriodSeconds": [
            ("30", "base/chart/templates/web.yaml:16:7 template"),
            ("-", "prod/environment.yaml:8:19 json patch, entry 1"),
        ],
    }


def test_an_object_that_a_patch_removed_names_the_patch(tmp_path: Path) -> None:
    spec = (
        "  patches:\n    - strategicMerge: {apiVersion: v1, kind: ConfigMap, metadata: {name: plain}, $patch: delete}\n"
    )
    shop = project(tmp_path, dev={}, prod={"spec": spec})
    (one,) = [one for one in compared(shop, "dev", "prod").objects if None in one.names]
    assert [said(cause) for cause in one.causes] == ["base/plain.yaml:1:1 resource", "prod/environment.yaml:7:7 patch"]


@pytest.mark.parametrize(
    ("template", "places"),
    [
        (TEMPLATE, ("base/chart/values.yaml:1:11 replicas", "prod/values.yaml:1:11 replicas")),
        (
            TEMPLATE + "# another\n",
            ("base/chart/templates/web.yaml:6:3 template", "prod/other/templates/web.yaml:6:3 template"),
        ),
    ],
    ids=["the same template", "another template"],
)
def test_values_of_charts_of_two_versions_count_where_the_template_is_the_same(
    tmp_path: Path, template: str, places: tuple[str, str]
) -> None:
    shop = project(tmp_path, dev={}, prod={"spec": "  chart: {path: other}\n", "values.yaml": "replicas: 3\n"})
    for name, text in (
        ("Chart.yaml", "apiVersion: v2\nname: shop\nversion: 2.0.0\n"),
        ("values.yaml", VALUES),
        ("templates/web.yaml", template),
    ):
        path = shop / "environments/prod/other" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert causes(compared(shop, "dev", "prod")) == {
        "Deployment spec.replicas": [("1", places[0]), ("3", places[1])],
    }


def test_values_of_secrets_reach_nobody(tmp_path: Path) -> None:
    secret = "  secrets: [{{name: db, literals: {{password: {0}}}}}]\n"
    shop = project(tmp_path, dev={"spec": secret.format("hunter1")}, prod={"spec": secret.format("hunter2")})
    found = compared(shop, "dev", "prod")
    (one,) = [one for one in found.objects if one.kind == "Secret"]
    assert causes(found) == {
        "Secret data.password": [
            ("••••", "dev/environment.yaml:6:45 generator"),
            ("•••• (changed)", "prod/environment.yaml:6:45 generator"),
        ]
    }
    assert one.label == "Secret/db"
    assert "aHVudGVy" not in repr(found)


def test_everything_wrong_in_all_environments_is_said_at_once(tmp_path: Path) -> None:
    bad = "  patches:\n    - target: {kind: Service}\n      mergePatch: {spec: {}}\n"
    shop = project(tmp_path, dev={"spec": bad}, prod={"spec": bad}, good={})
    with pytest.raises(OverlayError) as caught:
        compared(shop, "good", "dev", "prod")
    assert [one.environment for one in caught.value.each()] == ["dev", "prod"]


def test_an_environment_that_there_is_not_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        compared(project(tmp_path, dev={}), "dev", "prdo")
