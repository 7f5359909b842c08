from __future__ import annotations

import copy
import time

import pytest

from overlay.errors import OverlayError
from overlay.kube.types import load_types
from overlay.merge.apply import apply_patches
from overlay.model.contents import ReadPatch
from overlay.model.finding import Finding
from overlay.model.location import Location
from overlay.model.resource import ObjectId, Origin, Resource, split_api_version
from overlay.model.spec import Expect, Target

PLACE = Location("environments/prod/environment.yaml", 7, 5)
CHART = Location("base/chart/templates/web.yaml", 1, 1)


def make(kind, name, namespace="", **body):
    api_version = "v1" if kind in ("ConfigMap", "Service") else "apps/v1"
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **body.pop("metadata", {})}
    group, version = split_api_version(api_version)
    whole = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}
    return Resource(ObjectId(group, version, kind, namespace, name), whole, Origin("chart", CHART))


def patch(content, kind="strategic", target=None, expect=None, label="patches/web.yaml"):
    return ReadPatch(
        kind=kind,
        content=content,
        target=None if target is None else Target(location=PLACE, **target),
        expect=expect or Expect(),
        location=PLACE,
        locate=lambda path: Location(f"patches/web.yaml:{'/'.join(map(str, path))}", 1, 1),
        label=label,
    )


def own(name="web", kind="Deployment", namespace=None, api_version="apps/v1", **body):
    metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


OBJECTS = (
    make("Deployment", "web", spec={"replicas": 1}),
    make("Deployment", "api", spec={"replicas": 1}),
    make("Service", "web", spec={"type": "ClusterIP"}),
    make("ConfigMap", "same", "one", data={"a": "1"}),
    make("ConfigMap", "same", "two", data={"a": "1"}),
)


def run(*patches, objects=OBJECTS):
    before = copy.deepcopy([each.body for each in objects])
    try:
        return apply_patches(objects, patches, load_types("1.34"), "prod")
    finally:
        assert [each.body for each in objects] == before


def problems(*patches, objects=OBJECTS):
    with pytest.raises(OverlayError) as error:
        run(*patches, objects=objects)
    return [(each.message, each.hint) for each in error.value.each()]


def test_a_strategic_patch_names_its_object():
    applied = run(patch(own(spec={"replicas": 3})))
    assert applied.objects[0].body["spec"] == {"replicas": 3}
    assert all(new is old for new, old in zip(applied.objects[1:], OBJECTS[1:], strict=True))
    assert applied.findings == ()


def test_patches_apply_in_their_order():
    applied = run(
        patch(own(metadata={"name": "web", "labels": {"hot": "yes"}})),
        patch({"spec": {"replicas": 5}}, kind="merge", target={"label_selector": "hot=yes"}),
        patch(
            [{"op": "replace", "path": "/spec/replicas", "value": 7}],
            kind="json",
            target={"name": "web", "kind": "Deployment"},
        ),
    )
    assert applied.objects[0].body["spec"] == {"replicas": 7}


def test_a_strategic_patch_with_a_target_may_leave_out_its_identity_and_never_changes_it():
    for identity in (
        {},
        {"kind": "Whatever", "metadata": {"name": "not-important", "namespace": "x", "labels": {"a": "b"}}},
    ):
        applied = run(patch({**identity, "spec": {"replicas": 2}}, target={"kind": "Deployment"}, expect=Expect(2, 2)))
        assert [each.body["spec"]["replicas"] for each in applied.objects[:2]] == [2, 2]
        assert [each.body["metadata"]["name"] for each in applied.objects[:2]] == ["web", "api"]
        assert [each.body["kind"] for each in applied.objects[:2]] == ["Deployment", "Deployment"]


