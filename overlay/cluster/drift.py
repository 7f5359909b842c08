"""Who changed what: the fields that are not as they shall be, and the managers who own them now."""

from __future__ import annotations

from overlay.cluster import managed
from overlay.diff.environments import find_field
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.cluster.plan import Action
    from overlay.diff.change import Change
    from overlay.model.resource import Body

_OURS = "overlay"


@value
class Drifted:
    """One field of a live object that is not as it shall be; the managers, newest first, as (name, time).

    change: from what is there to what shall be.
    """

    change: Change
    managers: tuple[tuple[str, str], ...]


def drifted(action: Action, live: Body) -> tuple[Drifted, ...]:
    """Return each changed field of an object with those who manage it; nobody, where it was taken away."""
    return tuple([Drifted(one, _managers(one, live)) for one in action.changes])


def _managers(change: Change, live: Body) -> tuple[tuple[str, str], ...]:
    found = find_field(live, change.path)
    if found is None:
        return ()
    steps = found[0]
    owners = [
        (manager, time)
        for manager, _, time, fields in managed.managers(live)
        if manager != _OURS and managed.manages(fields, steps, live)
    ]
    return tuple(sorted(owners, key=lambda one: one[1], reverse=True))
