"""Objects as they go to the server: in their namespace, labelled as members, held to limits, of kinds that it knows."""

from __future__ import annotations

import base64
import json

from overlay.cluster.applyset import labelled
from overlay.cluster.hooks import divide
from overlay.cluster.record import record_name
from overlay.errors import ManifestError, OverlayError, raise_all
from overlay.kube.scope import Scopes
from overlay.model.resource import ObjectId, split_api_version
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cluster.discovery import Kinds, Served
    from overlay.cluster.hooks import Hook
    from overlay.cluster.record import Key
    from overlay.model.resource import Body, Resource

# etcd refuses larger requests; the server refuses more annotations (hazard K42).
MAX_OBJECT = 1_500_000
MAX_ANNOTATIONS = 256 * 1024
# What we keep of an environment under one name.
_OWN = {("", "ConfigMap"): "record", ("coordination.k8s.io", "Lease"): "lease"}
_LOCAL = "config.kubernetes.io/local-config"


@value(kw_only=True)
class Placed:
    """What shall be.

    objects: as they will be sent. served: the path of each, None for kinds whose definition comes in the same run.
    crds: (group, kind) of those definitions. hooks: in their namespaces; no members of the set.
    """

    objects: tuple[Resource, ...]
    served: dict[Key, Served | None]
    crds: frozenset[tuple[str, str]]
    hooks: tuple[Hook, ...] = ()


def place(objects: Sequence[Resource], kinds: Kinds, namespace: str, owner: str) -> Placed:
    """Return objects as they go to a server that knows these kinds.

    namespace: of objects that name none. Raises ManifestError (all of them) for kinds that nobody knows, and two
    objects that are one there.
    """
    objects, hooks = divide(objects)
    scopes = Scopes(objects)
    defined = dict([_defined(one) for one in objects if one.id.kind == "CustomResourceDefinition"])
    placed: list[Resource] = []
    served: dict[Key, Served | None] = {}
    errors: list[OverlayError] = []
    for one in objects:
        if is_local(one):
            continue
        found = kinds.find(one.id.group, one.id.version, one.id.kind)
        versions = defined.get((one.id.group, one.id.kind))
        if one.id.version not in versions if versions is not None else found is None:
            errors.append(_unknown(one, kinds) if versions is None else _unserved(one, versions))
            continue
        is_namespaced = found.is_namespaced if found else not scopes.is_cluster_scoped(one.id)
        moved = _in_namespace(one, namespace if is_namespaced else "", is_namespaced=is_namespaced)
        if moved.id.key in served:
            errors.append(
                ManifestError(f"{moved.id} is defined twice", location=one.origin.location, object=str(one.id))
            )
            continue
        moved = moved.with_body(labelled(_without_gathered(_with_data(_said(moved.body))), owner))
        served[moved.id.key] = found
        placed.append(moved)
    for index, hook in enumerate(hooks):
        known = kinds.find(hook.object.id.group, hook.object.id.version, hook.object.id.kind)
        is_namespaced = known.is_namespaced if known else not scopes.is_cluster_scoped(hook.object.id)
        moved = _in_namespace(hook.object, namespace if is_namespaced else "", is_namespaced=is_namespaced)
        hooks[index] = replace(hook, object=moved)
    raise_all(errors)
    return Placed(objects=tuple(placed), served=served, crds=frozenset(defined), hooks=tuple(hooks))


def _said(body: Body) -> Body:
    """Return a body without annotations that say nothing.

    An empty map is ours until a controller notes something in it, and would be applied again after each time.
    """
    metadata = body["metadata"]
    if "annotations" not in metadata or metadata["annotations"]:
        return body
    return {**body, "metadata": {key: item for key, item in metadata.items() if key != "annotations"}}


def _with_data(body: Body) -> Body:
    """Return a Secret whose `stringData` is `data`, as the server stores it.

    Nobody owns what `stringData` writes: a key that left would stay for ever, and somebody's change would be
    overwritten unseen. What the server refuses stays as it is written.
    """
    texts = body.get("stringData")
    if (body["apiVersion"], body["kind"]) != ("v1", "Secret") or not isinstance(texts, dict):
        return body
    data = body.get("data") or {}
    if not isinstance(data, dict) or any(text.__class__ is not str for text in texts.values()):
        return body
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    rest = {key: item for key, item in body.items() if key not in ("data", "stringData")}
    return {**rest, "data": {**data, **encoded}} if data or encoded else rest


