"""The status of environments as a table with what stands behind it, or as a document."""

from __future__ import annotations

import os
import sys

from overlay.cli.printing import print_document
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.diff.effect import FieldChange
    from overlay.gitops.lag import Lags
    from overlay.gitops.record import Record
    from overlay.gitops.source import Source
    from overlay.gitops.status import Status

_HEAD = ("ENVIRONMENT", "REVISION", "STATUS", "SOURCE", "BEHIND", "CHANGES")
_MOST_COMMITS = 10


@value(kw_only=True)
class Shown:
    """One environment's status with what only its build can tell; effect: the fields that publishing would change."""

    status: Status
    repository: str = ""
    objects: int = 0
    effect: tuple[FieldChange, ...] = ()

    @property
    def record(self) -> Record | None:
        looked = self.status.looked
        return looked.now.record if looked is not None and looked.now is not None else None


def print_statuses(shown: Sequence[Shown], source: Source, lags: Lags, args: dict[str, Any]) -> None:
    """Print statuses in the form that was asked for."""
    if args["output"] == "table":
        from overlay.report.style import Style, inert, wants_color  # noqa: PLC0415
        from overlay.report.table import as_table  # noqa: PLC0415

        style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
        out = [as_table(_HEAD, [_row(one) for one in shown], style)]
        for one in shown:
            lines = [*_words(one, source, lags), *_commits(one.status)]
            if lines:
                out.append(f"\n{style.paint(one.status.environment, 'bold')}\n")
                out += [f"  {inert(line)}\n" for line in lines]
        sys.stdout.write("".join(out))
        return
    document = {
        "apiVersion": "overlay.dev/v1",
        "kind": "Status",
        "source": {"commit": source.commit, "branch": source.branch or None},
        "environments": [_as_value(one) for one in shown],
    }
    print_document(document, args["output"])


def _row(one: Shown) -> tuple[str, ...]:
    status, record = one.status, one.record
    if record is None:
        changes = _counted(one.objects, "object") if status.state == "unpublished" else ""
        return (status.environment, "", status.state, "", "", changes)
    lag = status.lag
    behind = ""
    if lag is not None and lag.place != "missing":
        behind = f"{len(status.touching)} of {len(lag.commits)}" if lag.commits else "0"
    return (status.environment, str(record.revision), status.state, record.source[:7], behind, _changes(one))


def _changes(one: Shown) -> str:
    if not one.effect:
        return ""
    objects = len({change.object for change in one.effect})
    fields = sum(bool(change.path) for change in one.effect)
    return _counted(objects, "object") + (f", {_counted(fields, 'field')}" if fields else "")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _words(one: Shown, source: Source, lags: Lags) -> list[str]:
    """Return what a person needs to know beside the row."""
    status, record = one.status, one.record
    if record is None or status.lag is None:
        return []
    from overlay.files.paths import printable  # noqa: PLC0415

    words = []
    if record.held is not None:
        reason = f" ({record.held.reason})" if record.held.reason else ""
        words.append(f"held at revision {record.held.revision}{reason}; overlay sync --release goes on")
    words += [error.message for error in status.errors if status.state == "edited"]
    at = printable(record.source[:7])
    if status.state == "ahead":
        words.append(f"published from {at}, which is newer than {source.short}")
    elif status.lag.place == "apart":
        words.append(f"published from {at}, which does not belong to what is checked out")
    elif status.lag.place == "missing":
        way = "it is shallow: git fetch --unshallow" if lags.repository.is_shallow() else "git fetch may get it"
        words.append(f"published from {at}, which is not in this clone; {way}")
    if status.state == "behind" and not status.touching:
        words.append(_unexplained(record, one))
    return words


def _unexplained(record: Record, one: Shown) -> str:
    """Say why it renders differently although no commit changes what is read."""
    looked = one.status.looked
    assert looked is not None  # noqa: S101  # it was rendered
    dirty = record.value["source"].get("dirty")
    if dirty:
        return f"published with changes that were not committed: {', '.join([str(name) for name in dirty])}"
    now, then = looked.want.record["tool"], record.value.get("tool")
    if then != now:
        return f"published by {_versions(then)}; this is {_versions(now)}"
    return "no commit changes what is read: settings or files of the work tree differ"


def _versions(tool: Any) -> str:
    known = tool if isinstance(tool, dict) else {}
    names = {"overlay": "overlay", "helm": "Helm"}
    return (
        " with ".join([f"{shown} {known[name]}" for name, shown in names.items() if known.get(name)]) or "another tool"
    )


def _commits(status: Status) -> list[str]:
    lines = [f"{one.commit[:7]}  {one.subject}" for one in status.touching[:_MOST_COMMITS]]
    more = len(status.touching) - len(lines)
    return [*lines, *([f"… {more} more"] if more else [])]


def _as_value(one: Shown) -> dict[str, Any]:
    from overlay.cli.sourcing_output import effect_value  # noqa: PLC0415

    status, record = one.status, one.record
    target = status.looked.want.target if status.looked is not None else None
    lag = status.lag
    return {
        "environment": status.environment,
        "status": status.state,
        "repository": one.repository or None,
        "branch": target.branch if target is not None else None,
        "path": (target.path or ".") if target is not None else None,
        "revision": record.revision if record is not None else None,
        "source": record.source if record is not None else None,
        "held": None
        if record is None or record.held is None
        else {"revision": record.held.revision, "reason": record.held.reason},
        "behind": None
        if lag is None or lag.place == "missing"
        else {"commits": len(status.touching), "total": len(lag.commits)},
        "commits": [
            {"commit": each.commit, "author": each.author, "date": each.date, "subject": each.subject}
            for each in status.touching
        ],
        "effect": effect_value(one.effect),
        "problems": [{"message": error.message, "hint": error.hint} for error in status.errors],
    }