def test_an_object_is_found_by_the_name_that_it_had():
    renamed = OBJECTS[0].renamed(
        {**OBJECTS[0].body, "metadata": {"name": "prod-web"}}, ObjectId("apps", "v1", "Deployment", "", "prod-web")
    )
    for name in ("web", "prod-web"):
        applied = run(patch(own(name, spec={"replicas": 3})), objects=(renamed,))
        assert applied.objects[0].body == own("prod-web", spec={"replicas": 3})


def test_a_whole_object_is_deleted_and_later_patches_miss_it():
    assert run(patch(own(**{"$patch": "delete"}))).objects == OBJECTS[1:]
    assert problems(patch(own(**{"$patch": "delete"})), patch(own(spec={"replicas": 3}))) == [
        ("no object matches Deployment/web", "did you mean Service/web?")
    ]


def test_M12_a_patch_that_matches_nothing_is_an_error_with_near_misses():
    assert problems(patch(own("wbe", spec={}))) == [
        ("no object matches Deployment/wbe", "did you mean Deployment/web?")
    ]
    assert problems(patch(own("web", kind="StatefulSet", spec={}))) == [
        ("no object matches StatefulSet/web", "did you mean Deployment/web or Service/web?")
    ]
    assert problems(patch({}, kind="merge", target={"kind": "Deploymnt"})) == [
        ("no object matches the target kind=Deploymnt", "did you mean Deployment?")
    ]
    assert problems(patch({}, kind="merge", target={"kind": "Deployment", "label_selector": "x=y"})) == [
        ("no object matches the target kind=Deployment labelSelector=x=y", "there is Deployment/api, Deployment/web")
    ]
    assert problems(patch({}, kind="merge", target={"label_selector": "x"})) == [
        (
            "no object matches the target labelSelector=x",
            "there are objects of the kinds ConfigMap, Deployment, Service",
        )
    ]
    assert problems(patch({}, kind="merge", target={"name": "x"}), objects=()) == [
        ("no object matches the target name=x", "there are no objects to patch")
    ]


def test_M12_a_patch_that_matches_too_many_is_an_error_that_lists_them():
    assert problems(patch(own("same", kind="ConfigMap", api_version="v1", data={"a": "2"}))) == [
        (
            "2 objects match ConfigMap/same, 1 expected: ConfigMap/one/same, ConfigMap/two/same",
            "narrow the target, or write `expect: 2` when all are meant",
        )
    ]
    assert problems(patch({"x": 1}, kind="merge", target={"kind": "Service"}, expect=Expect(0, 0))) == [
        (
            "1 object matches the target kind=Service, 0 expected: Service/web",
            "narrow the target, or write `expect: 1` when all are meant",
        )
    ]


def test_M12_a_patch_that_matches_too_few_says_how_many():
    assert problems(patch({"x": 1}, kind="merge", target={"kind": "Service"}, expect=Expect(2, None))) == [
        ("only 1 of 2+ expected objects match the target kind=Service", "there is Service/web")
    ]


@pytest.mark.parametrize("expect", [Expect(0, 0), Expect(0, None), Expect(0, 3)])
def test_a_patch_may_expect_nothing(expect):
    assert run(patch({"x": 1}, kind="merge", target={"kind": "Job"}, expect=expect)).findings == ()


def test_a_namespace_in_a_patch_narrows_what_it_means():
    applied = run(patch(own("same", kind="ConfigMap", api_version="v1", namespace="two", data={"a": "2"})))
    assert [each.body["data"]["a"] for each in applied.objects[3:]] == ["1", "2"]


