"""A CronJob that applies what is published of an environment, and the account whose rights are just enough for it."""

from __future__ import annotations

from hashlib import sha256

from overlay.errors import UsageError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cluster.rights import Rights

_GIT = "/git"
# Answers for a login from variables of the Secret; git runs it for the one remote that the job knows.
_HELPER = (
    '!f() { test "$1" = get && printf \'username=%s\\npassword=%s\\n\' "$REPOSITORY_USER" "$REPOSITORY_PASSWORD"; }; f'
)
_SSH = (
    f"ssh -oBatchMode=yes -oIdentitiesOnly=yes -i {_GIT}/ssh-privatekey"
    f" -oStrictHostKeyChecking=yes -oUserKnownHostsFile={_GIT}/known_hosts"
)
# Beyond its own deadline a run has this long to stop, then the kubelet ends it.
_GRACE = 30


@value(kw_only=True)
class Job:
    """What the job does.

    arguments: of `overlay`. secret: of the Git login, empty for none; is_ssh: it is a key. every: seconds between runs.
    deadline: seconds for one.
    """

    environment: str
    namespace: str
    image: str
    arguments: tuple[str, ...]
    every: int
    deadline: int
    secret: str = ""
    is_ssh: bool = False

    @property
    def name(self) -> str:
        return f"overlay-sync-{self.environment}"


def manifests(job: Job, rights: Rights) -> list[dict[str, Any]]:
    """Return the account, its roles, and the CronJob, in the order in which they are applied."""
    labels = {"app.kubernetes.io/name": "overlay-sync", "app.kubernetes.io/instance": job.name}
    rbac = "rbac.authorization.k8s.io/v1"

    def made(version: str, kind: str, namespace: str, **more: Any) -> dict[str, Any]:
        metadata = {"name": job.name, **({"namespace": namespace} if namespace else {}), "labels": labels}
        return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}

    def bound(kind: str, namespace: str) -> list[dict[str, Any]]:
        rules = rights.rules(namespace)
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": job.name}
        subject = {"kind": "ServiceAccount", "name": job.name, "namespace": job.namespace}
        return [
            made(rbac, kind, namespace, rules=rules),
            made(rbac, f"{kind}Binding", namespace, roleRef=role, subjects=[subject]),
        ]

    roles = [one for namespace in rights.namespaces for one in bound("Role", namespace)]
    if rights.rules(""):
        # Other environments of the same name in another namespace are another account.
        for one in bound("ClusterRole", ""):
            one["metadata"] = {**one["metadata"], "name": f"{job.namespace}-{job.name}"}
            if "roleRef" in one:
                one["roleRef"] = {**one["roleRef"], "name": f"{job.namespace}-{job.name}"}
            roles.append(one)
    return [
        made("v1", "ServiceAccount", job.namespace),
        *roles,
        made("batch/v1", "CronJob", job.namespace, spec=_cron(job, labels)),
    ]


def _cron(job: Job, labels: dict[str, str]) -> dict[str, Any]:
    pod = {
        "serviceAccountName": job.name,
        "restartPolicy": "Never",
        # It stops in ten seconds.
        "terminationGracePeriodSeconds": _GRACE,
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(job)],
        "volumes": [
            {"name": "work", "emptyDir": {}},
            *([{"name": "git", "secret": {"secretName": job.secret, "defaultMode": 0o400}}] if job.is_ssh else []),
        ],
    }  # fmt: skip
    return {
        "schedule": cron_of(job.every, job.environment),
        # The lease keeps two runs apart too; this keeps the second one from being started.
        "concurrencyPolicy": "Forbid",
        # A start that was missed for longer is left to the next one; without it, a hundred missed ones end them all.
        "startingDeadlineSeconds": max(60, min(job.every, 3600)),
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {
            "metadata": {"labels": labels},
            "spec": {
                # The next run is the next try.
                "backoffLimit": 0,
                "activeDeadlineSeconds": job.deadline + _GRACE,
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        },
    }


def _container(job: Job) -> dict[str, Any]:
    env: list[dict[str, Any]] = [{"name": "HOME", "value": "/work"}, {"name": "XDG_CACHE_HOME", "value": "/work/cache"}]
    mounts = [{"name": "work", "mountPath": "/work"}]
    if job.secret and job.is_ssh:
        env.append({"name": "GIT_SSH_COMMAND", "value": _SSH})
        mounts.append({"name": "git", "mountPath": _GIT})
    elif job.secret:
        env += [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": job.secret, "key": key}}}
            for name, key in (("REPOSITORY_USER", "username"), ("REPOSITORY_PASSWORD", "password"))
        ]
        setting = (("COUNT", "1"), ("KEY_0", "credential.helper"), ("VALUE_0", _HELPER))
        env += [{"name": f"GIT_CONFIG_{name}", "value": text} for name, text in setting]
    return {
        "name": "overlay",
        "image": job.image,
        "command": ["overlay"],
        "args": list(job.arguments),
        "env": env,
        "workingDir": "/work",
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }  # fmt: skip


def cron_of(seconds: int, environment: str) -> str:
    """Return a schedule of runs that far apart, at a minute of the environment's own, so that not all come at once.

    Raises UsageError for what no cron line says.
    """
    minutes = seconds // 60
    offset = int.from_bytes(sha256(environment.encode()).digest()[:4], "big")
    if seconds % 60 == 0 and minutes:
        if 60 % minutes == 0:
            first = offset % minutes
            return f"{first}-59/{minutes} * * * *" if minutes > 1 and minutes < 60 else _hourly(minutes, offset)
        if minutes % 60 == 0 and 24 % (minutes // 60) == 0:
            hours = minutes // 60
            every = f"{offset // 60 % hours}-23/{hours}" if hours < 24 else str(offset // 60 % 24)
            return f"{offset % 60} {every} * * *"
    raise UsageError(
        f"--every {seconds} seconds is no even part of an hour or a day", hint="such as 5m, 10m, 30m, 1h, 6h or 24h"
    )


def _hourly(minutes: int, offset: int) -> str:
    return "* * * * *" if minutes == 1 else f"{offset % 60} * * * *"
