from __future__ import annotations

import json
import subprocess
import time

import pytest

from overlay.errors import OverlayError
from overlay.kube.objects import identify
from overlay.merge.patterns import Pattern, PatternError
from overlay.merge.targets import Matcher
from overlay.model.location import Location
from overlay.model.resource import ObjectId, Origin, Resource
from overlay.model.spec import Target
from overlay.yaml import read_documents

PLACE = Location("environments/prod/environment.yaml", 9, 5)


def resource(name="web", namespace="", aliases=(), **metadata):
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, **metadata}}
    origin = Origin("chart", Location("base/chart/templates/web.yaml"))
    return Resource(ObjectId("apps", "v1", "Deployment", namespace, name), body, origin, aliases)


@pytest.mark.parametrize(
    ("fields", "accepted"),
    [
        ({"kind": "Deployment"}, True),
        ({"kind": "Deploy"}, False),
        ({"kind": "Deploy.*"}, True),
        ({"kind": "Deployment|StatefulSet"}, True),
        ({"kind": "StatefulSet|Daemon"}, False),
        ({"name": "we"}, False),
        ({"name": "eb"}, False),
        ({"name": "w.b"}, True),
        ({"name": "(?i)WEB"}, True),
        ({"name": "web-[0-9]+"}, False),
        ({"group": "apps", "version": "v1"}, True),
        ({"group": "batch"}, False),
        ({"version": "v[12]"}, True),
        ({"namespace": "shop-.*"}, True),
        ({"namespace": "default"}, False),
        ({"label_selector": "app=web"}, True),
        ({"label_selector": "app!=web"}, False),
        ({"annotation_selector": "note"}, True),
        ({"annotation_selector": "app"}, False),
        ({"kind": "Deployment", "name": "web", "label_selector": "app in (web)", "namespace": "shop-prod"}, True),
    ],
)
def test_a_target_means_objects_that_match_all_its_fields(fields, accepted):
    web = resource(namespace="shop-prod", labels={"app": "web"}, annotations={"note": "x"})
    assert Matcher(Target(location=PLACE, **fields)).matches(web) is accepted


def test_an_object_is_found_by_the_names_that_it_had():
    web = resource(name="prod-web", aliases=(ObjectId("apps", "v1", "Deployment", "", "web"),))
    assert Matcher(Target(location=PLACE, name="web")).matches(web)
    assert Matcher(Target(location=PLACE, name="prod-web")).matches(web)


