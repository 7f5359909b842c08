"""An environment built one step at a time, with what each step changed."""

from __future__ import annotations

from overlay.kube.changes import paired
from overlay.layering.layers import settle_names
from overlay.layering.steps import Step, layer_steps
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from overlay.kube.types import Types
    from overlay.layering.steps import Objects, Surroundings
    from overlay.model.contents import ReadEnvironment, ReadLayer
    from overlay.model.resource import Resource


@value(kw_only=True)
class Event:
    """One step's change of one object; before is None where the step made it, after where it deleted it."""

    step: Step
    layer: ReadLayer | None
    before: Resource | None
    after: Resource | None


class Trace:
    """The objects at the end, and every change on the way there, oldest first."""

    def __init__(self, objects: tuple[Resource, ...], events: list[Event], types: Types) -> None:
        self.objects = objects
        self.types = types
        self._made = {id(event.after): event for event in events if event.after is not None}
        self.deleted = [event for event in events if event.after is None]

    def changes(self, resource: Resource) -> Iterator[Event]:
        """Yield what happened to one of the objects, newest first."""
        event = self._made.get(id(resource))
        while event is not None:
            yield event
            event = self._made.get(id(event.before)) if event.before is not None else None


def trace(start: Objects, environment: ReadEnvironment, around: Surroundings) -> Trace:
    """Build an environment's objects again, single step by single step, from those that its chart made."""
    objects = start
    events: list[Event] = []
    for layer in environment.layers:
        for step in layer_steps(layer, around, [], single=True):
            after = step.run(objects)
            events += [Event(step=step, layer=layer, before=old, after=new) for old, new in paired(objects, after)]
            objects = after
    last = Step(name="names", run=lambda found: settle_names(found, environment))
    after = last.run(objects)
    events += [Event(step=last, layer=None, before=old, after=new) for old, new in paired(objects, after)]
    return Trace(after, events, around.types)
