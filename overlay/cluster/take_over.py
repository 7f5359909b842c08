"""Makes fields of an object ours before it is applied, so that those which we do not name can be removed."""

from __future__ import annotations

from overlay.cluster import managed
from overlay.cluster.answer import Refused
from overlay.cluster.client import MANAGER
from overlay.errors import ClusterConflict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from overlay.cluster.client import Client
    from overlay.cluster.discovery import Served
    from overlay.cluster.leftover import Place
    from overlay.model.resource import Body, ObjectId

    Entries = list[dict[str, Any]]

_TRIES = 5


def take_over(client: Client, served: Served, identity: ObjectId, uid: str) -> None:
    """Take what kubectl or Helm wrote before (hazard K09). Raises ClusterConflict, Refused."""
    _write(client, served, identity, uid, lambda live: managed.migrated(live, MANAGER))


def claim(client: Client, served: Served, identity: ObjectId, uid: str, place: Place) -> None:
    """Take what the server wrote and nobody owns. Raises ClusterConflict, Refused."""
    _write(client, served, identity, uid, lambda live: managed.claimed(live, MANAGER, place))


def _write(
    client: Client, served: Served, identity: ObjectId, uid: str, entries_of: Callable[[Body], Entries | None]
) -> None:
    """Write who manages what of the very object of this uid."""
    for _ in range(_TRIES):
        live = client.find(served, identity.namespace, identity.name)
        entries = entries_of(live) if live else None
        if live is None or entries is None:
            return
        operations = [
            {"op": "test", "path": "/metadata/uid", "value": uid},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
            {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        ]
        if managed.LAST_APPLIED in (live["metadata"].get("annotations") or {}):
            path = managed.LAST_APPLIED.replace("/", "~1")
            operations.append({"op": "remove", "path": f"/metadata/annotations/{path}"})
        try:
            client.patch(served, identity.namespace, identity.name, operations, content="application/json-patch+json")
        except Refused as error:
            if error.failure.status != 409:
                raise
            continue
        return
    raise ClusterConflict(f"{identity} is changed by others faster than it can be taken over", object=str(identity))
