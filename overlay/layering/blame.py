"""Which entry of a layer changed a field: the layer is run again, entry by entry, when a check has found fault."""

from __future__ import annotations

from overlay.kube.changes import changed_leaves, paired
from overlay.kube.dotted import find
from overlay.kube.fieldpath import MISSING
from overlay.layering.steps import layer_steps
from overlay.merge.places import place_in_patch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.kube.leaves import Path
    from overlay.layering.steps import Objects, Surroundings
    from overlay.model.contents import ReadLayer
    from overlay.model.location import Location
    from overlay.model.resource import Resource


def blame(
    layer: ReadLayer, around: Surroundings, objects: Objects, one: Resource, path: Path
) -> tuple[Location | None, str]:
    """Return the place and the name of what last changed a field of an object.

    objects: those before the layer, `one` among them. path: of a leaf that the layer changed.
    """
    found: tuple[Location | None, str] = (layer.layer.location, layer.layer.file)
    wanted = one
    for step in layer_steps(layer, around, [], single=True):
        after = step.run(objects)
        changed = {id(old): new for old, new in paired(objects, after) if old is not None}
        objects = after
        if id(wanted) not in changed:
            continue
        now = changed[id(wanted)]
        kind = around.types.root(wanted.id.group, wanted.id.version, wanted.id.kind)
        body = now.body if now is not None else MISSING
        if any(each == path for each, _, _ in changed_leaves(wanted.body, body, kind)):
            at = find(body, path) if now is not None else []
            place = step.location
            if step.patch is not None and now is not None and at:
                place, _ = place_in_patch(step.patch, at[0][0], wanted.body, now.body, kind)
            found = (place, step.patch.label if step.patch is not None else step.name)
        if now is None:
            break
        wanted = now
    return found
