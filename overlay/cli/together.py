"""Several environments at once: what keeps them apart, and what ends all of them."""

from __future__ import annotations

from overlay.errors import ClusterConflict
from overlay.parallel import run_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeVar

    from overlay.cli.clusters import Live
    from overlay.cluster.halt import Halt
    from overlay.cluster.record import Key
    from overlay.errors import OverlayError

    T = TypeVar("T")
    R = TypeVar("R")

# Each asks its server up to eight things at once; what several gain is that they wait for rollouts side by side.
AT_ONCE = 4


def together(call: Callable[[T], R], items: Sequence[T], halt: Halt | None = None) -> list[R]:
    """Return what a call gives for each environment; it raises nothing but for the end of the process.

    halt: set when this is interrupted, so that every run ends at its next step and gives its lease back.
    """
    return run_all(call, items, workers=AT_ONCE, interrupted=halt.set if halt is not None else None)


def shared_objects(lives: Iterable[Live]) -> dict[str, OverlayError]:
    """Return a refusal for each environment that has an object of another one in the same cluster.

    Each alone would find the other's label, but not when both are applied at the same moment.
    """
    owners: dict[tuple[str, Key], list[str]] = {}
    for live in lives:
        for one in live.placed.objects:
            owners.setdefault((live.client.access.server, one.id.key), []).append(live.wish.name)
    found: dict[str, OverlayError] = {}
    for (_, key), names in owners.items():
        for name in names if len(names) > 1 else ():
            others = " and ".join([other for other in names if other != name])
            label = "/".join([part for part in key[1:] if part])
            found.setdefault(
                name,
                ClusterConflict(
                    f"{label} is an object of {others} too, in the same cluster", environment=name, object=label,
                    hint="an object belongs to one environment: give one of them another namespace or name",
                ),
            )  # fmt: skip
    return found
