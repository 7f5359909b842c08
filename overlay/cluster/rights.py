"""The least rights with which an environment can be applied, computed from its own objects, as rules of RBAC."""

from __future__ import annotations

from overlay.cluster.guards import PROTECTED
from overlay.cluster.placing import is_local
from overlay.cluster.record import record_name
from overlay.errors import ClusterError
from overlay.kube.plural import is_built_in, plural_of
from overlay.kube.scope import Scopes
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from overlay.model.resource import ObjectId, Resource

_RBAC = "rbac.authorization.k8s.io"
# An apply is a PATCH, and a POST where the object is new; the rest plans, waits and prunes.
_KIND = ("create", "list", "watch")
_OBJECT = ("delete", "get", "patch")
# What tells why something is not healthy.
_STORY = (("", "events", ("list",)), ("", "pods", ("list",)), ("", "pods/log", ("get",)))


@value
class Rule:
    """One rule: verbs on resources of a group, on all objects or on those of these names."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = {"apiGroups": [self.group], "resources": list(self.resources)}
        return {**found, **({"resourceNames": list(self.names)} if self.names else {}), "verbs": list(self.verbs)}


@value(kw_only=True)
class Rights:
    """Rules by namespace, and those for the whole cluster. given: rules that the environment's own roles hand out.

    Nobody may hand out what he has not, so whoever applies a role needs the role's rules.
    """

    namespaces: Mapping[str, tuple[Rule, ...]]
    cluster: tuple[Rule, ...]
    given: Mapping[str, tuple[dict[str, Any], ...]]

    def rules(self, namespace: str) -> list[dict[str, Any]]:
        """Return the rules of a namespace, or of the cluster where it is empty, as a role has them."""
        own = self.namespaces.get(namespace, ()) if namespace else self.cluster
        return [*[one.body() for one in own], *self.given.get(namespace, ())]


def rights_of(
    objects: Sequence[Resource], *, environment: str, namespace: str, deletes: frozenset[str] = frozenset(),
    knows_cluster: bool = False, lookup: Callable[[ObjectId], tuple[str, bool]] | None = None,
) -> Rights:  # fmt: skip
    """Return what it takes to apply objects, to prune them and to keep the record in a namespace.

    deletes: protected kinds that may be deleted. knows_cluster: its identity is pinned, and looked at.
    lookup: gives plural and whether a kind lives in namespaces, for kinds that no object here declares.
    Raises ClusterError for such a kind without a lookup.
    """
    scopes, plurals = Scopes(objects), _declared(objects)
    found: dict[str, list[Rule]] = {"": [], namespace: [*_own(environment)]}
    given: dict[str, list[dict[str, Any]]] = {}
    for one in objects:
        if is_local(one):
            continue
        plural, is_namespaced = _served(one.id, scopes, plurals, lookup)
        where = (one.id.namespace or namespace) if is_namespaced else ""
        verbs = tuple([verb for verb in _OBJECT if verb != "delete" or one.id.kind not in PROTECTED - deletes])
        found.setdefault(where, []).append(Rule(one.id.group, (plural,), _KIND))
        # Outside namespaces nothing else keeps it from objects of others. Names within one may come and go.
        found[where].append(Rule(one.id.group, (plural,), verbs, () if is_namespaced else (one.id.name,)))
        given.setdefault(where, []).extend(_given(one))
        found[where] += _binding(one, objects)
    for where, rules in found.items():
        if where:
            rules += [Rule(group, (resource,), verbs) for group, resource, verbs in _STORY]
            # Whether it is being deleted; within a namespace this is a right to itself.
            rules.append(Rule("", ("namespaces",), ("get",), (where,)))
    if knows_cluster:
        found[""].append(Rule("", ("namespaces",), ("get",), ("kube-system",)))
    return Rights(
        namespaces={where: _merged(rules) for where, rules in sorted(found.items()) if where},
        cluster=_merged(found[""]),
        given={where: tuple(rules) for where, rules in given.items() if rules},
    )


def _own(environment: str) -> Iterable[Rule]:
    """Yield what the lease and the record take; what is new has no name yet that a rule could mean."""
    name = record_name(environment)
    yield Rule("", ("configmaps",), ("create",))
    yield Rule("", ("configmaps",), ("get", "update"), (name,))
    yield Rule("coordination.k8s.io", ("leases",), ("create",))
    yield Rule("coordination.k8s.io", ("leases",), ("get", "update"), (name,))


def _declared(objects: Iterable[Resource]) -> dict[tuple[str, str], str]:
    found = {}
    for one in objects:
        if one.id.kind == "CustomResourceDefinition":
            spec = one.body.get("spec") or {}
            names = spec.get("names") or {}
            found[str(spec.get("group")), str(names.get("kind"))] = str(names.get("plural"))
    return found


def _served(
    identity: ObjectId, scopes: Scopes, plurals: Mapping[tuple[str, str], str],
    lookup: Callable[[ObjectId], tuple[str, bool]] | None,
) -> tuple[str, bool]:  # fmt: skip
    declared = plurals.get((identity.group, identity.kind))
    if declared is None and not is_built_in(identity.group):
        if lookup is None:
            raise ClusterError(
                f"the plural of {identity.kind}.{identity.group} is not known", object=str(identity),
                hint="add its CustomResourceDefinition to the environment, or name a cluster that has it",
            )  # fmt: skip
        return lookup(identity)
    return declared or plural_of(identity.kind), not scopes.is_cluster_scoped(identity)


def _given(one: Resource) -> list[dict[str, Any]]:
    if one.id.group != _RBAC or one.id.kind not in ("Role", "ClusterRole"):
        return []
    return [rule for rule in one.body.get("rules") or () if isinstance(rule, dict)]


def _binding(one: Resource, objects: Iterable[Resource]) -> list[Rule]:
    """Return what it takes to bind a role that the environment does not bring, or to gather other roles in one."""
    if one.id.group != _RBAC:
        return []
    if one.body.get("aggregationRule") is not None:
        return [Rule(_RBAC, ("clusterroles",), ("escalate",), (one.id.name,))]
    reference = one.body.get("roleRef")
    if not isinstance(reference, dict):
        return []
    kind, name = str(reference.get("kind")), str(reference.get("name"))
    if any((each.id.group, each.id.kind, each.id.name) == (_RBAC, kind, name) for each in objects):
        return []
    return [Rule(_RBAC, (plural_of(kind),), ("bind",), (name,))]


def _merged(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the same rights in as few rules as say them."""
    verbs: dict[tuple[str, str, str], set[str]] = {}
    for rule in rules:
        for resource in rule.resources:
            for name in rule.names or ("",):
                verbs.setdefault((rule.group, resource, name), set()).update(rule.verbs)
    names: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (group, resource, name), wanted in sorted(verbs.items()):
        # What all objects allow needs not be said of some.
        left = wanted - verbs.get((group, resource, ""), set()) if name else wanted
        if left:
            names.setdefault((group, resource, (*sorted(left), "" if name else "*")), []).append(name)
    resources: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (group, resource, every), some in names.items():
        resources.setdefault((group, tuple(filter(None, some)), every[:-1]), []).append(resource)
    return tuple([Rule(group, tuple(some), every, named) for (group, named, every), some in resources.items()])
