"""Helm's messages stand at the user's file, line and column."""

from __future__ import annotations

import pytest

from overlay.chart.child import HelmLibrary
from tests.chart.charts import request

AT = "environments/base/chart/"


@pytest.mark.parametrize(
    ("files", "place", "message", "hint"),
    [
        (
            {"templates/x.yaml": "a: 1\nb: {{ .Values.a.b.c }}\n"}, "templates/x.yaml:2:14",
            "nil pointer evaluating interface {}.b (at {{ .Values.a.b.c }})",
            "a value on this path is missing; give it a default in values.yaml",
        ),
        ({"templates/x.yaml": "a: {{ nofunc }}\n"}, "templates/x.yaml:1:1", 'function "nofunc" not defined', "Helm has no such template function"),
        ({"templates/x.yaml": "\n\na: {{ if }}\n"}, "templates/x.yaml:3:1", "missing value for if", None),
        (
            {"templates/_h.tpl": '{{ define "web.name" }}x{{ end }}', "templates/x.yaml": 'a: {{ include "web.nmae" . }}\n'},
            "templates/x.yaml:1:7", "no template is called 'web.nmae'", "did you mean web.name?",
        ),
        (
            {"templates/x.yaml": 'a: {{ template "nope" . }}\n'}, "templates/x.yaml:1:16",
            "no template is called 'nope'", None,
        ),
        ({"templates/x.yaml": 'a: {{ fail "no way" }}\n'}, "templates/x.yaml:1:7", "no way", None),
        ({"templates/x.yaml": 'a: {{ required "b is needed" .Values.b }}\n'}, "templates/x.yaml:1:7", "b is needed", None),
        (
            {"templates/_h.tpl": '{{ define "h" }}\n{{ .Values.q.r }}{{ end }}', "templates/x.yaml": 'a: {{ include "h" . }}\n'},
            "templates/_h.tpl:2:11", "nil pointer evaluating interface {}.r (at {{ .Values.q.r }})",
            "a value on this path is missing; give it a default in values.yaml",
        ),
        (
            {"charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\n", "charts/db/templates/y.yaml": 'a: {{ fail "in db" }}\n'},
            "charts/db/templates/y.yaml:1:7", "in db", None,
        ),
        (
            {"templates/x.yaml": "a: 1\n", "values.schema.json": '{"required": ["size"], "properties": {"size": {"type": "integer"}}}'},
            None, "values don't meet the specifications of the schema(s) in the following chart(s): web: - at '': missing property 'size'",
            "the chart's values.schema.json refuses these values",
        ),
        ({"templates/x.yaml": "a: 1\n", "Chart.yaml": "apiVersion: v2\nname: web\n"}, "Chart.yaml", "validation: chart.metadata.version is required", None),
        ({"templates/x.yaml": "a: 1\n", "values.yaml": "a: [\n"}, None, "cannot load values.yaml", None),
    ],
)  # fmt: skip
def test_a_message_of_helm_becomes_an_error_at_its_place(
    files: dict[str, str], place: str | None, message: str, hint: str | None, helm: HelmLibrary
) -> None:
    (error,) = helm.render([request(files)])
    assert str(error.location) == (f"{AT}{place}" if place else "environments/base/base.yaml:4:10")
    assert error.message.startswith(message)
    assert error.hint == hint
    assert error.environment == "prod"
