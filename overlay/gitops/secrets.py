"""Secrets with plain values never reach Git, unless the environment allows one by name (hazard Z01)."""

from __future__ import annotations

from overlay.errors import GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.errors import OverlayError
    from overlay.model.build import Build
    from overlay.model.resource import Body


def holds_secret(body: Body) -> bool:
    """Tell whether an object is a Secret whose values can be read; one that SOPS encrypted cannot."""
    if body.get("kind") != "Secret" or body.get("apiVersion") != "v1" or "sops" in body:
        return False
    return bool(body.get("data") or body.get("stringData"))


def plain_secrets(build: Build) -> list[OverlayError]:
    """Return an error for each Secret that must not be committed."""
    allowed = build.settings.publish.secrets
    return [
        GitError(
            f"{one.id} holds plain values, and what is published stays in Git's history",
            location=one.origin.location,
            hint="keep it elsewhere (ExternalSecret, SealedSecret, SOPS), or allow it: "
            f"spec.publish.secrets: [{one.id.name}]",
            environment=build.environment,
            object=str(one.id),
            rule="plain-secret",
        )
        for one in build.objects
        if holds_secret(one.body) and one.id.name not in allowed
    ]
