"""Custom resources: their CustomResourceDefinition says as much as Kubernetes' own tables do."""

from __future__ import annotations

import time
from typing import Any

import pytest

from overlay.check.compile import STRICT, check_value
from overlay.kube.custom import CustomKinds
from overlay.kube.types import load_types
from overlay.yaml import read_document

DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.x.example}
spec:
  group: x.example
  names: {kind: Gadget, plural: gadgets}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          required: [spec]
          properties:
            spec:
              type: object
              required: [size, mode]
              x-kubernetes-validations: [{rule: self.size > 0}]
              properties:
                size: {type: integer, minimum: 1, maximum: 9}
                mode: {type: string, enum: [fast, slow], default: fast}
                name: {type: string, pattern: "^[a-z]+$", maxLength: 5}
                level: {type: integer, enum: [1, 2]}
                ratio: {type: number, exclusiveMinimum: true, minimum: 0, multipleOf: 0.5}
                port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}], pattern: "^[a-z]*$"}
                free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: string}}}
                anything: {x-kubernetes-preserve-unknown-fields: true}
                closed: {type: object}
                labels: {type: object, additionalProperties: {type: string}, maxProperties: 2}
                loose: {type: object, additionalProperties: true}
                template: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}
                items:
                  type: array
                  minItems: 1
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [name]
                  items: {type: object, required: [name], properties: {name: {type: string}, value: {type: string}}}
                tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
                when: {type: string, format: date-time}
                every: {type: string, format: duration}
                address: {type: string, format: ipv4}
                one: {type: object, properties: {a: {type: string}, b: {type: string}}, oneOf: [{required: [a]}, {required: [b]}]}
                maybe: {type: string, nullable: true}
                none: {type: array, items: {type: string, nullable: false}}
    - {name: v1beta1, served: false, deprecated: true, deprecationWarning: use v1, storage: false}
