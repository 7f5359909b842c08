"""Laws of the transforms, for objects of any shape: nothing is changed in place, twice is once, selectors stay."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.kube.objects import identify
from overlay.kube.scope import Scopes
from overlay.model.contents import ReadGenerator
from overlay.model.location import Location
from overlay.model.resource import Origin, Resource
from overlay.model.spec import Generator, GeneratorOptions, Image, Labels, Replicas
from overlay.transforms.affixes import add_affixes
from overlay.transforms.annotations import add_annotations
from overlay.transforms.generators import generate
from overlay.transforms.images import set_images
from overlay.transforms.labels import add_labels
from overlay.transforms.names import add_hashes, update_references
from overlay.transforms.namespace import set_namespace
from overlay.transforms.origins import add_origins
from overlay.transforms.replicas import set_replicas

HERE = Location("environments/prod/environment.yaml", 1, 1)
Objects = tuple[Resource, ...]

names = st.sampled_from(["web", "api", "db"])
pairs = st.dictionaries(st.sampled_from(["app", "tier", "team"]), st.sampled_from(["a", "b"]), max_size=2)
images = st.sampled_from(["shop/web", "shop/web:1", "shop/web@sha256:ab", "r:5000/shop/web:1", "other"])


def optional(**fields: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries({}, optional=fields)


metadata = st.fixed_dictionaries(
    {"name": names}, optional={"labels": st.none() | pairs, "annotations": pairs, "namespace": st.just("there")}
)
references = st.fixed_dictionaries(
    {"name": st.just("A")},
    optional={
        "valueFrom": st.fixed_dictionaries(
            {"configMapKeyRef": st.fixed_dictionaries({"name": names, "key": st.just("k")})}
        )
    },
)
containers = st.lists(
    st.fixed_dictionaries({"name": names}, optional={"image": images, "env": st.lists(references, max_size=2)}),
    max_size=2,
)
selector = optional(matchLabels=pairs)
term = st.fixed_dictionaries({"labelSelector": selector, "topologyKey": st.just("zone")})
pod = optional(
    containers=containers,
    initContainers=containers,
    serviceAccountName=names,
    affinity=optional(
        podAntiAffinity=optional(requiredDuringSchedulingIgnoredDuringExecution=st.lists(term, max_size=2))
    ),
    volumes=st.lists(
        st.fixed_dictionaries({"name": names, "configMap": st.fixed_dictionaries({"name": names})}), max_size=2
    ),
)
template = optional(metadata=optional(labels=pairs, annotations=pairs), spec=pod)
workload = optional(replicas=st.integers(0, 3), selector=selector, template=template)
SPECS = {
    ("apps/v1", "Deployment"): workload,
    ("apps/v1", "StatefulSet"): workload,
    ("batch/v1", "CronJob"): optional(jobTemplate=optional(spec=optional(template=template, selector=selector))),
    ("v1", "Service"): optional(selector=pairs, ports=st.just([{"port": 80}])),
    ("policy/v1", "PodDisruptionBudget"): optional(selector=selector),
    ("networking.k8s.io/v1", "NetworkPolicy"): optional(
        podSelector=selector,
        ingress=st.lists(optional(**{"from": st.lists(optional(podSelector=selector), max_size=2)}), max_size=1),
    ),
    ("v1", "ConfigMap"): st.none(),
    ("v1", "Namespace"): st.none(),
    ("x.example/v1", "Gadget"): optional(template=template, selector=pairs, deep=optional(containers=containers)),
}


@st.composite
def one(draw: st.DrawFn) -> Resource:
    version, kind = draw(st.sampled_from(sorted(SPECS)))
    body = {"apiVersion": version, "kind": kind, "metadata": draw(metadata)}
    spec = draw(SPECS[version, kind])
    if spec is not None:
        body["spec"] = spec
    if kind == "ConfigMap":
        body["data"] = draw(pairs)
    return Resource(
        identify(body), body, Origin("resource", HERE), needs_hash=kind == "ConfigMap", generated=kind == "ConfigMap"
    )


# One kind of one name once, so that no namespace can make two of them one.
objects = st.lists(one(), max_size=5, unique_by=lambda found: (found.id.kind, found.id.name)).map(
    lambda found: tuple([one for one in found if one.id.kind != "Namespace"] + [one for one in found if one.id.kind == "Namespace"][:1])
)  # fmt: skip
ANY = (Resource(identify(b := {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 9, "template": {"spec": {"containers": [{"name": "c", "image": "shop/web:0"}]}}}}), b, Origin("resource", HERE)),)  # fmt: skip


def labelled(**flags: bool) -> Callable[[Objects], Objects]:
    return lambda found: add_labels(found, [Labels(location=HERE, pairs={"tier": "prod"}, **flags)])


def generated(behavior: str) -> Callable[[Objects], Objects]:
    entry = Generator(
        location=HERE, kind="ConfigMap", name="flags", namespace="", behavior=behavior, literals={"a": "1"},
        options=GeneratorOptions(),
    )  # fmt: skip
    first = Generator(
        location=HERE,
        kind="ConfigMap",
        name="flags",
        namespace="",
        literals={"a": "0", "b": "2"},
        options=GeneratorOptions(),
    )
    return lambda found: generate(
        found if any(one.id.name == "flags" for one in found) else generate(found, [ReadGenerator(entry=first)]),
        [ReadGenerator(entry=entry)],
    )


TWICE_IS_ONCE: dict[str, Callable[[Objects], Objects]] = {
    "namespace": lambda found: set_namespace(found, "prod", HERE, Scopes(found)),
    "labels": labelled(),
    "labels in templates": labelled(include_templates=True),
    "labels in selectors": labelled(include_selectors=True),
    "annotations": lambda found: add_annotations(found, {"team": "shop"}),
    "images": lambda found: set_images((*found, *ANY), [Image(location=HERE, name="shop/web", new_tag="2")])[
        : len(found)
    ],
    "image digests": lambda found: set_images(
        (*found, *ANY), [Image(location=HERE, name="shop/web", digest="sha256:cd")]
    )[: len(found)],
    "replicas": lambda found: set_replicas((*found, *ANY), [Replicas(location=HERE, name="web", count=5)])[
        : len(found)
    ],
    "merged generator": generated("merge"),
    "replaced generator": generated("replace"),
    "references": lambda found: update_references(found, ()),
}
OTHERS: dict[str, Callable[[Objects], Objects]] = {
    "prefix and suffix": lambda found: add_affixes(found, "a-", "-z"),
    "hashes": add_hashes,
    "hashes and references": lambda found: update_references(add_hashes(found), ()),
    "origins": add_origins,
    "image names": lambda found: set_images((*found, *ANY), [Image(location=HERE, name="shop/web", new_name="x/y")])[: len(found)],
}  # fmt: skip
every = pytest.mark.parametrize(
    "act", [pytest.param(act, id=name) for name, act in {**TWICE_IS_ONCE, **OTHERS}.items()]
)


@every
@given(found=objects)
def test_M16_law_no_transform_changes_its_input_and_what_stays_is_shared(
    act: Callable[[Objects], Objects], found: Objects
) -> None:
    before = copy.deepcopy(found)
    result = act(found)
    after = copy.deepcopy(result)
    assert found == before
    act(result)
    assert (found, result) == (before, after)
    for one in result:
        assert identify(one.body) == one.id
    for old, new in zip(found, result, strict=False):
        if new.body == old.body and (new.id, new.needs_hash) == (old.id, old.needs_hash):
            assert new.body is old.body


@pytest.mark.parametrize("act", [pytest.param(act, id=name) for name, act in TWICE_IS_ONCE.items()])
@given(found=objects)
def test_M16_law_a_transform_twice_is_a_transform_once(act: Callable[[Objects], Objects], found: Objects) -> None:
    once = act(found)
    twice = act(once)
    assert [one.body for one in twice] == [one.body for one in once]
    assert twice == once


def selectors(value: object, path: tuple[object, ...] = ()) -> list[tuple[tuple[object, ...], object]]:
    """Return everything below a value whose name says that it selects, and the labels that selectors mean."""
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in selectors(item, (*path, index))]
    if not isinstance(value, dict):
        return []
    found = []
    for key, item in value.items():
        if "elector" in key or (key == "labels" and path):
            found.append(((*path, key), item))
        else:
            found += selectors(item, (*path, key))
    return found


@given(found=objects)
def test_law_labels_never_change_selectors_or_templates_by_default(found: Objects) -> None:
    before = [selectors(one.body.get("spec")) for one in found]
    assert [selectors(one.body.get("spec")) for one in labelled()(found)] == before


@given(found=objects)
def test_law_labels_in_templates_never_change_selectors(found: Objects) -> None:
    def only(resources: Sequence[Resource]) -> list[object]:
        return [
            [(path, item) for path, item in selectors(one.body.get("spec")) if path[-1] != "labels"]
            for one in resources
        ]

    assert only(labelled(include_templates=True)(found)) == only(found)


@given(found=objects)
def test_law_labels_in_selectors_are_in_the_templates_that_they_select(found: Objects) -> None:
    for one in labelled(include_selectors=True)(found):
        spec = one.body.get("spec") or {}
        if one.id.kind in ("Deployment", "StatefulSet"):
            wanted = spec["selector"]["matchLabels"]
            assert wanted["tier"] == spec["template"]["metadata"]["labels"]["tier"] == "prod"


@every
@given(found=objects, random=st.randoms(use_true_random=False))
def test_M15_law_the_order_of_objects_does_not_matter(
    act: Callable[[Objects], Objects], found: Objects, random
) -> None:
    mixed = list(found)
    random.shuffle(mixed)

    def by_origin(result: Objects) -> list[str]:
        return sorted(repr((one.id, one.body, one.aliases)) for one in result)

    assert by_origin(act(tuple(mixed))) == by_origin(act(found))
