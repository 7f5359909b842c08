"""Add annotations to objects and their pod templates (kustomize's `commonAnnotations`)."""

from __future__ import annotations

from overlay.kube.fieldpath import MISSING, SpecTable, change
from overlay.kube.fieldspecs import ANNOTATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.model.resource import Resource
    from overlay.model.spec import FieldSpec


def add_annotations(
    objects: Sequence[Resource], pairs: dict[str, str], extra: tuple[FieldSpec, ...] = ()
) -> tuple[Resource, ...]:
    """Return the objects with the annotations added."""
    if not pairs:
        return tuple(objects)
    table = SpecTable((*ANNOTATIONS, *extra))

    def add(old: Any, _: Any) -> Any:
        if old is MISSING or old is None:
            return dict(pairs)
        if not isinstance(old, dict) or all(old.get(key) == item for key, item in pairs.items()):
            return old
        return {**old, **pairs}

    result = []
    for one in objects:
        body = one.body
        for parts, create_from in table.of(one.id):
            body = change(body, parts, add, create_from=create_from)
        result.append(one.with_body(body))
    return tuple(result)
