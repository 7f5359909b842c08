"""Checks in a build: where custom kinds come from, what the project settles, what leaves checks out."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlay import build
from overlay.errors import OverlayError
from overlay.model.options import Options

DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.x.example}
spec:
  group: x.example
  names: {kind: Gadget, plural: gadgets}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              x-kubernetes-validations: [{rule: "true"}]
              properties:
                parts:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name]
                  items: {type: object, required: [name], properties: {name: {type: string}, size: {type: integer}}}
"""
GADGET = "apiVersion: x.example/v1\nkind: Gadget\nmetadata: {name: a}\nspec:\n  parts: [{name: x, size: 1}, {name: y1, size: 2}]\n"
WRONG = GADGET.replace("size: 1", "sise: 1")
CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"


def project(folder: Path, spec: str, files: dict[str, str], settings: str = "") -> str:
    place = folder / "environments" / "prod"
    texts = {
        "environment.yaml": f"apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: prod}}\nspec: {spec}\n",
        **files,
    }
    for name, text in texts.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    (folder / "overlay.yaml").write_text(
        f"apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {{name: shop}}\nspec: {{{settings}}}\n"
    )
    return str(folder)


def told(place: str, **options: bool) -> list[tuple[str, str]]:
    try:
        built = build("prod", project=place, options=Options(cache=False, **options))
    except OverlayError as error:
        return [(str(one.location).removeprefix("environments/prod/"), one.message) for one in error.each()]
    return [(finding.severity, finding.rule) for finding in built.findings]


@pytest.mark.parametrize(
    ("spec", "files"),
    [
        ("{chart: {path: chart}, resources: [gadget.yaml]}", {"chart/Chart.yaml": CHART, "chart/crds/crd.yaml": DEFINITION}),
        ("{chart: {path: chart}, includeCRDs: false, resources: [gadget.yaml]}", {"chart/Chart.yaml": CHART, "chart/crds/crd.yaml": DEFINITION}),
        ("{chart: {path: chart}, resources: [gadget.yaml]}", {"chart/Chart.yaml": CHART, "chart/templates/crd.yaml": DEFINITION}),
        ("{resources: [gadget.yaml, crd.yaml]}", {"crd.yaml": DEFINITION}),
        ("{resources: [gadget.yaml], crds: [crd.yaml]}", {"crd.yaml": DEFINITION}),
        ("{resources: [gadget.yaml], crds: [crds]}", {"crds/one.yaml": DEFINITION}),
    ],
)  # fmt: skip
def test_a_definition_counts_wherever_it_is_found(spec, files, tmp_path: Path):
    place = project(tmp_path, spec, {**files, "gadget.yaml": WRONG})
    assert told(place) == [("gadget.yaml:5:21", "unknown field spec.parts[x].sise")]
    project(tmp_path, spec, {**files, "gadget.yaml": GADGET})
    assert told(place) == [("info", "cel-not-checked")]


def test_what_only_describes_is_not_rendered(tmp_path: Path):
    place = project(
        tmp_path, "{resources: [gadget.yaml], crds: [crd.yaml]}", {"gadget.yaml": GADGET, "crd.yaml": DEFINITION}
    )
    built = build("prod", project=place)
    assert [str(one.id) for one in built.objects] == ["Gadget/a"]
    assert "environments/prod/crd.yaml" in [one.path for one in built.inputs]


def test_crds_takes_definitions_only(tmp_path: Path):
    place = project(tmp_path, "{crds: [gadget.yaml]}", {"gadget.yaml": GADGET})
    assert told(place) == [("gadget.yaml:1:1", "Gadget/a is no CustomResourceDefinition of apiextensions.k8s.io/v1")]


def test_a_patch_merges_a_custom_list_by_the_keys_of_its_definition(tmp_path: Path):
    spec = "{resources: [gadget.yaml], crds: [crd.yaml], patches: [{target: {kind: Gadget}, strategicMerge: {spec: {parts: [{name: y1, size: 3}]}}}]}"
    built = build("prod", project=project(tmp_path, spec, {"gadget.yaml": GADGET, "crd.yaml": DEFINITION}))
    assert built.objects[0].body["spec"]["parts"] == [{"name": "y1", "size": 3}, {"name": "x", "size": 1}]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", [("warning", "unknown-kind")]),
        ("validate: {unknownKinds: warn}", [("warning", "unknown-kind")]),
        ("validate: {unknownKinds: ignore}", []),
        ("validate: {unknownKinds: error}", [("gadget.yaml:2:7", "no schema describes x.example/v1 Gadget: its object is not checked")]),
        ("strict: true", [("gadget.yaml:1:1", "no schema describes x.example/v1 Gadget: its object is not checked")]),
        ("strict: true, validate: {unknownKinds: ignore}", []),
    ],
)  # fmt: skip
def test_the_project_says_how_loud_an_unknown_kind_is(settings, expected, tmp_path: Path):
    assert told(project(tmp_path, "{resources: [gadget.yaml]}", {"gadget.yaml": GADGET}, settings)) == expected


def test_without_checks_everything_passes(tmp_path: Path):
    spec = (
        "{resources: [gadget.yaml], crds: [crd.yaml], patches: [{target: {kind: Gadget}, strategicMerge: {spce: 1}}]}"
    )
    place = project(tmp_path, spec, {"gadget.yaml": WRONG, "crd.yaml": DEFINITION})
    assert told(place, validate=False) == []
    assert [message for _, message in told(place)] == ["unknown field spce"]


def test_an_info_is_no_error_however_strict(tmp_path: Path):
    place = project(
        tmp_path, "{resources: [gadget.yaml], crds: [crd.yaml]}", {"gadget.yaml": GADGET, "crd.yaml": DEFINITION}
    )
    assert told(place, strict=True) == [("info", "cel-not-checked")]


def test_a_transform_may_not_break_an_object(tmp_path: Path):
    deployment = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {a: b}}\n"
        "  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: web, image: x}]}}\n"
    )
    spec = "{resources: [web.yaml], labels: [{pairs: {a: b}, fields: [{path: spec/tier, create: true}]}]}"
    messages = [message for _, message in told(project(tmp_path, spec, {"web.yaml": deployment}))]
    assert messages == ["unknown field spec.tier"]
