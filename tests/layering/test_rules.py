"""Layers under rules: protected fields, conflicts of siblings, patches that overwrite each other."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from overlay import build
from overlay.errors import OverlayError
from overlay.model.options import Options

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "shop/web:1"}]}
"""
PATCH = "    - target: {{kind: Deployment, name: web}}\n      mergePatch: {{spec: {{replicas: {count}}}}}\n"


def layer(kind: str, name: str, spec: str) -> str:
    return f"apiVersion: overlay.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{spec}"


def write(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = folder / "environments" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


def problems(project: str, name: str = "prod", **options: object) -> list[tuple[str, str, str | None, str]]:
    """Return (place, message, hint, related place) of all that is wrong, places below environments/."""
    with pytest.raises(OverlayError) as caught:
        build(name, project=project, options=Options(**options))
    return [
        (
            str(one.location).removeprefix("environments/"),
            one.message,
            one.hint,
            " ".join(f"{label} {place}" for label, place in one.related).replace("environments/", ""),
        )
        for one in caught.value.each()
    ]


PROTECT = "  protect:\n    - target: {kind: Deployment}\n      fields: [spec.replicas]\n"
BASE = {"base/base.yaml": layer("Base", "base", "  resources: [web.yaml]\n" + PROTECT), "base/web.yaml": WEB}


@pytest.mark.parametrize(
    ("spec", "place", "message"),
    [
        (
            "  patches:\n" + PATCH.format(count=3),
            "prod/environment.yaml:8:37",
            "patches[0] of environments/prod/environment.yaml changes spec.replicas of {}",
        ),
        ("  replicas: [{name: web, count: 3}]\n", "prod/environment.yaml:6:14", "replicas changes spec.replicas of {}"),
        (
            "  patches:\n    - target: {kind: Deployment}\n"
            "      jsonPatch:\n        - {op: test, path: /spec/replicas, value: 1}\n"
            "        - {op: remove, path: /spec/replicas}\n",
            "prod/environment.yaml:7:7",
            "patches[0] of environments/prod/environment.yaml changes spec.replicas of {}",
        ),
        (
            "  patches:\n    - strategicMerge: {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, $patch: delete}\n",
            "prod/environment.yaml:7:7",
            "patches[0] of environments/prod/environment.yaml deletes {}",
        ),
    ],
)
def test_a_protected_field_cannot_be_changed_below(spec: str, place: str, message: str, tmp_path: Path) -> None:
    project = write(
        tmp_path, {**BASE, "prod/environment.yaml": layer("Environment", "prod", "  extends: [../base]\n" + spec)}
    )
    ((found, text, hint, related),) = problems(project)
    assert text == message.format("Deployment/web") + ", which is protected"
    assert hint == "change it where it is protected, or loosen `protect` there"
    assert related == "protected base/base.yaml:7:7"
    assert found.rpartition(":")[0] == place.rpartition(":")[0]


def test_other_fields_of_a_protected_object_may_be_changed(tmp_path: Path) -> None:
    spec = "  extends: [../base]\n  images: [{name: shop/web, newTag: '2'}]\n"
    project = write(tmp_path, {**BASE, "prod/environment.yaml": layer("Environment", "prod", spec)})
    (one,) = build("prod", project=project).objects
    assert one.body["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:2"


def test_only_allowed_fields_may_be_changed_where_a_layer_allows_some(tmp_path: Path) -> None:
    allow = "  allow:\n    - target: {kind: Deployment}\n      fields: ['spec.template.spec.containers.*.image']\n"
    files = {
        "base/base.yaml": layer("Base", "base", "  resources: [web.yaml]\n" + allow),
        "base/web.yaml": WEB,
        "prod/environment.yaml": layer(
            "Environment",
            "prod",
            "  extends: [../base]\n  images: [{name: shop/web, newTag: '2'}]\n  patches:\n" + PATCH.format(count=3),
        ),
    }
    assert problems(write(tmp_path, files)) == [
        (
            "prod/environment.yaml:9:37",
            "patches[0] of environments/prod/environment.yaml changes spec.replicas of Deployment/web, which is not "
            "among the fields that may be changed",
            "add the field to `allow`, or change it there",
            "allowed base/base.yaml:7:7",
        )
    ]


CHART = {
    "base/chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "base/chart/values.yaml": "replicas: 1\nimage: shop/web:1\n",
    "base/chart/templates/web.yaml": WEB.replace("replicas: 1", "replicas: {{ .Values.replicas }}").replace(
        '"shop/web:1"', "{{ .Values.image }}"
    ),
    "base/base.yaml": layer("Base", "base", "  chart: {path: chart}\n" + PROTECT),
}


@pytest.mark.parametrize(
    ("values", "options", "place", "what"),
    [
        ("image: x\nreplicas: 3\n", {}, "prod/values.yaml:2:1", "the value replicas"),
        ("image: x\n", {"sets": (("set", "replicas=2"),)}, "<--set>", "the value replicas"),
    ],
)
def test_a_value_cannot_change_what_the_base_protects(
    values: str, options: dict, place: str, what: str, tmp_path: Path
) -> None:
    spec = "  extends: [../base]\n  values: [values.yaml]\n"
    files = {**CHART, "prod/environment.yaml": layer("Environment", "prod", spec), "prod/values.yaml": values}
    assert [found[:2] for found in problems(write(tmp_path, files), **options)] == [
        (place, f"{what} changes spec.replicas of Deployment/web, which is protected")
    ]


def test_a_value_for_another_field_is_free(tmp_path: Path) -> None:
    spec = "  extends: [../base]\n  values: [values.yaml]\n"
    files = {**CHART, "prod/environment.yaml": layer("Environment", "prod", spec), "prod/values.yaml": "image: x:2\n"}
    (one,) = build("prod", project=write(tmp_path, files)).objects
    assert one.body["spec"]["template"]["spec"]["containers"][0]["image"] == "x:2"


def siblings(first: str, second: str, child: str, order: str = "[../east, ../west]") -> dict[str, str]:
    return {
        "base/base.yaml": layer("Base", "base", "  resources: [web.yaml]\n"),
        "base/web.yaml": WEB,
        "east/base.yaml": layer("Base", "east", "  extends: [../base]\n" + first),
        "west/base.yaml": layer("Base", "west", "  extends: [../base]\n" + second),
        "prod/environment.yaml": layer("Environment", "prod", f"  extends: {order}\n" + child),
    }


def patch(count: int) -> str:
    return "  patches:\n" + PATCH.format(count=count)


def test_M09_two_parents_that_set_a_field_differently_are_a_conflict_that_names_both(tmp_path: Path) -> None:
    assert problems(write(tmp_path, siblings(patch(3), patch(5), ""))) == [
        (
            "west/base.yaml:8:37",
            "patches[0] of environments/west/base.yaml sets spec.replicas of Deployment/web to 5, and "
            "patches[0] of environments/east/base.yaml sets it to 3",
            "neither is the other's parent, so neither wins: set the field in environments/prod/environment.yaml, "
            "which has both",
            "the other east/base.yaml:8:37",
        )
    ]


def test_M09_the_order_of_the_parents_does_not_decide(tmp_path: Path) -> None:
    found = []
    for at, order in enumerate(permutations(("../east", "../west"))):
        files = siblings(patch(3), patch(5), "", f"[{', '.join(order)}]")
        found.append(len(problems(write(tmp_path / str(at), files))))
    assert found == [1, 1]


@pytest.mark.parametrize(
    "child",
    [patch(7), patch(5), patch(3), "  replicas: [{name: web, count: 5}]\n"],
    ids=["a third value", "the last one's", "the first one's", "by a transform"],
)
def test_M09_a_value_that_the_child_sets_decides(child: str, tmp_path: Path) -> None:
    (one,) = build("prod", project=write(tmp_path, siblings(patch(3), patch(5), child))).objects
    assert one.body["spec"]["replicas"] == int(child.rstrip("}]\n").rpartition(" ")[2].rstrip("}"))


@pytest.mark.parametrize(
    ("first", "second"),
    [(patch(3), patch(3)), (patch(3), "  images: [{name: shop/web, newTag: '2'}]\n"), (patch(3), "  labels: []\n")],
    ids=["the same value", "other fields", "nothing"],
)
def test_siblings_that_agree_are_no_conflict(first: str, second: str, tmp_path: Path) -> None:
    (one,) = build("prod", project=write(tmp_path, siblings(first, second, ""))).objects
    assert one.body["spec"]["replicas"] == 3


def test_a_child_that_overrides_its_parent_is_no_conflict(tmp_path: Path) -> None:
    files = siblings(patch(3), "", "", "[../east]")
    files["west/base.yaml"] = layer("Base", "west", "  extends: [../east]\n" + patch(5))
    files["prod/environment.yaml"] = layer("Environment", "prod", "  extends: [../east, ../west]\n")
    (one,) = build("prod", project=write(tmp_path, files)).objects
    assert one.body["spec"]["replicas"] == 5


def test_M09_two_components_that_set_a_field_differently_are_a_conflict(tmp_path: Path) -> None:
    files = {
        "base/base.yaml": layer("Base", "base", "  resources: [web.yaml]\n"),
        "base/web.yaml": WEB,
        "big/component.yaml": layer("Component", "big", patch(9)),
        "small/component.yaml": layer("Component", "small", patch(2)),
        "prod/environment.yaml": layer(
            "Environment", "prod", "  extends: [../base]\n  components: [../big, ../small]\n"
        ),
    }
    ((place, message, _, related),) = problems(write(tmp_path, files))
    assert (place, related) == ("small/component.yaml:7:37", "the other big/component.yaml:7:37")
    assert message == (
        "patches[0] of environments/small/component.yaml sets spec.replicas of Deployment/web to 2, and "
        "patches[0] of environments/big/component.yaml sets it to 9"
    )


def values_of_siblings(child: str) -> dict[str, str]:
    chart = {name: text for name, text in CHART.items() if name != "base/base.yaml"}
    return {
        **chart,
        "base/base.yaml": layer("Base", "base", "  chart: {path: chart}\n"),
        "east/base.yaml": layer("Base", "east", "  extends: [../base]\n  values: [values.yaml]\n"),
        "east/values.yaml": "replicas: 2\nimage: shop/web:1\n",
        "west/base.yaml": layer("Base", "west", "  extends: [../base]\n  values: [values.yaml]\n"),
        "west/values.yaml": "image: shop/web:1\nreplicas: 4\n",
        "prod/values.yaml": child,
        "prod/environment.yaml": layer(
            "Environment", "prod", "  extends: [../east, ../west]\n  values: [values.yaml]\n"
        ),
    }


def test_M09_two_parents_that_set_a_value_differently_are_a_conflict(tmp_path: Path) -> None:
    assert problems(write(tmp_path, values_of_siblings("{}\n"))) == [
        (
            "west/values.yaml:2:11",
            "environments/west/values.yaml sets replicas to 4, and environments/east/values.yaml to 2",
            "neither is the other's parent, so neither wins: set the value in environments/prod/environment.yaml, "
            "which has both",
            "the other east/values.yaml:1:11",
        )
    ]


def test_M09_a_value_that_the_childs_values_set_decides(tmp_path: Path) -> None:
    (one,) = build("prod", project=write(tmp_path, values_of_siblings("replicas: 4\n"))).objects
    assert one.body["spec"]["replicas"] == 4


def test_a_later_patch_of_one_list_that_overwrites_an_earlier_one_is_a_warning(tmp_path: Path) -> None:
    files = {
        "prod/environment.yaml": layer(
            "Environment", "prod", "  resources: [web.yaml]\n" + patch(3) + PATCH.format(count=4)
        ),
        "prod/web.yaml": WEB,
    }
    project = write(tmp_path, files)
    (finding,) = build("prod", project=project).findings
    assert (finding.rule, str(finding.location), finding.message, finding.hint) == (
        "patch-overwritten",
        "environments/prod/environment.yaml:10:37",
        "patches[1] of environments/prod/environment.yaml sets spec.replicas of Deployment/web, which "
        "patches[0] of environments/prod/environment.yaml sets in line 8",
        "entries apply in order and the later one wins; keep one of them",
    )
    assert problems(project, strict=True)[0][1] == finding.message
