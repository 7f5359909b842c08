"""What became of an environment: its objects that differ, and their fields."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from overlay.diff.comparison import Cause
    from overlay.model.finding import Finding
    from overlay.model.resource import Body


@value(kw_only=True)
class FieldDiff:
    """One field that differs; before and after: as it is shown, None where `change` says that there is none."""

    path: str
    change: Literal["added", "removed", "changed", "moved"]
    before: Any
    after: Any
    cause: Cause | None = None


@value(kw_only=True)
class ObjectDiff:
    """One object that differs.

    name, namespace: now, or what they were of one that is removed. old_name: of one that is renamed, else empty.
    before, after: the object as it is shown: values of Secrets hidden, ignored fields left out. cause: of an object
    that came or went. kept: why a sync would leave a removed one in its cluster; empty where it would delete it.
    """

    group: str
    kind: str
    namespace: str
    name: str
    change: Literal["added", "removed", "changed", "renamed"]
    fields: tuple[FieldDiff, ...] = ()
    before: Body | None = None
    after: Body | None = None
    old_name: str = ""
    cause: Cause | None = None
    kept: str = ""

    @property
    def label(self) -> str:
        return "/".join([part for part in (self.kind, self.namespace, self.name) if part])


@value(kw_only=True)
class EnvironmentDiff:
    """One environment before and after.

    change: `failed` where one side cannot be built, which `problems` tell. same: how many objects are as they were.
    ignored: how many fields differ that nobody wants to see.
    """

    environment: str
    change: Literal["same", "changed", "added", "removed", "failed"]
    objects: tuple[ObjectDiff, ...] = ()
    same: int = 0
    ignored: int = 0
    problems: tuple[Finding, ...] = ()

    def count(self, *changes: str) -> int:
        """Return how many objects changed in one of some ways."""
        return sum(one.change in changes for one in self.objects)
