"""What a project demands of its objects, beyond what Kubernetes does."""

from __future__ import annotations

from overlay.model.location import Location
from overlay.model.spec import Target
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@value(kw_only=True)
class OwnRule:
    """A rule that the project wrote: an expression in CEL that must be true for each object of a target.

    field: the path of what it is about, for the place that is told; empty for the object. severity: warn or error.
    """

    name: str
    location: Location
    expression: str
    message: str
    target: Target | None = None
    field: tuple[Any, ...] = ()
    severity: str = "error"


@value(kw_only=True)
class Exemption:
    """Objects to which a rule does not apply, and why."""

    rule: str
    target: Target
    because: str


@value(kw_only=True)
class Policy:
    """`policy`: our rules that are on, with severities (warn or error); what is allowed; rules of the project's."""

    rules: tuple[tuple[str, str], ...] = ()
    namespaces: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    own: tuple[OwnRule, ...] = ()
    exempt: tuple[Exemption, ...] = ()

    @property
    def demands(self) -> bool:
        """Tell whether there is anything to check."""
        return bool(self.rules or self.own)
