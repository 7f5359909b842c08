"""What there is to know of an object that is not healthy: its pods, their events, the last lines of their logs."""

from __future__ import annotations

from overlay.cluster.health import pod_trouble
from overlay.errors import OverlayError
from overlay.files.paths import printable
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from overlay.cluster.client import Client
    from overlay.cluster.outcome import Outcome
    from overlay.model.resource import Body

LOG_LINES = 5
_MOST_PODS = 3
_MOST_EVENTS = 3
_MOST_OBJECTS = 5


@value
class Line:
    """One line of a story: about whom, and what."""

    about: str
    text: str


def tell_story(client: Client, body: Body) -> list[Line]:
    """Return why an object is not healthy, as far as the cluster tells; what cannot be read is left out."""
    try:
        return list(_lines(client, body))
    except OverlayError:
        # It is told beside an error, and must not replace it.
        return []


def stories(client: Client, outcome: Outcome) -> Iterator[Line]:
    """Yield the stories of a run's objects that did not become healthy."""
    for identity in list(outcome.unhealthy)[:_MOST_OBJECTS]:
        try:
            served = client.kinds().find(identity.group, identity.version, identity.kind)
            body = client.find(served, identity.namespace, identity.name) if served else None
        except OverlayError:
            return
        if body is not None:
            yield from tell_story(client, body)


def _lines(client: Client, body: Body) -> Iterator[Line]:
    metadata = body["metadata"]
    namespace = metadata.get("namespace", "")
    if not namespace:
        return
    yield from _events(client, namespace, body["kind"], metadata["name"])
    labels: Any = body
    for name in ("spec", "selector", "matchLabels"):
        # Custom resources have other things of these names.
        labels = labels.get(name) if isinstance(labels, dict) else None
    served = client.kinds().prefer("", "Pod")
    if not isinstance(labels, dict) or served is None:
        return
    selector = ",".join([f"{key}={text}" for key, text in sorted(labels.items())])
    pods = [one for one in client.list_all(served, namespace, labels=selector)[0] if not _is_ready(one)]
    for pod in pods[:_MOST_PODS]:
        name = pod["metadata"]["name"]
        status = pod.get("status") or {}
        yield Line(f"Pod/{name}", pod_trouble(status) or _conditions(status) or str(status.get("phase", "")))
        yield from _events(client, namespace, "Pod", name)
        yield from _log(client, namespace, name, status)


def _is_ready(pod: Body) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def _conditions(status: Mapping[str, Any]) -> str:
    wrong = [one for one in status.get("conditions") or () if one.get("status") == "False" and one.get("message")]
    return printable(f"{wrong[0].get('reason', '')}: {wrong[0]['message']}") if wrong else ""


def _events(client: Client, namespace: str, kind: str, name: str) -> Iterator[Line]:
    selector = f"involvedObject.kind%3D{kind},involvedObject.name%3D{name}"
    path = f"/api/v1/namespaces/{namespace}/events?fieldSelector={selector}"
    events = client.request("GET", path)[1].get("items") or []
    warnings = [one for one in events if one.get("type") == "Warning"]
    for one in sorted(warnings, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))[
        -_MOST_EVENTS:
    ]:
        yield Line(f"{kind}/{name}", printable(f"{one.get('reason', '')}: {one.get('message', '')}")[:500])


def _log(client: Client, namespace: str, pod: str, status: Mapping[str, Any]) -> Iterator[Line]:
    """Yield the last lines of the containers that ended or start again."""
    for one in status.get("containerStatuses") or ():
        state = one.get("state") or {}
        if not one.get("restartCount") and not state.get("terminated"):
            continue
        previous = "true" if state.get("waiting") and one.get("restartCount") else "false"
        path = (
            f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
            f"?container={one.get('name')}&tailLines={LOG_LINES}&previous={previous}&limitBytes=8192"
        )
        try:
            text = client.text(path, what=f"GET the log of Pod/{namespace}/{pod}")
        except OverlayError:
            continue
        for line in text.splitlines()[-LOG_LINES:]:
            yield Line(f"Pod/{pod} log", printable(line)[:500])
