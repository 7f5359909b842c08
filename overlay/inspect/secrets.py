"""Values that may not leave the source, and those that nobody will be able to read, each at its line."""

from __future__ import annotations

from overlay.check.secrets import allowance, exposed, is_allowed
from overlay.kube.encrypted import METADATA, has_metadata
from overlay.model.finding import Finding
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from overlay.inspect.session import Session
    from overlay.model.resource import Resource


def of_secrets(session: Session) -> Iterator[Finding]:
    """Yield what is wrong with an environment's secrets; raises OverlayError where it cannot be built."""
    for one in exposed(session.build.objects, session.build.settings.publish.secrets):
        place = session.origins.place(one.resource, one.path)
        label = str(one.resource.id)
        yield Finding(one.rule, f"{label} {one.what}", place, one.hint, session.prepared.name, label, severity="error")
    for resource in session.build.objects:
        if METADATA not in resource.body or not has_metadata(resource.body):
            continue
        if resource.body[METADATA].get("mac_only_encrypted") is not True and _is_changed(session, resource):
            yield Finding(
                "encrypted-changed",
                f"{resource.id} was changed after SOPS encrypted it: whoever decrypts it will refuse it",
                resource.origin.location,
                "set mac_only_encrypted: true in .sops.yaml (the MAC then covers no plain value), and encrypt it again",
                session.prepared.name,
                str(resource.id),
            )
    yield from _unused_allowances(session)


def _unused_allowances(session: Session) -> Iterator[Finding]:
    """Yield what the environment itself allows and does not have; what a base allows may be another one's.

    It may be there for `audit`, for what was published once, unless another name is near it.
    """
    objects, allowed = session.build.objects, session.build.settings.publish.secrets
    for secret in session.prepared.environment.layers[-1].layer.spec.publish.secrets:
        if any(_is_named(one, [secret.name]) for one in objects):
            continue
        near = did_you_mean(secret.name, [allowance(one) for one in objects if not _is_named(one, allowed)])
        yield Finding(
            "allowance-unused",
            f"spec.publish.secrets allows {secret.name}, and nothing is called so",
            secret.location,
            near or "remove it, unless `overlay audit` needs it for what was published before",
            session.prepared.name,
            severity="warning" if near else "info",
        )


def _is_named(resource: Resource, allowed: Collection[str]) -> bool:
    name = allowance(resource).rpartition("/")[2]
    return is_allowed(resource.id.kind, (resource.id.name, name), allowed)


def of_allowances(session: Session, allowed: Collection[str]) -> Iterator[Finding]:
    """Yield what can be read in the output and is allowed by the change alone: who reviews it should know.

    allowed: the names that the base allows.
    """
    mine = session.build.settings.publish.secrets
    if not {*mine} - {*allowed}:
        return
    told = {(str(one.resource.id), one.path) for one in exposed(session.build.objects, mine)}
    for one in exposed(session.build.objects, allowed):
        label = str(one.resource.id)
        if (label, one.path) not in told:
            yield Finding(
                "allowed-by-change",
                f"{one.what}, and this change allows it",
                session.origins.place(one.resource, one.path),
                "whoever reviews the change decides; spec.publish.secrets names it from now on",
                session.prepared.name,
                label,
            )


def _is_changed(session: Session, resource: Resource) -> bool:
    """Tell whether a layer changed an object that was there before."""
    made = session.origins.by_key.get(resource.id.key)
    return made is not None and any(event.before is not None for event in session.origins.trace.changes(made))
