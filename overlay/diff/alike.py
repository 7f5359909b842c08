"""Environments that change alike, told once."""

from __future__ import annotations

from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from overlay.diff.outcome import EnvironmentDiff, ObjectDiff
    from overlay.model.resource import Body


@value
class Alike:
    """Environments with the same differences; diff: the first one's, without namespaces where these differ."""

    environments: tuple[str, ...]
    diff: EnvironmentDiff


def alike(diffs: Iterable[EnvironmentDiff]) -> list[Alike]:
    """Return those that differ, in the order of the first of each, environments that change alike together."""
    different = [one for one in diffs if one.change != "same"]
    if len(different) == 1:
        return [Alike((different[0].environment,), different[0])]
    found: dict[object, list[EnvironmentDiff]] = {}
    for one in different:
        key = (one.change, one.problems, tuple([_likeness(each) for each in one.objects]))
        found.setdefault(key, []).append(one)
    return [Alike(tuple([one.environment for one in some]), _common(some)) for some in found.values()]


def _likeness(one: ObjectDiff) -> object:
    whole = repr([_elsewhere(body) for body in (one.before, one.after)]) if not one.fields else ""
    return (
        one.group, one.kind, one.name, one.change, one.old_name, one.kept, repr(one.fields), one.cause, whole,
    )  # fmt: skip


def _elsewhere(body: Body | None) -> Body | None:
    """Return an object without its namespace, which differs by environment."""
    metadata = body.get("metadata") if body is not None else None
    if body is None or not isinstance(metadata, dict):
        return body
    return {**body, "metadata": {key: item for key, item in metadata.items() if key != "namespace"}}


def _common(some: list[EnvironmentDiff]) -> EnvironmentDiff:
    first = some[0]
    objects = [
        one if len({each.objects[at].namespace for each in some}) == 1 else replace(one, namespace="")
        for at, one in enumerate(first.objects)
    ]
    return replace(first, objects=tuple(objects))
