"""Secrets with plain values never reach Git, unless the environment allows one by name (hazard Z01)."""

from __future__ import annotations

from overlay.errors import OverlayError
from overlay.transforms.names import content_hash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.model.build import Build
    from overlay.model.resource import Body

IN_GIT = "what is published stays in Git's history"
IN_BUNDLES = "who can pull the bundle can read them"


def holds_secret(body: Body) -> bool:
    """Tell whether an object is a Secret whose values can be read; one that SOPS encrypted cannot."""
    if body.get("kind") != "Secret" or body.get("apiVersion") != "v1" or "sops" in body:
        return False
    return bool(body.get("data") or body.get("stringData"))


def lasting_name(body: Body) -> str:
    """Return a Secret's name by which it is allowed: without the hash of its content, which changes with that."""
    name = str(body["metadata"]["name"])
    return name.removesuffix(f"-{content_hash(body)}")


def plain_secrets(build: Build, why: str = IN_GIT) -> list[OverlayError]:
    """Return an error for each Secret that must not leave; why: who would have it then."""
    allowed = build.settings.publish.secrets
    return [
        OverlayError(
            f"{one.id} holds plain values, and {why}",
            location=one.origin.location,
            hint="keep it elsewhere (ExternalSecret, SealedSecret, SOPS), or allow it: "
            f"spec.publish.secrets: [{lasting_name(one.body)}]",
            environment=build.environment,
            object=str(one.id),
            rule="plain-secret",
        )
        for one in build.objects
        if holds_secret(one.body) and one.id.name not in allowed and lasting_name(one.body) not in allowed
    ]
