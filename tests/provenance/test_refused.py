"""Values that a chart's schema refuses are told one by one, at the line that says each."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay import build
from overlay.errors import OverlayError

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "db": {},
        "global": {},
        "size": {"enum": ["small", "large"]},
        "port": {"type": "integer", "minimum": 1},
        "debug": {"type": "boolean"},
        "tag": {"type": "string"},
        "hosts": {"type": "array", "items": {"type": "string", "pattern": "^[a-z.]+$"}},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 3}]},
        "both": {"allOf": [{"type": "object", "properties": {"a/b": {"type": "integer"}}}]},
        "login": {"type": "object", "required": ["user"], "properties": {"password": {"pattern": "^.{20}$"}}},
    },
}
SUB = {"properties": {"size": {"type": "integer"}}}


def project(folder: Path, values: str, **files: str) -> str:
    for name, text in {
        "environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\n"
        "spec:\n  chart: {path: chart}\n  values: [values.yaml]\n",
        "values.yaml": values,
        "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
        "dependencies: [{name: postgres, alias: db, version: 1.0.0}]\n",
        "chart/values.yaml": "port: 80\nhosts: []\n",
        "chart/values.schema.json": json.dumps(SCHEMA),
        "chart/charts/postgres/Chart.yaml": "apiVersion: v2\nname: postgres\nversion: 1.0.0\n",
        "chart/charts/postgres/values.yaml": "size: 1\n",
        "chart/charts/postgres/values.schema.json": json.dumps(SUB),
        "chart/templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        **files,
    }.items():
        path = folder / "environments" / "prod" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


def refused(folder: str) -> list[tuple[str, str, str | None]]:
    with pytest.raises(OverlayError) as caught:
        build("prod", project=folder)
    assert {one.rule for one in caught.value.each()} == {"values"}
    return [
        (str(one.location).removeprefix("environments/prod/"), one.message, one.hint) for one in caught.value.each()
    ]


@pytest.mark.parametrize(
    ("values", "place", "message", "hint"),
    [
        ("size: huge\n", "values.yaml:1:7", "value size: value must be one of 'small', 'large'", None),
        ('port: "80"\n', "values.yaml:1:7", "value port: got string, want integer", "write 80 without quotes"),
        ("port: 0\n", "values.yaml:1:7", "value port: minimum: got 0, want 1", None),
        ('debug: "true"\n', "values.yaml:1:8", "value debug: got string, want boolean", "write true without quotes"),
        ("tag: 2.4\n", "values.yaml:1:6", "value tag: got number, want string", "quote it"),
        ("hosts:\n  - a\n  - B\n", "values.yaml:3:5", "value hosts.1: 'B' does not match pattern '^[a-z.]+$'", None),
        ("prt: 80\n", "values.yaml:1:1", "value prt: there is no such value", "did you mean port?"),
        (
            "either: 1\n", "values.yaml:1:9", "value either: got number, want string; or minimum: got 1, want 3", None,
        ),
        ("both:\n  a/b: x\n", "values.yaml:2:8", "value both.a/b: got string, want integer", None),
        ("login: {}\n", "values.yaml:1:8", "value login: missing property 'user'", None),
    ],
    ids=lambda part: part.partition("\n")[0] if isinstance(part, str) else "",
)  # fmt: skip
def test_a_refused_value_stands_at_its_line(
    values: str, place: str, message: str, hint: str | None, tmp_path: Path
) -> None:
    assert refused(project(tmp_path, values)) == [(place, f"the chart's schema refuses the {message}", hint)]


def test_all_refused_values_are_told_at_once(tmp_path: Path) -> None:
    found = refused(project(tmp_path, "size: huge\nport: 0\ndb: {size: x}\n"))
    assert [(place, message.partition(":")[0]) for place, message, _ in found] == [
        ("values.yaml:3:12", "the schema of db refuses the value db.size"),
        ("values.yaml:2:7", "the chart's schema refuses the value port"),
        ("values.yaml:1:7", "the chart's schema refuses the value size"),
    ]


def test_a_default_that_the_charts_own_schema_refuses_stands_in_the_chart(tmp_path: Path) -> None:
    found = refused(project(tmp_path, "{}\n", **{"chart/values.yaml": "port: x\n"}))
    assert found == [
        ("chart/values.yaml:1:7", "the chart's schema refuses the value port: got string, want integer", None)
    ]


def test_what_is_missing_at_the_top_stands_at_the_chart(tmp_path: Path) -> None:
    schema = json.dumps({"required": ["region"]})
    found = refused(project(tmp_path, "{}\n", **{"chart/values.schema.json": schema}))
    assert found == [
        ("environment.yaml:5:10", "the chart's schema refuses the values: missing property 'region'", None)
    ]


def test_S09_the_value_of_what_is_named_like_a_secret_is_not_shown(tmp_path: Path) -> None:
    found = refused(project(tmp_path, "login: {user: me, password: hunter2}\n"))
    text = "the chart's schema refuses the value login.password: its value (not shown) is not what the schema asks for"
    assert found == [("values.yaml:1:29", text, None)]


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"properties": {"a": {"type": "integer"}}}, {"a": 1.0}),
        ({"properties": {"a": {"type": "integer"}}}, {"a": "1"}),
        ({"properties": {"a": {"type": "integer"}}}, {"a": None}),
        ({"properties": {"a": {"format": "date-time"}}}, {"a": "yesterday"}),
        ({"properties": {"a": {"format": "ipv4"}}}, {"a": "1.2.3"}),
        ({"properties": {"a": {"pattern": r"^\w+$"}}}, {"a": "ä"}),
        ({"properties": {"a": {"maxLength": 1}}}, {"a": "👍"}),
        ({"properties": {"a": {"uniqueItems": True}}}, {"a": [1, 1.0]}),
        ({"properties": {"a": {"multipleOf": 0.1}}}, {"a": 0.3}),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"a": {"maximum": 3}}}, {"a": 4}),
        ({"$schema": "http://json-schema.org/draft-06/schema#", "properties": {"a": {"const": 3}}}, {"a": 4}),
        ({"$schema": "https://json-schema.org/draft/2019-09/schema", "dependentRequired": {"a": ["b"]}}, {"a": 4}),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", "prefixItems": [{}]}, {"a": 4}),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": 1}),
        ({"properties": {"a": {"$ref": "#/definitions/n"}}, "definitions": {"n": {"type": "string"}}}, {"a": 1}),
        ({"properties": {"a": {"type": 5}}}, {"a": 1}),
        ({"properties": {"a": False}}, {"a": 1}),
    ],
)  # fmt: skip
def test_S07_S08_what_helm_refuses_is_refused_and_nothing_else(
    schema: dict, values: dict, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    chart = {"chart/values.schema.json": json.dumps(schema), "chart/values.yaml": "{}\n"}
    folder = project(tmp_path, json.dumps(values, ensure_ascii=False), **chart)
    prod = Path(folder) / "environments" / "prod"
    done = subprocess.run(
        [tool("helm"), "template", "shop", "chart", "-f", "values.yaml"], cwd=prod, capture_output=True, text=True
    )
    try:
        build("prod", project=folder)
    except OverlayError as error:
        assert (done.returncode, {one.rule for one in error.each()} <= {"values", "chart"}) == (1, True)
    else:
        assert done.returncode == 0
