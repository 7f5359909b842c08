"""Errors as what a report lists beside warnings."""

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
