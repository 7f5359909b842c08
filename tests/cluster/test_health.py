"""Health by kstatus' rules, kind by kind, as objects look on a real cluster."""

from __future__ import annotations

from typing import Any

import pytest

from overlay.cluster.health import Health, health_of

CURRENT, BUSY, FAILED, TERMINATING = "Current", "InProgress", "Failed", "Terminating"


def condition(kind: str, status: str, reason: str = "", message: str = "") -> dict[str, str]:
    return {
        "type": kind,
        "status": status,
        **({"reason": reason} if reason else {}),
        **({"message": message} if message else {}),
    }


def an(api_version: str, kind: str, status: Any = None, spec: Any = None, **metadata: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", **metadata}}
    if spec is not None:
        body["spec"] = spec
    if status is not None:
        body["status"] = status
    return body


ROLLED = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}
SET = {"observedGeneration": 1, "replicas": 3, "readyReplicas": 3, "currentReplicas": 3, "updatedReplicas": 3,
       "currentRevision": "a", "updateRevision": "a"}  # fmt: skip
DAEMON = {
    "observedGeneration": 1,
    "desiredNumberScheduled": 2,
    "updatedNumberScheduled": 2,
    "numberAvailable": 2,
    "numberReady": 2,
}
CRD = "apiextensions.k8s.io/v1"


def deployment(spec: Any = None, generation: int = 2, **status: Any) -> dict[str, Any]:
    return an("apps/v1", "Deployment", status, {"replicas": 3, **(spec or {})}, generation=generation)


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"containerStatuses": [{"name": "main", "state": {"waiting": {"reason": reason, "message": message}}}]}


