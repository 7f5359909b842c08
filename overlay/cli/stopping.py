"""Why a plan of a cluster cannot be carried out, and what to do about it."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.cli.clusters import Live
    from overlay.cluster.plan import Action
    from overlay.errors import OverlayError


def stops(live: Live) -> OverlayError | None:
    """Return why a plan cannot be carried out, or None."""
    from overlay.cluster.plan import STOPS  # noqa: PLC0415
    from overlay.errors import ClusterConflict, ClusterError, Problems  # noqa: PLC0415

    if live.plan.ending:
        return _ending(live)
    homeless: dict[str, int] = {}
    for one in live.plan.of(*STOPS):
        if namespace := _no_namespace(one.why):
            homeless[namespace] = homeless.get(namespace, 0) + 1
    found: Sequence[OverlayError] = [
        *[
            ClusterError(
                f"there is no namespace {namespace}, in which {count} object{'s' * (count != 1)} shall be",
                environment=live.wish.name, rule="cluster-refused",
                hint=f"`kubectl create namespace {namespace}`, or add a Namespace of that name to spec.resources",
            )
            for namespace, count in homeless.items()
        ],
        *[
            (ClusterConflict if one.verb == "conflict" else ClusterError)(
                f"{one.id}: {one.why}", environment=live.wish.name, object=str(one.id), rule=f"cluster-{one.verb}",
                hint=_way_out(one),
            )
            for one in live.plan.of(*STOPS) if not _no_namespace(one.why)
        ],
    ]  # fmt: skip
    if not found:
        return None
    return found[0] if len(found) == 1 else Problems(found)


def _ending(live: Live) -> OverlayError:
    """Return an error where objects shall be in a namespace that somebody deletes."""
    from overlay.errors import ClusterConflict  # noqa: PLC0415

    name, since = next(iter(live.plan.ending.items()))
    own = any(one.id.kind == "Namespace" and one.id.name == name for one in live.placed.objects)
    again = (
        "run the same command again" if own else f"`kubectl create namespace {name}`, and run the same command again"
    )
    return ClusterConflict(
        f"Namespace/{name} is being deleted by somebody since {since}, and with it what is in it",
        environment=live.wish.name, object=f"Namespace/{name}", rule="cluster-ending", hint=f"when it is gone: {again}",
    )  # fmt: skip


def _no_namespace(why: str) -> str:
    """Return the namespace that the server does not find, as it says it; empty where that is not what it says."""
    found = re.fullmatch(r'namespaces "([a-z0-9-]+)" not found', why)
    return found[1] if found else ""


def _way_out(action: Action) -> str | None:
    why = action.why
    if action.verb != "conflict":
        return None
    if action.conflicts:
        field = action.conflicts[0].field.removeprefix(".")
        path = field if re.fullmatch(r"[\w.-]+", field) else "…"  # elements of lists are written otherwise there
        return f"add {{path: {path}, action: take}} to spec.cluster.conflicts, or action: leave if it stays theirs"
    if why.startswith("it exists already") or "Helm release" in why:
        return "`overlay adopt-live` takes it over"
    return None
