"""What keeps an object from being pruned, and a prune from going too far."""

from __future__ import annotations

from overlay.cluster.managed import entry_of
from overlay.errors import ClusterConflict, UsageError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.model.resource import Body

# Losing one of these loses what no render brings back.
PROTECTED = frozenset(("CustomResourceDefinition", "Namespace", "PersistentVolume", "PersistentVolumeClaim"))
LEAST = 10
SHARE = 0.3


@value(kw_only=True)
class PruneLimits:
    """How far a prune may go.

    most: the most objects. share: of the inventory. Neither: 30 % or 10, whichever is more.
    allowed: protected kinds that may go. ceiling: limits that these can only make tighter.
    """

    most: int | None = None
    share: float | None = None
    allowed: frozenset[str] = frozenset()
    ceiling: PruneLimits | None = None

    def limit(self, inventory: int) -> int:
        own = self._own(inventory)
        return own if self.ceiling is None else min(own, self.ceiling.limit(inventory))

    def _own(self, inventory: int) -> int:
        if self.most is not None:
            return self.most
        return max(LEAST, int(inventory * SHARE)) if self.share is None else int(inventory * self.share)


def parse_limit(text: str) -> tuple[int | None, float | None]:
    """Return the count or the share that `5` or `20%` means. Raises UsageError.

    >>> parse_limit("20%")
    (None, 0.2)
    """
    number = text.removesuffix("%")
    if not text:
        return None, None
    if not (number.isascii() and number.isdigit()):
        raise UsageError(f"{text!r} is no count of objects to delete", hint="a number, or a share such as 20%")
    return (None, int(number) / 100) if text.endswith("%") else (int(number), None)


def keep_reason(live: Body, limits: PruneLimits, manager: str) -> str | None:
    """Return why an object of the inventory is not deleted, or None."""
    kind = str(live.get("kind"))
    if asked := kept_by_annotation(live):
        return f"the annotation {asked} keeps it"
    if kind in PROTECTED and kind not in limits.allowed:
        return f"a {kind} is only deleted with --allow-delete {kind}"
    if owner := owner_of(live):
        return f"it belongs to {owner}"
    if entry_of(live, manager) is None:
        return "it was not applied by overlay"
    return None


def kept_by_annotation(live: Body) -> str | None:
    """Return the annotation by which somebody asks to keep an object, in the words of the tool it is for."""
    annotations = (live.get("metadata") or {}).get("annotations") or {}
    for name, text in (
        ("helm.sh/resource-policy", "keep"),
        ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
        ("overlay.dev/prune", "disabled"),
        ("client.lifecycle.config.k8s.io/deletion", "detach"),
    ):
        if str(annotations.get(name, "")).strip().lower() == text:
            return f"{name}: {text}"
    options = str(annotations.get("argocd.argoproj.io/sync-options", ""))
    if "Prune=false" in [part.strip() for part in options.split(",")]:
        return "argocd.argoproj.io/sync-options: Prune=false"
    return None


def owner_of(live: Body) -> str | None:
    """Return the object that an object belongs to, as `Kind/name`."""
    for one in (live.get("metadata") or {}).get("ownerReferences") or ():
        return f"{one.get('kind')}/{one.get('name')}"
    return None


def check_prune(pruned: Sequence[str], *, inventory: int, wanted: int, limits: PruneLimits, is_asked: bool) -> None:
    """Refuse a prune that looks like a mistake (hazard K18). Raises ClusterConflict.

    pruned: labels of the objects. wanted: how many objects there shall be. is_asked: everything shall go (`delete`).
    """
    if is_asked or not pruned:
        return
    if not wanted:
        raise ClusterConflict(
            f"nothing was rendered: all {len(pruned)} objects of the environment would be deleted",
            hint="`overlay delete` removes an environment",
        )
    most = limits.limit(inventory)
    if len(pruned) > most:
        shown = ", ".join(pruned[:5]) + (f" and {len(pruned) - 5} more" if len(pruned) > 5 else "")
        raise ClusterConflict(
            f"{len(pruned)} of {inventory} objects would be deleted, more than the limit of {most}: {shown}",
            hint=f"if that is meant, give --max-prune {len(pruned)}",
        )


def fate(body: Body) -> str | None:
    """Return why a sync leaves an object in its cluster that is rendered no more."""
    kind = str(body.get("kind"))
    asked = kept_by_annotation(body)
    if asked:
        return f"the annotation {asked} keeps it"
    return f"a {kind} is only deleted with --allow-delete {kind}" if kind in PROTECTED else None
