"""Charts that render differently each time: found by rendering twice, and the fields named."""

from __future__ import annotations

from overlay.errors import OverlayError
from overlay.kube.changes import changed_leaves
from overlay.kube.dotted import find, format_path
from overlay.kube.fieldpath import MISSING
from overlay.model.finding import Finding
from overlay.model.location import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from overlay.inspect.session import Session


def unsteady_fields(session: Session) -> Iterator[Finding]:
    """Yield a finding for each field that a second rendering of the same input gives another value."""
    one = session.prepared
    if one.request is None or session.rendered is None:
        return
    again = session.again
    if again is None or isinstance(again, OverlayError) or again == session.rendered:
        return
    before = session.run.chart_objects(one, session.rendered)
    after = {other.id: other for other in session.run.chart_objects(one, again)}
    hint = "a rendering that changes by itself can be neither reviewed nor compared: give the value, or patch the field"
    for resource in before:
        other = after.get(resource.id)
        if other is None:
            text = f"{resource.id} is not there, or has another name, in a second rendering"
            yield Finding("not-deterministic", text, resource.origin.location, hint, object=str(resource.id))
            continue
        for path, old, _ in changed_leaves(resource.body, other.body, None):
            place: Location | None = resource.origin.location
            if old is not MISSING:
                place = session.chart_origins.place(resource, find(resource.body, path)[0][0])
            text = f"{format_path(path)} of {resource.id} is another value each time the chart is rendered"
            yield Finding("not-deterministic", text, place, hint, object=str(resource.id))
