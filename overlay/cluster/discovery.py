"""Which kinds a server knows, under which paths: two requests, kept for the run and nowhere else."""

from __future__ import annotations

from overlay.errors import ClusterError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

ACCEPT = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
)


@value
class Served:
    """One kind as the server serves it."""

    group: str
    version: str
    kind: str
    plural: str
    is_namespaced: bool
    verbs: frozenset[str]

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "") -> str:
        """Return the path of an object, or of all of a namespace or of the cluster."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        middle = f"/namespaces/{namespace}" if self.is_namespaced and namespace else ""
        return f"{root}{middle}/{self.plural}{'/' if name else ''}{name}"


@value
class Kinds:
    """All kinds of a server.

    stale: groups and versions that an aggregated API server should answer for and does not (hazard K20).
    """

    by_version: Mapping[tuple[str, str, str], Served]
    preferred: Mapping[tuple[str, str], Served]
    stale: frozenset[str]

    def find(self, group: str, version: str, kind: str) -> Served | None:
        return self.by_version.get((group, version, kind))

    def prefer(self, group: str, kind: str) -> Served | None:
        """Return a kind in the version that the server likes best."""
        return self.preferred.get((group, kind))


def parse_kinds(documents: Iterable[Mapping[str, Any]]) -> Kinds:
    """Return what aggregated discovery documents say. Raises ClusterError."""
    by_version: dict[tuple[str, str, str], Served] = {}
    preferred: dict[tuple[str, str], Served] = {}
    stale: set[str] = set()
    for document in documents:
        if document.get("kind") != "APIGroupDiscoveryList":
            raise ClusterError(
                "the API server is too old: it has no aggregated discovery", hint="Kubernetes 1.27 and newer have it"
            )
        for item in document["items"]:
            group = item["metadata"].get("name", "")
            for version in item["versions"]:
                name = version["version"]
                if version.get("freshness") == "Stale":
                    stale.add(f"{group}/{name}" if group else name)
                for resource in version.get("resources", ()):
                    told = resource.get("responseKind") or {}
                    served = Served(
                        # A kind of another group, such as Scale, is a view and no object of its own.
                        told.get("group") or group,
                        told.get("version") or name,
                        told.get("kind", ""),
                        resource["resource"],
                        resource["scope"] == "Namespaced",
                        frozenset(resource["verbs"]),
                    )
                    if (served.group, served.version) == (group, name) and served.kind:
                        by_version.setdefault((group, name, served.kind), served)
                        preferred.setdefault((group, served.kind), served)
    return Kinds(by_version, preferred, frozenset(stale))
