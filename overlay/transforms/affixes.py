"""Put a prefix before and a suffix behind every object's name (kustomize's `namePrefix` and `nameSuffix`)."""

from __future__ import annotations

from overlay.model.resource import ObjectId

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.model.resource import Resource

# Their names say what they are, so kustomize leaves them: (group, kind), an empty group for any.
_FIXED = (("", "CustomResourceDefinition"), ("apiregistration.k8s.io", "APIService"), ("", "Namespace"))


def add_affixes(objects: Sequence[Resource], prefix: str, suffix: str) -> tuple[Resource, ...]:
    """Return the objects with longer names; references follow at the end of the build, when all names are known."""
    return tuple([_renamed(one, prefix, suffix) for one in objects])


def _renamed(one: Resource, prefix: str, suffix: str) -> Resource:
    old = one.id
    if any(old.kind == kind and group in ("", old.group) for group, kind in _FIXED):
        return one
    name = f"{prefix}{old.name}{suffix}"
    body = {**one.body, "metadata": {**one.body["metadata"], "name": name}}
    return one.renamed(body, ObjectId(old.group, old.version, old.kind, old.namespace, name))
