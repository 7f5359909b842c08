"""Whether an object has become what it says: kstatus' rules, one small function per kind."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from overlay.model.resource import Body

CURRENT = "Current"
IN_PROGRESS = "InProgress"
FAILED = "Failed"
TERMINATING = "Terminating"
NOT_FOUND = "NotFound"


@value
class Health:
    """One of kstatus' words, and why."""

    status: str
    message: str = ""

    @property
    def is_current(self) -> bool:
        return self.status == CURRENT


def health_of(body: Body | None, custom: Callable[[Body], Health | None] | None = None) -> Health:
    """Return the health of a live object; None is one that is not there.

    custom: the users' own rules, which outweigh ours.
    """
    if body is None:
        return Health(NOT_FOUND, "the object does not exist")
    metadata = body.get("metadata") or {}
    if metadata.get("deletionTimestamp"):
        return Health(TERMINATING, f"it is being deleted since {metadata['deletionTimestamp']}")
    status = body.get("status")
    status = status if isinstance(status, dict) else {}
    observed, generation = status.get("observedGeneration"), metadata.get("generation")
    if isinstance(observed, int) and isinstance(generation, int) and observed < generation:
        return _busy(f"generation {generation} has not been seen by its controller, which is at {observed}")
    if custom is not None and (health := custom(body)) is not None:
        return health
    group = str(body.get("apiVersion", "")).rpartition("/")[0]
    rule = RULES.get((group, str(body.get("kind"))))
    spec = body.get("spec")
    if rule is not None:
        return rule(spec if isinstance(spec, dict) else {}, status, metadata)
    return _by_conditions(status)


