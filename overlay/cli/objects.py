"""Objects as the command line prints them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.model.resource import Resource


def object_name(one: Resource) -> str:
    """Return kind/name as `kubectl -o name` writes it: lower case, with the group."""
    kind = one.id.kind.lower()
    return f"{kind}.{one.id.group}/{one.id.name}" if one.id.group else f"{kind}/{one.id.name}"


def masked(one: Resource) -> dict[str, Any]:
    """Return a Secret with its values hidden: a terminal is no place for them."""
    if one.id.kind != "Secret" or one.id.group:
        return one.body
    found = {}
    for field, item in one.body.items():
        hidden = field in ("data", "stringData") and isinstance(item, dict)
        found[field] = dict.fromkeys(item, "***") if hidden else item
    return found


def objects_text(objects: Sequence[Resource], form: str, *, hide: bool) -> str:
    """Return objects as `yaml` (documents), `json` (one array) or `name` (kind/name a line)."""
    if form == "name":
        return "".join([f"{object_name(one)}\n" for one in objects])
    bodies = [masked(one) if hide else one.body for one in objects]
    if form == "json":
        from overlay.report.document import as_json  # noqa: PLC0415

        return as_json(bodies)
    from overlay.yaml import write_documents  # noqa: PLC0415

    return write_documents(bodies)
