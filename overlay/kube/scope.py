"""Which kinds live outside namespaces."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from overlay.model.resource import ObjectId, Resource

# group → kinds, from the published OpenAPI definitions of Kubernetes (paths without {namespace}).
CLUSTER_SCOPED: dict[str, frozenset[str]] = {
    "": frozenset(("ComponentStatus", "Namespace", "Node", "PersistentVolume")),
    "admissionregistration.k8s.io": frozenset(
        ("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration",
         "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration")
    ),
    "apiextensions.k8s.io": frozenset(("CustomResourceDefinition",)),
    "apiregistration.k8s.io": frozenset(("APIService",)),
    "authentication.k8s.io": frozenset(("SelfSubjectReview", "TokenReview")),
    "authorization.k8s.io": frozenset(("SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview")),
    "certificates.k8s.io": frozenset(("CertificateSigningRequest", "ClusterTrustBundle")),
    "flowcontrol.apiserver.k8s.io": frozenset(("FlowSchema", "PriorityLevelConfiguration")),
    "internal.apiserver.k8s.io": frozenset(("StorageVersion",)),
    "networking.k8s.io": frozenset(("IngressClass", "IPAddress", "ServiceCIDR")),
    "node.k8s.io": frozenset(("RuntimeClass",)),
    "policy": frozenset(("PodSecurityPolicy",)),
    "rbac.authorization.k8s.io": frozenset(("ClusterRole", "ClusterRoleBinding")),
    "resource.k8s.io": frozenset(("DeviceClass", "DeviceTaintRule", "ResourceSlice")),
    "scheduling.k8s.io": frozenset(("PriorityClass",)),
    "storage.k8s.io": frozenset(("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass")),
    "storagemigration.k8s.io": frozenset(("StorageVersionMigration",)),
}  # fmt: skip


class Scopes:
    """Scopes of Kubernetes' own kinds, and of those whose CustomResourceDefinition is among the objects."""

    def __init__(self, objects: Iterable[Resource] = ()) -> None:
        self._custom: dict[tuple[str, str], bool] = {}
        for one in objects:
            if one.id.kind == "CustomResourceDefinition":
                spec = one.body.get("spec")
                names = spec.get("names") if isinstance(spec, dict) else None
                if isinstance(spec, dict) and isinstance(names, dict):
                    self._custom[str(spec.get("group")), str(names.get("kind"))] = spec.get("scope") == "Cluster"

    def is_cluster_scoped(self, identity: ObjectId) -> bool:
        """Tell whether objects of this kind have no namespace; kinds that nobody declares count as having one."""
        custom = self._custom.get((identity.group, identity.kind))
        return identity.kind in CLUSTER_SCOPED.get(identity.group, ()) if custom is None else custom
