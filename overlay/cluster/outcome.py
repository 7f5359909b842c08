"""What came of a run: every object of the plan is in exactly one place."""

from __future__ import annotations

from overlay.cluster.health import Health
from overlay.errors import OverlayError, RolloutError
from overlay.model.value import field, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.cluster.plan import Action, Plan
    from overlay.cluster.record import Key, Record
    from overlay.model.resource import ObjectId


@value
class Event:
    """One step of a run: a verb of the plan, `failed` or `health`; the object; what there is to say."""

    what: str
    id: ObjectId
    text: str = ""


@value(kw_only=True)
class Outcome:
    """The end of a run.

    hook: what a hook ended with. failed: by object, what the server said. stuck: what left and is still there, and why,
    as a predicate.
    """

    plan: Plan
    applied: tuple[Action, ...] = ()
    failed: dict[Key, OverlayError] = field(default_factory=dict)
    not_attempted: tuple[Action, ...] = ()
    unhealthy: dict[ObjectId, Health] = field(default_factory=dict)
    hook: OverlayError | None = None
    pruned: tuple[ObjectId, ...] = ()
    stuck: dict[ObjectId, str] = field(default_factory=dict)
    record: Record | None = None

    def error(self, environment: str) -> OverlayError | None:
        """Return the error that the run ends with, or None."""
        if self.hook is not None:
            return self.hook.of(environment)
        if self.failed:
            first = next(iter(self.failed.values()))
            more = f" (and {len(self.failed) - 1} more)" if len(self.failed) > 1 else ""
            rest = f"; {len(self.not_attempted)} objects were not tried" if self.not_attempted else ""
            return RolloutError(
                f"{len(self.applied)} of {len(self.applied) + len(self.failed) + len(self.not_attempted)} objects were"
                f" applied: {first.message}{more}{rest}",
                environment=environment, hint="nothing was pruned; the next run goes on from here",
            )  # fmt: skip
        if self.unhealthy:
            identity, health = next(iter(self.unhealthy.items()))
            more = f" (and {len(self.unhealthy) - 1} more)" if len(self.unhealthy) > 1 else ""
            return RolloutError(
                f"{identity} is not healthy: {health.status}, {health.message}{more}", environment=environment,
                object=str(identity), hint=f"nothing was pruned; see `overlay status {environment}`",
            )  # fmt: skip
        if self.stuck:
            identity, why = next(iter(self.stuck.items()))
            more = f" (and {len(self.stuck) - 1} more)" if len(self.stuck) > 1 else ""
            return RolloutError(
                f"{identity} {why}{more}", environment=environment, object=str(identity),
                hint="it stays in the inventory and is tried again by the next run",
            )  # fmt: skip
        return None
