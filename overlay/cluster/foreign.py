"""Whose object it is that stands where one of ours shall be (hazards K22, K44)."""

from __future__ import annotations

from overlay.cluster.applyset import owner_of as applyset_of
from overlay.cluster.guards import owner_of
from overlay.cluster.hooks import OF as HOOK_OF
from overlay.files.paths import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.model.resource import Body


def belongs_to(live: Body, owner: str) -> str | None:
    """Return who owns an object that is not of our ApplySet, in words; None for a member, and for a hook of ours."""
    metadata = live.get("metadata") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    theirs = applyset_of(live)
    if theirs == owner or (not theirs and labels.get(HOOK_OF) == owner):
        return None
    if theirs:
        return f"it belongs to another ApplySet, {printable(theirs)}"
    if of := owner_of(live):
        return f"it belongs to {printable(of)}"
    if helm := release_of(live):
        where, _, release = helm.partition("/")
        return f"it belongs to the Helm release {release} in {where}"
    if tracking := annotations.get("argocd.argoproj.io/tracking-id"):
        return f"it belongs to the Argo CD application {printable(tracking.partition(':')[0])}"
    for kind, tool in (("kustomize", "Kustomization"), ("helm", "HelmRelease")):
        if name := labels.get(f"{kind}.toolkit.fluxcd.io/name"):
            where = labels.get(f"{kind}.toolkit.fluxcd.io/namespace", "")
            return f"it belongs to Flux's {tool} {printable(where)}/{printable(name)}"
    return "it exists already and is not of this environment"


def release_of(live: Body) -> str:
    """Return the Helm release that an object is of, as `namespace/name`, or an empty string."""
    annotations = (live.get("metadata") or {}).get("annotations") or {}
    name = str(annotations.get("meta.helm.sh/release-name") or "")
    where = str(annotations.get("meta.helm.sh/release-namespace") or "")
    return printable(f"{where}/{name}") if name else ""


def may_adopt(live: Body) -> bool:
    """Tell whether an adoption may take an object.

    Not from another ApplySet, nor from the object that made it, nor from a controller that would write it again.
    """
    metadata = live.get("metadata") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    is_argo = "argocd.argoproj.io/tracking-id" in annotations
    is_flux = any(f"{kind}.toolkit.fluxcd.io/name" in labels for kind in ("kustomize", "helm"))
    return not (applyset_of(live) or owner_of(live) or is_argo or is_flux)
