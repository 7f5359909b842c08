"""Change names, tags and digests of container images (kustomize's `images`)."""

from __future__ import annotations

from overlay.errors import OverlayError, TransformError, raise_all
from overlay.kube.fieldpath import SpecTable, change
from overlay.kube.fieldspecs import IMAGES
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.kube.follow import Concrete
    from overlay.model.build import Build
    from overlay.model.resource import Resource
    from overlay.model.spec import FieldSpec, Image

# In whatever object, also a custom resource, lists under these names hold containers.
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_WITHOUT_CONTAINERS = ("CustomResourceDefinition", "ConfigMap", "Secret")


def split_image(reference: str) -> tuple[str, str, str]:
    """Return name, tag and digest of `[[host[:port]/]path/]name[:tag][@digest]`; what is absent is empty.

    >>> split_image("localhost:5000/shop/web:2.4@sha256:ab")
    ('localhost:5000/shop/web', '2.4', 'sha256:ab')
    """
    rest, _, digest = reference.partition("@")
    slash = rest.find("/")
    colon = rest.find(":", max(slash, 0))
    return (rest, "", digest) if colon < 0 else (rest[:colon], rest[colon + 1 :], digest)


def set_images(
    objects: Sequence[Resource], entries: Sequence[Image], extra: tuple[FieldSpec, ...] = ()
) -> tuple[Resource, ...]:
    """Return the objects with every entry applied, in their order, to all containers and declared fields.

    Raises TransformError for each entry whose name no container uses.
    """
    if not entries:
        return tuple(objects)
    rewriter = _Rewriter(entries)
    table = SpecTable((*IMAGES, *extra))
    result = []
    for one in objects:
        body = one.body
        if one.id.kind not in _WITHOUT_CONTAINERS:
            body = rewriter.containers(body)
        for parts, _ in table.of(one.id):
            body = change(body, parts, lambda old, _: rewriter.image(old))
        result.append(one.with_body(body))
    rewriter.refuse_unused()
    return tuple(result)


def image_names(objects: Sequence[Resource], extra: tuple[FieldSpec, ...] = ()) -> list[str]:
    """Return the names of all images that containers and declared fields use, without tags, sorted."""
    return sorted(_seen(objects, extra).seen)


def image_fields(one: Resource, extra: tuple[FieldSpec, ...] = ()) -> list[tuple[Concrete, str]]:
    """Return (path, reference) of every field of an object in which `set_images` would change an image."""
    found: dict[Concrete, str] = {}
    if one.id.kind not in _WITHOUT_CONTAINERS:
        _containers(one.body, (), found)
    for parts, _ in SpecTable((*IMAGES, *extra)).of(one.id):
        _fields(one.body, parts, (), found)
    return list(found.items())


def _containers(holder: Any, path: Concrete, found: dict[Concrete, str]) -> None:
    for key, item in holder.items() if isinstance(holder, dict) else enumerate(holder):
        if isinstance(item, (dict, list)):
            _containers(item, (*path, key), found)
        if key in _CONTAINERS and isinstance(item, list):
            for at, container in enumerate(item):
                image = container.get("image") if isinstance(container, dict) else None
                if isinstance(image, str):
                    found[*path, key, at, "image"] = image


def _fields(holder: Any, parts: tuple[str, ...], path: Concrete, found: dict[Concrete, str]) -> None:
    if isinstance(holder, list):
        for at, item in enumerate(holder):
            _fields(item, parts, (*path, at), found)
    elif not parts:
        if isinstance(holder, str):
            found[path] = holder
    elif isinstance(holder, dict) and parts[0] in holder:
        _fields(holder[parts[0]], parts[1:], (*path, parts[0]), found)


def image_references(build: Build) -> list[str]:
    """Return all images that containers and declared fields of a build use, as they are written, sorted."""
    return sorted(_seen(build.objects, build.settings.image_fields).known)


def _seen(objects: Sequence[Resource], extra: tuple[FieldSpec, ...]) -> _Rewriter:
    rewriter = _Rewriter(())
    table = SpecTable((*IMAGES, *extra))
    for one in objects:
        if one.id.kind not in _WITHOUT_CONTAINERS:
            rewriter.containers(one.body)
        for parts, _ in table.of(one.id):
            change(one.body, parts, lambda old, _: rewriter.image(old))
    return rewriter


class _Rewriter:
    def __init__(self, entries: Sequence[Image]) -> None:
        self.entries = entries
        self.used: set[int] = set()
        self.seen: dict[str, None] = {}
        self.known: dict[str, str] = {}

    def image(self, reference: Any) -> Any:
        if not isinstance(reference, str):
            return reference
        new = self.known.get(reference)
        if new is None:
            new = self.known[reference] = self._rewritten(reference)
        return reference if new == reference else new

    def containers(self, value: Any) -> Any:
        """Rewrite the `image` of every element of every list of containers below a value."""
        if isinstance(value, dict):
            changed: dict[str, Any] | None = None
            for key, item in value.items():
                if item.__class__ is not dict and item.__class__ is not list:
                    continue
                new = self.containers(item)
                if key in _CONTAINERS and isinstance(new, list):
                    new = self._list(new)
                if new is not item:
                    changed = changed or dict(value)
                    changed[key] = new
            return changed or value
        if isinstance(value, list):
            items = [
                self.containers(item) if item.__class__ is dict or item.__class__ is list else item for item in value
            ]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        return value

    def _list(self, containers: list[Any]) -> list[Any]:
        changed = []
        for container in containers:
            old = container.get("image") if isinstance(container, dict) else None
            new = self.image(old)
            changed.append(container if new is old else {**container, "image": new})
        return changed if any(new is not old for new, old in zip(changed, containers, strict=True)) else containers

    def _rewritten(self, reference: str) -> str:
        name, tag, digest = split_image(reference)
        self.seen[name] = None
        for index, entry in enumerate(self.entries):
            if entry.name != name:
                continue
            self.used.add(index)
            name = entry.new_name or name
            # A new tag or digest replaces both of the old: together they would name two different images.
            if entry.new_tag or entry.digest:
                tag, digest = entry.new_tag or "", entry.digest or ""
        return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")

    def refuse_unused(self) -> None:
        errors: list[OverlayError] = [
            TransformError(
                f"images: no container uses {entry.name!r}",
                location=entry.location,
                hint=did_you_mean(entry.name, self.seen) or f"there are {', '.join(sorted(self.seen)[:10]) or 'none'}",
            )
            for index, entry in enumerate(self.entries)
            if index not in self.used
        ]
        raise_all(errors)
