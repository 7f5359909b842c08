"""Patches as they are written: each mistake at its line and column, before anything merges."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlay import build
from overlay.errors import OverlayError
from overlay.model.options import Options

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  bogus: true
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "shop/web:1"}
        - {name: log, image: "shop/log:1"}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {password: hunter2}
"""
HEAD = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec:\n  resources: [all.yaml]\n  patches:\n"
NAMED = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
TARGET = "    - target: {kind: Deployment, name: web}\n"


def problems(
    folder: Path, patches: str, files: dict[str, str], *, manifests: str = DEPLOYMENT.replace("  bogus: true\n", "")
):
    place = folder / "environments" / "prod"
    place.mkdir(parents=True)
    for name, text in {"all.yaml": manifests, "environment.yaml": HEAD + patches, **files}.items():
        (place / name).write_text(text)
    try:
        build("prod", project=str(folder), options=Options(cache=False))
    except OverlayError as error:
        return [(str(one.location).removeprefix("environments/prod/"), one.message, one.hint) for one in error.each()]
    return []


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ("spec:\n  replcas: 3\n", ("patch.yaml:5:3", "unknown field spec.replcas", "did you mean replicas?")),
        ("spec:\n  replicas: three\n", ("patch.yaml:5:13", "spec.replicas must be an integer, found the string 'three'", None)),
        ("spec: {template: {spec: {containers: [{name: web, imgae: x}]}}}\n", ("patch.yaml:4:51", "unknown field spec.template.spec.containers[web].imgae", "did you mean image?")),
        ("spec: {template: {spec: {containers: [{name: web, args: run}]}}}\n", ("patch.yaml:4:57", "spec.template.spec.containers[web].args must be a list, found the string 'run'", None)),
        ("spec: {template: {spec: {tolerations: [{operator: Exits}]}}}\n", ("patch.yaml:4:51", "spec.template.spec.tolerations[0].operator must be Equal, Exists, Gt or Lt, found the string 'Exits'", "did you mean Exists?")),
        ("spec: {template: {spec: {containers: [{name: web, env: [{value: a}]}]}}}\n", ("patch.yaml:4:57", "spec.template.spec.containers[web].env: an element has no name, which tells the elements of this list apart", None)),
        ("spec: {replcas: null}\n", ("patch.yaml:4:8", "unknown field spec.replcas", "did you mean replicas?")),
        ("spec: {$setElementOrder/containrs: []}\n", ("patch.yaml:4:8", "unknown field spec[$setElementOrder/containrs]", "known here: minReadySeconds, paused, progressDeadlineSeconds, replicas, revisionHistoryLimit, selector, strategy, template")),
    ],
)  # fmt: skip
def test_a_mistake_in_a_strategic_merge_patch_stands_at_its_place(patch, expected, tmp_path: Path):
    found = problems(tmp_path, "    - path: patch.yaml\n", {"patch.yaml": NAMED + patch})
    assert found[0] == expected


@pytest.mark.parametrize(
    "patch",
    [
        "spec: {replicas: 3}",
        "spec: {replicas: null}",
        "spec: {$retainKeys: [template, selector, replicas], replicas: 1}",
        "spec: {template: {spec: {containers: [{name: log, $patch: delete}]}}}",
        "spec: {template: {spec: {containers: [{$patch: replace}, {name: web, image: b}]}}}",
        "spec: {template: {spec: {$setElementOrder/containers: [{name: log}, {name: web}]}}}",
        "spec: {template: {metadata: {labels: {tier: null}}}}",
        "spec: {template: {metadata: {$deleteFromPrimitiveList/finalizers: [x/y]}}}",
    ],
)
def test_partial_objects_nulls_and_directives_are_no_mistakes(patch, tmp_path: Path):
    assert problems(tmp_path, "    - path: patch.yaml\n", {"patch.yaml": f"{NAMED}{patch}\n"}) == []


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ("{spec: {replcas: 3}}", ("environment.yaml:8:27", "unknown field spec.replcas", "did you mean replicas?")),
        ("{spec: {replicas: three}}", ("environment.yaml:8:37", "spec.replicas must be an integer, found the string 'three'", None)),
        ("{spec: {template: {spec: {containers: [{image: x}]}}}}", ("environment.yaml:8:58", "spec.template.spec.containers[0] needs name", None)),
        ("{spec: {$patch: delete}}", ("environment.yaml:8:27", "unknown field spec[$patch]", None)),
    ],
)  # fmt: skip
def test_a_mistake_in_a_merge_patch_stands_at_its_place(patch, expected, tmp_path: Path):
    found = problems(tmp_path, f"{TARGET}      mergePatch: {patch}\n", {})
    assert [(place, message) for place, message, _ in found] == [expected[:2]]


