"""What a run would do to a cluster, does and has done: lines for people, values for programs."""

from __future__ import annotations

import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from overlay.cli.clusters import Live
    from overlay.cluster.outcome import Event, Outcome
    from overlay.cluster.plan import Action
    from overlay.cluster.record import AppliedBundle

# What a plan shows one by one; the rest is counted.
_SHOWN = ("create", "update", "replace", "adopt", "prune", "keep", "conflict", "refused")
_COLORS = {"create": "cyan", "prune": "red", "replace": "red", "conflict": "red", "refused": "red"}
_MOST_FIELDS = 20


def print_plan(live: Live, args: dict[str, Any], *, whole: bool = False) -> None:
    """Print what happens to each object, and the fields of those that change."""
    from overlay.cluster.plan import summary  # noqa: PLC0415
    from overlay.report.style import Style, inert, wants_color  # noqa: PLC0415

    style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
    head = f"{live.wish.name} in context {live.client.access.context}: {summary(live.plan.actions)}"
    out = [style.paint(inert(head), "bold")]
    for one in live.plan.of(*_SHOWN):
        verb = style.paint(one.verb.ljust(8), _COLORS.get(one.verb, "yellow"))
        out.append(f"  {verb}  {inert(str(one.id))}{inert(f' ({one.why})') if one.why else ''}")
        fields = field_lines(one)
        shown = fields if whole else fields[:_MOST_FIELDS]
        out += [f"              {inert(line)}" for line in shown]
        if len(shown) < len(fields):
            out.append(f"              … {len(fields) - len(shown)} more fields")
    if not live.plan.is_idle:
        for hook in live.placed.hooks:
            out.append(f"  hook      {inert(str(hook.object.id))} ({', '.join(sorted(hook.events))})")
    sys.stdout.write("".join([f"{line}\n" for line in out]))
    sys.stdout.flush()


def field_lines(action: Action) -> list[str]:
    """Return the changed fields of an object with both values."""
    return [f"{one['path']}: {value_text(one['before'])} → {value_text(one['after'])}" for one in changes_value(action)]


def changes_value(action: Action) -> list[dict[str, Any]]:
    """Return the changed fields of an object as a document shows them."""
    from overlay.diff.shown import shown_value  # noqa: PLC0415
    from overlay.kube.dotted import format_path  # noqa: PLC0415
    from overlay.kube.fieldpath import MISSING  # noqa: PLC0415

    return [
        {
            "path": format_path(one.path),
            "change": one.kind,
            **{
                name: None if item is MISSING else shown_value(item)
                for name, item in (("before", one.old), ("after", one.new))
            },
        }
        for one in action.changes
    ]


def value_text(item: Any) -> str:
    import json  # noqa: PLC0415

    if item is None:
        return "none"
    return item if isinstance(item, str) and item and "\n" not in item else json.dumps(item, ensure_ascii=False)


def plan_value(live: Live) -> dict[str, Any]:
    """Return a plan as a document shows it; objects that stay as they are are counted only."""
    return {
        "environment": live.wish.name,
        "context": live.client.access.context,
        "server": live.client.access.server,
        "counts": live.plan.counts(),
        "actions": [_action_value(one) for one in live.plan.of(*_SHOWN)],
    }


def _action_value(one: Action) -> dict[str, Any]:
    return {
        "action": one.verb,
        **id_value(one.id),
        "why": one.why or None,
        "checked": one.is_checked,
        "changes": changes_value(one),
        "conflicts": [{"field": each.field, "manager": each.manager} for each in one.conflicts],
    }


def id_value(identity: Any) -> dict[str, str | None]:
    return {
        "group": identity.group, "version": identity.version, "kind": identity.kind,
        "namespace": identity.namespace or None, "name": identity.name,
    }  # fmt: skip


def bundle_value(found: AppliedBundle | None) -> dict[str, str] | None:
    """Return the bundle that a revision was applied from, as documents show it."""
    if found is None:
        return None
    return {"name": found.name, "version": found.version, "digest": found.digest, "place": found.place}


_WORDS = {"create": "created", "update": "updated", "replace": "replaced", "adopt": "adopted", "prune": "deleted"}


def teller(args: dict[str, Any], environment: str) -> Callable[[Event], None]:
    """Return what tells each step of a run: a line on stderr, or an event for programs."""
    from overlay.cli.publishing_output import event  # noqa: PLC0415
    from overlay.report.style import inert  # noqa: PLC0415

    # Objects are applied side by side; lines are not.
    lock = threading.Lock()

    def tell(one: Event) -> None:
        name = _WORDS.get(one.what, one.what)
        with lock:
            event(args, name, environment, object=id_value(one.id), text=one.text or None)
            if args["output"] == "json" or args["quiet"] or one.what == "failed":
                return
            if one.what == "health" and one.text.startswith("Current"):
                return
            words = f"waiting for {one.id}: {one.text}" if one.what == "health" else f"{name} {one.id}"
            sys.stderr.write(inert(f"{environment}: {words}") + "\n")
            sys.stderr.flush()

    return tell


def outcome_text(outcome: Outcome) -> str:
    """Return what came of a run in words: `3 applied, 1 deleted, 12 unchanged`."""
    from overlay.cluster.plan import KEEP, UNCHANGED  # noqa: PLC0415

    counts = {
        "applied": len(outcome.applied), "deleted": len(outcome.pruned), "failed": len(outcome.failed),
        "still there": len(outcome.stuck),
        "not tried": len(outcome.not_attempted), "kept": len(outcome.plan.of(KEEP)),
        "unchanged": len(outcome.plan.of(UNCHANGED)),
    }  # fmt: skip
    return ", ".join([f"{count} {word}" for word, count in counts.items() if count]) or "nothing to do"
