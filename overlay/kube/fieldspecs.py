"""Where transforms look: kustomize's built-in field specs (api/internal/konfig/builtinpluginconsts)."""

from __future__ import annotations

from overlay.model.spec import FieldSpec


def _spec(path: str, kind: str = "", group: str = "", version: str = "", *, create: bool = True) -> FieldSpec:
    return FieldSpec(path=path, kind=kind, group=group, version=version, create=create)


# (kind, group, version) → path of its pod template
_TEMPLATES = (
    ("ReplicationController", "", "v1", "spec/template"),
    ("Deployment", "", "", "spec/template"),
    ("ReplicaSet", "", "", "spec/template"),
    ("DaemonSet", "", "", "spec/template"),
    ("StatefulSet", "apps", "", "spec/template"),
    ("Job", "batch", "", "spec/template"),
    ("CronJob", "batch", "", "spec/jobTemplate"),
    ("CronJob", "batch", "", "spec/jobTemplate/spec/template"),
)

NAMESPACE = (
    _spec("spec/service/namespace", "APIService", "apiregistration.k8s.io"),
    _spec(
        "spec/conversion/webhook/clientConfig/service/namespace",
        "CustomResourceDefinition",
        "apiextensions.k8s.io",
        create=False,
    ),
)

METADATA_LABELS = (_spec("metadata/labels"),)
TEMPLATE_LABELS = (
    *[_spec(f"{path}/metadata/labels", kind, group, version) for kind, group, version, path in _TEMPLATES],
    _spec("spec/volumeClaimTemplates[]/metadata/labels", "StatefulSet", "apps"),
)

_POD_TERMS = (
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "topologySpreadConstraints/labelSelector/matchLabels",
)
SELECTORS = (
    _spec("spec/selector", "Service", version="v1"),
    _spec("spec/selector", "ReplicationController", version="v1"),
    *[_spec("spec/selector/matchLabels", kind) for kind in ("Deployment", "ReplicaSet", "DaemonSet")],
    _spec("spec/selector/matchLabels", "StatefulSet", "apps"),
    *[
        _spec(f"spec/template/spec/{term}", kind, "apps", create=False)
        for kind in ("Deployment", "StatefulSet")
        for term in _POD_TERMS
    ],
    _spec("spec/selector/matchLabels", "Job", "batch", create=False),
    _spec("spec/jobTemplate/spec/selector/matchLabels", "CronJob", "batch", create=False),
    _spec("spec/selector/matchLabels", "PodDisruptionBudget", "policy", create=False),
    *[
        _spec(f"spec/{path}podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io", create=False)
        for path in ("", "ingress/from/", "egress/to/")
    ],
)

ANNOTATIONS = (
    _spec("metadata/annotations"),
    *[
        _spec(f"{path}/metadata/annotations", kind, "" if kind == "StatefulSet" else group, version)
        for kind, group, version, path in _TEMPLATES
    ],
)

REPLICAS = tuple(
    [_spec("spec/replicas", kind) for kind in ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")]
)

IMAGES = tuple([_spec(f"{path}volumes[]/image/reference", create=False) for path in ("spec/", "spec/template/spec/")])
