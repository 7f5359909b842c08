"""Values that can be read never reach Git, unless the environment allows them by name (hazard Z01)."""

from __future__ import annotations

from overlay.check.secrets import exposed
from overlay.errors import GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.errors import OverlayError
    from overlay.model.build import Build


def plain_secrets(build: Build) -> list[OverlayError]:
    """Return an error for each value that must not be committed."""
    return [
        GitError(
            f"{one.resource.id} {one.what}, and what is published stays in Git's history",
            location=one.resource.origin.location,
            hint=one.hint,
            environment=build.environment,
            object=str(one.resource.id),
            rule=one.rule,
        )
        for one in exposed(build.objects, build.settings.publish.secrets)
    ]
