"""What publishing would do and has done: a table and the fields that change for people, values for programs."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.publishing import Planned
    from overlay.diff.effect import FieldChange
    from overlay.gitops.plan import Plan

_HEAD = ("ENVIRONMENT", "BRANCH", "REVISION", "ADDED", "CHANGED", "REMOVED", "OBJECTS", "SOURCE")
_MOST_FIELDS = 60
# Files beside the manifests.
_MARKS = {"added": "+", "changed": "~", "removed": "-"}


def print_plans(planned: Sequence[Planned], args: dict[str, Any], *, rest: str | None = None) -> None:
    """Print a table of what happens to each environment, and below it what changes.

    rest: the command that shows every field, `{environment}` in it; as many as a person looks at are shown then.
    """
    from overlay.report.style import Style, inert, wants_color  # noqa: PLC0415
    from overlay.report.table import as_table  # noqa: PLC0415

    if not planned:
        return  # what is wrong is told instead
    style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
    out = [as_table(_HEAD, [_row(one) for one in planned], style)]
    for one in planned:
        text = _changes_text(one, rest)
        if text:
            out.append(f"\n{style.paint(one.name, 'bold')}\n{inert(text)}")
        out += [f"{inert(line)}\n" for line in _notes(one)]
    sys.stdout.write("".join(out))
    sys.stdout.flush()


def _notes(one: Planned) -> list[str]:
    """Return what the numbers do not say."""
    plan, name = one.plan, one.name
    if plan.action == "held" and plan.held is not None:
        why = f" ({plan.held.reason})" if plan.held.reason else ""
        return [f"{name}: held at revision {plan.held.revision}{why}; `overlay sync {name} --release` goes on"]
    if plan.action == "update" and not _manifests(plan):
        return [f"{name}: its manifests stay the same; the record beside them changes (settings, notes or versions)"]
    return []


def _row(one: Planned) -> tuple[str, ...]:
    plan = one.plan
    counts = {kind: sum(change.kind == kind for change in _manifests(plan)) for kind in _MARKS}
    before = plan.previous[1][:7] if plan.previous is not None else ""
    after = plan.source[:7]
    return (
        one.name,
        str(plan.target),
        _revisions(plan),
        *[str(counts[kind]) for kind in _MARKS],
        str(one.objects),
        f"{before} → {after}" if plan.acts and before and before != after else after if plan.acts else before,
    )


def _revisions(plan: Plan) -> str:
    if plan.action == "held":
        return f"{plan.revision} (held)"
    if not plan.acts:
        return f"{plan.revision}"
    return f"{plan.previous[0] if plan.previous is not None else 'none'} → {plan.revision}"


def _manifests(plan: Plan) -> list[Any]:
    return [change for change in plan.files if change.name.endswith(".yaml")]


def _changes_text(one: Planned, rest: str | None) -> str:
    plan = one.plan
    if plan.action in ("create", "nothing", "release"):
        return ""
    from overlay.cli.fields import fields_text  # noqa: PLC0415

    changes = effect_of(one)
    shown = changes if rest is None else changes[:_MOST_FIELDS]
    more = len(changes) - len(shown)
    command = (rest or "").replace("{environment}", one.name)
    return fields_text(shown) + (f"  … {more} more; `{command}` shows all\n" if more else "")


def effect_of(one: Planned) -> list[FieldChange]:
    """Return the fields that differ between what stands on the branch and what is wanted."""
    from overlay.diff.effect import field_changes  # noqa: PLC0415
    from overlay.gitops.manifests import read_manifests  # noqa: PLC0415
    from overlay.kube.types import load_types  # noqa: PLC0415

    plan = one.plan
    before = {name: data.decode("utf-8", "replace") for name, data in one.contents.items()}
    names = {change.name for change in _manifests(plan)}
    after = {name: text for name, text in one.want.files.items() if name in names}
    types = load_types(one.kubernetes_version)
    return field_changes(list(read_manifests(before)), list(read_manifests(after)), types, one.masked)


def plan_value(one: Planned) -> dict[str, Any]:
    """Return a plan as a document shows it."""
    plan = one.plan
    return {
        "environment": one.name,
        "action": plan.action,
        "repository": one.publisher.remote.shown,
        "branch": plan.target.branch,
        "path": plan.target.path or ".",
        "tip": plan.tip,
        "revision": plan.revision,
        "previous": None if plan.previous is None else {"revision": plan.previous[0], "source": plan.previous[1]},
        "held": None if plan.held is None else {"revision": plan.held.revision, "reason": plan.held.reason},
        "source": plan.source,
        "content": plan.content,
        "objects": one.objects,
        "files": [{"name": change.name, "change": change.kind} for change in _manifests(plan)],
    }


def plans_document(planned: Sequence[Planned], *, effects: bool) -> dict[str, Any]:
    """Return the document that `overlay plan` writes and `overlay sync --plan` reads."""
    environments = []
    for one in planned:
        found = plan_value(one)
        if effects and one.plan.action in ("update", "held", "hold"):
            from overlay.cli.sourcing_output import effect_value  # noqa: PLC0415

            found["effect"] = effect_value(effect_of(one))
        environments.append(found)
    return {"apiVersion": "overlay.dev/v1", "kind": "PublishPlan", "environments": environments}


def event(args: dict[str, Any], name: str, environment: str, **more: Any) -> None:
    """Print one event of a run as a line of JSON, where that is asked for."""
    if args["output"] != "json":
        return
    from overlay.report.document import as_json  # noqa: PLC0415

    head = {"apiVersion": "overlay.dev/v1", "kind": "SyncEvent", "event": name, "environment": environment}
    # In one piece: other environments tell theirs at the same time.
    sys.stdout.write(as_json({**head, **more}, indent=None))
    sys.stdout.flush()
