"""What checking one environment found."""

from __future__ import annotations

from overlay.diff.outcome import EnvironmentDiff
from overlay.model.finding import Finding
from overlay.model.value import value


@value(kw_only=True)
class Checked:
    """One environment, checked.

    objects: how many it has. findings: all that is worth saying, errors among them. diff: against the base, None where
    none was named. claims: the objects, each with its cluster, where the environment names one.
    """

    environment: str
    objects: int = 0
    findings: tuple[Finding, ...] = ()
    diff: EnvironmentDiff | None = None
    claims: tuple[str, ...] = ()

    def count(self, severity: str) -> int:
        """Return how many findings have a severity."""
        return sum(one.severity == severity for one in self.findings)
