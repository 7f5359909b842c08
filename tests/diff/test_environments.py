"""Environments side by side: which objects are the same ones, and which fields differ."""

from __future__ import annotations

from typing import Any

import pytest

from overlay.diff.comparison import MISSING, Cause, Comparison, files_behind, folded
from overlay.diff.environments import Side, compare
from overlay.diff.secrets import plain
from overlay.kube.types import load_types
from overlay.model.location import Location
from overlay.model.resource import ObjectId, Resource
from tests.diff.making import resource

TYPES = load_types("1.34")


def side(
    name: str, *objects: Resource, release: str = "shop", namespace: str = "", reads: tuple[str, ...] = ()
) -> Side:
    return Side(name, objects, release, namespace, frozenset(reads))


def named(one: Resource, name: str, namespace: str = "") -> Resource:
    """Return an object as a layer would rename it."""
    metadata = {**one.body["metadata"], "name": name, **({"namespace": namespace} if namespace else {})}
    return one.renamed(
        {**one.body, "metadata": metadata}, ObjectId(one.id.group, one.id.version, one.id.kind, namespace, name)
    )


def compared(*sides: Side, **more: Any) -> Comparison:
    return compare(sides, TYPES, **more)


def labels(found: Comparison) -> list[tuple[str, list[str]]]:
    return [(one.label, [one.state(at) for at in range(len(found.environments))]) for one in found.objects]


def fields(found: Comparison) -> dict[str, list[Any]]:
    return {
        f"{one.label} {each.path}": [
            "-" if cell is None else None if cell.value is MISSING else plain(cell.value) for cell in each.cells
        ]
        for one in found.objects
        for each in one.differences
    }


def config(name: str, **data: str) -> Resource:
    return resource("ConfigMap", name, data=data)


def test_each_object_is_first_same_changed_absent_or_added() -> None:
    a, b = config("a", x="1"), config("b")
    found = compared(
        side("dev", a, b), side("prod", config("a", x="2"), config("c")), side("eu", config("a", x="1"), b, config("c"))
    )
    assert labels(found) == [
        ("ConfigMap/a", ["first", "changed", "same"]),
        ("ConfigMap/b", ["first", "absent", "same"]),
        ("ConfigMap/c", ["absent", "added", "added"]),
    ]
    assert fields(found) == {"ConfigMap/a data.x": ["1", "2", "1"]}
    assert not found.is_same
    assert compared(side("dev", a), side("prod", config("a", x="1"))).is_same


def test_an_object_keeps_its_row_under_another_prefix_namespace_and_hash() -> None:
    dev = named(config("web"), "dev-web-4f7c8d9kmt", "shop-dev")
    prod = named(config("web"), "web-bcdfgh2456", "shop-prod")
    found = compared(side("dev", dev), side("prod", prod))
    assert labels(found) == [("ConfigMap/web", ["first", "same"])]
    assert found.objects[0].names == ("shop-dev/dev-web-4f7c8d9kmt", "shop-prod/web-bcdfgh2456")
    assert found.is_same


def test_the_name_of_the_release_in_a_name_is_no_other_object() -> None:
    dev, prod = config("blue-web"), config("green-web")
    apart = compared(side("dev", dev, config("blue")), side("prod", prod, config("green")))
    assert len(apart.objects) == 4
    together = compared(
        side("dev", dev, config("blue"), release="blue"), side("prod", prod, config("green"), release="green")
    )
    assert labels(together) == [("ConfigMap/blue", ["first", "same"]), ("ConfigMap/blue-web", ["first", "same"])]


def test_two_objects_of_one_name_are_told_apart_by_their_namespaces() -> None:
    def pair(main: str) -> list[Resource]:
        return [resource("ConfigMap", "web", namespace=main), resource("ConfigMap", "web", namespace="shared")]

    found = compared(side("dev", *pair("dev"), namespace="dev"), side("prod", *pair("prod"), namespace="prod"))
    assert labels(found) == [("ConfigMap/shared/web", ["first", "same"]), ("ConfigMap/web", ["first", "same"])]


def test_kinds_of_one_name_are_told_apart_by_their_groups() -> None:
    one, other = (
        resource("Ingress", "web", api="networking.k8s.io/v1"),
        resource("Ingress", "web", api="example.com/v1"),
    )
    found = compared(side("dev", one, other), side("prod", one, other))
    assert [label for label, _ in labels(found)] == ["Ingress/web (example.com)", "Ingress/web (networking.k8s.io)"]


def test_what_refers_to_names_and_namespaces_follows_them() -> None:
    def objects(hashed: str, namespace: str, other: str) -> list[Resource]:
        volumes = [{"name": "settings", "configMap": {"name": hashed}}]
        binding = resource(
            "RoleBinding", "web", api="rbac.authorization.k8s.io/v1", namespace=namespace,
            subjects=[{"kind": "ServiceAccount", "name": "web", "namespace": namespace}],
        )  # fmt: skip
        pod = resource("Pod", "web", namespace=namespace, spec={"volumes": volumes, "nodeName": other})
        return [named(config("web"), hashed, namespace), pod, binding]

    found = compared(
        side("dev", *objects("web-4f7c8d9kmt", "dev", "one"), namespace="dev"),
        side("prod", *objects("web-bcdfgh2456", "prod", "two"), namespace="prod"),
    )
    assert fields(found) == {"Pod/web spec.nodeName": ["one", "two"]}


def pod(spec: dict[str, Any]) -> Resource:
    return resource("Pod", "web", spec=spec)


