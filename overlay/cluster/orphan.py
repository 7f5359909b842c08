"""Lets go of an environment's objects: they stay, and nothing on them says any more that they were ours."""

from __future__ import annotations

from overlay.cluster import managed
from overlay.cluster.answer import Refused
from overlay.cluster.applyset import PART_OF, owner_of
from overlay.cluster.client import MANAGER
from overlay.errors import ClusterConflict
from overlay.kube.objects import identify
from overlay.parallel import run_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from overlay.cluster.client import Client
    from overlay.model.resource import Body

_TRIES = 5


def still_ours(bodies: Iterable[Body | None], owner: str) -> list[Body]:
    """Return the objects that say that they are ours; those that are gone, or another's by now, are left alone."""
    return [body for body in bodies if body is not None and owner_of(body) == owner]


def operations(body: Body) -> list[dict[str, Any]]:
    """Return the JSON patch that takes our label, and us as a manager of fields, from this very state of an object.

    As long as we manage a field, no other tool that applies server-side could remove it.
    """
    metadata = body["metadata"]
    label = f"/metadata/labels/{PART_OF.replace('/', '~1')}"
    return [
        {"op": "test", "path": "/metadata/uid", "value": metadata["uid"]},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        {"op": "remove", "path": label},
        {"op": "replace", "path": "/metadata/managedFields", "value": managed.without_manager(body, MANAGER)},
    ]


def let_go(client: Client, bodies: Iterable[Body], owner: str) -> None:
    """Let go of objects, side by side. Raises ClusterError; what was let go before that stays so."""

    def one(body: Body) -> None:
        identity = identify(body)
        served = client.kinds().prefer(identity.group, identity.kind)
        found: Body | None = body
        for _ in range(_TRIES):
            if served is None or not still_ours([found], owner):
                return
            assert found is not None  # noqa: S101  # it is ours
            try:
                client.patch(
                    served, identity.namespace, identity.name, operations(found), content="application/json-patch+json"
                )
            except Refused as error:
                if error.failure.status not in (404, 409, 422):
                    raise
                # Somebody wrote in between; what they left is looked at again.
                found = client.find(served, identity.namespace, identity.name)
                continue
            return
        raise ClusterConflict(f"{identity} is changed by others faster than it can be let go", object=str(identity))

    run_all(one, list(bodies))
