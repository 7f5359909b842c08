"""The options of commands that talk to clusters."""

from __future__ import annotations

from overlay.cli.table import Param

KUBECONFIG = Param(
    name="kubeconfig",
    flags=("--kubeconfig",),
    metavar="FILE",
    panel="Cluster",
    help="The kubeconfig (KUBECONFIG's list, else ~/.kube/config, else the pod's own account).",
)
CONTEXT = Param(
    name="context",
    flags=("--context",),
    metavar="NAME",
    panel="Cluster",
    help="Its context (the environment's spec.cluster.context, else the current one).",
)
REACHING = (KUBECONFIG, CONTEXT)
ALLOW_DELETE = Param(
    name="allow_delete",
    flags=("--allow-delete",),
    kind="list",
    metavar="KIND",
    panel="Cluster",
    help="Also delete objects of a protected kind: Namespace, PersistentVolume(Claim), CustomResourceDefinition.",
)
LEASE_TIMEOUT = Param(
    name="lease_timeout",
    flags=("--lease-timeout",),
    metavar="DURATION",
    default="60s",
    panel="Cluster",
    help="How long to wait for another run on the same environment.",
)
ROLLOUT_TIMEOUT = Param(
    name="rollout_timeout",
    flags=("--rollout-timeout",),
    metavar="DURATION",
    panel="Cluster",
    help="How long everything may take to become healthy (cluster.timeout, else 5m).",
)
MAX_PRUNE = Param(
    name="max_prune",
    flags=("--max-prune",),
    metavar="COUNT",
    panel="Cluster",
    help="The most objects that one run may delete (cluster.maxPrune, else 30 % or 10; a branch may only say less).",
)
APPLYING = (
    *REACHING,
    Param(
        name="first_contact",
        flags=("--first-contact",),
        kind="flag",
        panel="Cluster",
        help="Allow a cluster in which the environment never was.",
    ),
    Param(
        name="replace",
        flags=("--replace",),
        kind="flag",
        panel="Cluster",
        help="Delete and create objects whose change is refused because a field is immutable.",
    ),
    Param(
        name="no_prune",
        flags=("--no-prune",),
        kind="flag",
        panel="Cluster",
        help="Keep objects that left the environment.",
    ),
    ALLOW_DELETE,
    MAX_PRUNE,
    Param(name="no_wait", flags=("--no-wait",), kind="flag", panel="Cluster", help="Do not wait until all is healthy."),
    ROLLOUT_TIMEOUT,
    LEASE_TIMEOUT,
)
