"""Which APIs a Kubernetes version has no more, has not yet, or will drop, and what to use instead."""

from __future__ import annotations

from overlay.kube.lifecycle import lifecycle
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.kube.lifecycle import Lifecycle
    from overlay.model.resource import ObjectId


@value(kw_only=True)
class Standing:
    """How an API stands in one Kubernetes version.

    status: `removed`, `missing` (it comes later) or `deprecated`. since: the version that made it so.
    goes: the version that will remove a deprecated one, empty where that is not settled.
    """

    api: str
    kind: str
    status: str
    since: str
    goes: str = ""
    replacement: str = ""

    @property
    def what(self) -> str:
        return f"{self.api} {self.kind}"

    def message(self, target: tuple[int, int]) -> str:
        """Return a sentence for an object that uses it."""
        if self.status == "removed":
            return f"{self.what} was removed in Kubernetes {self.since}"
        if self.status == "missing":
            return f"{self.what} exists since Kubernetes {self.since}, this environment has {target[0]}.{target[1]}"
        goes = f" and goes with {self.goes}" if self.goes else ""
        return f"{self.what} is deprecated since Kubernetes {self.since}{goes}"

    def hint(self) -> str | None:
        if self.status == "missing":
            return "set kubernetesVersion to the cluster's, or use an older API version"
        return f"use {self.replacement}" if self.replacement else None


def standing(found: Lifecycle, target: tuple[int, int]) -> Standing | None:
    """Return how an API stands in a version, or None where all is well."""

    def made(status: str, since: int, goes: int | None = None) -> Standing:
        return Standing(
            api=found.api,
            kind=found.kind,
            status=status,
            since=f"1.{since}",
            goes="" if goes is None else f"1.{goes}",
            replacement=found.replacement,
        )

    if found.removed is not None and target >= (1, found.removed):
        return made("removed", found.removed)
    if found.introduced is not None and target < (1, found.introduced):
        return made("missing", found.introduced)
    if found.deprecated is not None and target >= (1, found.deprecated):
        return made("deprecated", found.deprecated, found.removed)
    return None


def standing_of(identity: ObjectId, target: tuple[int, int]) -> Standing | None:
    """Return how an object's API stands in a version, or None where all is well or nothing is known."""
    found = lifecycle(identity.group, identity.version, identity.kind)
    return standing(found, target) if found is not None else None
