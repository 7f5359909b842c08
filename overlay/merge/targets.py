"""Which objects a `target` means."""

from __future__ import annotations

from overlay.errors import OverlayError, PatchError, raise_all
from overlay.kube.scope import CLUSTER_SCOPED
from overlay.merge.patterns import Pattern, PatternError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.merge.selectors import Requirement
    from overlay.model.resource import ObjectId, Resource
    from overlay.model.spec import Target


class Matcher:
    """A target, compiled: fields match the whole text of any identity that the object answers to."""

    __slots__ = ("_annotations", "_labels", "group", "kind", "name", "namespace", "version")

    def __init__(self, target: Target) -> None:
        """Compile a target; raises PatchError, or Problems, for what in it cannot be used."""
        errors: list[OverlayError] = []
        self.group = _pattern(target, "group", errors)
        self.version = _pattern(target, "version", errors)
        self.kind = _pattern(target, "kind", errors)
        self.name = _pattern(target, "name", errors)
        self.namespace = _pattern(target, "namespace", errors)
        self._labels = _selector(target, "labelSelector", target.label_selector, errors)
        self._annotations = _selector(target, "annotationSelector", target.annotation_selector, errors)
        raise_all(errors)

    def matches(self, resource: Resource) -> bool:
        """Tell whether the target means this object."""
        return (
            any(self._names(identity) for identity in resource.answers_to())
            and (not self._labels or _accept(self._labels, resource, "labels"))
            and (not self._annotations or _accept(self._annotations, resource, "annotations"))
        )

    def _names(self, identity: ObjectId) -> bool:
        return (
            self.kind.accepts(identity.kind)
            and self.name.accepts(identity.name)
            and (not self.namespace.text or self.namespace.accepts(effective_namespace(identity)))
            and self.group.accepts(identity.group)
            and self.version.accepts(identity.version)
        )


def effective_namespace(identity: ObjectId) -> str:
    """Return the namespace that an object is found in: `default` where an object that has one names none."""
    if identity.namespace or identity.kind in CLUSTER_SCOPED.get(identity.group, ()):
        return identity.namespace
    return "default"


def _pattern(target: Target, field: str, errors: list[OverlayError]) -> Pattern:
    text: str = getattr(target, field)
    try:
        return Pattern(text)
    except PatternError as error:
        shown = text if len(text) <= 60 else text[:57] + "..."
        errors.append(PatchError(f"target.{field} {shown!r} {error}", location=target.location))
        return Pattern("")


def _selector(target: Target, field: str, text: str, errors: list[OverlayError]) -> tuple[Requirement, ...]:
    if not text:
        return ()
    from overlay.merge.selectors import SelectorError, parse_selector  # noqa: PLC0415  # few targets need it

    try:
        return parse_selector(text)
    except SelectorError as error:
        shown = text if len(text) <= 60 else text[:57] + "..."
        message = f"target.{field} {shown!r}, character {error.column + 1}: {error}"
        errors.append(PatchError(message, location=target.location, hint="write it like app=web,tier in (a,b),!old"))
        return ()


def _accept(requirements: tuple[Requirement, ...], resource: Resource, field: str) -> bool:
    metadata = resource.body.get("metadata")
    pairs = metadata.get(field) if isinstance(metadata, dict) else None
    known = pairs if isinstance(pairs, dict) else {}
    return all(requirement.accepts(known) for requirement in requirements)
