"""Schemas that stay inside, values that mean one thing, and sub-charts that are there."""

from __future__ import annotations

import json
import time

import pytest

from overlay.chart.check import check_chart
from overlay.chart.child import HelmLibrary
from overlay.errors import OverlayError
from tests.chart.charts import request, source

OUTSIDE = "reaches outside the file"


def refused(files: dict[str, str], **more: str) -> list[tuple[str, str]]:
    with pytest.raises(OverlayError) as caught:
        check_chart(source(files, **more))
    return [(str(one.location), one.message) for one in caught.value.each()]


@pytest.mark.parametrize(
    "reference",
    [
        "http://127.0.0.1:1/x.json",
        "https://x.example/y.json",
        "file:///etc/passwd",
        "file:///dev/zero",
        "../../x.json",
        "x.json",
        "urn:x",
    ],
)
@pytest.mark.parametrize("key", ["$ref", "$dynamicRef", "$recursiveRef"])
@pytest.mark.parametrize("place", ["values.schema.json", "charts/db/values.schema.json"])
def test_S01_S02_references_to_elsewhere_are_refused(reference: str, key: str, place: str) -> None:
    schema = {"properties": {"a": {"items": [{key: reference}]}}}
    files = {place: json.dumps(schema), "charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\n"}
    assert refused(files) == [(f"environments/base/chart/{place}", f"schema reference {reference!r} {OUTSIDE}")]


@pytest.mark.parametrize("folder", ["", "charts/db/", "charts/db/charts/disk/"])
@pytest.mark.parametrize(
    ("values", "place", "message"),
    [
        pytest.param("a: !!python/name:os.system x\n", ":1:4",
                     "tag not allowed: tag:yaml.org,2002:python/name:os.system", id="Y01"),
        pytest.param("a:\n  b: 1\n  b: 2\n", ":3:3", "key 'b' is written twice, first on line 2", id="Y09"),
        pytest.param("a: [9007199254740993]\n", ":1:5",
                     "Helm cannot hold the number 9007199254740993 exactly", id="Y11"),
        pytest.param("- a\n", ":1:1", "values must be a map (key: value)", id="Y16"),
        pytest.param("a: b: c\n", ":1:5", "mapping values are not allowed in this context", id="no-yaml"),
    ],
)  # fmt: skip
def test_a_charts_own_values_are_read_as_strictly_as_all_others(
    values: str, place: str, message: str, folder: str
) -> None:
    charts = {f"{folder}Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\n"} if folder else {}
    assert refused({**charts, f"{folder}values.yaml": values}) == [
        (f"environments/base/chart/{folder}values.yaml{place}", message)
    ]


@pytest.mark.parametrize("name", ["values.yaml", "files/values.yaml", "ci/values.yaml"])
def test_values_that_are_empty_or_not_the_charts_pass(name: str) -> None:
    check_chart(source({name: "" if name == "values.yaml" else "a: {{ b }}\n"}))


@pytest.mark.parametrize("key", ["$id", "$schema", "$anchor"])
def test_S03_names_that_look_like_addresses_are_never_fetched(key: str, helm: HelmLibrary) -> None:
    # A server on this port would have to answer; there is none, and the rendering goes on all the same.
    text = "http://json-schema.org/draft-07/schema#" if key == "$schema" else "http://127.0.0.1:9/x"
    schema = json.dumps(
        {key: text.replace("http://127.0.0.1:9/x", "x") if key == "$anchor" else text, "type": "object"}
    )
    check_chart(source({"values.schema.json": schema}))
    started = time.monotonic()
    list(helm.render([request({"values.schema.json": schema, "templates/a.yaml": "a: 1\n"})]))
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {
            "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}},
            "properties": {"x": {"$ref": "#/$defs/a"}},
        },
        {"$defs": {"a": {"anyOf": [{"not": {"$ref": "#/$defs/a"}}]}}, "$ref": "#/$defs/a"},
    ],
)
def test_S04_recursion_without_a_step_into_data_is_refused(schema: dict) -> None:
    assert refused({"values.schema.json": json.dumps(schema)}) == [
        (
            "environments/base/chart/values.schema.json",
            "schema recursion: a reference leads back to itself without an object or list between",
        )
    ]


def test_S04_a_tree_refers_to_itself_soundly() -> None:
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}}
    check_chart(source({"values.schema.json": json.dumps(tree)}))


def test_S04_deep_schemas_are_refused() -> None:
    deep = '{"allOf":[' * 100_000 + "{}" + "]}" * 100_000
    assert refused({"values.schema.json": deep})[0][1] == "not a JSON schema: nested too deeply"
    assert refused({"values.schema.json": '{"allOf":[' * 50 + "{}" + "]}" * 50})[0][1] == "schema nested deeper than 60"


def test_S05_a_pattern_that_backtracks_elsewhere_takes_no_time(helm: HelmLibrary) -> None:
    schema = json.dumps({"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}})
    started = time.monotonic()
    (found,) = helm.render(
        [request({"values.schema.json": schema, "templates/a.yaml": "a: 1\n"}, {"a": "a" * 5_000 + "!"})]
    )
    assert isinstance(found, OverlayError)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("repository", ["file://../../other", "oci://x.example/charts", "https://x.example/charts", ""])
def test_P20_a_sub_chart_that_is_not_there_is_never_fetched(repository: str) -> None:
    chart = f"apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{{name: db, version: 1.x, repository: '{repository}'}}]\n"
    assert refused({}, chart=chart) == [
        ("environments/base/chart/Chart.yaml:4:16", "dependency db is missing in environments/base/chart/charts/")
    ]