def test_a_patch_that_changes_nothing_is_a_finding():
    applied = run(
        patch(own(spec={"replicas": 1})),
        patch({"kind": None}, kind="strategic", target={"name": "same"}, expect=Expect(2, 2)),
    )
    assert applied.findings == (
        Finding(
            "patch-without-effect",
            "patches/web.yaml changes nothing on Deployment/web",
            PLACE,
            "remove it, or look for what was meant",
            "prod",
            "Deployment/web",
        ),
        Finding(
            "patch-without-effect",
            "patches/web.yaml changes nothing on the 2 objects that it matches",
            PLACE,
            "remove it, or look for what was meant",
            "prod",
            None,
        ),
    )
    assert applied.objects == OBJECTS


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("merge", {"metadata": {"name": "x"}}, "patches/web.yaml changes metadata.name of Deployment/web to x"),
        ("merge", {"kind": "StatefulSet"}, "patches/web.yaml changes kind of Deployment/web to StatefulSet"),
        ("merge", {"apiVersion": "apps/v2"}, "patches/web.yaml changes apiVersion of Deployment/web to apps/v2"),
        (
            "merge",
            {"metadata": {"namespace": "x"}},
            "patches/web.yaml changes metadata.namespace of Deployment/web to x",
        ),
        ("merge", {"metadata": None}, "patches/web.yaml removes metadata.name of Deployment/web"),
        ("json", [{"op": "remove", "path": "/kind"}], "patches/web.yaml removes kind of Deployment/web"),
        (
            "json",
            [{"op": "replace", "path": "/metadata/name", "value": {}}],
            "patches/web.yaml changes metadata.name of Deployment/web to a map",
        ),
    ],
)
def test_M13_a_patch_cannot_make_an_object_another_one(kind, content, message):
    target = {"kind": "Deployment", "name": "web"}
    assert problems(patch(content, kind=kind, target=target)) == [
        (message, "a patch cannot make an object another one")
    ]


def test_M13_a_patch_of_another_version_is_refused():
    assert problems(patch(own(api_version="apps/v1beta1", spec={}))) == [
        (
            "patches/web.yaml is for Deployment of apps/v1beta1, the object has apps/v1",
            "a patch cannot change apiVersion; write the object's",
        )
    ]


def test_a_strategic_patch_without_target_must_name_its_object():
    hint = "a patch without target names its object by apiVersion, kind and metadata.name"
    assert problems(patch({"kind": "", "metadata": {"name": 1}})) == [
        ("patches/web.yaml: apiVersion is missing", hint),
        ("patches/web.yaml: kind is empty", hint),
        ("patches/web.yaml: metadata.name is a number, not a string", hint),
    ]


def test_problems_of_all_patches_come_together_with_object_and_environment():
    with pytest.raises(OverlayError) as error:
        run(
            patch(own("wbe", spec={})),
            patch({"spec": []}, target={"kind": "Deployment"}, expect=Expect(2, 2)),
            patch([{"op": "remove", "path": "/nope"}], kind="json", target={"kind": "Service"}),
            patch([1], target={"kind": "Service"}),
        )
    assert [(each.message, each.object, each.environment) for each in error.value.each()] == [
        ("no object matches Deployment/wbe", None, "prod"),
        ("spec is a list in the patch but a map in the object", "Deployment/web", "prod"),
        ("spec is a list in the patch but a map in the object", "Deployment/api", "prod"),
        ("operation 0 (remove): /nope does not exist; the nearest that exists is the root", "Service/web", "prod"),
        ("patches/web.yaml must be a map, found a list", None, "prod"),
    ]


def test_a_thousand_patches_over_thousands_of_objects_look_only_at_what_they_mean():
    objects = tuple(make("Deployment", f"web-{index}", spec={"replicas": 1}) for index in range(4000))
    patches = [patch(own(f"web-{index}", spec={"replicas": 2})) for index in range(500)]
    patches += [
        patch({"spec": {"replicas": 3}}, kind="merge", target={"kind": "Deployment", "name": f"web-{index}"})
        for index in range(500, 1000)
    ]
    started = time.process_time()
    applied = run(*patches, objects=objects)
    assert time.process_time() - started < 5
    assert all(new is old for new, old in zip(applied.objects[1000:], objects[1000:], strict=True))
    assert [each.body["spec"]["replicas"] for each in applied.objects[499:501]] == [2, 3]
