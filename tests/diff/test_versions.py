"""One environment before and after: what is matched, shown, hidden, left out."""

from __future__ import annotations

from typing import Any

import pytest

from overlay.cluster.guards import fate
from overlay.diff.outcome import EnvironmentDiff
from overlay.diff.rules import rules_of
from overlay.diff.versions import environment_diff
from overlay.kube.types import load_types
from overlay.model.location import Location
from overlay.model.project import FieldRule
from overlay.model.resource import ObjectId, Origin, Resource, split_api_version

TYPES = load_types("1.34")
PLACE = Origin("resource", Location("a.yaml"))


def made(kind: str = "ConfigMap", name: str = "a", api: str = "v1", **more: Any) -> Resource:
    group, version = split_api_version(api)
    metadata = {"name": name, **more.pop("metadata", {})}
    body = {"apiVersion": api, "kind": kind, "metadata": metadata, **more}
    return Resource(ObjectId(group, version, kind, metadata.get("namespace", ""), name), body, PLACE)


def diff(before: list[Resource] | None, after: list[Resource] | None, **how: Any) -> EnvironmentDiff:
    return environment_diff("prod", before, after, TYPES, fate=fate, **how)


def told(found: EnvironmentDiff) -> list[tuple[str, str, list[tuple[str, str, Any, Any]]]]:
    return [
        (one.label, one.change, [(each.path, each.change, each.before, each.after) for each in one.fields])
        for one in found.objects
    ]


def test_fields_are_told_with_both_values() -> None:
    found = diff([made(data={"a": "1", "b": "2"})], [made(data={"a": "1", "b": "3", "c": "4"})])
    fields = [("data.b", "changed", "2", "3"), ("data.c", "added", None, "4")]
    assert (found.change, told(found)) == ("changed", [("ConfigMap/a", "changed", fields)])


def test_the_same_is_counted() -> None:
    found = diff([made(), made(name="b")], [made(), made(name="b", data={"x": "1"})])
    assert (found.same, found.count("changed")) == (1, 1)


def test_an_object_with_a_new_content_hash_is_the_same_object() -> None:
    before, after = made(name="flags-2456789bcd", data={"a": "1"}), made(name="flags-fghkmt2456", data={"a": "2"})
    [one] = diff([before], [after]).objects
    assert (one.change, one.name, one.old_name) == ("renamed", "flags-fghkmt2456", "flags-2456789bcd")


def test_what_came_and_went_is_one_object_where_it_is_asked_for() -> None:
    data = {f"key{number}": "x" * number for number in range(8)}
    before, after = [made(name="old", data=data)], [made(name="new", data={**data, "key0": "changed"})]
    assert [one.change for one in diff(before, after).objects] == ["added", "removed"]
    [one] = diff(before, after, detect_renames=True).objects
    assert (one.change, one.old_name, [each.path for each in one.fields]) == (
        "renamed", "old", ["metadata.name", "data.key0"],
    )  # fmt: skip


def test_objects_that_have_little_in_common_are_two() -> None:
    found = diff([made(name="old", data={"a": "1"})], [made(name="new", data={"b": "2"})], detect_renames=True)
    assert [one.change for one in found.objects] == ["added", "removed"]


def test_Z07_values_of_secrets_are_hidden_and_their_change_is_seen() -> None:
    found = diff([made("Secret", data={"a": "b25l", "b": "dHdv"})], [made("Secret", data={"a": "dHdv", "b": "dHdv"})])
    assert told(found) == [("Secret/a", "changed", [("data.a", "changed", "••••", "•••• (changed)")])]
    assert "b25l" not in repr(found)
    assert "dHdv" not in repr(found)


@pytest.mark.parametrize(
    "sides", [(None, [made("Secret", data={"a": "b25l"})]), ([made("Secret", data={"a": "b25l"})], [])]
)
def test_Z07_secrets_that_come_and_go_are_hidden(sides: Any) -> None:
    found = diff(*sides)
    assert found.objects
    assert "b25l" not in repr(found)


def test_Z08_configured_fields_are_hidden() -> None:
    rules = rules_of((), [FieldRule(path="data.[*token]", kind="ConfigMap")], (), noise=False)
    found = diff([made(data={"a.token": "1", "b": "2"})], [made(data={"a.token": "3", "b": "4"})], rules=rules)
    fields = [("data.[a.token]", "changed", "••••", "•••• (changed)"), ("data.b", "changed", "2", "4")]
    assert told(found) == [("ConfigMap/a", "changed", fields)]
    assert found.objects[0].after == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
                                      "data": {"a.token": "•••• (changed)", "b": "4"}}  # fmt: skip


def test_ignored_fields_are_left_out_and_counted() -> None:
    rules = rules_of([FieldRule(path="data.a", kind="ConfigMap", name="a*")], (), ["metadata.labels.x"], noise=False)
    before = [made(data={"a": "1"}, metadata={"labels": {"x": "1"}}), made(name="b", data={"a": "1"})]
    after = [made(data={"a": "2"}), made(name="b", data={"a": "2"})]
    found = diff(before, after, rules=rules)
    assert told(found) == [("ConfigMap/b", "changed", [("data.a", "changed", "1", "2")])]
    assert (found.ignored, found.same) == (2, 1)


def test_noise_is_what_says_which_chart_made_an_object() -> None:
    def one(version: str) -> Resource:
        labels = {"helm.sh/chart": f"web-{version}", "app.kubernetes.io/version": version, "app": "web"}
        annotations = {"checksum/config": version}
        template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": {}}
        return made("Deployment", "web", "apps/v1", metadata={"labels": labels}, spec={"template": template})

    noise = rules_of((), (), (), noise=True)
    found = diff([one("1")], [one("2")], rules=noise)
    assert (found.change, found.ignored) == ("same", 5)
    assert len(diff([one("1")], [one("2")]).objects[0].fields) == 5


def test_lists_are_matched_by_their_keys() -> None:
    def pod(*containers: dict[str, Any]) -> Resource:
        return made("Pod", "p", spec={"containers": list(containers)})

    before = pod({"name": "a", "image": "x:1"}, {"name": "b", "image": "y:1"})
    after = pod({"name": "b", "image": "y:2"}, {"name": "a", "image": "x:1"})
    fields = [("spec.containers.[name=b].image", "changed", "y:1", "y:2")]
    assert told(diff([before], [after])) == [("Pod/p", "changed", fields)]


def test_another_order_alone_is_not_called_no_change() -> None:
    before = made("Pod", "p", spec={"containers": [{"name": "a"}, {"name": "b"}]})
    after = made("Pod", "p", spec={"containers": [{"name": "b"}, {"name": "a"}]})
    fields = [("spec.containers", "moved", ["[name=a]", "[name=b]"], ["[name=b]", "[name=a]"])]
    assert told(diff([before], [after])) == [("Pod/p", "changed", fields)]
    keys = [("data", "moved", ["a", "b"], ["b", "a"])]
    assert told(diff([made(data={"a": "1", "b": "1"})], [made(data={"b": "1", "a": "1"})])) == [
        ("ConfigMap/a", "changed", keys)
    ]


def test_C15_what_goes_says_whether_it_is_pruned() -> None:
    kept = made(name="kept", metadata={"annotations": {"helm.sh/resource-policy": "keep"}})
    found = diff([made(), kept, made("Namespace", "shop")], None)
    assert found.change == "removed"
    assert [(one.name, one.kept) for one in found.objects] == [
        ("a", ""),
        ("kept", "the annotation helm.sh/resource-policy: keep keeps it"),
        ("shop", "a Namespace is only deleted with --allow-delete Namespace"),
    ]
