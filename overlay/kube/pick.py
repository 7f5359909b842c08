"""One object out of many, named as people name objects: `deployment/web`, `deploy/web`, `Deployment/shop/web`."""

from __future__ import annotations

from overlay.errors import UsageError
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.model.resource import Resource

# kubectl's short names of the kinds that charts commonly hold (`kubectl api-resources`).
_SHORT = {
    "cj": "cronjob", "cm": "configmap", "crd": "customresourcedefinition", "deploy": "deployment", "ds": "daemonset",
    "ep": "endpoints", "hpa": "horizontalpodautoscaler", "ing": "ingress", "limits": "limitrange",
    "netpol": "networkpolicy", "ns": "namespace", "pdb": "poddisruptionbudget", "po": "pod",
    "pv": "persistentvolume", "pvc": "persistentvolumeclaim", "quota": "resourcequota", "rs": "replicaset",
    "sa": "serviceaccount", "sc": "storageclass", "sts": "statefulset", "svc": "service",
}  # fmt: skip


def pick(objects: Sequence[Resource], text: str) -> Resource:
    """Return the one object that `kind/name`, `kind.group/name` or `kind/namespace/name` means.

    Kinds count in any case, in the plural and by kubectl's short names; a name may be the one before a content hash.
    Raises UsageError for none and for several.
    """
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise UsageError(f"{text!r} names no object", hint="write kind/name, such as deployment/web")
    kind, _, group = parts[0].lower().partition(".")
    kind = _SHORT.get(kind, kind)
    name, namespace = parts[-1], parts[1] if len(parts) == 3 else None
    found = [
        one
        for one in objects
        if one.id.kind.lower() in (kind, kind.removesuffix("s"), kind.removesuffix("es"))
        and (not group or one.id.group == group)
        and (namespace is None or one.id.namespace == namespace)
    ]
    exact = [one for one in found if one.id.name == name]
    earlier = [one for one in found if any(identity.name == name for identity in one.aliases)]
    meant = exact or earlier
    if len(meant) == 1:
        return meant[0]
    if meant:
        several = ", ".join([str(one.id) for one in meant])
        raise UsageError(f"{text} means {len(meant)} objects: {several}", hint="write kind/namespace/name")
    labels = [f"{one.id.kind.lower()}/{one.id.name}" for one in objects]
    hint = did_you_mean(f"{kind}/{name}", labels) or f"there is {', '.join(labels[:10])}{', …' * (len(labels) > 10)}"
    raise UsageError(f"there is no {text}", hint=hint)
