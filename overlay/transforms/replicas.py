"""Set how many replicas a workload has, by its name (kustomize's `replicas`)."""

from __future__ import annotations

from overlay.errors import OverlayError, TransformError, raise_all
from overlay.kube.fieldpath import SpecTable, change
from overlay.kube.fieldspecs import REPLICAS
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from overlay.model.resource import Resource
    from overlay.model.spec import FieldSpec, Replicas


def set_replicas(
    objects: Sequence[Resource], entries: Sequence[Replicas], extra: tuple[FieldSpec, ...] = ()
) -> tuple[Resource, ...]:
    """Return the objects with the replicas of every entry set.

    Raises TransformError for each entry whose name no workload has.
    """
    if not entries:
        return tuple(objects)
    table = SpecTable((*REPLICAS, *extra))
    result = list(objects)
    by_name: dict[str, list[int]] = {}
    for index, one in enumerate(result):
        if table.of(one.id):
            for name in dict.fromkeys([identity.name for identity in one.answers_to()]):
                by_name.setdefault(name, []).append(index)
    errors: list[OverlayError] = []
    for entry in entries:
        found = by_name.get(entry.name)
        if not found:
            errors.append(
                TransformError(
                    f"replicas: no workload is called {entry.name!r}",
                    location=entry.location,
                    hint=did_you_mean(entry.name, by_name) or f"there are {', '.join(sorted(by_name)[:10]) or 'none'}",
                )
            )
            continue
        for index in found:
            one = result[index]
            body = one.body
            for parts, create_from in table.of(one.id):
                body = change(body, parts, _setter(entry.count), create_from=create_from)
            result[index] = one.with_body(body)
    raise_all(errors)
    return tuple(result)


def _setter(count: int) -> Callable[[Any, Any], Any]:
    def put(old: Any, _: Any) -> Any:
        return old if old == count else count

    return put