ROWS = [
    ("a value that one has", [{"a": 1}, {}, {"a": 2}], {"a": [1, None, 2]}),
    ("a subtree is one value", [{}, {"nodeSelector": {"disk": "ssd", "zone": "a"}}], {"nodeSelector": [None, {"disk": "ssd", "zone": "a"}]}),
    ("what lies below a subtree that one has not is shown with it",
     [{"nodeSelector": {"disk": "ssd", "zone": "a"}}, {}, {"nodeSelector": {"disk": "hdd", "zone": "a"}}],
     {"nodeSelector": [{"disk": "ssd", "zone": "a"}, None, {"disk": "hdd", "zone": "a"}]}),
    ("elements by their keys", [{"containers": [{"name": "a", "image": "x"}]}, {"containers": [{"name": "b"}, {"name": "a", "image": "y"}]}],
     {"containers.[name=b]": [None, {"name": "b"}], "containers.[name=a].image": ["x", "y"]}),
    ("lists of scalars as one value", [{"containers": [{"name": "a", "args": ["x", "y"]}]}, {"containers": [{"name": "a", "args": ["x", "z"]}]}],
     {"containers.[name=a].args": [["x", "y"], ["x", "z"]]}),
    ("maps in lists of one length by index", [{"tolerations": [{"key": "a", "value": "1"}]}, {"tolerations": [{"key": "a", "value": "2"}]}],
     {"tolerations.0.value": ["1", "2"]}),
    ("lists of several lengths as one value",
     [{"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}, {"tolerations": [{"key": "a"}, {"key": "b"}]}],
     {"tolerations": [[{"key": "a"}], [{"key": "b"}], [{"key": "a"}, {"key": "b"}]]}),
    ("the order of init containers", [{"initContainers": [{"name": "a"}, {"name": "b"}]}, {"initContainers": [{"name": "b"}, {"name": "a"}]}],
     {"initContainers (order)": [["a", "b"], ["b", "a"]]}),
    ("a port with and without its protocol",
     [{"containers": [{"name": "a", "ports": [{"containerPort": 80, "hostPort": 1}]}]},
      {"containers": [{"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP", "hostPort": 2}]}]}],
     {"containers.[name=a].ports.[containerPort=80,protocol=TCP].protocol": [None, "TCP"],
      "containers.[name=a].ports.[containerPort=80,protocol=TCP].hostPort": [1, 2]}),
]  # fmt: skip


@pytest.mark.parametrize(("specs", "expected"), [pytest.param(*case[1:], id=case[0]) for case in ROWS])
def test_a_row_is_a_path_at_which_all_can_be_shown(specs: list[dict[str, Any]], expected: dict[str, list[Any]]) -> None:
    found = fields(compared(*[side(f"e{at}", pod(spec)) for at, spec in enumerate(specs)]))
    assert {path.removeprefix("Pod/web spec."): cells for path, cells in found.items()} == expected


def test_an_environment_without_the_object_has_no_cell() -> None:
    found = compared(side("dev", config("a", x="1")), side("eu"), side("prod", config("a", x="2")))
    assert fields(found) == {"ConfigMap/a data.x": ["1", "-", "2"]}


def test_secrets_show_who_has_the_same_value_and_nothing_more() -> None:
    def secret(text: str) -> Resource:
        return resource("Secret", "db", data={"password": text})

    found = compared(
        *[side(name, secret(text)) for name, text in [("a", "b25l"), ("b", "dHdv"), ("c", "b25l"), ("d", "dGhyZWU=")]]
    )
    assert fields(found) == {"Secret/db data.password": ["••••", "•••• (changed)", "••••", "•••• (changed, 2)"]}
    assert not any(text in repr(found) for text in ("b25l", "dHdv", "dGhyZWU="))


def test_only_wanted_objects_are_compared_and_references_to_others_follow_all_the_same() -> None:
    def objects(name: str) -> list[Resource]:
        return [named(config("web"), name), pod({"volumes": [{"name": "a", "configMap": {"name": name}}]})]

    found = compared(
        side("dev", *objects("web-4f7c8d9kmt")),
        side("prod", *objects("web-bcdfgh2456")),
        wanted=lambda one: one.id.kind == "Pod",
    )
    assert labels(found) == [("Pod/web", ["first", "same"])]


def test_what_one_input_makes_differ_in_many_places_is_said_once() -> None:
    def objects(tier: str) -> list[Resource]:
        return [
            resource("Pod", name, spec={"a": {"tier": tier}, "n": 1 if name == "x" else tier})
            for name in ("x", "y", "z")
        ]

    found = folded(compared(side("dev", *objects("dev")), side("prod", *objects("prod"))))
    (shared,) = found.shared
    assert (shared.paths, shared.labels) == ((("spec.a.tier", 3),), ("Pod/x", "Pod/y", "Pod/z"))
    assert [(one.label, [each.path for each in one.differences]) for one in found.own] == [
        ("Pod/x", []),
        ("Pod/y", ["spec.n"]),
        ("Pod/z", ["spec.n"]),
    ]


def test_the_file_that_makes_an_environment_differ_is_that_of_the_one_that_differs_from_what_both_share() -> None:
    places = {"dev": "dev.yaml", "prod": "base.yaml", "eu": "eu.yaml"}
    sides = [side(name, config("a", x=name), reads=("base.yaml", file)) for name, file in places.items()]

    def causes(row: Any, path: Any) -> list[Cause]:
        return [Cause(Location(file, 1, 1), "patch") for file in places.values()]

    found = compared(*sides, causes=causes)
    assert files_behind(found, 1) == [("dev.yaml", 1)]
    assert files_behind(found, 2) == [("eu.yaml", 1)]
