"""Which fields hold the names of other objects: kustomize's table, completed for every kind that has a pod template."""

from __future__ import annotations

from overlay.model.spec import FieldSpec, NameReference

_PODS = {
    "Pod": "spec",
    "PodTemplate": "template/spec",
    "Deployment": "spec/template/spec",
    "ReplicaSet": "spec/template/spec",
    "ReplicationController": "spec/template/spec",
    "DaemonSet": "spec/template/spec",
    "StatefulSet": "spec/template/spec",
    "Job": "spec/template/spec",
    "CronJob": "spec/jobTemplate/spec/template/spec",
}
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"


def _pods(*paths: str) -> tuple[FieldSpec, ...]:
    return tuple([FieldSpec(path=f"{prefix}/{path}", kind=kind) for kind, prefix in _PODS.items() for path in paths])


def _in_containers(*paths: str) -> tuple[str, ...]:
    return tuple([f"{containers}/{path}" for containers in _CONTAINERS for path in paths])


def _fields(*rows: tuple[str, str] | tuple[str, str, str]) -> tuple[FieldSpec, ...]:
    return tuple([FieldSpec(kind=row[0], path=row[1], group=row[2] if len(row) == 3 else "") for row in rows])


NAME_REFERENCES = (
    *[
        NameReference(kind=kind, fields=_fields(("HorizontalPodAutoscaler", "spec/scaleTargetRef/name")))
        for kind in ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")
    ],
    NameReference(
        kind="ConfigMap",
        version="v1",
        fields=(
            *_pods(
                "volumes/configMap/name",
                "volumes/projected/sources/configMap/name",
                *_in_containers("env/valueFrom/configMapKeyRef/name", "envFrom/configMapRef/name"),
            ),
            *_fields(
                ("Node", "spec/configSource/configMap"),
                ("Role", "rules/resourceNames"),
                ("ClusterRole", "rules/resourceNames"),
                ("Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap"),
            ),
        ),
    ),
    NameReference(
        kind="Secret",
        version="v1",
        fields=(
            *_pods(
                "volumes/secret/secretName",
                "volumes/projected/sources/secret/name",
                "imagePullSecrets/name",
                *_in_containers("env/valueFrom/secretKeyRef/name", "envFrom/secretRef/name"),
            ),
            *_fields(
                ("Ingress", "spec/tls/secretName"),
                ("Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret"),
                ("Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret"),
                ("Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret"),
                ("ServiceAccount", "imagePullSecrets/name"),
                ("StorageClass", "parameters/secretName"),
                ("StorageClass", "parameters/adminSecretName"),
                ("StorageClass", "parameters/userSecretName"),
                ("StorageClass", "parameters/secretRef"),
                ("Role", "rules/resourceNames"),
                ("ClusterRole", "rules/resourceNames"),
                ("Service", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", "serving.knative.dev"),
                ("PersistentVolume", "spec/azureFile/secretName"),
            ),
        ),
    ),
    NameReference(
        kind="Service",
        version="v1",
        fields=_fields(
            ("StatefulSet", "spec/serviceName", "apps"),
            ("Ingress", "spec/rules/http/paths/backend/serviceName"),
            ("Ingress", "spec/backend/serviceName"),
            ("Ingress", "spec/rules/http/paths/backend/service/name"),
            ("Ingress", "spec/defaultBackend/service/name"),
            ("APIService", "spec/service/name", "apiregistration.k8s.io"),
            ("ValidatingWebhookConfiguration", "webhooks/clientConfig/service", _ADMISSION),
            ("MutatingWebhookConfiguration", "webhooks/clientConfig/service", _ADMISSION),
        ),
    ),
    NameReference(kind="Role", group=_RBAC, fields=_fields(("RoleBinding", "roleRef/name", _RBAC))),
    NameReference(
        kind="ClusterRole",
        group=_RBAC,
        fields=_fields(("RoleBinding", "roleRef/name", _RBAC), ("ClusterRoleBinding", "roleRef/name", _RBAC)),
    ),
    NameReference(
        kind="ServiceAccount",
        version="v1",
        fields=(
            *_fields(("RoleBinding", "subjects", _RBAC), ("ClusterRoleBinding", "subjects", _RBAC)),
            *_pods("serviceAccountName"),
        ),
    ),
    NameReference(kind="PersistentVolumeClaim", version="v1", fields=_pods("volumes/persistentVolumeClaim/claimName")),
    NameReference(
        kind="PersistentVolume",
        version="v1",
        fields=_fields(("PersistentVolumeClaim", "spec/volumeName"), ("ClusterRole", "rules/resourceNames")),
    ),
    NameReference(
        kind="StorageClass",
        group="storage.k8s.io",
        fields=_fields(
            ("PersistentVolume", "spec/storageClassName"),
            ("PersistentVolumeClaim", "spec/storageClassName"),
            ("StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
        ),
    ),
    NameReference(kind="PriorityClass", group="scheduling.k8s.io", fields=_pods("priorityClassName")),
    NameReference(kind="IngressClass", group="networking.k8s.io", fields=_fields(("Ingress", "spec/ingressClassName"))),
    NameReference(
        kind="ValidatingAdmissionPolicy",
        group=_ADMISSION,
        fields=_fields(("ValidatingAdmissionPolicyBinding", "spec/policyName", _ADMISSION)),
    ),
)