MANIFESTS = [
    ("apps/v1", "Deployment", {"name": "web", "labels": {"app": "web", "tier": "front"}}),
    (
        "apps/v1",
        "Deployment",
        {"name": "api", "namespace": "shop", "labels": {"app": "api"}, "annotations": {"a": "b"}},
    ),
    ("apps/v1", "StatefulSet", {"name": "db", "namespace": "default"}),
    ("v1", "Service", {"name": "web", "namespace": "shop-prod"}),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", {"name": "web"}),
]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "Deployment"},
        {"kind": "Deployment|Service"},
        {"kind": "D.*", "name": "w.b"},
        {"name": "we"},
        {"name": "web|api"},
        {"group": "apps"},
        {"version": "v1", "group": "rbac.*"},
        {"namespace": "default"},
        {"namespace": "shop.*"},
        {"namespace": "shop"},
        {"labelSelector": "app in (web,api),tier!=front"},
        {"labelSelector": "!app"},
        {"annotationSelector": "a=b"},
        {"kind": "Deployment", "labelSelector": "app notin (web)"},
    ],
)
def test_kustomize_means_the_same_objects(fields, tool, tmp_path):
    bodies = [{"apiVersion": version, "kind": kind, "metadata": metadata} for version, kind, metadata in MANIFESTS]
    patch = json.dumps([{"op": "add", "path": "/found", "value": True}])
    tmp_path.joinpath("all.yaml").write_text("\n---\n".join(map(json.dumps, bodies)), encoding="utf-8")
    kustomization = {"resources": ["all.yaml"], "patches": [{"patch": patch, "target": fields}]}
    tmp_path.joinpath("kustomization.yaml").write_text(json.dumps(kustomization), encoding="utf-8")
    done = subprocess.run(
        [tool("kustomize"), "build", str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    found = sorted(
        f"{one.value['kind']}/{one.value['metadata']['name']}"
        for one in read_documents(done.stdout, "kustomize")
        if "found" in one.value
    )
    spelled = {"labelSelector": "label_selector", "annotationSelector": "annotation_selector"}
    matcher = Matcher(Target(location=PLACE, **{spelled.get(key, key): text for key, text in fields.items()}))
    resources = [Resource(identify(body), body, Origin("chart", PLACE)) for body in bodies]
    assert sorted(f"{one.id.kind}/{one.id.name}" for one in resources if matcher.matches(one)) == found


def test_an_object_without_namespace_is_in_the_default_one():
    assert Matcher(Target(location=PLACE, namespace="default")).matches(resource())
    assert not Matcher(Target(location=PLACE, namespace="shop")).matches(resource())


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(a", "is no regular expression: missing ), unterminated subpattern at position 0"),
        ("*a", "is no regular expression: nothing to repeat at position 0"),
        ("[a", "is no regular expression: unterminated character set at position 0"),
        ("(a+)+", "repeats a group that itself repeats or chooses, which can take exponential time"),
        ("(a|a)*b", "repeats a group that itself repeats or chooses, which can take exponential time"),
        ("((a?)b){2,}", "repeats a group that itself repeats or chooses, which can take exponential time"),
        (".*.*.*.*x", "has more than 3 repetitions or 8 optional parts"),
        ("a?" * 9, "has more than 3 repetitions or 8 optional parts"),
        ("a{0,99}b{0,99}c{0,99}d{0,99}", "has more than 3 repetitions or 8 optional parts"),
        ("x." * 251, "is longer than 500 characters"),
        (r"(a.)\1", "uses a lookaround, condition or back reference, which is not supported"),
        ("(?=a)a", "uses a lookaround, condition or back reference, which is not supported"),
        ("[a[b]", "has [, --, &&, ~~ or || inside a class, which is ambiguous; put \\ before it"),
        ("[[:alpha:]]", "uses a class like [[:alpha:]]; write [a-z]"),
    ],
)
def test_patterns_that_could_run_for_ages_are_refused(pattern, message):
    with pytest.raises(PatternError) as error:
        Pattern(pattern)
    assert str(error.value) == message


@pytest.mark.parametrize("pattern", [".*a.*b.*", "a?" * 8 + "a" * 8, "(x|y){3}z?.*.*.*!", "[a-z]*[a-z]*[a-z]*!"])
def test_patterns_that_are_accepted_are_quick_on_long_names(pattern):
    try:
        compiled = Pattern(pattern)
    except PatternError:
        assert "{3}" in pattern
        return
    started = time.monotonic()
    compiled.accepts("a" * 253)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("pattern", [r"web\-\(1\)", "[]a]+", "[^]+*?{]", "a{2}b{1}", "(?:web|api)-x?", "(?P<n>web)"])
def test_harmless_patterns_are_accepted(pattern):
    assert Pattern(pattern).literal is None


def test_all_problems_of_a_target_are_reported_at_its_place():
    with pytest.raises(OverlayError) as error:
        Matcher(Target(location=PLACE, name="(", kind="(a+)+", label_selector="app=web tier"))
    assert [each.message for each in error.value.each()] == [
        "target.kind '(a+)+' repeats a group that itself repeats or chooses, which can take exponential time",
        "target.name '(' is no regular expression: missing ), unterminated subpattern at position 0",
        "target.labelSelector 'app=web tier', character 9: a comma or the end is expected, found tier",
    ]
    assert {str(each.location) for each in error.value.each()} == {"environments/prod/environment.yaml:9:5"}
