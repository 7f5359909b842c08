"""The images of an environment: every field that names one, and who wrote it there."""

from __future__ import annotations

from overlay.kube.dotted import format_path
from overlay.kube.leaves import element_parts
from overlay.model.value import value
from overlay.transforms.images import image_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.inspect.session import Session
    from overlay.kube.dotted import Part
    from overlay.kube.follow import Concrete
    from overlay.model.location import Location


@value(kw_only=True)
class ImageUse:
    """One field that names an image. location, what: where that is written, and what put it there."""

    reference: str
    object: str
    field: str
    location: Location
    what: str


def image_uses(session: Session) -> list[ImageUse]:
    """Return every use of an image by an environment, in the order of its objects.

    Raises OverlayError, or Problems, where it cannot be built.
    """
    layers = session.prepared.environment.layers
    extra = tuple([one for layer in layers for one in layer.layer.spec.field_specs.images])
    _ = session.build  # what is wrong with it is said as `render` says it
    found = []
    for one in session.objects:
        for path, reference in image_fields(one, extra):
            source = session.history(one, path, keys=False)[0]
            found.append(
                ImageUse(
                    reference=reference, object=str(one.id), field=_name(one.body, path),
                    location=source.location, what=source.what,
                )
            )  # fmt: skip
    return found


def _name(body: Any, path: Concrete) -> str:
    """Return a path as `overlay explain` takes it; elements of lists by their names where they have some."""
    parts: list[Part] = []
    for step in path:
        parts.append(element_parts(body, None)[int(step)] if isinstance(body, list) else step)
        body = body[step]
    return format_path(parts)
