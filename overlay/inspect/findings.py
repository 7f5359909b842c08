"""Errors as what a report lists beside warnings, and the order of such a list."""

from __future__ import annotations

from overlay.model.finding import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.errors import OverlayError


def as_findings(error: OverlayError, environment: str, prefix: str = "") -> list[Finding]:
    """Return all that an error says; prefix: of each message."""
    return [
        Finding(
            one.rule, prefix + one.message, one.location, one.hint, one.environment or environment, one.object,
            severity="error", related=one.related,
        )
        for one in error.each()
    ]  # fmt: skip


def in_reading_order(finding: Finding) -> tuple[int, str, int, int]:
    """Return a key to sort by: errors first, then as a reader meets them."""
    rank = ("error", "warning", "info").index(finding.severity)
    place = finding.location
    return (rank, place.file, place.line, place.column) if place is not None else (rank, "", 0, 0)
