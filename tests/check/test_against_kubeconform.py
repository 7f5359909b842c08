"""We accept what kubeconform -strict accepts and refuse what it refuses; where not, it is listed here and in the docs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overlay.check.compile import STRICT, check_value
from overlay.check.problem import Problem
from overlay.kube.custom import CustomKinds
from overlay.kube.types import load_types
from overlay.yaml import read_document
from tests.check.conftest import ROOT
from tests.check.documents import objects

VERSIONS = ("1.25", "1.36")


def kinds(version: str) -> tuple[tuple[str, str, str], ...]:
    found = []
    for key in load_types(version)._kinds:
        *group, number, kind = key.split("/")
        found.append(("".join(group), number, kind))
    return tuple(found)


def is_ours_alone(problem: Problem) -> bool:
    """Tell whether a problem is one of those that published schemas cannot tell (docs/explanation/types-and-checks.md)."""
    if problem.rule == "duplicate":
        return True
    told_by_both = problem.path[-1:] in (("apiVersion",), ("kind",)) or "such as 2026" in problem.text
    return problem.rule == "wrong-value" and not told_by_both


def problems(version: str, body: dict[str, Any]) -> list[Problem]:
    group, _, number = body["apiVersion"].rpartition("/")
    return check_value(load_types(version).root(group, number, body["kind"]), body, STRICT)


@pytest.mark.parametrize("version", VERSIONS)
def test_generated_objects_are_accepted_and_refused_alike(version: str, kubeconform) -> None:
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(st.lists(objects(load_types(version), kinds(version)), min_size=20, max_size=20))
    def law(bodies: list[dict[str, Any]]) -> None:
        for body, answer in zip(bodies, kubeconform(bodies, version), strict=True):
            found = [one for one in problems(version, body) if not is_ours_alone(one)]
            told = [(one.path, one.rule, one.text) for one in found]
            assert (not found) == (answer["status"] == "statusValid"), (body, told, answer["msg"])

    law()


CRDS = ("chart/crds/databaseclaims.yaml", "crds/external-secrets.yaml")


def test_generated_custom_resources_are_accepted_and_refused_alike(kubeconform) -> None:
    places = [ROOT / "environments" / "base" / crd for crd in CRDS]
    own = load_types("1.36")
    kinds = CustomKinds([read_document(path.read_text(), path.name).value for path in places], own.metadata)
    assert kinds.get("external-secrets.io/v1/ExternalSecret") is not None
    types = own.with_custom(kinds.type)
    names = tuple(tuple(key.split("/")) for key in kinds._known)

    @settings(max_examples=20, suppress_health_check=list(HealthCheck))
    @given(st.lists(objects(types, names), min_size=20, max_size=20))
    def law(bodies: list[dict[str, Any]]) -> None:
        # What metadata must be is Kubernetes' own type here and any map there.
        bodies = [{**body, "metadata": {"name": "a"}} for body in bodies]
        for body, answer in zip(bodies, kubeconform(bodies, "1.36", *places), strict=True):
            group, _, version = body["apiVersion"].rpartition("/")
            found = check_value(types.root(group, version, body["kind"]), body, STRICT)
            found = [one for one in found if one.rule != "duplicate"]
            told = [(one.path, one.rule, one.text) for one in found]
            # The API server takes null out of optional fields before it looks.
            by_null = not found and "got null, want" in answer["msg"]
            assert by_null or (not found) == (answer["status"] == "statusValid"), (body, told, answer["msg"])

    law()


POD: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}


def container(**fields: Any) -> dict[str, Any]:
    return {**POD, "spec": {"containers": [{"name": "web", **fields}]}}


# What the API server refuses and kubeconform lets pass: the published schemas do not say it.
STRICTER = {
    "a value outside a closed set": (
        container(imagePullPolicy="Sometimes"),
        ("wrong-value", ("spec", "containers", 0, "imagePullPolicy")),
    ),
    "an integer too large for its format": (
        container(ports=[{"containerPort": 2**31}]),
        ("wrong-value", ("spec", "containers", 0, "ports", 0, "containerPort")),
    ),
    "a text that is no quantity": (
        container(resources={"limits": {"memory": "512MB"}}),
        ("wrong-value", ("spec", "containers", 0, "resources", "limits", "memory")),
    ),
    "data that is no base64": (
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"key": "not base64"}},
        ("wrong-value", ("data", "key")),
    ),
    "two list elements of one key": (
        container(env=[{"name": "A"}, {"name": "A"}]),
        ("duplicate", ("spec", "containers", 0, "env", 1)),
    ),
    "one element of a set twice": (
        {**POD, "metadata": {"name": "a", "finalizers": ["x/y", "x/y"]}},
        ("duplicate", ("metadata", "finalizers", 1)),
    ),
}


@pytest.mark.parametrize("case", STRICTER)
def test_where_the_published_schemas_are_silent_the_api_servers_rule_holds(case: str, kubeconform) -> None:
    body, expected = STRICTER[case]
    assert [(one.rule, one.path) for one in problems("1.36", body)] == [expected]
    assert [answer["status"] for answer in kubeconform([body], "1.36")] == ["statusValid"]
