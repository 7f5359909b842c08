"""Helm's hooks: which objects run when, in which order, and what becomes of them afterwards."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from overlay.model.resource import Body, Resource

EVENTS = frozenset(
    f"{when}-{what}" for when in ("pre", "post") for what in ("install", "upgrade", "rollback", "delete")
)
_TESTS = frozenset(("test", "test-success", "test-failure"))
# Which ApplySet's hook an object is: what is deleted before it is made again must have been ours.
OF = "overlay.dev/hook-of"
BEFORE, SUCCEEDED, FAILED = "before-hook-creation", "hook-succeeded", "hook-failed"


@value
class Hook:
    """An object that runs at events. policies: when it is deleted; Helm's default is before it is created again."""

    object: Resource
    events: frozenset[str]
    weight: int
    policies: frozenset[str]


def divide(objects: Iterable[Resource]) -> tuple[list[Resource], list[Hook]]:
    """Return ordinary objects, and hooks; what only tests run is neither."""
    ordinary, hooks = [], []
    for one in objects:
        said = _said(one.body, "helm.sh/hook")
        events = said & EVENTS
        if events:
            policies = _said(one.body, "helm.sh/hook-delete-policy") or frozenset((BEFORE,))
            hooks.append(Hook(one, events, _weight(one.body), policies))
        elif not said & _TESTS:
            ordinary.append(one)
    return ordinary, hooks


def due(hooks: Sequence[Hook], event: str) -> list[Hook]:
    """Return the hooks of an event in the order in which they run."""
    found = [one for one in hooks if event in one.events]
    return sorted(found, key=lambda one: (one.weight, one.object.id.kind, one.object.id.name))


def _said(body: Body, annotation: str) -> frozenset[str]:
    text = (body["metadata"].get("annotations") or {}).get(annotation) or ""
    return frozenset([part.strip() for part in str(text).split(",") if part.strip()])


def _weight(body: Body) -> int:
    text = str((body["metadata"].get("annotations") or {}).get("helm.sh/hook-weight") or "0")
    try:
        return int(text)
    except ValueError:
        # As Helm does.
        return 0