def conditions_of(status: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return an object's conditions by their type."""
    found = status.get("conditions")
    return {str(one.get("type")): one for one in (found if isinstance(found, list) else ()) if isinstance(one, dict)}


def _busy(message: str) -> Health:
    return Health(IN_PROGRESS, message)


def told(condition: Mapping[str, Any]) -> str:
    """Return what a condition says in words: `reason: message`."""
    return ": ".join([str(condition[key]) for key in ("reason", "message") if condition.get(key)])


def _by_conditions(status: Mapping[str, Any]) -> Health:
    """Judge a kind that we do not know, such as a custom resource, by the standard conditions."""
    found = conditions_of(status)
    if (stalled := found.get("Stalled")) and stalled.get("status") == "True":
        return Health(FAILED, told(stalled))
    if (reconciling := found.get("Reconciling")) and reconciling.get("status") == "True":
        return _busy(told(reconciling))
    if (ready := found.get("Ready")) and ready.get("status") != "True":
        return _busy(told(ready) or "it is not ready")
    return Health(CURRENT)


def _number(found: Any, default: int = 0) -> int:
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def _deployment(spec: Mapping[str, Any], status: Mapping[str, Any], _: Mapping[str, Any]) -> Health:
    conditions = conditions_of(status)
    progressing = conditions.get("Progressing", {})
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Health(FAILED, told(progressing))
    if (failure := conditions.get("ReplicaFailure")) and failure.get("status") == "True":
        return _busy(told(failure))
    if "observedGeneration" not in status:
        return _busy("its controller has not seen it yet")
    wanted = _number(spec.get("replicas"), 1)
    updated, total = _number(status.get("updatedReplicas")), _number(status.get("replicas"))
    ready, available = _number(status.get("readyReplicas")), _number(status.get("availableReplicas"))
    if updated < wanted:
        return _busy(f"{updated} of {wanted} pods are of the new version")
    if total > updated:
        return _busy(f"{total - updated} pods of an older version are still there")
    if available < updated:
        return _busy(f"{available} of {updated} pods are available")
    if ready < wanted:
        return _busy(f"{ready} of {wanted} pods are ready")
    return Health(CURRENT, f"{ready} of {wanted} pods are ready")


def _replica_set(spec: Mapping[str, Any], status: Mapping[str, Any], _: Mapping[str, Any]) -> Health:
    if (failure := conditions_of(status).get("ReplicaFailure")) and failure.get("status") == "True":
        return _busy(told(failure))
    wanted = _number(spec.get("replicas"), 1)
    available = min(_number(status.get("availableReplicas")), _number(status.get("readyReplicas")))
    if available < wanted or _number(status.get("replicas")) > wanted:
        return _busy(f"{available} of {wanted} pods are available")
    return Health(CURRENT, f"{available} of {wanted} pods are available")


def _stateful_set(spec: Mapping[str, Any], status: Mapping[str, Any], _: Mapping[str, Any]) -> Health:
    strategy = spec.get("updateStrategy") or {}
    wanted = _number(spec.get("replicas"), 1)
    ready, updated = _number(status.get("readyReplicas")), _number(status.get("updatedReplicas"))
    if "observedGeneration" not in status:
        return _busy("its controller has not seen it yet")
    if _number(status.get("replicas")) > wanted:
        return _busy(f"{_number(status.get('replicas')) - wanted} pods too many are still there")
    if ready < wanted:
        return _busy(f"{ready} of {wanted} pods are ready")
    if strategy.get("type") == "OnDelete":
        return Health(CURRENT, f"{ready} of {wanted} pods are ready, replaced when they are deleted")
    partition = _number((strategy.get("rollingUpdate") or {}).get("partition"))
    if partition:
        due = max(wanted - partition, 0)
        if updated < due:
            return _busy(f"{updated} of {due} pods above the partition are of the new version")
        return Health(CURRENT, f"{updated} pods above the partition are of the new version")
    if status.get("currentRevision") != status.get("updateRevision"):
        return _busy(f"{updated} of {wanted} pods are of the new version")
    return Health(CURRENT, f"{ready} of {wanted} pods are ready")


def _daemon_set(spec: Mapping[str, Any], status: Mapping[str, Any], _: Mapping[str, Any]) -> Health:
    if "observedGeneration" not in status:
        return _busy("its controller has not seen it yet")
    wanted = _number(status.get("desiredNumberScheduled"), -1)
    updated, available = _number(status.get("updatedNumberScheduled")), _number(status.get("numberAvailable"))
    if (spec.get("updateStrategy") or {}).get("type") != "OnDelete" and updated < wanted:
        return _busy(f"{updated} of {wanted} pods are of the new version")
    if available < wanted or _number(status.get("numberReady")) < wanted:
        return _busy(f"{available} of {wanted} pods are available")
    return Health(CURRENT, f"{available} of {wanted} pods are available")


def _pod(_: Mapping[str, Any], status: Mapping[str, Any], __: Mapping[str, Any]) -> Health:
    phase = status.get("phase")
    if phase == "Succeeded":
        return Health(CURRENT, "the pod is done")
    if phase == "Failed":
        return Health(FAILED, str(status.get("message") or status.get("reason") or "the pod has failed"))
    conditions = conditions_of(status)
    if conditions.get("Ready", {}).get("status") == "True":
        return Health(CURRENT, "the pod is ready")
    if trouble := pod_trouble(status):
        return Health(FAILED if "CrashLoopBackOff" in trouble else IN_PROGRESS, trouble)
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return _busy(told(scheduled))
    return _busy("the pod is not ready")


def pod_trouble(status: Mapping[str, Any]) -> str:
    """Return what keeps a pod's container from running, or an empty string."""
    for one in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        waiting = (one.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            return f"container {one.get('name')}: {told(waiting)}"
        ended = (one.get("state") or {}).get("terminated") or {}
        if ended.get("exitCode"):
            return f"container {one.get('name')} ended with exit code {ended['exitCode']}"
    return ""


def _job(spec: Mapping[str, Any], status: Mapping[str, Any], _: Mapping[str, Any]) -> Health:
    conditions = conditions_of(status)
    for kind in ("Failed", "FailureTarget"):
        if (failed := conditions.get(kind)) and failed.get("status") == "True":
            return Health(FAILED, told(failed) or "the job has failed")
    if (done := conditions.get("Complete")) and done.get("status") == "True":
        return Health(CURRENT, "the job is complete")
    if spec.get("suspend") or conditions.get("Suspended", {}).get("status") == "True":
        return Health(CURRENT, "the job is suspended")
    running = _number(status.get("active"))
    return _busy(f"{running} pods are running" if running else "the job has not started")


def _claim(_: Mapping[str, Any], status: Mapping[str, Any], __: Mapping[str, Any]) -> Health:
    phase = status.get("phase")
    if phase == "Bound":
        return Health(CURRENT, "the volume is bound")
    if phase == "Lost":
        return Health(FAILED, "the volume is lost")
    return _busy("no volume is bound to it yet")


def _service(spec: Mapping[str, Any], status: Mapping[str, Any], _: Mapping[str, Any]) -> Health:
    if spec.get("type") == "LoadBalancer" and not (status.get("loadBalancer") or {}).get("ingress"):
        return _busy("the load balancer has no address yet")
    return Health(CURRENT)


def _crd(_: Mapping[str, Any], status: Mapping[str, Any], __: Mapping[str, Any]) -> Health:
    conditions = conditions_of(status)
    names = conditions.get("NamesAccepted", {})
    if names.get("status") == "False":
        return Health(FAILED, told(names))
    established = conditions.get("Established", {})
    if established.get("status") == "True":
        return Health(CURRENT, "the type is served")
    return _busy(told(established) or "the type is not served yet")


def _api_service(_: Mapping[str, Any], status: Mapping[str, Any], __: Mapping[str, Any]) -> Health:
    available = conditions_of(status).get("Available", {})
    if available.get("status") == "True":
        return Health(CURRENT, "the API is available")
    return _busy(told(available) or "the API is not available yet")


def _namespace(_: Mapping[str, Any], status: Mapping[str, Any], __: Mapping[str, Any]) -> Health:
    if status.get("phase") == "Terminating":
        return Health(TERMINATING, "the namespace is being deleted")
    return Health(CURRENT) if status.get("phase") == "Active" else _busy("the namespace is not active yet")


def _budget(_: Mapping[str, Any], status: Mapping[str, Any], __: Mapping[str, Any]) -> Health:
    healthy, wanted = _number(status.get("currentHealthy")), _number(status.get("desiredHealthy"))
    if "observedGeneration" not in status:
        return _busy("its controller has not seen it yet")
    return Health(CURRENT, f"{healthy} healthy pods, {wanted} are asked for")


def _autoscaler(_: Mapping[str, Any], status: Mapping[str, Any], __: Mapping[str, Any]) -> Health:
    able = conditions_of(status).get("AbleToScale", {})
    if able.get("status") == "False" and able.get("reason") in ("FailedGetScale", "InvalidSelector"):
        return _busy(told(able))
    # Without metrics it does not scale; that is a matter of the cluster's and no failed rollout.
    return Health(CURRENT)


def _ready_at_once(_: Mapping[str, Any], __: Mapping[str, Any], ___: Mapping[str, Any]) -> Health:
    return Health(CURRENT)


# (group, kind): its rule. What is not here is judged by its conditions.
RULES: dict[tuple[str, str], Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]], Health]] = {
    ("", "Namespace"): _namespace,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Pod"): _pod,
    ("", "ReplicationController"): _replica_set,
    ("", "Service"): _service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _crd,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("batch", "CronJob"): _ready_at_once,
    ("batch", "Job"): _job,
    # An Ingress is served or not by whatever watches it; many never write a status (kstatus waits for none either).
    ("networking.k8s.io", "Ingress"): _ready_at_once,
    ("policy", "PodDisruptionBudget"): _budget,
}
