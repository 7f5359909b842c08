"""What is a Kubernetes object, and what identifies it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from overlay import build
from overlay.errors import OverlayError
from overlay.kube.objects import check_unique, identify, parse_objects
from overlay.model.location import Location
from overlay.model.resource import ObjectId, Origin, Resource
from overlay.yaml import read_document


def parse(text: str) -> list[tuple[str, str]]:
    document = read_document(text, "a.yaml")
    return [(str(identity), str(place)) for identity, _, place in parse_objects(document.value, document.location)]


def refused(text: str) -> list[tuple[str, str, str | None]]:
    with pytest.raises(OverlayError) as caught:
        parse(text)
    return [(str(one.location), one.message, one.hint) for one in caught.value.each()]


def listed(*items: object, kind: str = "List") -> dict:
    return {"apiVersion": "v1", "kind": kind, "items": list(items)}


def named(name: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def test_Y24_lists_are_flattened_in_their_order_whatever_they_nest() -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: a}}\n- kind: BList\n  items:\n  - {apiVersion: x/v1, kind: B, metadata: {name: b, namespace: ns}}\n"
    assert parse(text) == [("A/a", "a.yaml:4:3"), ("B/ns/b", "a.yaml:7:5")]
    assert parse(json.dumps(listed(listed(named("a"), kind="ConfigMapList"), listed(), named("b")))) == [
        ("ConfigMap/a", "a.yaml:1:104"), ("ConfigMap/b", "a.yaml:1:227"),
    ]  # fmt: skip


def test_Y24_lists_nest_five_deep_at_most() -> None:
    value: object = named("a")
    for _ in range(5):
        value = listed(value)
    assert len(parse(json.dumps(value))) == 1
    assert [message for _, message, _ in refused(json.dumps(listed(value)))] == ["lists nested deeper than 5"]


def test_Y24_a_kind_that_only_ends_in_list_is_an_object() -> None:
    assert parse("{apiVersion: x/v1, kind: AllowList, metadata: {name: a}}") == [("AllowList/a", "a.yaml:1:1")]


def test_Y24_everything_wrong_in_a_list_is_said_at_its_place() -> None:
    text = """\
kind: List
items:
- {kind: A, metadata: {name: a}}
- apiVersion: v1
  kind: A
  metadata: {generateName: a-}
- apiVersion: v1
  kind: A
  metadata: {namespace: b}
- {apiVersion: v1, kind: A}
- {apiVersion: a/b/c, kind: A, metadata: {name: a}}
- text
- []
"""
    assert refused(text) == [
        ("a.yaml:3:3", "apiVersion is missing", None),
        ("a.yaml:6:28", "metadata.generateName makes a new object at each apply", "give the object a fixed metadata.name"),
        ("a.yaml:9:13", "metadata.name is missing", None),
        ("a.yaml:10:3", "metadata is missing", None),
        ("a.yaml:11:16", "apiVersion 'a/b/c' is neither `version` nor `group/version`", None),
        ("a.yaml:12:3", "a Kubernetes object is expected, found 'text'", None),
        ("a.yaml:13:3", "a Kubernetes object is expected, found a list", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "place", "message", "hint"),
    [
        ("kind: 1, apiVersion: v1, metadata: {name: a}", "1:8", "kind is 1, which cannot be used there", None),
        ("kind: '', apiVersion: v1, metadata: {name: a}", "1:8", "kind is '', which cannot be used there", None),
        ("kind: A, apiVersion: 1, metadata: {name: a}", "1:23", "apiVersion is 1, which cannot be used there", None),
        ("kind: A, apiVersion: v1, metadata: []", "1:37", "metadata is a list, which cannot be used there", None),
        ("kind: A, apiVersion: v1, metadata: {name: 1}", "1:44", "metadata.name is 1, which cannot be used there", None),
        (
            "kind: A, apiVersion: v1, metadata: {name: null}", "1:44",
            "metadata.name is null, which cannot be used there", None,
        ),
        (
            "kind: A, apiVersion: v1, metadata: {name: ../x}", "1:44",
            "metadata.name is '../x', which cannot be used there", None,
        ),
        (
            "kind: A, apiVersion: v1, metadata: {name: a, namespace: true}", "1:58",
            "metadata.namespace is true, which cannot be used there", None,
        ),
        (
            "kind: A, apiVersion: v1, metadata: {name: a, labels: [b]}", "1:55",
            "metadata.labels is a list, which cannot be used there", None,
        ),
        (
            "kind: A, apiVersion: v1, metadata: {name: a, annotations: {b: yes}}", "1:64",
            "metadata.annotations[b] must be a string, found true", "quote it",
        ),
        (
            "kind: A, apiVersion: v1, metadata: {name: a, labels: {b: 1.0}}", "1:59",
            "metadata.labels[b] must be a string, found 1.0", "quote it",
        ),
    ],
)  # fmt: skip
def test_what_identifies_an_object_must_be_there_and_text(
    head: str, place: str, message: str, hint: str | None
) -> None:
    assert refused(f"{{{head}}}") == [(f"a.yaml:{place}", message, hint)]


def resource(group: str = "", version: str = "v1", namespace: str = "", line: int = 1) -> Resource:
    identity = ObjectId(group, version, "A", namespace, "a")
    return Resource(identity, {}, Origin("resource", Location("a.yaml", line, 1)))


def test_Y24_two_objects_of_one_identity_are_refused_with_both_places() -> None:
    with pytest.raises(OverlayError) as caught:
        check_unique(
            [resource(), resource(version="v2", line=5), resource(namespace="b"), resource("g"), resource(line=9)]
        )
    assert [(str(one.location), one.message, one.hint, one.object) for one in caught.value.each()] == [
        (
            f"a.yaml:{line}:1", "A/a is defined twice, first in a.yaml:1:1",
            "remove one of them, or give it another name or namespace", "A/a",
        )
        for line in (5, 9)
    ]  # fmt: skip


def test_an_empty_namespace_is_none() -> None:
    body = {"apiVersion": "apps/v1", "kind": "A", "metadata": {"name": "a", "namespace": None}}
    assert identify(body) == ObjectId("apps", "v1", "A", "", "a")


def test_Y24_duplicates_are_found_before_anything_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "environments/prod"
    folder.mkdir(parents=True)
    (folder / "environment.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec: {resources: [a.yaml, b.yaml]}\n"
    )
    for name in ("a.yaml", "b.yaml"):
        (folder / name).write_text(json.dumps(listed(named("x"))))
    with pytest.raises(OverlayError) as caught:
        build("prod", project=str(tmp_path))
    assert (str(caught.value.location), caught.value.message) == (
        "environments/prod/b.yaml:1:48",
        "ConfigMap/x is defined twice, first in environments/prod/a.yaml:1:48",
    )
