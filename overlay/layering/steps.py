"""What one layer does to the objects, step by step: the only place that says in which order."""

from __future__ import annotations

from overlay.errors import OverlayError, raise_all
from overlay.kube.objects import check_unique
from overlay.kube.scope import Scopes
from overlay.model.value import replace, value
from overlay.transforms.annotations import add_annotations
from overlay.transforms.generators import generate
from overlay.transforms.images import set_images
from overlay.transforms.labels import add_labels
from overlay.transforms.namespace import set_namespace
from overlay.transforms.replicas import set_replicas

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from overlay.kube.types import Types
    from overlay.merge.apply import Check
    from overlay.model.contents import ReadLayer, ReadPatch
    from overlay.model.finding import Finding
    from overlay.model.location import Location
    from overlay.model.resource import Resource

    Objects = tuple[Resource, ...]


@value(kw_only=True)
class Surroundings:
    """What a layer needs to know about the environment that is built.

    facts: for replacements, by name; None for one that the environment does not have.
    check: says what is wrong with a patch as it is written; None leaves that out.
    """

    environment: str
    types: Types
    facts: Mapping[str, str | None]
    check: Check | None = None


@value(kw_only=True)
class Step:
    """One thing that a layer does.

    name: the document's field. entry: which entry of it, None for all of them together.
    run: the objects after it; raises OverlayError. patch: the one patch that it applies.
    location: of the entry, or of the field where it has no entries.
    independent: what it can find wrong does not depend on whether the step before it failed.
    """

    name: str
    run: Callable[[Objects], Objects]
    entry: int | None = None
    patch: ReadPatch | None = None
    location: Location | None = None
    independent: bool = False


def apply_layer(objects: Objects, layer: ReadLayer, around: Surroundings, findings: list[Finding]) -> Objects:
    """Return the objects after all steps of a layer.

    Raises OverlayError, or Problems with all that is wrong in the step that fails and those independent of it.
    """
    errors: list[OverlayError] = []
    for step in layer_steps(layer, around, findings):
        if errors and not step.independent:
            break
        try:
            objects = step.run(objects)
        except OverlayError as error:
            errors.append(error)
    raise_all(errors)
    return objects


def layer_steps(
    layer: ReadLayer, around: Surroundings, findings: list[Finding], *, single: bool = False
) -> Iterator[Step]:
    """Yield a layer's steps: its resources, generators, patches, then transforms in kustomize's order.

    single: one step for each entry, to tell which of them did what; the result is the same, the work is more.
    """
    spec = layer.layer.spec
    fields = spec.field_specs

    def entries(name: str, items: Sequence[Any], run: Callable[[Objects, Sequence[Any]], Objects]) -> Iterator[Step]:
        independent = name in ("replicas", "images", "replacements")
        if not single:
            if items:
                yield Step(name=name, run=lambda objects: run(objects, items), independent=independent)
            return
        for index, item in enumerate(items):
            location = item.entry.location if name == "generators" else item.location
            yield Step(name=name, run=_on(run, [item]), entry=index, location=location)

    if layer.resources:
        yield Step(
            name="resources",
            run=lambda objects: _with_resources(objects, layer.resources),
            location=spec.locations.get("resources"),
        )
    yield from entries("generators", layer.generators, generate)
    for step in entries("patches", layer.patches, _patcher(around, findings)):
        yield step if step.entry is None else replace(step, patch=layer.patches[step.entry])
    if spec.namespace:
        location = spec.locations.get("namespace")
        yield Step(name="namespace", run=lambda objects: _in_namespace(objects, layer), location=location)
    if spec.name_prefix or spec.name_suffix:
        name = "namePrefix" if spec.name_prefix else "nameSuffix"
        yield Step(name=name, run=lambda found: _renamed(found, layer), location=spec.locations.get(name))
    yield from entries("labels", spec.labels, lambda objects, items: add_labels(objects, items, fields.labels))
    if spec.annotations:
        yield Step(
            name="annotations",
            run=lambda found: add_annotations(found, spec.annotations, fields.annotations),
            location=spec.locations.get("annotations"),
        )
    yield from entries("replicas", spec.replicas, lambda found, items: set_replicas(found, items, fields.replicas))
    yield from entries("images", spec.images, lambda found, items: set_images(found, items, fields.images))
    yield from entries("replacements", spec.replacements, lambda found, items: _replaced(found, items, around))


def _on(run: Callable[[Objects, Sequence[Any]], Objects], items: Sequence[Any]) -> Callable[[Objects], Objects]:
    return lambda objects: run(objects, items)


def _with_resources(objects: Objects, resources: Objects) -> Objects:
    joined = (*objects, *resources)
    check_unique(joined)
    return joined


def _patcher(around: Surroundings, findings: list[Finding]) -> Callable[[Objects, Sequence[ReadPatch]], Objects]:
    def run(objects: Objects, patches: Sequence[ReadPatch]) -> Objects:
        from overlay.merge.apply import apply_patches  # noqa: PLC0415  # where a layer has patches

        applied = apply_patches(objects, patches, around.types, around.environment, around.check)
        findings.extend(applied.findings)
        return applied.objects

    return run


def _in_namespace(objects: Objects, layer: ReadLayer) -> Objects:
    spec = layer.layer.spec
    location = spec.locations.get("namespace")
    return set_namespace(objects, spec.namespace or "", location, Scopes(objects), spec.field_specs.namespace)


def _renamed(objects: Objects, layer: ReadLayer) -> Objects:
    from overlay.transforms.affixes import add_affixes  # noqa: PLC0415  # few layers need it

    return add_affixes(objects, layer.layer.spec.name_prefix, layer.layer.spec.name_suffix)


def _replaced(objects: Objects, entries: Sequence[Any], around: Surroundings) -> Objects:
    from overlay.transforms.replacements import replace_values  # noqa: PLC0415  # few layers need it

    return replace_values(objects, entries, around.facts)
