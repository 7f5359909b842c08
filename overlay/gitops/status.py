"""What is published of an environment, held against what is checked out: one word, and the commits behind it."""

from __future__ import annotations

from overlay.errors import OverlayError
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from overlay.gitops.lag import Lag, Lags, SourceCommit
    from overlay.gitops.publish import Looked
    from overlay.gitops.record import Record
    from overlay.gitops.source import Source


@value(kw_only=True)
class Status:
    """One environment.

    state: `current`; `same` (commits came since that change nothing of what is rendered); `behind` (it renders
    differently now); `unpublished`; `held` (rolled back, and not released); `edited` (by somebody else); `ahead` and
    `diverged` (published from a newer commit, or from one that this branch does not have); `unknown` (behind or ahead:
    what was published is not in this clone); `failed` (it cannot be rendered, or not be published).
    lag: None where nothing is published. touching: of its commits those that change what the environment reads, or
    read when it was published. looked: None where it does not render. errors: what is wrong.
    """

    environment: str
    state: str
    looked: Looked | None = None
    lag: Lag | None = None
    touching: tuple[SourceCommit, ...] = ()
    errors: tuple[OverlayError, ...] = ()


def status_of(
    looked: Looked,
    lags: Lags,
    is_newer: Callable[[Record, Source], bool | None],
    refused: Sequence[OverlayError] = (),
) -> Status:
    """Return the status of one environment that renders.

    is_newer: tells whether what is published is of a later commit, also where that is not in this clone. refused: why
    it would not be published, whatever stands there.
    """
    plan = looked.plan
    errors = (*refused, *(plan.each() if isinstance(plan, OverlayError) else ()))
    record = looked.now.record if looked.now is not None else None
    if record is None:
        state = "failed" if errors else "unpublished"
        return Status(environment=looked.want.environment, state=state, looked=looked, errors=errors)
    lag = lags.of(record.source)
    then = record.value.get("inputs")
    read = frozenset([*looked.want.record["inputs"], *(then if isinstance(then, dict) else ())])
    touched = bool(lag.touching(read))
    return Status(
        environment=looked.want.environment,
        state="failed"
        if refused
        else _state(looked, lag, lambda: is_newer(record, looked.want.source), touched=touched),
        looked=looked,
        lag=lag,
        touching=lag.touching(read),
        errors=errors,
    )


def _state(looked: Looked, lag: Lag, newer: Callable[[], bool | None], *, touched: bool) -> str:
    plan = looked.plan
    if isinstance(plan, OverlayError):
        return "edited" if all(one.rule == "edited" for one in plan.each()) else "failed"
    if plan.held is not None:
        return "held"
    if lag.place == "newer" or (lag.place == "missing" and plan.acts and newer()):
        return "ahead"
    if plan.acts:
        return {"missing": "unknown", "apart": "diverged"}.get(lag.place, "behind")
    return "same" if touched or lag.place in ("missing", "apart") else "current"
