"""One thing that a chart's schema refuses about its values."""

from __future__ import annotations

from overlay.model.value import value


@value
class Refusal:
    """The chart's name, the path in its values, and why; `unknown` where it refuses that there is such a value."""

    chart: str
    path: tuple[str, ...]
    text: str
    unknown: bool = False
