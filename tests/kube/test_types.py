from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from overlay.errors import DocumentError
from overlay.kube.types import Type, Types, load_types

REPOSITORY = Path(__file__).resolve().parents[2]


def node(types: Types, kind: str, *path: str) -> Type | None:
    *group, version, name = kind.split("/")
    found = types.root("/".join(group), version, name)
    for part in path:
        if found is None:
            return None
        found = found.element() if part == "[]" else found.field(part)
    return found


POD = ("spec", "template", "spec")


@pytest.mark.parametrize(
    ("kind", "path", "strategy", "keys"),
    [
        ("apps/v1/Deployment", (*POD, "containers"), ("merge",), ("name",)),
        ("apps/v1/Deployment", (*POD, "containers", "[]", "ports"), ("merge",), ("containerPort", "protocol")),
        ("apps/v1/Deployment", (*POD, "containers", "[]", "args"), (), ()),
        ("apps/v1/Deployment", (*POD, "tolerations"), (), ()),
        ("apps/v1/Deployment", (*POD, "volumes"), ("merge", "retainKeys"), ("name",)),
        ("apps/v1/Deployment", ("spec", "strategy"), ("retainKeys",), ()),
        ("v1/Service", ("spec", "ports"), ("merge",), ("port", "protocol")),
        ("v1/ConfigMap", ("metadata", "finalizers"), ("merge",), ()),
        ("batch/v1/CronJob", ("spec", "jobTemplate", *POD, "imagePullSecrets"), ("merge",), ("name",)),
        ("apiextensions.k8s.io/v1/CustomResourceDefinition", ("spec", "versions"), (), ()),
    ],
)
def test_each_list_knows_how_it_merges(kind, path, strategy, keys):
    found = node(load_types("1.34"), kind, *path)
    assert (found.strategy, found.keys) == (strategy, keys) if found else (strategy, keys) == ((), ())


def test_a_map_with_free_keys_leads_to_the_type_of_its_values():
    types = load_types("1.34")
    versions = node(types, "apiextensions.k8s.io/v1/CustomResourceDefinition", "spec", "versions", "[]")
    schema = versions.field("schema").field("openAPIV3Schema")
    assert schema.field("properties").field("any name").field("x-kubernetes-list-map-keys").list_type == "atomic"


def test_kinds_that_are_not_kubernetes_own_are_unknown():
    assert load_types("1.34").root("monitoring.coreos.com", "v1", "ServiceMonitor") is None
    assert load_types("1.34").root("", "v1", "PodList") is None


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("1.34", "1.34"),
        ("v1.34.2", "1.34"),
        ("1.30.0-eks-1", "1.30"),
        ("1.99", "1.37"),
        ("2.0", "1.37"),
        ("1.9", "1.25"),
    ],
)
def test_the_nearest_lower_version_answers(asked, given):
    assert load_types(asked).version == given


def test_each_file_is_read_once():
    assert load_types("1.34") is load_types("v1.34.1")


def test_what_is_no_version_is_refused():
    with pytest.raises(DocumentError) as error:
        load_types("latest")
    assert (error.value.message, error.value.hint) == (
        "'latest' is no Kubernetes version",
        'write it like "1.34"',
    )


def test_the_tables_are_what_the_script_extracts():
    spec = importlib.util.spec_from_file_location("extract", REPOSITORY / "scripts" / "extract_kubernetes.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    folder = REPOSITORY / "schemas" / "kubernetes"
    assert [f"{version}.json" for version in script.versions()] == sorted(path.name for path in folder.glob("1.*.json"))
    assert script.extract("1.34") == (folder / "1.34.json").read_text(encoding="utf-8")


def test_every_version_stays_small():
    sizes = {path.name: path.stat().st_size for path in (REPOSITORY / "schemas" / "kubernetes").glob("1.*.json")}
    assert len(sizes) == 13
    assert max(sizes.values()) < 150_000
