"""Add labels (kustomize's `labels`): to metadata only, unless an entry asks for templates or selectors."""

from __future__ import annotations

from overlay.kube.fieldpath import MISSING, SpecTable, change
from overlay.kube.fieldspecs import METADATA_LABELS, SELECTORS, TEMPLATE_LABELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.model.resource import Resource
    from overlay.model.spec import FieldSpec, Labels


def add_labels(
    objects: Sequence[Resource], entries: Sequence[Labels], extra: tuple[FieldSpec, ...] = ()
) -> tuple[Resource, ...]:
    """Return the objects with each entry's pairs added.

    A selector of a running workload cannot change, so selectors are left alone unless `includeSelectors` is set.
    """
    for entry in entries:
        specs = [*METADATA_LABELS, *entry.fields, *extra]
        if entry.include_templates or entry.include_selectors:
            specs += TEMPLATE_LABELS
        if entry.include_selectors:
            specs += SELECTORS
        table = SpecTable(specs)
        pairs = entry.pairs

        def add(old: Any, _: Any, pairs: dict[str, str] = pairs) -> Any:
            if old is MISSING or old is None:
                return dict(pairs)
            if not isinstance(old, dict) or all(old.get(key) == item for key, item in pairs.items()):
                return old
            return {**old, **pairs}

        changed = []
        for one in objects:
            body = one.body
            for parts, create_from in table.of(one.id):
                body = change(body, parts, add, create_from=create_from)
            changed.append(one.with_body(body))
        objects = changed
    return tuple(objects)
