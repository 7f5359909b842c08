"""A plan that was written to a file: read again, and held against the world as it is now."""

from __future__ import annotations

import json
import os

from overlay.errors import GitConflict, OverlayError, UsageError, raise_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cli.publishing_run import Prepared

# What must still be so, and how it is called.
_COMPARED = {
    "source": "the source's commit",
    "repository": "the repository",
    "branch": "the branch",
    "path": "the folder",
    "tip": "the branch's newest commit",
    "action": "what happens",
    "revision": "the revision",
    "content": "what is rendered",
}


def read_plan(path: str, args: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the plans of a file by environment; those that the command line names where it names some.

    Raises UsageError.
    """
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read())
        plans = {str(one["environment"]): {name: one[name] for name in _COMPARED} for one in found["environments"]}
        fits = found["kind"] == "PublishPlan" and found["apiVersion"] == "overlay.dev/v1"
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {os.strerror(error.errno or 0).lower()}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        fits = False
    if not fits:
        raise UsageError(f"{path} is no plan", hint="`overlay plan --out FILE` writes one")
    names = list(dict.fromkeys(args["environments"])) or list(plans)
    for name in names:
        if name not in plans:
            raise UsageError(f"{path} has no plan for {name}", hint=f"it has {', '.join(plans)}")
    if args["all"]:
        raise UsageError("--all and --plan exclude each other: the plan says which environments")
    return {name: plans[name] for name in names}


def refuse_moved(saved: dict[str, dict[str, Any]], run: Prepared) -> None:
    """Raise GitConflict, or Problems, where publishing now would not be exactly what was planned."""
    from overlay.cli.publishing_output import plan_value  # noqa: PLC0415

    raise_all(run.errors)
    errors: list[OverlayError] = []
    for one in run.planned:
        now = plan_value(one)
        before = saved[one.name]
        if _is_carried_out(now, before):
            continue
        moved = next((name for name in _COMPARED if now[name] != before[name]), None)
        if moved is not None:
            errors.append(
                GitConflict(
                    f"the world moved: {_COMPARED[moved]} of {one.name} is {_short(now[moved])}, "
                    f"the plan was made with {_short(before[moved])}",
                    hint=f"plan again: overlay plan {one.name}",
                    environment=one.name,
                )
            )
    raise_all(errors)


def _is_carried_out(now: dict[str, Any], before: dict[str, Any]) -> bool:
    """Return whether what was planned stands there, as after a run that was killed once it had pushed."""
    published = {"revision": before["revision"], "source": before["source"]}
    same = all(now[name] == before[name] for name in ("source", "repository", "branch", "path", "content"))
    return same and now["action"] == "nothing" and now["previous"] == published


def _short(item: Any) -> str:
    text = "none" if item is None else str(item)
    return text[:19] if text.startswith("sha256:") else text[:12] if len(text) in (40, 64) else text[:200]
