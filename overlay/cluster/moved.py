"""Whether anybody wrote what a plan is about since it was made: seen by one list of metadata per kind and namespace."""

from __future__ import annotations

from overlay.cluster.managed import outlined
from overlay.cluster.plan import PRUNE, WRITES, fingerprint
from overlay.errors import ClusterConflict
from overlay.parallel import run_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.cluster.client import Client
    from overlay.cluster.discovery import Served
    from overlay.cluster.placing import Placed
    from overlay.cluster.plan import Plan
    from overlay.cluster.record import Key
    from overlay.model.resource import ObjectId


class Moved(ClusterConflict):
    """The cluster moved between the plan and its execution; nothing was changed."""


def check_moved(client: Client, placed: Placed, plan: Plan) -> None:
    """Raise Moved when an object that the plan would write or delete is not as it was, or has come meanwhile."""
    found = moved(client, placed, plan)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise Moved(
            f"{found[0]}{more} changed while the plan was looked at: nothing was applied", object=str(found[0]),
            hint="look at the new plan: run the same command again",
        )  # fmt: skip


def moved(client: Client, placed: Placed, plan: Plan) -> tuple[ObjectId, ...]:
    """Return the objects that are not as they were when the plan was made."""
    home = ("", "Namespace", "", plan.record.namespace)
    # The record's own namespace was created to hold it (`make_home`).
    due = [one for one in plan.of(*WRITES, PRUNE) if one.is_checked and one.id.key != home]
    places: dict[tuple[Served, str], None] = {}
    for one in due:
        served = placed.served.get(one.id.key) or client.kinds().prefer(one.id.group, one.id.kind)
        if served is not None:
            places[served, one.id.namespace] = None
    lists = run_all(
        lambda place: client.list_all(place[0], place[1], metadata_only=True, keep=outlined)[0], list(places)
    )
    now: dict[Key, str] = {}
    for (served, _), items in zip(places, lists, strict=True):
        for body in items:
            metadata = body["metadata"]
            key = (served.group, served.kind, metadata.get("namespace", ""), metadata["name"])
            now[key] = fingerprint(body)
    return tuple([one.id for one in due if now.get(one.id.key, "") != one.seen])
