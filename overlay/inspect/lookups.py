"""Templates that ask the cluster: offline, `lookup` finds nothing, so the result differs where there is a cluster."""

from __future__ import annotations

import re

from overlay.model.finding import Finding
from overlay.model.location import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from overlay.model.contents import ChartSource

# An action that calls lookup; comments and the word in plain text are none.
_LOOKUP = re.compile(r"\{\{-?+(?!\s*/\*)(?:[^}\"`]|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|\}(?!\}))*?[\s(|](lookup)\s")


def lookups(chart: ChartSource) -> Iterator[Finding]:
    """Yield a finding for each place where a template calls `lookup`."""
    for name, data in chart.files:
        if "templates/" not in name:
            continue
        text = data.decode("utf-8", "replace")
        for match in _LOOKUP.finditer(text):
            at = match.start(1)
            line = text.count("\n", 0, at) + 1
            yield Finding(
                "lookup-used",
                "lookup finds nothing when a chart is rendered without a cluster, so the result can differ from "
                "helm install's",
                Location(f"{chart.path}/{name}", line, at - text.rfind("\n", 0, at)),
                "give the value, so that the same input always renders the same",
            )
