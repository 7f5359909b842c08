"""Put every namespaced object into one namespace (kustomize's `namespace`)."""

from __future__ import annotations

from overlay.errors import OverlayError, TransformError, raise_all
from overlay.kube.fieldpath import SpecTable, change
from overlay.kube.fieldspecs import NAMESPACE
from overlay.model.resource import ObjectId

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.kube.scope import Scopes
    from overlay.model.location import Location
    from overlay.model.resource import Resource
    from overlay.model.spec import FieldSpec


def set_namespace(
    objects: Sequence[Resource],
    namespace: str,
    location: Location | None,
    scopes: Scopes,
    extra: tuple[FieldSpec, ...] = (),
) -> tuple[Resource, ...]:
    """Return the objects in `namespace`; cluster-scoped ones stay, a Namespace object is renamed (as kustomize does).

    Subjects of role bindings that name the service account `default` follow; other references are rewritten at the
    end of the build, when all names are known.
    Raises TransformError where two objects become the same one.
    """
    table = SpecTable((*NAMESPACE, *extra))

    def put(_: Any, __: Any) -> str:
        return namespace

    result = []
    taken: dict[tuple[str, str, str, str], Resource] = {}
    errors: list[OverlayError] = []
    for one in objects:
        body = one.body
        identity = one.id
        if identity.kind == "Namespace" and not identity.group:
            body = change(body, ("metadata", "name"), put)
            identity = ObjectId("", identity.version, "Namespace", identity.namespace, namespace)
        elif identity.namespace != namespace and not scopes.is_cluster_scoped(identity):
            body = {**body, "metadata": _placed(body["metadata"], namespace)}
            identity = ObjectId(identity.group, identity.version, identity.kind, namespace, identity.name)
        for parts, create_from in table.of(identity):
            body = change(body, parts, put, create_from=create_from)
        if identity.kind in ("RoleBinding", "ClusterRoleBinding"):
            body = change(body, ("subjects",), lambda subjects, _: _default_subjects(subjects, namespace))
        moved = one.renamed(body, identity)
        first = taken.setdefault(identity.key, moved)
        if first is not moved:
            errors.append(
                TransformError(
                    f"in namespace {namespace} there would be two {identity}: from {first.origin.location} "
                    f"and {one.origin.location}",
                    location=location,
                    object=str(identity),
                    hint="give one of them another name",
                )
            )
        result.append(moved)
    raise_all(errors)
    return tuple(result)


def _placed(metadata: dict[str, Any], namespace: str) -> dict[str, Any]:
    """Return metadata with the namespace; a new one stands behind the name, where people look for it."""
    if "namespace" in metadata:
        return {**metadata, "namespace": namespace}
    placed = {}
    for key, item in metadata.items():
        placed[key] = item
        if key == "name":
            placed["namespace"] = namespace
    return placed


def _default_subjects(subjects: Any, namespace: str) -> Any:
    if not isinstance(subjects, list):
        return subjects
    changed = [
        {**subject, "namespace": namespace}
        if isinstance(subject, dict) and subject.get("name") == "default" and subject.get("namespace") != namespace
        else subject
        for subject in subjects
    ]
    return changed if any(new is not old for new, old in zip(changed, subjects, strict=True)) else subjects
