"""Objects and builds compared: partners, renames, hidden secrets."""

from __future__ import annotations

import base64

import pytest

from overlay.diff.change import MISSING, Change
from overlay.diff.objects import build_changes, object_changes
from overlay.kube.types import load_types
from overlay.model.resource import Resource
from tests.diff.making import resource

TYPES = load_types("1.34")


def words(old: list[Resource], new: list[Resource]) -> list[str]:
    return [f"{one.kind} {one.old} > {one.new}: {len(one.changes)}" for one in build_changes(old, new, TYPES)]


def test_an_object_does_not_differ_from_itself() -> None:
    one = resource("ConfigMap", "a", data={"x": "1"})
    assert object_changes(one, one, TYPES).kind == "same"
    assert object_changes(one, resource("ConfigMap", "a", data={"x": "1"}), TYPES).kind == "same"


def test_an_object_that_comes_or_goes_is_one_change() -> None:
    one = resource("ConfigMap", "a")
    came, gone = object_changes(None, one, TYPES), object_changes(one, None, TYPES)
    assert (came.kind, came.changes) == ("added", (Change("added", (), MISSING, one.body),))
    assert (gone.kind, gone.changes) == ("removed", (Change("removed", (), one.body, MISSING),))


def test_objects_are_matched_by_identity_and_the_version_does_not_count() -> None:
    old = [resource("HorizontalPodAutoscaler", "web", api="autoscaling/v1"), resource("Service", "web")]
    new = [resource("HorizontalPodAutoscaler", "web", api="autoscaling/v2"), resource("Service", "web", namespace="b")]
    assert words(old, new) == [
        "changed HorizontalPodAutoscaler/web > HorizontalPodAutoscaler/web: 1",
        "added None > Service/b/web: 1",
        "removed Service/web > None: 1",
    ]


@pytest.mark.parametrize("hashed", [True, False])
def test_an_object_with_another_content_hash_was_renamed(hashed: bool) -> None:
    # Objects that were read from a folder do not say that their names have hashes.
    old = resource("ConfigMap", "web-4f7c8d9kmt", hashed=hashed, data={"x": "1"})
    new = resource("ConfigMap", "web-bcdfgh2456", hashed=hashed, data={"x": "2"})
    (found,) = build_changes([old], [new], TYPES)
    assert (found.kind, found.old, found.new) == ("renamed", old.id, new.id)
    assert [change.path for change in found.changes] == [("metadata", "name"), ("data", "x")]


def test_a_hash_that_could_mean_two_objects_is_no_rename() -> None:
    old = [resource("ConfigMap", "web-4f7c8d9kmt"), resource("ConfigMap", "web-4f7c8d9kmm")]
    assert [one.split()[0] for one in words(old, [resource("ConfigMap", "web-bcdfgh2456")])] == [
        "added",
        "removed",
        "removed",
    ]


def test_only_kinds_with_hashes_are_renamed_by_them() -> None:
    old, new = resource("Service", "web-4f7c8d9kmt"), resource("Service", "web-bcdfgh2456")
    assert [one.split()[0] for one in words([old], [new])] == ["added", "removed"]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_values_of_secrets_never_appear() -> None:
    old = resource(
        "Secret", "db", data={"a": encoded("s3cret-1"), "b": encoded("s3cret-2")}, stringData={"c": "s3cret-3"}
    )
    copied = {"kubectl.kubernetes.io/last-applied-configuration": '{"data": "s3cret-4"}'}
    new = resource(
        "Secret",
        "db",
        data={"a": encoded("s3cret-5"), "b": encoded("s3cret-2"), "d": encoded("s3cret-6")},
        stringData=["s3cret-7"],
    )
    new = new.with_body({**new.body, "metadata": {**new.body["metadata"], "annotations": copied}})
    found = object_changes(old, new, TYPES)
    shown = [
        (change.kind, change.path, *[item if item is MISSING else str(item) for item in (change.old, change.new)])
        for change in found.changes
    ]
    assert ("changed", ("data", "a"), "••••", "•••• (changed)") in shown
    assert ("added", ("data", "d"), MISSING, "••••") in shown
    assert not [change for change in found.changes if change.path == ("data", "b")]
    for result in (found, object_changes(None, old, TYPES), object_changes(new, None, TYPES)):
        assert "s3cret" not in repr(result)
        assert encoded("s3cret-1") not in repr(result)
        assert encoded("s3cret-6") not in repr(result)


def test_hidden_values_say_neither_length_nor_digest() -> None:
    short, long = (resource("Secret", "db", data={"a": text}) for text in ("eA==", "eA==" * 100))
    other = resource("Secret", "db", data={"a": "eQ=="})
    assert repr(object_changes(other, short, TYPES)) == repr(object_changes(other, long, TYPES))


def test_secrets_are_shown_to_who_asks() -> None:
    old, new = resource("Secret", "db", data={"a": "eA=="}), resource("Secret", "db", data={"a": "eQ=="})
    assert object_changes(old, new, TYPES, reveal=True).changes == (Change("changed", ("data", "a"), "eA==", "eQ=="),)


def test_other_kinds_called_secret_are_no_secrets() -> None:
    old = resource("Secret", "db", api="example.com/v1", data={"a": "1"})
    new = resource("Secret", "db", api="example.com/v1", data={"a": "2"})
    assert object_changes(old, new, TYPES).changes == (Change("changed", ("data", "a"), "1", "2"),)
