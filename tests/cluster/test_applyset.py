"""Labels, annotations and records, held against the real kubectl."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess

import pytest

from overlay.cluster import applyset
from overlay.cluster.record import Entry, Record, parse, record_name, render
from overlay.errors import ClusterConflict
from tests.cluster.testbed import Testbed, programs

ENTRY = Entry(revision=3, commit="abc", source="def", updated="2026-01-01T00:00:00Z", status="deployed", chart="shop",
              chart_version="1.2.3", app_version="2.4.1")  # fmt: skip
RECORD = Record(
    environment="prod", name="overlay-prod", namespace="shop", generation=4, current=ENTRY, notes="hello", tool="0.1.0",
    inventory=frozenset([("apps", "Deployment", "shop", "web"), ("", "ConfigMap", "other", "a"), ("", "Namespace", "", "n")]),
    history=(ENTRY,),
)  # fmt: skip


@pytest.mark.cluster
def test_ids_and_annotations_are_those_of_kubectl(testbed: Testbed, namespace: str) -> None:
    """The record's parent, written by us, is what kubectl would have written but for the tool's name."""
    objects = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": namespace}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b", "namespace": namespace}},
        {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "c", "namespace": namespace},
         "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "m", "image": "i"}]}}}},
    ]  # fmt: skip
    testbed.kubectl(
        "apply", "--server-side", "--prune", "--applyset=configmap/overlay-prod", "-n", namespace, "-f", "-",
        stdin="\n---\n".join([json.dumps(one) for one in objects]), KUBECTL_APPLYSET="true",
    )  # fmt: skip
    theirs = testbed.call("GET", f"/api/v1/namespaces/{namespace}/configmaps/overlay-prod")["metadata"]
    keys = [("", "ConfigMap", namespace, "a"), ("", "Secret", namespace, "b"), ("apps", "DaemonSet", namespace, "c")]
    ours = render(Record(environment="prod", name=record_name("prod"), namespace=namespace, inventory=frozenset(keys)))
    assert ours["metadata"]["labels"][applyset.ID] == theirs["labels"][applyset.ID]
    for name in (applyset.KINDS, applyset.NAMESPACES):
        assert ours["metadata"]["annotations"][name] == theirs["annotations"][name]
    member = testbed.call("GET", f"/api/v1/namespaces/{namespace}/configmaps/a")
    assert applyset.owner_of(member) == theirs["labels"][applyset.ID]


@pytest.mark.cluster
def test_kubectl_reads_our_record_and_leaves_it_alone(testbed: Testbed, namespace: str) -> None:
    record = Record(environment="prod", name="overlay-prod", namespace=namespace, tool="0.1.0")
    testbed.call("POST", f"/api/v1/namespaces/{namespace}/configmaps", render(record))
    done = subprocess.run(
        [programs() / "kubectl", f"--kubeconfig={testbed.kubeconfig()}", "apply", "--server-side", "--prune",
         "--applyset=configmap/overlay-prod", "-n", namespace, "-f", "-"],
        input=json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}), capture_output=True,
        text=True, env={"KUBECTL_APPLYSET": "true", "PATH": "/usr/bin", "HOME": str(testbed.folder)},
    )  # fmt: skip
    assert done.returncode == 1
    assert (
        'ApplySet parent object "configmaps./overlay-prod" already exists and is managed by tooling "overlay" instead of "kubectl"'
        in done.stderr
    )


def test_the_id_is_the_hash_of_what_names_the_parent() -> None:
    assert applyset.set_id("shop", "", "Namespace", "") != applyset.set_id("shop", "shop", "Namespace", "")
    assert applyset.set_id("a", "b", "ConfigMap", "") == "applyset-a6YEAe3lwpkgHK51tPW9jxcA7Zic6SewokVIQUmYKQg-v1"


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        ([], ""),
        ([("", "Secret")], "Secret"),
        ([("apps", "Deployment"), ("", "Secret"), ("", "ConfigMap"), ("a.b.c", "Z")], "ConfigMap,Deployment.apps,Secret,Z.a.b.c"),
    ],
)  # fmt: skip
def test_kinds_are_named_in_order_and_read_back(kinds: list[tuple[str, str]], text: str) -> None:
    assert applyset.kinds_hint(kinds) == text
    assert applyset.parse_kinds_hint(text) == frozenset(kinds)


def test_namespaces_leave_out_the_parent_s_own() -> None:
    assert applyset.namespaces_hint(["b", "a", "home", "", "b"], "home") == "a,b"
    assert applyset.parse_namespaces_hint("a,b", "home") == {"a", "b", "home"}
    assert applyset.parse_namespaces_hint("", "home") == {"home"}


def test_an_object_that_says_to_be_of_another_set_is_refused() -> None:
    body = {"kind": "ConfigMap", "metadata": {"name": "a", "labels": {applyset.PART_OF: "applyset-x-v1"}}}
    with pytest.raises(ClusterConflict) as caught:
        applyset.labelled(body, "applyset-y-v1")
    assert caught.value.message == f"the object carries the label {applyset.PART_OF}, which says whose it is"
    assert applyset.labelled(body, "applyset-x-v1") == body


def test_a_record_is_read_back_as_it_was_written() -> None:
    assert parse(render(RECORD)) == RECORD


def test_the_same_record_is_the_same_bytes() -> None:
    other = Record(**{name: getattr(RECORD, name) for name in RECORD.__match_args__})
    assert json.dumps(render(RECORD)) == json.dumps(render(other))


def test_an_inventory_of_ten_thousand_objects_fits() -> None:
    keys = frozenset(
        [("apps", "Deployment", "some-namespace", f"some-deployment-{number}") for number in range(10_000)]
    )
    record = Record(environment="prod", name="overlay-prod", namespace="shop", inventory=keys)
    assert len(json.dumps(render(record))) < 100_000
    assert parse(render(record)).inventory == keys


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"annotations": {}}, "ConfigMap/shop/overlay-prod is no record of ours"),
        ({"annotations": {applyset.TOOLING: "kubectl/v1.36.3"}}, "ConfigMap/shop/overlay-prod is managed by kubectl"),
        ({"labels": {}}, "ConfigMap/shop/overlay-prod has the ApplySet id (none), which is not its own"),
        ({"name": "copied"}, f"ConfigMap/shop/copied has the ApplySet id {RECORD.owner}, which is not its own"),
    ],
)
def test_K23_a_parent_of_others_is_refused(change: dict[str, object], expected: str) -> None:
    body = render(RECORD)
    with pytest.raises(ClusterConflict) as caught:
        parse({**body, "metadata": {**body["metadata"], **change}})
    assert caught.value.message == expected


CONTENT = json.loads(render(RECORD)["data"]["record"])
CURRENT = CONTENT["current"]


def edited(**content: object) -> dict[str, object]:
    return {"data": {"record": json.dumps({**CONTENT, **content})}}


@pytest.mark.parametrize(
    "change",
    [
        {"data": {}},
        {"data": {"record": "no"}},
        {"binaryData": {}},
        {"binaryData": {"inventory": "AAAA"}},
        {"binaryData": render(Record(environment="e", name="n", namespace="s"))["binaryData"]},
        {"binaryData": {"inventory": base64.b64encode(gzip.compress(b"")[:10] + b"\xff" * 20).decode()}},
        {"binaryData": {"inventory": base64.b64encode(gzip.compress(b"some")[:-9]).decode()}},
        {"data": {"record": "[" * 100_000}},
        {"data": {"record": "[]"}},
        edited(environment=None),
        edited(generation="4"),
        edited(current="3"),
        edited(current={**CURRENT, "revision": "3"}),
        edited(current={**CURRENT, "status": 1}),
        edited(current={**CURRENT, "bundle": ["a"]}),
        edited(history=["3"]),
    ],
)
def test_K23_an_edited_record_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ClusterConflict) as caught:
        parse({**render(RECORD), **change})
    assert caught.value.message == "ConfigMap/shop/overlay-prod has been edited: its record cannot be read"


def test_an_inventory_that_unpacks_to_more_than_a_record_can_name_is_refused() -> None:
    packed = gzip.compress(bytes(65 << 20))
    assert len(packed) < 100_000
    with pytest.raises(ClusterConflict) as caught:
        parse({**render(RECORD), "binaryData": {"inventory": base64.b64encode(packed).decode()}})
    assert caught.value.message == "ConfigMap/shop/overlay-prod has been edited: its record cannot be read"


def test_a_run_keeps_what_was_and_ten_revisions() -> None:
    record = RECORD
    for number in range(20):
        record = record.begin(
            Entry(revision=number, commit=str(number), updated="", status="deployed"), [("", "Secret", "shop", "s")]
        )
    assert record.generation == 24
    assert len(record.inventory) == 4
    assert [one.revision for one in record.history] == list(range(18, 8, -1))
    assert {one.status for one in record.history} == {"superseded"}
    ended = record.end(Entry(revision=20, commit="x", updated="", status="failed"), [])
    assert ended.inventory == frozenset()
    assert ended.begin(ENTRY, []).history[0].status == "failed"
