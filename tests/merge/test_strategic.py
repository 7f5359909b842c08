from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path

import pytest

from overlay.errors import OverlayError
from overlay.kube.types import load_types
from overlay.merge.same import same
from overlay.merge.strategic import strategic_merge
from overlay.model.location import Location
from overlay.model.resource import split_api_version
from overlay.yaml import read_document, read_documents

FOLDER = Path(__file__).parent / "cases"
PLACE = Location("base/web.yaml", 1, 1)


def cases():
    for path in sorted(FOLDER.glob("*.yaml")):
        document = read_document(path.read_text(encoding="utf-8"), path.name)
        for index, case in enumerate(document.value):
            label = f"{path.stem}: {case['description']}"
            yield pytest.param(case, lambda at, d=document, i=index: d.location((i, "patch", *at)), id=label)


def merged(base, patch, locate):
    group, version = split_api_version(base["apiVersion"])
    return strategic_merge(base, patch, load_types("1.34").root(group, version, base["kind"]), locate, PLACE)


@pytest.mark.parametrize(("case", "locate"), list(cases()))
def test_M10_M11_each_case_gives_what_its_table_says(case, locate):
    before = copy.deepcopy(case)
    if "error" in case:
        with pytest.raises(OverlayError) as error:
            merged(case["base"], case["patch"], locate)
        assert [each.message for each in error.value.each()] == [case["error"]]
        assert error.value.location.line > 0
        assert error.value.related == (("the object", PLACE),)
    else:
        result = merged(case["base"], case["patch"], locate)
        assert result == case["expected"]
        assert same(result, case["expected"])
        if same(case["base"], case["expected"]):
            assert result is case["base"]
    assert case == before


@pytest.mark.parametrize(("case", "locate"), list(cases()))
def test_kustomize_gives_the_same_where_a_case_does_not_say_otherwise(case, locate, tool, tmp_path):
    (tmp_path / "base.json").write_text(json.dumps(case["base"]), encoding="utf-8")
    (tmp_path / "patch.json").write_text(json.dumps(case["patch"]), encoding="utf-8")
    (tmp_path / "kustomization.yaml").write_text(
        "resources: [base.json]\npatches: [{path: patch.json}]\n", encoding="utf-8"
    )
    done = subprocess.run(
        [tool("kustomize"), "build", str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    documents = read_documents(done.stdout, "kustomize")
    result = documents[0].value if documents else None
    agrees = done.returncode != 0 if "error" in case else done.returncode == 0 and same(result, case["expected"])
    if "kustomize" in case:
        assert case["kustomize"].startswith("differs: ")
        assert not agrees, "kustomize agrees after all: drop the remark"
    else:
        assert agrees, done.stdout + done.stderr


def test_an_error_names_both_places():
    base = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "1"}}
    document = read_document("kind: ConfigMap\ndata:\n  x:\n    deep: 1\n", "patches/a.yaml")
    with pytest.raises(OverlayError) as error:
        merged(base, document.value, document.location)
    assert str(error.value.location) == "patches/a.yaml:4:5"
    assert error.value.message == "data.x is a map in the patch but a string in the object"
    assert error.value.hint == "give it the object's type; to replace it, set it with a JSON patch"
    assert error.value.related == (("the object", PLACE),)


def test_all_problems_of_a_patch_are_reported():
    base = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "1", "y": "2"}}
    with pytest.raises(OverlayError) as error:
        merged(base, {"data": {"x": {}, "y": []}}, lambda _: PLACE)
    assert [each.message for each in error.value.each()] == [
        "data.x is a map in the patch but a string in the object",
        "data.y is a list in the patch but a string in the object",
    ]


def test_metadata_cannot_be_removed():
    base = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    with pytest.raises(OverlayError) as error:
        merged(base, {"metadata": None}, lambda _: PLACE)
    assert error.value.message == "metadata must be a map, found null"


def test_what_a_patch_does_not_touch_is_shared():
    base = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "x"}], "y": {}},
    }
    result = merged(base, {"spec": {"y": {"z": 1}}}, lambda _: PLACE)
    assert result["metadata"] is base["metadata"]
    assert result["spec"]["containers"] is base["spec"]["containers"]
    assert result["spec"]["y"] == {"z": 1}
