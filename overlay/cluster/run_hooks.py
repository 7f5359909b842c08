"""Runs hooks one after the other: made anew, waited for, and deleted as they ask to be."""

from __future__ import annotations

from overlay.cluster.applyset import owner_of
from overlay.cluster.client import MANAGER
from overlay.cluster.guards import PruneLimits, keep_reason
from overlay.cluster.health import CURRENT, FAILED, IN_PROGRESS, Health, health_of
from overlay.cluster.hooks import BEFORE, OF, SUCCEEDED, due
from overlay.cluster.hooks import FAILED as HOOK_FAILED
from overlay.cluster.outcome import Event
from overlay.cluster.wait import Waiter
from overlay.errors import ClusterConflict, ClusterError, RolloutError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from overlay.cluster.client import Client
    from overlay.cluster.discovery import Served
    from overlay.cluster.hooks import Hook
    from overlay.model.resource import Body

# Only what ends is waited for, as Helm does.
_ENDING = ("Job", "Pod")
_GONE_SECONDS = 60.0


def run_hooks(
    client: Client, hooks: Sequence[Hook], event: str, owner: str, *, seconds: Callable[[], float],
    tell: Callable[[Event], None], check: Callable[[], None],
) -> None:  # fmt: skip
    """Run the hooks of an event. Raises RolloutError for one that fails, ClusterConflict for an object of others."""
    for one in due(hooks, event):
        check()
        identity = one.object.id
        served = client.kinds().find(identity.group, identity.version, identity.kind)
        if served is None:
            raise ClusterError(
                f"the cluster does not know {one.object.body['apiVersion']} {identity.kind}", object=str(identity)
            )
        _clear(client, served, one, owner)
        body = _marked(one.object.body, owner)
        client.apply(served, identity.namespace, identity.name, body)
        tell(Event(f"hook {event}", identity))
        health = Health(CURRENT)
        if identity.kind in _ENDING:
            waiter = Waiter(client, {identity.key: served}, labels=f"{OF}={owner}")
            health = waiter.ended(identity.key, seconds=max(seconds(), 0.0), judge=_judge, check=check)
        wanted = SUCCEEDED if health.is_current else HOOK_FAILED
        if wanted in one.policies:
            _delete(client, served, one)
        if not health.is_current:
            raise RolloutError(
                f"the {event} hook {identity} has not ended well: {health.status}, {health.message}",
                object=str(identity), hint="nothing was pruned; the next run runs the hooks again",
            )  # fmt: skip


def _judge(body: Body | None) -> Health:
    """Judge by the end: a hook's pod that is ready is still running."""
    health = health_of(body)
    if body is not None and body.get("kind") == "Pod" and health.is_current:
        phase = (body.get("status") or {}).get("phase")
        return health if phase == "Succeeded" else Health(IN_PROGRESS, "the pod is running")
    return health if health.status != "NotFound" else Health(FAILED, "somebody deleted it")


def _marked(body: Body, owner: str) -> Body:
    metadata = body["metadata"]
    return {**body, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), OF: owner}}}


def _clear(client: Client, served: Served, one: Hook, owner: str) -> None:
    """Delete what an earlier run left of a hook; an object of others is not touched."""
    identity = one.object.id
    there = client.find(served, identity.namespace, identity.name)
    if there is None:
        return
    # A member becomes a hook where its chart makes it one, unless something keeps it from being deleted.
    is_member = owner_of(there) == owner and keep_reason(there, PruneLimits(), MANAGER) is None
    if not is_member and (there["metadata"].get("labels") or {}).get(OF) != owner:
        raise ClusterConflict(
            f"{identity} exists already and is no hook of this environment", object=str(identity),
            hint="remove it, or give the hook another name",
        )  # fmt: skip
    if is_member or BEFORE in one.policies or identity.kind in _ENDING:
        # A Job that was run cannot run again.
        _delete(client, served, one)


def _delete(client: Client, served: Served, one: Hook) -> None:
    identity = one.object.id
    there = client.find(served, identity.namespace, identity.name)
    if there is None:
        return
    uid = there["metadata"]["uid"]
    client.delete(served, identity.namespace, identity.name, uid=uid)
    waiter = Waiter(client, {identity.key: served}, labels="")
    late = waiter.gone({identity.key: uid}, seconds=_GONE_SECONDS)
    if late:
        why = next(iter(late.values())).message
        raise ClusterError(f"{identity} is not gone after {_GONE_SECONDS:g} seconds: {why}", object=str(identity))
