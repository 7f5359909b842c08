"""What an environment says in one line for many objects: its namespace, images, replicas and labels."""

from __future__ import annotations

from overlay.kube.scope import Scopes
from overlay.model.location import Location
from overlay.model.spec import Image, Labels, Replicas
from overlay.transforms.images import set_images, split_image
from overlay.transforms.labels import add_labels
from overlay.transforms.replicas import set_replicas

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from overlay.dedupe.member import Member
    from overlay.model.resource import Resource

    Bodies = Sequence[Mapping[str, Any]]

_HERE = Location("<settings>")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
SCALED = ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")


def only_namespace(member: Member) -> str | None:
    """Return the namespace that all objects of a folder are in; None where they are not all in one."""
    scopes = Scopes()
    found: set[str] = set()
    for piece in member.pieces:
        if piece.id.kind == "Namespace" and not piece.id.group:
            found.add(piece.id.name)
        elif not scopes.is_cluster_scoped(piece.id):
            found.add(piece.id.namespace)
        if piece.id.kind in ("CustomResourceDefinition", "APIService"):
            # Their fields may name a namespace that is another one; rare enough not to look.
            return None
    return found.pop() if len(found) == 1 and "" not in found else None


def images_for(objects: Sequence[Resource], wanted: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the entries of `images` that make containers' images the wanted ones, where all uses of one agree."""
    becomes: dict[str, set[tuple[str, str, str]]] = {}
    differs: set[str] = set()
    for one, body in zip(objects, wanted, strict=True):
        mine, others = list(_images(one.body)), list(_images(body))
        if [path for path, _ in mine] != [path for path, _ in others]:
            for _, image in mine:
                becomes.setdefault(split_image(image)[0], set()).update((("", "", ""), ("?", "", "")))
            continue
        for (_, image), (_, other) in zip(mine, others, strict=True):
            name = split_image(image)[0]
            becomes.setdefault(name, set()).add(split_image(other))
            if image != other:
                differs.add(name)
    found: list[dict[str, str]] = []
    for name in sorted(differs):
        if len(becomes[name]) != 1:
            continue
        ((new, tag, digest),) = becomes[name]
        if not tag and not digest:
            continue
        entry = {"name": name}
        if new != name:
            entry["newName"] = new
        if tag:
            entry["newTag"] = tag
        if digest:
            entry["digest"] = digest
        found.append(entry)
    return found


def with_images(objects: Sequence[Resource], entries: Sequence[dict[str, str]]) -> tuple[Resource, ...]:
    return set_images(
        objects,
        [
            Image(
                location=_HERE,
                name=entry["name"],
                new_name=entry.get("newName"),
                new_tag=entry.get("newTag"),
                digest=entry.get("digest"),
            )
            for entry in entries
        ],
    )


def _images(item: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(item, dict):
        for key, child in item.items():
            if key in _CONTAINERS and isinstance(child, list):
                for index, container in enumerate(child):
                    image = container.get("image") if isinstance(container, dict) else None
                    if isinstance(image, str):
                        yield (*path, key, index), image
            yield from _images(child, (*path, key))
    elif isinstance(item, list):
        for index, child in enumerate(item):
            yield from _images(child, (*path, index))


def is_image(body: Mapping[str, Any], name: str, path: tuple[str | int, ...]) -> bool:
    """Tell whether a path of a body is an image of this name."""
    return any((*where, "image") == path and split_image(image)[0] == name for where, image in _images(body))


def replicas_for(objects: Sequence[Resource], wanted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries of `replicas` that make workloads' counts the wanted ones."""
    counts: dict[str, set[Any]] = {}
    differs: set[str] = set()
    for one, body in zip(objects, wanted, strict=True):
        if one.id.kind not in SCALED:
            continue
        spec, other = one.body.get("spec"), body.get("spec")
        if not isinstance(spec, dict) or not isinstance(other, dict):
            continue
        count = other.get("replicas")
        counts.setdefault(one.id.name, set()).add(count if type(count) is int else None)
        if spec.get("replicas") != count:
            differs.add(one.id.name)
    return [
        {"name": name, "count": next(iter(counts[name]))}
        for name in sorted(differs)
        if len(counts[name]) == 1 and None not in counts[name]
    ]


def with_replicas(objects: Sequence[Resource], entries: Sequence[dict[str, Any]]) -> tuple[Resource, ...]:
    return set_replicas(
        objects, [Replicas(location=_HERE, name=entry["name"], count=entry["count"]) for entry in entries]
    )


def labels_for(objects: Sequence[Resource], wanted: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the labels that all wanted objects have, and two of these or more have not."""
    shared: dict[str, str] | None = None
    for body in wanted:
        labels = body["metadata"].get("labels")
        mine = labels if isinstance(labels, dict) else {}
        shared = dict(mine) if shared is None else {key: item for key, item in shared.items() if mine.get(key) == item}
        if not shared:
            return {}
    return {
        key: item
        for key, item in (shared or {}).items()
        if isinstance(item, str)
        and sum((one.body["metadata"].get("labels") or {}).get(key) != item for one in objects) > 1
    }


def with_labels(objects: Sequence[Resource], pairs: dict[str, str]) -> tuple[Resource, ...]:
    return add_labels(objects, [Labels(location=_HERE, pairs=pairs)])
