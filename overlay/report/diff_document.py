"""What a change does to environments, as a document for programs; `schemas/changes.schema.json` describes it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from overlay.diff.comparison import Cause
    from overlay.diff.outcome import EnvironmentDiff, FieldDiff, ObjectDiff

CHANGES = ("changed", "renamed", "added", "removed")


def diff_document(
    diffs: Sequence[EnvironmentDiff], before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> dict[str, Any]:  # fmt: skip
    """Return one document of kind Changes; before, after: what was compared."""
    return {
        "apiVersion": "overlay.dev/v1",
        "kind": "Changes",
        "from": dict(before),
        "to": dict(after),
        "summary": {
            "environments": len(diffs),
            "differing": sum(one.change != "same" for one in diffs),
            "objects": {word: sum(one.count(word) for one in diffs) for word in CHANGES},
        },
        "environments": [environment_value(one) for one in diffs],
    }


def environment_value(one: EnvironmentDiff) -> dict[str, Any]:
    """Return what became of an environment."""
    return {
        "environment": one.environment,
        "change": one.change,
        "ignored": one.ignored,
        "problems": [each.message for each in one.problems],
        "objects": [_object(each) for each in one.objects],
    }


def _object(one: ObjectDiff) -> dict[str, Any]:
    found: dict[str, Any] = {
        "group": one.group,
        "kind": one.kind,
        "namespace": one.namespace or None,
        "name": one.name,
        "change": one.change,
        "oldName": one.old_name or None,
        "cause": cause_value(one.cause),
    }
    if one.change == "removed":
        found |= {"pruned": not one.kept, "kept": one.kept or None}
    return {**found, "fields": [_field(each) for each in one.fields]}


def _field(one: FieldDiff) -> dict[str, Any]:
    return {
        "path": one.path,
        "change": one.change,
        **({"before": one.before} if one.change != "added" else {}),
        **({"after": one.after} if one.change != "removed" else {}),
        "cause": cause_value(one.cause),
    }


def cause_value(cause: Cause | None) -> dict[str, Any] | None:
    """Return the place behind a difference."""
    if cause is None:
        return None
    place = cause.location
    return {
        "file": place.file,
        "line": place.line or None,
        "column": place.column or None,
        "what": cause.what,
        "through": str(cause.through) if cause.through is not None else None,
    }