def _without_gathered(body: Body) -> Body:
    """Return a ClusterRole that gathers others without its own rules: a controller writes them, whatever they are."""
    is_role = (split_api_version(body["apiVersion"])[0], body["kind"]) == ("rbac.authorization.k8s.io", "ClusterRole")
    if not is_role or body.get("aggregationRule") is None:
        return body
    return {key: item for key, item in body.items() if key != "rules"}


def refuse_own(objects: Sequence[Resource], environment: str, namespace: str) -> None:
    """Refuse objects that are called as what we keep ourselves: at each run one would write over the other.

    namespace: of the record, and of objects that name none. Raises ManifestError (all of them).
    """
    raise_all(
        [
            ManifestError(
                f"{one.id} has the name of overlay's own {_OWN[one.id.group, one.id.kind]} of {environment}",
                location=one.origin.location, environment=environment, object=str(one.id), hint="give it another name",
            )
            for one in objects
            if one.id.name == record_name(environment) and (one.id.group, one.id.kind) in _OWN
            and (one.id.namespace or namespace) == namespace and not is_local(one)
        ]
    )  # fmt: skip


def check_sizes(objects: Sequence[Resource]) -> None:
    """Refuse objects that no cluster stores. Raises ManifestError (all of them)."""
    problems = [(one, _too_large(one)) for one in objects]
    raise_all(
        [
            ManifestError(problem, location=one.origin.location, object=str(one.id))
            for one, problem in problems
            if problem
        ]
    )


def is_local(one: Resource) -> bool:
    """Tell whether an object is for tools alone, and never goes to a cluster."""
    return bool((one.body["metadata"].get("annotations") or {}).get(_LOCAL) == "true")


def _in_namespace(one: Resource, namespace: str, *, is_namespaced: bool) -> Resource:
    identity = one.id
    wanted = (identity.namespace or namespace) if is_namespaced else ""
    if wanted == identity.namespace:
        return one
    metadata = {key: item for key, item in one.body["metadata"].items() if key != "namespace"}
    if wanted:
        metadata["namespace"] = wanted
    moved = ObjectId(identity.group, identity.version, identity.kind, wanted, identity.name)
    return replace(one, id=moved, body={**one.body, "metadata": metadata})


def _defined(one: Resource) -> tuple[tuple[str, str], frozenset[str]]:
    """Return the group and kind of a definition, and the versions that it serves; the server says what is wrong."""
    spec = _map(one.body.get("spec"))
    versions = spec.get("versions")
    served = [_map(each) for each in (versions if isinstance(versions, list) else ())]
    return (
        (str(spec.get("group")), str(_map(spec.get("names")).get("kind"))),
        frozenset([str(each.get("name")) for each in served if each.get("served")]),
    )


def _map(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _unknown(one: Resource, kinds: Kinds) -> ManifestError:
    other = kinds.prefer(one.id.group, one.id.kind)
    hint = (
        f"it serves {other.api_version} {other.kind}"
        if other
        else "install its CustomResourceDefinition first, or add it to the environment"
    )
    return ManifestError(
        f"the cluster does not know {one.body['apiVersion']} {one.id.kind}", location=one.origin.location,
        object=str(one.id), hint=hint,
    )  # fmt: skip


def _unserved(one: Resource, versions: frozenset[str]) -> ManifestError:
    kind = f"{one.body['apiVersion']} {one.id.kind}"
    return ManifestError(
        f"the environment's own CustomResourceDefinition does not serve {kind}", location=one.origin.location,
        object=str(one.id), hint=f"it serves {', '.join(sorted(versions)) or 'no version'}",
    )  # fmt: skip


def _too_large(one: Resource) -> str | None:
    annotations = one.body["metadata"].get("annotations") or {}
    size = sum(len(key) + len(text.encode()) for key, text in annotations.items() if isinstance(text, str))
    if size > MAX_ANNOTATIONS:
        return f"its annotations have {size} bytes, more than the {MAX_ANNOTATIONS} that Kubernetes takes"
    size = len(json.dumps(one.body, separators=(",", ":")).encode())
    return f"it has {size} bytes, more than the {MAX_OBJECT} that a cluster stores" if size > MAX_OBJECT else None
