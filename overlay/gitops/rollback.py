"""An earlier revision as what is wanted now: its files, its record, and that it stays (no I/O)."""

from __future__ import annotations

from overlay.files.paths import printable
from overlay.gitops.plan import Wanted, content_digest
from overlay.gitops.record import Held
from overlay.gitops.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.gitops.history import Content
    from overlay.gitops.record import Record
    from overlay.gitops.target import Target


def restored(content: Content, target: Target, current: Record | None, reason: str) -> Wanted:
    """Return a revision as what is to be published again.

    current: what stands now. It is held as it is where that is the same revision, or the one that it restores; another
    reason holds it anew.
    """
    record, number = content.record, content.record.revision
    reason = printable(" ".join(reason.split()))
    held = Held(revision=number, reason=reason)
    if current is not None and current.held is not None and number in (current.revision, current.held.revision):
        held = Held(revision=current.held.revision, reason=reason or current.held.reason)
    source = record.value["source"]
    return Wanted(
        environment=record.environment,
        target=target,
        source=Source(
            url=source.get("repository") or "",
            commit=record.source,
            branch=source.get("branch") or "",
            # Whoever rolls back is the author of this.
            author="",
            date="",
            message="",
        ),
        files={name: data.decode("utf-8", "replace") for name, data in content.files.items()},
        record={name: item for name, item in record.value.items() if name not in ("revision", "held")},
        content=content_digest(record.files),
        held=held,
        words=f"Roll back {record.environment} to revision {number}" + (f": {reason}" if reason else ""),
        trailers=(("Overlay-Restores", str(number)),),
    )