CASES = [
    ("missing", None, "NotFound", "the object does not exist"),
    ("deleted", an("v1", "Pod", deletionTimestamp="2026-01-01"), TERMINATING, "it is being deleted since 2026-01-01"),
    # Deployment
    ("deployment new", deployment(), BUSY, "its controller has not seen it yet"),
    ("deployment stale", deployment(generation=3, **ROLLED), BUSY, "generation 3 has not been seen by its controller, which is at 2"),
    ("deployment rolled out", deployment(**ROLLED), CURRENT, "3 of 3 pods are ready"),
    ("deployment of none", deployment({"replicas": 0}, observedGeneration=2), CURRENT, "0 of 0 pods are ready"),
    ("deployment of one by default", an("apps/v1", "Deployment", {"observedGeneration": 1}, {}), BUSY, "0 of 1 pods are of the new version"),
    ("deployment updating", deployment(**{**ROLLED, "updatedReplicas": 1}), BUSY, "1 of 3 pods are of the new version"),
    ("deployment with old pods", deployment(**{**ROLLED, "replicas": 4}), BUSY, "1 pods of an older version are still there"),
    ("deployment not available", deployment(**{**ROLLED, "availableReplicas": 2}), BUSY, "2 of 3 pods are available"),
    ("deployment not ready", deployment(**{**ROLLED, "readyReplicas": 2}), BUSY, "2 of 3 pods are ready"),
    (
        "deployment past its deadline",
        deployment(**ROLLED, conditions=[condition("Progressing", "False", "ProgressDeadlineExceeded", "timed out")]),
        FAILED, "ProgressDeadlineExceeded: timed out",
    ),
    (
        "deployment without quota",
        deployment(observedGeneration=2, conditions=[condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota")]),
        BUSY, "FailedCreate: exceeded quota",
    ),
    # ReplicaSet
    ("replica set", an("apps/v1", "ReplicaSet", {"replicas": 2, "readyReplicas": 2, "availableReplicas": 2}, {"replicas": 2}), CURRENT, "2 of 2 pods are available"),
    ("replica set starting", an("apps/v1", "ReplicaSet", {"replicas": 2, "readyReplicas": 1, "availableReplicas": 2}, {"replicas": 2}), BUSY, "1 of 2 pods are available"),
    ("replica set shrinking", an("apps/v1", "ReplicaSet", {"replicas": 3, "readyReplicas": 3, "availableReplicas": 3}, {"replicas": 2}), BUSY, "3 of 2 pods are available"),
    # StatefulSet
    ("stateful set", an("apps/v1", "StatefulSet", SET, {"replicas": 3}), CURRENT, "3 of 3 pods are ready"),
    ("stateful set new", an("apps/v1", "StatefulSet", {}, {"replicas": 3}), BUSY, "its controller has not seen it yet"),
    ("stateful set not ready", an("apps/v1", "StatefulSet", {**SET, "readyReplicas": 1}, {"replicas": 3}), BUSY, "1 of 3 pods are ready"),
    ("stateful set shrinking", an("apps/v1", "StatefulSet", {**SET, "replicas": 4}, {"replicas": 3}), BUSY, "1 pods too many are still there"),
    ("stateful set updating", an("apps/v1", "StatefulSet", {**SET, "updateRevision": "b", "updatedReplicas": 1}, {"replicas": 3}), BUSY, "1 of 3 pods are of the new version"),
    (
        "stateful set above its partition",
        an("apps/v1", "StatefulSet", {**SET, "updateRevision": "b", "updatedReplicas": 1}, {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}}),
        CURRENT, "1 pods above the partition are of the new version",
    ),
    (
        "stateful set not yet above its partition",
        an("apps/v1", "StatefulSet", {**SET, "updateRevision": "b", "updatedReplicas": 0}, {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 1}}}),
        BUSY, "0 of 2 pods above the partition are of the new version",
    ),
    (
        "stateful set replaced by hand",
        an("apps/v1", "StatefulSet", {**SET, "updateRevision": "b"}, {"replicas": 3, "updateStrategy": {"type": "OnDelete"}}),
        CURRENT, "3 of 3 pods are ready, replaced when they are deleted",
    ),
    # DaemonSet
    ("daemon set", an("apps/v1", "DaemonSet", DAEMON), CURRENT, "2 of 2 pods are available"),
    ("daemon set new", an("apps/v1", "DaemonSet", {}), BUSY, "its controller has not seen it yet"),
    ("daemon set updating", an("apps/v1", "DaemonSet", {**DAEMON, "updatedNumberScheduled": 1}), BUSY, "1 of 2 pods are of the new version"),
    ("daemon set starting", an("apps/v1", "DaemonSet", {**DAEMON, "numberAvailable": 0}), BUSY, "0 of 2 pods are available"),
    ("daemon set on no node", an("apps/v1", "DaemonSet", {"observedGeneration": 1, "desiredNumberScheduled": 0}), CURRENT, "0 of 0 pods are available"),
    (
        "daemon set replaced by hand",
        an("apps/v1", "DaemonSet", {**DAEMON, "updatedNumberScheduled": 0}, {"updateStrategy": {"type": "OnDelete"}}),
        CURRENT, "2 of 2 pods are available",
    ),
    # Pod
    ("pod ready", an("v1", "Pod", {"phase": "Running", "conditions": [condition("Ready", "True")]}), CURRENT, "the pod is ready"),
    ("pod done", an("v1", "Pod", {"phase": "Succeeded"}), CURRENT, "the pod is done"),
    ("pod failed", an("v1", "Pod", {"phase": "Failed", "reason": "Evicted"}), FAILED, "Evicted"),
    ("pod starting", an("v1", "Pod", {"phase": "Pending", **waiting("ContainerCreating")}), BUSY, "the pod is not ready"),
    ("pod without its image", an("v1", "Pod", {"phase": "Pending", **waiting("ImagePullBackOff", "no such image")}), BUSY, "container main: ImagePullBackOff: no such image"),
    ("pod in a loop", an("v1", "Pod", {"phase": "Running", **waiting("CrashLoopBackOff")}), FAILED, "container main: CrashLoopBackOff"),
    (
        "pod that ended badly",
        an("v1", "Pod", {"phase": "Running", "containerStatuses": [{"name": "main", "state": {"terminated": {"exitCode": 3}}}]}),
        BUSY, "container main ended with exit code 3",
    ),
    (
        "pod without a node",
        an("v1", "Pod", {"phase": "Pending", "conditions": [condition("PodScheduled", "False", "Unschedulable", "0/1 nodes")]}),
        BUSY, "Unschedulable: 0/1 nodes",
    ),
    # Job, CronJob
    ("job complete", an("batch/v1", "Job", {"conditions": [condition("Complete", "True")]}), CURRENT, "the job is complete"),
    ("job failed", an("batch/v1", "Job", {"conditions": [condition("Failed", "True", "BackoffLimitExceeded", "too often")]}), FAILED, "BackoffLimitExceeded: too often"),
    ("job failing", an("batch/v1", "Job", {"conditions": [condition("FailureTarget", "True")]}), FAILED, "the job has failed"),
    ("job running", an("batch/v1", "Job", {"active": 2}), BUSY, "2 pods are running"),
    ("job not started", an("batch/v1", "Job", {}), BUSY, "the job has not started"),
    ("job suspended", an("batch/v1", "Job", {}, {"suspend": True}), CURRENT, "the job is suspended"),
    ("cron job", an("batch/v1", "CronJob", {}), CURRENT, ""),
    # Volumes, services
    ("claim bound", an("v1", "PersistentVolumeClaim", {"phase": "Bound"}), CURRENT, "the volume is bound"),
    ("claim pending", an("v1", "PersistentVolumeClaim", {"phase": "Pending"}), BUSY, "no volume is bound to it yet"),
    ("claim lost", an("v1", "PersistentVolumeClaim", {"phase": "Lost"}), FAILED, "the volume is lost"),
    ("service", an("v1", "Service", {"loadBalancer": {}}, {"type": "ClusterIP"}), CURRENT, ""),
    ("load balancer", an("v1", "Service", {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}, {"type": "LoadBalancer"}), CURRENT, ""),
    ("load balancer without address", an("v1", "Service", {"loadBalancer": {}}, {"type": "LoadBalancer"}), BUSY, "the load balancer has no address yet"),
    ("ingress", an("networking.k8s.io/v1", "Ingress", {"loadBalancer": {}}), CURRENT, ""),
    # Types and APIs
    ("definition served", an(CRD, "CustomResourceDefinition", {"conditions": [condition("NamesAccepted", "True"), condition("Established", "True")]}), CURRENT, "the type is served"),
    ("definition new", an(CRD, "CustomResourceDefinition"), BUSY, "the type is not served yet"),
    ("definition with taken names", an(CRD, "CustomResourceDefinition", {"conditions": [condition("NamesAccepted", "False", "NamesConflict", "taken")]}), FAILED, "NamesConflict: taken"),
    ("API available", an("apiregistration.k8s.io/v1", "APIService", {"conditions": [condition("Available", "True")]}), CURRENT, "the API is available"),
    ("API away", an("apiregistration.k8s.io/v1", "APIService", {"conditions": [condition("Available", "False", "MissingEndpoints", "none")]}), BUSY, "MissingEndpoints: none"),
    ("namespace", an("v1", "Namespace", {"phase": "Active"}), CURRENT, ""),
    ("namespace going", an("v1", "Namespace", {"phase": "Terminating"}), TERMINATING, "the namespace is being deleted"),
    # Others of Kubernetes
    ("budget", an("policy/v1", "PodDisruptionBudget", {"observedGeneration": 1, "currentHealthy": 2, "desiredHealthy": 1}), CURRENT, "2 healthy pods, 1 are asked for"),
    ("budget new", an("policy/v1", "PodDisruptionBudget", {}), BUSY, "its controller has not seen it yet"),
    ("autoscaler without metrics", an("autoscaling/v2", "HorizontalPodAutoscaler", {"conditions": [condition("ScalingActive", "False", "FailedGetResourceMetric")]}), CURRENT, ""),
    ("autoscaler of nothing", an("autoscaling/v2", "HorizontalPodAutoscaler", {"conditions": [condition("AbleToScale", "False", "FailedGetScale", "not found")]}), BUSY, "FailedGetScale: not found"),
    ("config map", an("v1", "ConfigMap"), CURRENT, ""),
    # Custom resources
    ("custom without status", an("x.io/v1", "Widget"), CURRENT, ""),
    ("custom ready", an("x.io/v1", "Widget", {"conditions": [condition("Ready", "True")]}), CURRENT, ""),
    ("custom not ready", an("x.io/v1", "Widget", {"conditions": [condition("Ready", "False", "Building", "wait")]}), BUSY, "Building: wait"),
    ("custom of unknown readiness", an("x.io/v1", "Widget", {"conditions": [condition("Ready", "Unknown")]}), BUSY, "it is not ready"),
    ("custom stalled", an("x.io/v1", "Widget", {"conditions": [condition("Stalled", "True", "Bad", "spec")]}), FAILED, "Bad: spec"),
    ("custom reconciling", an("x.io/v1", "Widget", {"conditions": [condition("Reconciling", "True", "Busy")]}), BUSY, "Busy"),
    ("custom stale", an("x.io/v1", "Widget", {"observedGeneration": 1, "conditions": [condition("Ready", "True")]}, generation=2), BUSY, "generation 2 has not been seen by its controller, which is at 1"),
    ("a kind of the same name elsewhere", an("x.io/v1", "Deployment", {}), CURRENT, ""),
    ("a status that is none", an("x.io/v1", "Widget", "fine"), CURRENT, ""),
    ("conditions that are none", an("x.io/v1", "Widget", {"conditions": ["fine", {"type": 1}]}), CURRENT, ""),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "message"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_K36_health(body: dict[str, Any] | None, status: str, message: str) -> None:
    assert health_of(body) == Health(status, message)
