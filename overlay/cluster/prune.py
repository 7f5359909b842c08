"""Deletes what left an environment, the last applied first, and waits until it is gone."""

from __future__ import annotations

import itertools

from overlay.cluster.outcome import Event
from overlay.cluster.plan import PRUNE
from overlay.cluster.stages import rank
from overlay.cluster.wait import Waiter
from overlay.errors import ClusterError, OverlayError, Temporary
from overlay.failpoint import failpoint
from overlay.model.value import value
from overlay.parallel import run_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from overlay.cluster.client import Client
    from overlay.cluster.discovery import Served
    from overlay.cluster.plan import Action, Plan
    from overlay.cluster.record import Key
    from overlay.model.resource import ObjectId


@value(kw_only=True)
class Pruned:
    """What became of what left: gone, or still there and why."""

    gone: tuple[ObjectId, ...] = ()
    stuck: dict[ObjectId, str]


def apart(plan: Plan) -> tuple[list[Action], list[Action]]:
    """Return what a plan deletes: the namespace in which the record stands, and all else."""
    home = ("", "Namespace", "", plan.record.namespace)
    goes = plan.of(PRUNE)
    return [one for one in goes if one.id.key == home], [one for one in goes if one.id.key != home]


def prune(
    client: Client, due: Sequence[Action], *, seconds: float, labels: str, check: Callable[[], None],
    alive: Callable[[], None], tell: Callable[[Event], None],
) -> Pruned:  # fmt: skip
    """Delete the very objects of the plan; one that cannot be deleted does not keep the others.

    seconds: for each rank of the order to be gone. check: raises before a step that must not be; alive: the same,
    at no cost, before each object and while we wait.
    """
    gone: list[ObjectId] = []
    stuck: dict[ObjectId, str] = {}
    numbers = itertools.count()

    def delete(action: Action) -> OverlayError | None:
        alive()
        failpoint(f"prune-{next(numbers)}")
        served = client.kinds().prefer(action.id.group, action.id.kind)
        if served is None:
            return None  # its definition has gone, and every object with it
        try:
            client.delete(served, action.id.namespace, action.id.name, uid=action.uid)
        except (ClusterError, Temporary) as error:
            tell(Event("failed", action.id, error.message))
            return error
        tell(Event("prune", action.id, action.why))
        return None

    for place in sorted({rank(one.id) for one in due}, reverse=True):
        together = [one for one in due if rank(one.id) == place]
        check()
        going: dict[Key, Action] = {}
        for one, error in zip(together, run_all(delete, together), strict=True):
            if error is None:
                going[one.id.key] = one
            else:
                stuck[one.id] = f"could not be deleted: {error.message}"
        late = _gone(client, going, seconds=seconds, labels=labels, alive=alive)
        gone += [one.id for key, one in going.items() if key not in late]
        stuck |= {going[key].id: f"was deleted and is still there: {why}" for key, why in late.items()}
    return Pruned(gone=tuple(gone), stuck=stuck)


def _gone(
    client: Client, going: dict[Key, Action], *, seconds: float, labels: str, alive: Callable[[], None]
) -> dict[Key, str]:
    """Wait until objects are gone; return those that are not, and why."""
    served: dict[Key, Served] = {
        key: found for key in going if (found := client.kinds().prefer(key[0], key[1])) is not None
    }
    uids = {key: going[key].uid for key in served}
    late = Waiter(client, served, labels=labels).gone(uids, seconds=seconds, check=alive) if uids else {}
    return {key: health.message for key, health in late.items()}
