"""Definitions that allow less than before: what is found, and which objects keep it from being applied (hazard K11)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from overlay.cluster.narrowing import narrowings, unserved
from overlay.errors import OverlayError
from tests.cluster.harness import Environment

SPEC: dict[str, Any] = {
    "type": "object",
    "properties": {
        "size": {"type": "integer", "maximum": 10, "nullable": True},
        "mode": {"type": "string", "enum": ["fast", "safe"]},
        "name": {"type": "string"},
        "parts": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}, "tag": {"type": "string"}}}},
        "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
}  # fmt: skip


def definition(
    group: str = "x.io", *versions: str, spec: dict[str, Any] = SPEC, stored: str = "", **more: Any
) -> dict[str, Any]:
    versions = versions or ("v1",)
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"widgets.{group}", **more},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [
                {"name": one, "served": True, "storage": one == (stored or versions[-1]), "schema": schema} for one in versions
            ],
        },
    }  # fmt: skip


def changed(**properties: Any) -> dict[str, Any]:
    """Return the schema with some properties changed, or gone where they are None."""
    made = copy.deepcopy(SPEC)
    for name, change in properties.items():
        if name == "required":
            made["required"] = change
        elif change is None:
            del made["properties"][name]
        else:
            made["properties"][name] = change
    return made


def widget(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "x.io/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}


PART = {"type": "object", "properties": {"id": {"type": "string"}}}
CASES = [
    ("nothing", SPEC, [], {}, {}),
    ("a field more", changed(more={"type": "string"}), [], {}, {}),
    ("a field less", changed(name=None), ["spec.name of v1 is gone: the server drops its value"], {"name": "a"}, {}),
    ("a field less where anything goes", {**changed(name=None), "x-kubernetes-preserve-unknown-fields": True}, [], {}, {}),
    ("required", changed(required=["name"]), ["spec.name of v1 becomes required"], {}, {"name": "a"}),
    ("required with a default", changed(name={"type": "string", "default": "a"}, required=["name"]), [], {}, {}),
    ("another type", changed(name={"type": "integer"}), ["spec.name of v1 must be of type integer"], {"name": "1"}, {"name": 1}),
    ("a wider type", changed(size={"type": "number", "maximum": 10, "nullable": True}), ["spec.size of v1 must be of type number"], {"size": "1"}, {"size": 1}),
    ("not null", changed(size={"type": "integer", "maximum": 10}), ["spec.size of v1 may not be null any more"], {"size": None}, {"size": 1}),
    ("a lower bound", changed(size={"type": "integer", "maximum": 5, "nullable": True}), ["spec.size of v1 has maximum 5 now"], {"size": 6}, {"size": 5}),
    ("a higher bound", changed(size={"type": "integer", "maximum": 50, "nullable": True}), [], {}, {}),
    ("a new bound", changed(name={"type": "string", "minLength": 2}), ["spec.name of v1 has minLength 2 now"], {"name": "a"}, {"name": "ab"}),
    ("fewer values", changed(mode={"type": "string", "enum": ["safe"]}), ["spec.mode of v1 allows fewer values"], {"mode": "fast"}, {"mode": "safe"}),
    ("more values", changed(mode={"type": "string"}), [], {}, {}),
    ("a pattern", changed(name={"type": "string", "pattern": "^a"}), ["spec.name of v1 must match another pattern"], {"name": "b"}, {"name": "ab"}),
    ("in elements", changed(parts={"type": "array", "items": PART}), ["spec.parts[].tag of v1 is gone: the server drops its value"], {"parts": [{}, {"tag": "t"}]}, {"parts": [{"id": "i"}]}),
    ("in values of a map", changed(limits={"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}}), ["spec.limits.* of v1 has minimum 1 now"], {"limits": {"a": 0}}, {"limits": {"a": 1}}),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "expected", "bad", "good"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_K11_what_allows_less_is_found_and_concerns_only_what_does_not_fit(
    spec: dict[str, Any], expected: list[str], bad: dict[str, Any], good: dict[str, Any]
) -> None:
    found = narrowings(definition(), definition(spec=spec))
    assert [str(one) for one in found] == expected
    assert all(one.concerns(widget(**bad)) for one in found)
    assert not any(one.concerns(widget(**good)) for one in found)


def test_K11_a_new_stored_version_without_a_converter_drops_what_it_does_not_have() -> None:
    old, new = definition("x.io", "v1"), definition("x.io", "v1", "v2")
    new["spec"]["versions"][1]["schema"] = {
        "openAPIV3Schema": {"type": "object", "properties": {"spec": changed(name=None)}}
    }
    assert [str(one) for one in narrowings(old, new)] == ["spec.name of v2 is gone: the server drops its value"]
    new["spec"]["conversion"] = {"strategy": "Webhook"}
    assert narrowings(old, new) == []


def test_K11_versions_that_are_served_no_more_are_named() -> None:
    old, new = definition("x.io", "v1", "v2", "v3"), definition("x.io", "v2", "v3")
    new["spec"]["versions"][0]["served"] = False
    assert unserved(old, new) == ["v1", "v2"]


@pytest.mark.cluster
def test_K11_a_definition_that_an_object_does_not_fit_is_refused_and_one_that_all_fit_is_not(prod: Environment) -> None:
    group = f"{prod.namespace}.example.com"
    one = {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": "w"},
        "spec": {"name": "a", "mode": "safe"},
    }
    assert prod.sync(definition(group), one).error("prod") is None
    less = definition(group, spec=changed(name=None))
    (refused,) = prod.plan(less, one).of("refused")
    assert refused.why == (
        f"spec.name of v1 is gone: the server drops its value, and Widget/{prod.namespace}/w does not fit;"
        ' the annotation overlay.dev/allow-narrowing: "true" allows it'
    )
    with pytest.raises(OverlayError):
        prod.sync(less, one)
    assert prod.testbed.call("GET", f"/apis/{group}/v1/namespaces/{prod.namespace}/widgets/w")["spec"]["name"] == "a"
    fewer = definition(group, spec=changed(mode={"type": "string", "enum": ["safe"]}))
    assert prod.sync(fewer, one).error("prod") is None, "no object has the value that went"
    bare = {**one, "spec": {"mode": "safe"}}
    allowed = definition(group, spec=changed(name=None), annotations={"overlay.dev/allow-narrowing": "true"})
    assert prod.sync(allowed, bare).error("prod") is None


@pytest.mark.cluster
def test_K11_a_version_in_which_others_manage_fields_is_not_taken_away(prod: Environment) -> None:
    group = f"{prod.namespace}.example.com"
    assert prod.sync(definition(group, "v1", "v2", stored="v2")).error("prod") is None
    served = prod.client.kinds(again=True).find(group, "v1", "Widget")
    assert served is not None
    theirs = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "theirs"}, "spec": {"name": "a"}}
    prod.client.apply(served, prod.namespace, "theirs", theirs, manager="somebody")
    fewer = definition(group, "v2", stored="v2")
    (refused,) = prod.plan(fewer).of("refused")
    assert refused.why == (
        f"version v1, in which fields of it are managed, is served no more, and Widget/{prod.namespace}/theirs does not fit;"
        ' the annotation overlay.dev/allow-narrowing: "true" allows it'
    )