"""


def kinds() -> CustomKinds:
    return CustomKinds([read_document(DEFINITION, "crd.yaml").value], load_types("1.36").metadata)


def wrong(spec: str) -> list[tuple[tuple[Any, ...], str]]:
    text = f"apiVersion: x.example/v1\nkind: Gadget\nmetadata: {{name: a}}\nspec: {{size: 1{spec}}}\n"
    body = read_document(text, "a.yaml").value
    return [
        (one.path, one.message(body, secret=False))
        for one in check_value(kinds().type("x.example/v1/Gadget"), body, STRICT)
    ]


@pytest.mark.parametrize(
    "spec",
    [
        "",
        ", mode: slow, name: abc, level: 2, ratio: 1.5",
        ", port: 80",
        ", port: http",
        ", free: {a: b, c: [d]}, anything: [1, {a: b}], loose: {a: [b]}",
        ", labels: {a: b, c: d}",
        ", template: {apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {}}",
        ", items: [{name: a}, {name: b}], tags: [a, b]",
        ", when: '2026-01-31T12:00:00Z', every: 1h30m, address: 10.0.0.1",
        ", one: {a: x}",
        ", maybe: null",
        # The API server takes null out of what need not be there.
        ", name: null, items: null, labels: {a: null}",
    ],
)
def test_what_the_definition_allows_is_allowed(spec):
    assert wrong(spec) == []


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        (", sise: 2", ("spec", "sise"), "unknown field spec.sise"),
        (", closed: {a: 1}", ("spec", "closed", "a"), "unknown field spec.closed.a"),
        (", mode: quick", ("spec", "mode"), "spec.mode must be fast or slow, found the string 'quick'"),
        (", level: 3", ("spec", "level"), "spec.level must be 1 or 2, found the number 3"),
        (", name: A1", ("spec", "name"), "spec.name must match ^[a-z]+$, found the string 'A1'"),
        (", name: abcdef", ("spec", "name"), "spec.name must have at most 5 characters, found the string 'abcdef'"),
        (", ratio: 0", ("spec", "ratio"), "spec.ratio must be more than 0, found the number 0"),
        (", ratio: 0.7", ("spec", "ratio"), "spec.ratio must be a multiple of 0.5, found the number 0.7"),
        (", port: A", ("spec", "port"), "spec.port must match ^[a-z]*$, found the string 'A'"),
        (", port: 1.5", ("spec", "port"), "spec.port must be an integer or a string, found the number 1.5"),
        (", free: {a: 1}", ("spec", "free", "a"), "spec.free.a must be a string, found the number 1"),
        (", labels: {a: b, c: d, e: f}", ("spec", "labels"), "spec.labels must have at most 2 fields"),
        (", labels: {a: 1}", ("spec", "labels", "a"), "spec.labels.a must be a string, found the number 1"),
        (", template: {kind: Pod}", ("spec", "template"), "spec.template needs apiVersion"),
        (", items: []", ("spec", "items"), "spec.items must have at least 1 element"),
        (", items: [{name: a}, {name: a}]", ("spec", "items", 1), "spec.items[a] has the name a of an element before it"),
        (", items: [{value: a}]", ("spec", "items", 0), "spec.items[0] needs name"),
        (", tags: [a, a]", ("spec", "tags", 1), "spec.tags[1] is 'a' again, in a list whose elements must differ"),
        (", when: today", ("spec", "when"), "spec.when must be a time such as 2026-01-31T12:00:00Z, found the string 'today'"),
        (", every: P1D", ("spec", "every"), "spec.every must be a duration such as 1h30m, found the string 'P1D'"),
        (", address: 10.0.0.256", ("spec", "address"), "spec.address must be an IPv4 address, found the string '10.0.0.256'"),
        (", one: {a: x, b: z}", ("spec", "one"), "spec.one does not fit exactly one of the forms that its type allows"),
        (", none: [null]", ("spec", "none", 0), "spec.none[0] must be a string, found null"),
    ],
)  # fmt: skip
def test_what_the_definition_forbids_is_told(spec, path, message):
    assert wrong(spec) == [(path, message)]


def test_a_required_field_with_a_default_need_not_be_written():
    body = {"apiVersion": "x.example/v1", "kind": "Gadget", "metadata": {"name": "a"}, "spec": {}}
    found = check_value(kinds().type("x.example/v1/Gadget"), body, STRICT)
    assert [one.message(body, secret=False) for one in found] == ["spec needs size"]


def test_metadata_is_kubernetes_own():
    body = {
        "apiVersion": "x.example/v1",
        "kind": "Gadget",
        "metadata": {"name": "a", "lables": {}},
        "spec": {"size": 1},
    }
    found = check_value(kinds().type("x.example/v1/Gadget"), body, STRICT)
    assert [one.message(body, secret=False) for one in found] == ["unknown field metadata.lables"]


def test_lists_of_a_custom_resource_merge_by_their_keys():
    spec = kinds().type("x.example/v1/Gadget").field("spec")
    items = spec.field("items")
    assert (items.list_type, items.keys, items.strategy) == ("map", ("name",), ("merge",))
    assert spec.field("tags").strategy == ()


def test_versions_say_what_nobody_checks_and_what_is_on_its_way_out():
    found = kinds()
    assert (found.get("x.example/v1/Gadget").cel, found.get("x.example/v1/Gadget").warning) == (True, "")
    old = found.get("x.example/v1beta1/Gadget")
    assert (old.served, old.warning, old.cel, old.type.open) == (False, "use v1", False, True)
    assert found.get("x.example/v2/Gadget") is None


def test_kubernetes_own_kinds_cannot_be_redefined():
    types = load_types("1.36")
    assert types.with_custom(lambda _: None).root("", "v1", "Pod") is types.root("", "v1", "Pod")


def test_S07_a_definition_that_makes_no_sense_describes_nothing_and_breaks_nothing():
    for spec in (
        {},
        {"group": 3},
        {
            "group": "g",
            "names": {"kind": "K"},
            "versions": [
                3,
                {"name": 4},
                {"name": "v1", "schema": {"openAPIV3Schema": {"type": 5, "properties": [], "required": 3}}},
            ],
        },
    ):
        found = CustomKinds(
            [{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}],
            load_types("1.36").metadata,
        )
        found.get("g/v1/K")


def test_S06_a_set_of_a_million_values_costs_little():
    values = [f"value-{n}" for n in range(1_000_000)]
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "spec": {
            "group": "x.example",
            "names": {"kind": "Gadget"},
            "versions": [
                {
                    "name": "v1",
                    "schema": {"openAPIV3Schema": {"properties": {"mode": {"type": "string", "enum": values}}}},
                }
            ],
        },
    }
    root = CustomKinds([definition], load_types("1.36").metadata).type("x.example/v1/Gadget")
    start = time.perf_counter()
    body = {"apiVersion": "x.example/v1", "kind": "Gadget", "metadata": {"name": "a"}, "mode": "none"}
    found = check_value(root, body, STRICT)
    message = found[0].message(body, secret=False)
    found[0].hint(body, secret=False)
    assert len(found) == 1
    assert message.startswith("mode must be value-0, ")
    assert message.endswith(", value-18, value-19 or …, found the string 'none'")
    assert time.perf_counter() - start < 5
