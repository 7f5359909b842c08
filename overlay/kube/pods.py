"""Where the pods of workloads stand: their templates and containers."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.model.resource import Resource

    Path = tuple[str | int, ...]

# (group, kind) → where its pod template stands; a Pod is one itself.
TEMPLATES: dict[tuple[str, str], Path] = {
    ("", "Pod"): (),
    ("", "PodTemplate"): ("template",),
    ("", "ReplicationController"): ("spec", "template"),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
}
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def below(body: Any, path: Path) -> Any:
    """Return what stands at a path of maps, None where it leads nowhere."""
    for part in path:
        body = body.get(part) if body.__class__ is dict else None
    return body


def pod_of(resource: Resource) -> tuple[Path, dict[str, Any]] | None:
    """Return the spec of a workload's pods, and where it stands; None for an object that has none."""
    path = TEMPLATES.get((resource.id.group, resource.id.kind))
    if path is None:
        return None
    spec = below(resource.body, (*path, "spec"))
    return ((*path, "spec"), spec) if isinstance(spec, dict) else None


def containers_of(pod: dict[str, Any], fields: tuple[str, ...] = CONTAINERS) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield a pod's containers, each with its path from the pod's spec."""
    for field in fields:
        held = pod.get(field)
        for index, container in enumerate(held if isinstance(held, list) else ()):
            if isinstance(container, dict):
                yield (field, index), container
