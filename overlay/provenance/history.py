"""The history of one field: its value now and each value that it had on the way, with who set it."""

from __future__ import annotations

from overlay.kube.follow import follow_back, value_at
from overlay.model.location import Location
from overlay.model.value import field, value
from overlay.provenance.places import Places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.kube.follow import Concrete
    from overlay.model.resource import Resource
    from overlay.provenance.trace import Trace


@value(kw_only=True)
class Source:
    """One value that a field had.

    value: the field's value. location: where it is written. what: what put it there (`json patch, entry 2`,
    `images`, `template`, …). keys: the chart's values behind it, (dotted key, location), where they were looked for;
    note: `computed`, `not every value was tried` or `several values: …` where the keys cannot be
    told; empty without keys where the template alone says it.
    """

    value: Any
    location: Location
    what: str
    keys: tuple[tuple[str, Location], ...] = ()
    note: str = ""


@value(kw_only=True)
class Root:
    """A field that the chart made: where the walk through the layers ends and the template begins."""

    resource: Resource
    path: Concrete
    sources: list[Source] = field(default_factory=list)


def field_history(trace: Trace, places: Places, resource: Resource, path: Concrete, *, key: bool = False) -> Root:
    """Return the values that the layers gave a field, newest first.

    `resource` and `path` of the result are the chart's object and the field there when the chart made the field;
    otherwise the last of the sources made it and `path` is (). key: the place of the field's key, where it is known.
    """
    kind = trace.types.root(resource.id.group, resource.id.version, resource.id.kind)
    sources: list[Source] = []
    root = resource
    for event in trace.changes(resource):
        root = event.after or resource
        now = value_at(root.body, path)
        earlier = follow_back(event.before.body, root.body, path, kind) if event.before is not None else None
        if event.before is None or earlier is None or value_at(event.before.body, earlier) != now:
            location, what = places.of_event(event, path, kind, key=key)
            sources.append(Source(value=now, location=location, what=what))
        if event.before is None or earlier is None:
            return Root(resource=root, path=(), sources=sources)
        root, path = event.before, earlier
    return Root(resource=root, path=path, sources=sources)


def holder_history(trace: Trace, places: Places, resource: Resource, path: Concrete, lacking: str) -> Root:
    """Return who took a field from the map at `path`, or made the map without it, as the only source; else the root."""
    kind = trace.types.root(resource.id.group, resource.id.version, resource.id.kind)
    root = resource
    for event in trace.changes(resource):
        root = event.after or resource
        earlier = follow_back(event.before.body, root.body, path, kind) if event.before is not None else None
        if event.before is None or earlier is None or lacking in value_at(event.before.body, earlier):
            location, what = places.of_event(event, path, kind, lacking=lacking)
            return Root(resource=root, path=(), sources=[Source(value=None, location=location, what=what)])
        root, path = event.before, earlier
    return Root(resource=root, path=path)


def root_source(root: Root, places: Places) -> Source:
    """Return the source of a field that a plain manifest or a CRD file made, or the chart, by its template's file."""
    found = value_at(root.resource.body, root.path)
    origin = root.resource.origin
    if origin.source == "resource":
        return Source(value=found, location=places.in_manifest(root.resource, root.path), what="resource")
    return Source(value=found, location=origin.location, what="crd" if origin.source == "crd" else "template")
