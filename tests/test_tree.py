"""File names: readable, safe on every file system, the same every time."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.errors import OverlayError
from overlay.model.build import Build, Settings
from overlay.model.input import Input
from overlay.model.location import Location
from overlay.model.resource import ObjectId, Origin, Resource
from overlay.tree import RECORD, tree


def build(*identities: tuple[str, str, str, str]) -> Build:
    objects = []
    for group, kind, namespace, name in identities:
        body = {
            "apiVersion": f"{group}/v1" if group else "v1",
            "kind": kind,
            "metadata": {"name": name, "namespace": namespace},
        }
        objects.append(Resource(ObjectId(group, "v1", kind, namespace, name), body, Origin("chart", Location("x"))))
    return Build(
        environment="prod", objects=tuple(objects), notes=None, inputs=(Input("a", "sha256:0"),),
        settings=Settings(release_name="r", namespace="n", kubernetes_version="1.34"), findings=(), chart=None, tool_version="1", helm_version="",
    )  # fmt: skip


def names(*identities: tuple[str, str, str, str]) -> list[str]:
    return [name for name in tree(build(*identities)) if name != RECORD]


def test_a_name_says_kind_and_name() -> None:
    assert names(("apps", "Deployment", "a", "web"), ("", "Service", "a", "web")) == [
        "deployment-web.yaml",
        "service-web.yaml",
    ]


def test_namespace_and_group_are_added_where_they_are_needed() -> None:
    assert names(("", "Service", "a", "web"), ("", "Service", "b", "web")) == [
        "service-web.a.yaml",
        "service-web.b.yaml",
    ]
    assert names(("a.io", "Thing", "n", "x"), ("b.io", "Thing", "n", "x")) == [
        "thing.a.io-x.n.yaml",
        "thing.b.io-x.n.yaml",
    ]


def test_P13_P14_names_that_file_systems_confuse_stay_apart() -> None:
    found = names(
        ("", "ClusterRole", "", "system:a"), ("", "ClusterRole", "", "system-a"), ("", "ConfigMap", "", "x" * 250)
    )
    assert found[1] == "clusterrole-system-a.yaml"
    assert found[0].startswith("clusterrole-system-a-")
    assert len(found[2]) < 255


def test_P13_names_that_differ_only_in_case_are_refused_on_every_system() -> None:
    with pytest.raises(OverlayError) as caught:
        tree(build(("", "ConfigMap", "", "Web"), ("", "ConfigMap", "", "web")))
    assert caught.value.message == "ConfigMap/Web and ConfigMap/web would share one file"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "a.io", "b.io"]), st.sampled_from(["Thing", "thing", "Con"]), st.sampled_from(["", "n", "m"]),
            st.sampled_from(["a", "a:b", "a-b", "A", "é", "e\u0301", "x" * 300, "con", "a.b", "..", "\u202e"]),
        ),
        unique=True, max_size=8,
    )
)  # fmt: skip
def test_law_every_object_has_its_own_safe_file_whatever_the_order(identities: list[tuple[str, str, str, str]]) -> None:
    try:
        made = tree(build(*identities))
    except OverlayError as error:
        assert "would share one file" in str(error)
        return
    files = [name for name in made if name != RECORD]
    assert len({name.casefold() for name in files}) == len(identities)
    for name in files:
        assert name.isascii()
        assert name.endswith(".yaml")
        assert "/" not in name
        assert not name.startswith(".")
        assert len(name) <= 255
    assert tree(build(*reversed(identities))).keys() == made.keys()


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("../.git/hooks/x", "y"), (".gitattributes", "x"), ("A", "../../.github/workflows/x"), (".git/config", ".."),
        ("-rf", "x"), ("\x00", "\n"), (".", "."), ("..", ""),
    ],
)  # fmt: skip
def test_P12_no_kind_or_name_leads_out_of_the_folder_or_to_a_hidden_file(kind: str, name: str) -> None:
    (found,) = names(("", kind, "", name))
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*\.yaml", found)


def test_the_record_lists_the_files_that_are_ours() -> None:
    record = json.loads(tree(build(("", "Service", "a", "web")))[RECORD])
    assert list(record["files"]) == ["service-web.yaml"]
    assert (record["environment"], record["inputs"], record["settings"]["kubernetesVersion"]) == (
        "prod",
        {"a": "sha256:0"},
        "1.34",
    )
