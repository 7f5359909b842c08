"""Rendered text becomes objects, or an error that names template and document."""

from __future__ import annotations

import pytest

from overlay.chart.manifests import Manifests
from overlay.chart.render import Rendered
from overlay.errors import OverlayError
from overlay.model.contents import ChartSource
from overlay.model.resource import Resource
from tests.chart.charts import HERE, source

TEMPLATE = "environments/base/chart/templates/a.yaml"
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
TEST = "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n"
CHART = source({})


def objects(
    text: str, *, crds: str = "", include_crds: bool = True, include_tests: bool = False
) -> tuple[Resource, ...]:
    rendered = Rendered(
        templates=(("templates/a.yaml", text),), crds=(("crds/c.yaml", crds),) if crds else (), notes=None
    )
    return Manifests().of_chart(rendered, CHART, include_crds=include_crds, include_tests=include_tests)


def refused(text: str) -> list[tuple[str, str]]:
    with pytest.raises(OverlayError) as caught:
        objects(text)
    return [(str(one.location), one.message) for one in caught.value.each()]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: b: c\n",
            "mapping values are not allowed in this context "
            "(in document 1, line 1 of what this template rendered: 'a: b: c')",
        ),
        (
            f"---\n# empty\n---\n{OBJECT}---\ndata:\n\ta: 1\n",
            "found character that cannot start any token "
            "(in document 2, line 9 of what this template rendered: 'a: 1')",
        ),
        (
            f"{OBJECT}data:\n  a: 1\n  a: 2\n",
            "key 'a' is written twice, first on line 5 (in document 1, line 6 of what this template rendered: 'a: 2')",
        ),
        (
            f"{OBJECT}---\n- a\n",
            "a Kubernetes object is expected, found a list (in document 2, line 5 of what this template rendered)",
        ),
        (
            "just text\n",
            "a Kubernetes object is expected, found 'just text' (in document 1, line 1 of what this template rendered)",
        ),
        (
            f"{OBJECT}---\nkind: A\nmetadata: {{name: a}}\n",
            "apiVersion is missing (in document 2, line 5 of what this template rendered)",
        ),
    ],
    ids=["no YAML", "tab", "duplicate key", "list", "text", "no object"],
)
def test_T15_output_that_is_no_object_names_template_and_document(text: str, message: str) -> None:
    assert refused(text) == [(TEMPLATE, message)]


@pytest.mark.parametrize("text", ["", " \n\t\n", "null\n", "---\n---\n", "# only words\n", "~"])
def test_T15_output_without_content_is_no_object(text: str) -> None:
    assert objects(text) == ()


def test_T15_several_documents_are_several_objects() -> None:
    found = objects(f"{OBJECT}---\nnull\n---\n{OBJECT.replace('name: a', 'name: b')}")
    assert [str(one.id) for one in found] == ["ConfigMap/a", "ConfigMap/b"]
    assert {str(one.origin.location) for one in found} == {TEMPLATE}


def test_all_that_is_wrong_is_said_at_once() -> None:
    twice = Rendered(
        templates=(("templates/a.yaml", "kind: A\n---\n1\n"), ("templates/b.yaml", "[")), crds=(), notes=""
    )
    with pytest.raises(OverlayError) as caught:
        Manifests().of_chart(twice, CHART, include_crds=True, include_tests=False)
    assert [str(one.location) for one in caught.value.each()] == [TEMPLATE, TEMPLATE, TEMPLATE.replace("a.y", "b.y")]


def test_T16_hooks_are_marked_tests_left_out_and_definitions_known() -> None:
    hook = OBJECT.replace("name: a", "name: h, annotations: {helm.sh/hook: 'pre-install, post-upgrade'}")
    crd = OBJECT.replace("name: a", "name: c")
    found = objects(f"{OBJECT}---\n{hook}---\n{TEST}", crds=crd)
    assert [(one.id.name, one.origin.source, one.hooks) for one in found] == [
        ("c", "crd", ()), ("a", "chart", ()), ("h", "chart", ("pre-install", "post-upgrade")),
    ]  # fmt: skip
    assert str(found[0].origin.location) == "environments/base/chart/crds/c.yaml:1:1"
    assert [one.id.name for one in objects(f"{OBJECT}---\n{TEST}", crds=crd, include_crds=False)] == ["a"]
    assert [one.id.name for one in objects(f"{OBJECT}---\n{TEST}", include_tests=True)] == ["a", "t"]


def test_the_same_text_is_parsed_once_for_all_environments() -> None:
    manifests = Manifests()
    rendered = Rendered(templates=(("templates/a.yaml", OBJECT),), crds=(), notes=None)
    first, second = (manifests.of_chart(rendered, CHART, include_crds=True, include_tests=False) for _ in range(2))
    assert first[0] is second[0]


def folder(files: dict[str, bytes]) -> ChartSource:
    return ChartSource(kind="manifests", path="m", location=HERE, files=tuple(files.items()), digest="d")


def test_plain_manifests_have_exact_places() -> None:
    found = Manifests().of_folder(folder({"a.yaml": b"\xef\xbb\xbf---\n" + OBJECT.encode()}))
    assert [(str(one.id), str(one.origin.location), one.origin.source) for one in found] == [
        ("ConfigMap/a", "m/a.yaml:2:1", "resource")
    ]


def test_Y13_manifests_that_are_no_utf_8_are_refused() -> None:
    with pytest.raises(OverlayError) as caught:
        Manifests().of_folder(folder({"a.yaml": b"a: gr\xfcn\n", "b.yaml": "a: 1\n".encode("utf-16")}))
    assert [(str(one.location), one.message) for one in caught.value.each()] == [
        ("m/a.yaml:1:6", "byte 0xfc is no UTF-8 text"), ("m/b.yaml", "the file is UTF-16 or UTF-32"),
    ]  # fmt: skip
