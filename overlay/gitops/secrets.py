"""Values that can be read never reach Git or a bundle, unless the environment allows them by name (hazard Z01)."""

from __future__ import annotations

from overlay.check.secrets import exposed
from overlay.errors import OverlayError
from overlay.transforms.names import content_hash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.model.build import Build
    from overlay.model.resource import Body

IN_GIT = "what is published stays in Git's history"
IN_BUNDLES = "who can pull the bundle can read it"


def lasting_name(body: Body) -> str:
    """Return an object's name by which it is allowed: without the hash of its content, which changes with that."""
    name = str(body["metadata"]["name"])
    return name.removesuffix(f"-{content_hash(body)}")


def plain_secrets(build: Build, why: str = IN_GIT) -> list[OverlayError]:
    """Return an error for each value that must not leave; why: who would have it then."""
    return [
        OverlayError(
            f"{one.resource.id} {one.what}, and {why}",
            location=one.resource.origin.location,
            hint=one.hint,
            environment=build.environment,
            object=str(one.resource.id),
            rule=one.rule,
        )
        for one in exposed(build.objects, build.settings.publish.secrets)
    ]
