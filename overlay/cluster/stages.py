"""The order in which objects are applied: what others need comes first, the rest side by side."""

from __future__ import annotations

from overlay.errors import ManifestError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from overlay.cluster.record import Key
    from overlay.model.resource import ObjectId, Resource

WAVE = "argocd.argoproj.io/sync-wave"
DEPENDS_ON = "config.kubernetes.io/depends-on"

_CRDS, _NAMESPACES, _NEEDED, _REST, _LAST = range(5)
# What others name, mount, or are held against. The server takes a pod without its ConfigMap, but it starts later.
_NEEDED_KINDS = frozenset(
    ("ClusterRole", "ClusterRoleBinding", "ConfigMap", "IngressClass", "LimitRange", "NetworkPolicy",
     "PersistentVolume", "PersistentVolumeClaim", "PodDisruptionBudget", "PriorityClass", "ResourceQuota", "Role",
     "RoleBinding", "RuntimeClass", "Secret", "Service", "ServiceAccount", "StorageClass")
)  # fmt: skip
# What may refuse others, or be answered by pods that come before.
_LAST_KINDS = frozenset(
    ("APIService", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration",
     "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration")
)  # fmt: skip

Level = tuple[int, int, int]


@value
class Stage:
    """Objects that are applied side by side.

    awaited: those that must be healthy before the next stage begins.
    """

    objects: tuple[Resource, ...]
    awaited: frozenset[Key]


def make_stages(objects: Sequence[Resource]) -> tuple[Stage, ...]:
    """Divide objects into stages by wave, kind and dependency; within one they keep their order.

    Raises ManifestError for a wave that is no number, a dependency that is not there, and a circle of them.
    """
    by_key = {one.id.key: one for one in objects}
    needs = {one.id.key: tuple(_dependencies(one, by_key)) for one in objects}
    levels: dict[Key, Level] = {}
    for one in objects:
        _level(one, by_key, needs, levels, ())
    awaited = {key for keys in needs.values() for key in keys}
    awaited |= {key for key in by_key if levels[key][1] in (_CRDS, _NAMESPACES)}
    ordered = sorted(set(levels.values()))
    last_wave = ordered[-1][0] if ordered else 0
    # A wave begins when the one before it is healthy.
    awaited |= {key for key, level in levels.items() if level[0] < last_wave}
    return tuple(
        [
            Stage(
                tuple([one for one in objects if levels[one.id.key] == level]),
                frozenset([key for key, its in levels.items() if its == level and key in awaited]),
            )
            for level in ordered
        ]
    )


def _level(
    one: Resource, by_key: dict[Key, Resource], needs: dict[Key, tuple[Key, ...]], levels: dict[Key, Level],
    above: tuple[Key, ...],
) -> Level:  # fmt: skip
    key = one.id.key
    if key in levels:
        return levels[key]
    if key in above:
        circle = " → ".join([str(by_key[each].id) for each in (*above[above.index(key) :], key)])
        raise ManifestError(
            f"objects depend on each other in a circle: {circle}", location=one.origin.location, object=str(one.id),
            hint=f"remove one of the annotations {DEPENDS_ON}",
        )  # fmt: skip
    level: Level = (_wave(one), rank(one.id), 0)
    for needed in needs[key]:
        below = _level(by_key[needed], by_key, needs, levels, (*above, key))
        if below >= level:
            level = (below[0], below[1], below[2] + 1)
    levels[key] = level
    return level


def rank(identity: ObjectId) -> int:
    """Return the place of a kind in the order of applying; deleting goes the other way."""
    kind = identity.kind
    if kind == "CustomResourceDefinition":
        return _CRDS
    if kind == "Namespace" and not identity.group:
        return _NAMESPACES
    if kind in _NEEDED_KINDS:
        return _NEEDED
    return _LAST if kind in _LAST_KINDS else _REST


def _annotations(one: Resource) -> dict[str, str]:
    return one.body["metadata"].get("annotations") or {}


def _wave(one: Resource) -> int:
    text = _annotations(one).get(WAVE)
    if text is None:
        return 0
    try:
        return int(text)
    except ValueError:
        raise ManifestError(
            f"the annotation {WAVE} must be a number, found {text!r}", location=one.origin.location, object=str(one.id)
        ) from None


def _dependencies(one: Resource, by_key: dict[Key, Resource]) -> Iterable[Key]:
    for text in filter(None, [part.strip() for part in _annotations(one).get(DEPENDS_ON, "").split(",")]):
        key = parse_reference(text)
        if key is None or key not in by_key:
            problem = "is not among the objects" if key else "is no reference"
            raise ManifestError(
                f"the annotation {DEPENDS_ON} names {text!r}, which {problem}", location=one.origin.location,
                object=str(one.id),
                hint="write group/namespaces/namespace/kind/name, or group/kind/name; the core group is empty",
            )  # fmt: skip
        yield key
    account = _annotations(one).get("kubernetes.io/service-account.name", "")
    key = ("", "ServiceAccount", one.id.namespace, account)
    if one.id.kind == "Secret" and one.body.get("type") == "kubernetes.io/service-account-token" and key in by_key:
        # A cluster deletes the token of an account that is not there.
        yield key


def parse_reference(text: str) -> Key | None:
    """Return the object that a reference names, or None.

    >>> parse_reference("apps/namespaces/shop/Deployment/web")
    ('apps', 'Deployment', 'shop', 'web')
    >>> parse_reference("/Namespace/shop")
    ('', 'Namespace', '', 'shop')
    """
    parts = text.split("/")
    if len(parts) == 5 and parts[1] == "namespaces" and all(parts[2:]):
        return (parts[0], parts[3], parts[2], parts[4])
    if len(parts) == 3 and all(parts[1:]):
        return (parts[0], parts[1], "", parts[2])
    return None