@pytest.mark.parametrize(
    ("operation", "place", "message", "hint"),
    [
        ("{op: add, path: /spec/replcas, value: 3}", "environment.yaml:9:27", "operation 0: unknown field /spec/replcas", "did you mean replicas?"),
        ("{op: replace, path: /spec/template/spec/containers/0/imgae, value: x}", "environment.yaml:9:31", "operation 0: unknown field /spec/template/spec/containers/0/imgae", "did you mean image?"),
        ("{op: add, path: /spec/replicas, value: three}", "environment.yaml:9:50", "operation 0: /spec/replicas must be an integer, found the string 'three'", None),
        ("{op: add, path: '/spec/template/spec/containers/[name=web]/args', value: run}", "environment.yaml:9:84", "operation 0: /spec/template/spec/containers/[name=web]/args must be a list, found the string 'run'", None),
        ("{op: add, path: /spec/template/spec/containers/-, value: {image: x}}", "environment.yaml:9:68", "operation 0: /spec/template/spec/containers/- needs name", None),
        ("{op: add, path: /spec/template/spec/containers/0/image/tag, value: x}", "environment.yaml:9:27", "operation 0: /spec/template/spec/containers/0/image has no fields: it must be a string", None),
        ("{op: add, path: /spec/template/spec/volumes, value: [{name: a, emptyDri: {}}]}", "environment.yaml:9:74", "operation 0: unknown field /spec/template/spec/volumes/0/emptyDri", "did you mean emptyDir?"),
        ("{op: copy, from: /spec/selector, path: /spec/selctor}", "environment.yaml:9:50", "operation 0: unknown field /spec/selctor", "did you mean selector?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_json_patch_stands_at_its_place(operation, place, message, hint, tmp_path: Path):
    found = problems(tmp_path, f"{TARGET}      jsonPatch:\n        - {operation}\n", {})
    assert found == [(place, message, hint)]


def test_what_a_later_operation_completes_is_no_mistake(tmp_path: Path):
    operations = (
        "        - {op: add, path: /spec/template/spec/containers/-, value: {image: x}}\n"
        "        - {op: add, path: /spec/template/spec/containers/2/name, value: one}\n"
        "        - {op: add, path: /spec/template/spec/containers/-, value: {name: two}}\n"
        "        - {op: add, path: /spec/template/spec/containers/3/image, value: x}\n"
        "        - {op: add, path: /spec/template/spec/volumes, value: [{}]}\n"
        "        - {op: add, path: /spec/template/spec/volumes/0/name, value: tmp}\n"
    )
    found = problems(tmp_path, f"{TARGET}      jsonPatch:\n{operations}", {})
    assert found == []


@pytest.mark.parametrize(
    "patch",
    [
        "      strategicMerge: {spec: {bogus: null}}\n",
        "      mergePatch: {spec: {bogus: null}}\n",
        "      jsonPatch: [{op: remove, path: /spec/bogus}]\n",
        "      jsonPatch: [{op: test, path: /spec/bogus, value: true}, {op: remove, path: /spec/bogus}]\n",
    ],
)
def test_what_should_never_have_been_there_may_be_taken_away(patch, tmp_path: Path):
    assert problems(tmp_path, TARGET + patch, {}, manifests=DEPLOYMENT) == []


def test_a_patch_is_checked_though_it_matches_nothing(tmp_path: Path):
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: wbe}\nspec: {replcas: 3}\n"
    assert problems(tmp_path, "    - path: patch.yaml\n", {"patch.yaml": patch}) == [
        ("patch.yaml:3:18", "no object matches Deployment/wbe", "did you mean Deployment/web?"),
        ("patch.yaml:4:8", "unknown field spec.replcas", "did you mean replicas?"),
    ]


def test_one_patch_for_several_kinds_is_checked_for_each(tmp_path: Path):
    patch = '    - target: {kind: ".*"}\n      expect: 2\n      strategicMerge: {metadata: {labels: {a: b}}, spec: {replicas: 2}}\n'
    assert problems(tmp_path, patch, {}) == [
        (
            "environment.yaml:9:52",
            "unknown field spec (as Secret)",
            "known here: apiVersion, data, immutable, kind, metadata, stringData, type",
        )
    ]


def test_S09_a_patch_for_a_secret_shows_no_value(tmp_path: Path):
    patch = "    - target: {kind: Secret}\n      strategicMerge: {stringData: {password: 4711}}\n"
    assert problems(tmp_path, patch, {}) == [
        ("environment.yaml:8:47", "stringData.password must be a string, found a number (not shown)", "quote it")
    ]
