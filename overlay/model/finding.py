"""Something worth saying that is no error."""

from __future__ import annotations

from overlay.model.location import Location
from overlay.model.value import value


@value
class Finding:
    """A warning of one build.

    rule: a stable name in kebab case, such as `patch-without-effect`.
    severity: `warning`, `info` for what nobody need act on, or `error` where a linter lists what a build refuses.
    related: further places that explain it (label, location).
    """

    rule: str
    message: str
    location: Location | None = None
    hint: str | None = None
    environment: str | None = None
    object: str | None = None
    severity: str = "warning"
    related: tuple[tuple[str, Location], ...] = ()
