"""The order in which objects can be applied, so that what others need comes first."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from overlay.model.resource import ObjectId, Resource
    from overlay.model.spec import SortOptions

# Helm's install order (pkg/release/util/kind_sorter.go).
_FIRST = (
    "PriorityClass", "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy",
    "PodDisruptionBudget", "ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume",
    "PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding",
    "ClusterRoleBindingList", "Role", "RoleList", "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod",
    "ReplicationController", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob",
    "IngressClass", "Ingress", "APIService",
)  # fmt: skip
_LAST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_RANKS = {kind: rank for rank, kind in enumerate(_FIRST)}
_UNKNOWN = len(_FIRST)
_RANKS.update({kind: _UNKNOWN + 1 + rank for rank, kind in enumerate(_LAST)})

# What kustomize's `legacy` order puts first and last when the document does not say (SortOrderTransformer.go).
_LEGACY_FIRST = (
    "Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount", "PodSecurityPolicy",
    "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret", "Endpoints", "Service",
    "LimitRange", "PriorityClass", "PersistentVolume", "PersistentVolumeClaim", "Deployment", "StatefulSet", "CronJob",
    "PodDisruptionBudget",
)  # fmt: skip


def put_in_order(objects: Iterable[Resource], options: SortOptions) -> tuple[Resource, ...]:
    """Return the objects in the order that the document asks for."""
    if options.order == "fifo":
        return tuple(objects)
    if options.order == "legacy":
        return _legacy_order(objects, options)
    return apply_order(objects)


def apply_order(objects: Iterable[Resource]) -> tuple[Resource, ...]:
    """Sort objects by kind, then by group, kind, namespace and name: the same objects always come in the same order.

    CustomResourceDefinitions and Namespaces come before everything that may be of them or in them; kinds that the
    table does not know (custom resources) come after Kubernetes' own, webhooks at the very end.
    """

    def key(one: Resource) -> tuple[int, str, str, str, str]:
        identity = one.id
        rank = _RANKS.get(identity.kind, _UNKNOWN)
        if identity.kind in ("CustomResourceDefinition", "Namespace"):
            rank = -1
        return (rank, identity.group, identity.kind, identity.namespace, identity.name)

    return tuple(sorted(objects, key=key))


def _legacy_order(objects: Iterable[Resource], options: SortOptions) -> tuple[Resource, ...]:
    """Sort as kustomize's `legacy` does: some kinds first, some last, the others by their identity's text."""
    given = options.order_first is not None or options.order_last is not None
    first = (options.order_first or ()) if given else _LEGACY_FIRST
    last = (options.order_last or ()) if given else _LAST
    ranks = {kind: index - len(first) for index, kind in enumerate(first)}
    ranks.update({kind: index + 1 for index, kind in enumerate(last)})

    def key(one: Resource) -> tuple[int, str, str]:
        return (ranks.get(one.id.kind, 0), _legacy_kind(one.id), _legacy_name(one.id))

    return tuple(sorted(objects, key=key))


def _legacy_kind(identity: ObjectId) -> str:
    return f"{identity.group or '~G'}_{identity.version or '~V'}_{identity.kind}"


def _legacy_name(identity: ObjectId) -> str:
    return f"{identity.namespace or '~X'}|{identity.name}"
