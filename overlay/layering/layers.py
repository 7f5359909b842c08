"""All layers of an environment, one after the other, under the rules that they set each other."""

from __future__ import annotations

from overlay.errors import raise_all
from overlay.layering.steps import apply_layer
from overlay.transforms.names import add_hashes, update_references

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.layering.guards import Guards
    from overlay.layering.siblings import Siblings
    from overlay.layering.steps import Objects, Surroundings
    from overlay.model.contents import ReadEnvironment
    from overlay.model.finding import Finding


def apply_layers(
    objects: Objects, environment: ReadEnvironment, around: Surroundings, findings: list[Finding]
) -> Objects:
    """Return the objects after all layers.

    Raises OverlayError, or Problems: what is wrong in a layer, what changes a protected field, and what siblings set
    to different values.
    """
    siblings = _siblings(environment, around)
    guards: Guards | None = None
    for layer in environment.layers:
        before = objects
        objects = apply_layer(objects, layer, around, findings)
        if siblings is not None:
            siblings.watch(before, objects)
        if guards is not None:
            guards.check(layer, before, objects)
        if layer.layer.spec.protect or layer.layer.spec.allow:
            from overlay.layering.guards import Guards  # noqa: PLC0415  # few environments have some

            guards = guards or Guards(around)
            guards.add(layer)
    if siblings is not None:
        raise_all(list(siblings.conflicts(objects)))
    return objects


def settle_names(objects: Objects, environment: ReadEnvironment) -> Objects:
    """Return the objects with content hashes in names and every reference to a name that changed."""
    references = [ref for layer in environment.layers for ref in layer.layer.spec.field_specs.name_reference]
    return update_references(add_hashes(objects), tuple(references))


def _siblings(environment: ReadEnvironment, around: Surroundings) -> Siblings | None:
    if all(len(group) < 2 for groups in environment.parents.values() for group in groups):
        return None
    from overlay.layering.sibling_values import value_conflicts  # noqa: PLC0415  # few environments have siblings
    from overlay.layering.siblings import Siblings, sibling_pairs  # noqa: PLC0415

    pairs = sibling_pairs(environment)
    if not pairs:
        return None
    raise_all(list(value_conflicts(environment, pairs)))
    return Siblings(environment, pairs, around)
