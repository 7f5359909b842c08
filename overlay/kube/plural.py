"""The plural under which a kind is served, as RBAC's rules name it."""

from __future__ import annotations

# Kinds of Kubernetes itself whose plural is their name; all others follow the rule (a test asks a real server).
_SAME = frozenset(("Endpoints",))


def plural_of(kind: str) -> str:
    """Return the plural of one of Kubernetes' own kinds; of others only their definition knows it.

    >>> [plural_of(kind) for kind in ("Deployment", "Ingress", "NetworkPolicy", "Endpoints")]
    ['deployments', 'ingresses', 'networkpolicies', 'endpoints']
    """
    name = kind.lower()
    if kind in _SAME:
        return name
    if name.endswith("y"):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith("s") else f"{name}s"


def is_built_in(group: str) -> bool:
    """Tell whether a group is one of Kubernetes' own; such groups have no dot, or end in `.k8s.io`.

    A CustomResourceDefinition may claim a `.k8s.io` group too; it declares its plural itself.
    """
    return "." not in group or group.endswith(".k8s.io")
