"""A template whose text is no YAML, or no object, is told at the template's own line."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlay import build
from overlay.errors import OverlayError

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
HELPER = '{{- define "labels" }}\na: {{ .x }}\nb: {{ .y }}\n{{- end }}\n'


def refused(folder: Path, template: str, helper: str = HELPER) -> list[tuple[str, str, str | None]]:
    for name, text in {
        "environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\n"
        "spec: {chart: {path: chart}}\n",
        "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "chart/values.yaml": 'text: "a: b"\nlist: [1, 2]\n',
        "chart/templates/x.yaml": template,
        "chart/templates/_h.tpl": helper,
    }.items():
        path = folder / "environments" / "prod" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with pytest.raises(OverlayError) as caught:
        build("prod", project=str(folder))
    return [
        (str(one.location).removeprefix("environments/prod/chart/templates/"), one.message, one.hint)
        for one in caught.value.each()
    ]


@pytest.mark.parametrize(
    ("template", "place", "message", "hint"),
    [
        (
            HEAD + "data:\n  {{- if true }}\n  a: {{ .Values.text }}\n  {{- end }}\n", "x.yaml:6:3",
            "mapping values are not allowed in this context",
            "quote the value when it contains `: `, or check the indentation",
        ),
        (
            "{{- range .Values.list }}\n---\n" + HEAD + "data:\n  n: {{ . }}\n   x: 1\n{{- end }}\n", "x.yaml:8:4",
            "mapping values are not allowed in this context",
            "quote the value when it contains `: `, or check the indentation",
        ),
        (
            HEAD + '{{ include "labels" (dict "x" 1 "y" 2) | indent 1 }}\n', "x.yaml:4:1",
            "did not find expected key", "it rendered: a: 1",
        ),
        (HEAD + "data: {}\n" + HEAD, "x.yaml:5:1",
         "a second object begins here, in the document of the one on line 1", "put a line --- between them"),
        (HEAD + "{{- if true }}\ndata: {}\n{{- end }}\ndata: {}\n", "x.yaml:7:1",
         "key 'data' is written twice, first on line 5", "keep one of them"),
        ("{{/* a note */}}\n\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {}\n", "x.yaml:6:3",
         "metadata.name is missing", None),
    ],
    ids=["a value", "in a loop", "an include", "no line between", "twice", "no name"],
)  # fmt: skip
def test_what_is_wrong_with_a_rendered_text_stands_at_the_templates_line(
    template: str, place: str, message: str, hint: str | None, tmp_path: Path
) -> None:
    assert refused(tmp_path, template)[0] == (place, message, hint)


def test_where_lines_cannot_be_told_the_rendered_line_is_named(tmp_path: Path) -> None:
    # A rendering that is another one each time cannot be laid beside one with marks.
    found = refused(tmp_path, HEAD + "data:\n  a: b: c\n  d: {{ randAlpha 20 }}\n")
    assert found == [
        (
            "x.yaml",
            "mapping values are not allowed in this context (in document 1, line 5 of what this template rendered: "
            "'a: b: c')",
            "quote the value when it contains `: `, or check the indentation",
        )
    ]
