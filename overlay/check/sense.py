"""What the API server asks of an object beyond its type: names, labels, and fields that must fit each other.

It is asked of every object, and nearly all are right: what was found right once is remembered, and nothing is made
where nothing is wrong.
"""

from __future__ import annotations

from overlay.check.problem import Problem
from overlay.kube.names import is_image, is_key, is_label, is_name
from overlay.kube.pods import CONTAINERS, TEMPLATES, below
from overlay.nearest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from overlay.model.resource import Resource

    Path = tuple[str | int, ...]

# How a workload finds its pods; of a Job the cluster makes it.
_SELECTORS: dict[str, Path] = {
    "ReplicationController": ("spec", "selector"),
    "Deployment": ("spec", "selector", "matchLabels"),
    "ReplicaSet": ("spec", "selector", "matchLabels"),
    "DaemonSet": ("spec", "selector", "matchLabels"),
    "StatefulSet": ("spec", "selector", "matchLabels"),
}
_WORD = "letters, digits, `-`, `_` and `.`, at most 63, a letter or digit at both ends"
_NAME = " must be lower-case letters, digits, `-` and `.`, a letter or digit at both ends"
_MOST = 10_000


class _Known(set["Any"]):
    """What was found right; the same few stand on all objects."""

    def __init__(self, is_right: Callable[[Any], bool]) -> None:
        super().__init__()
        self._is_right = is_right

    def accepts(self, item: Any) -> bool:
        """Tell whether what is not remembered is right."""
        if not self._is_right(item):
            return False
        if len(self) >= _MOST:
            self.clear()
        self.add(item)
        return True


_labels = _Known(lambda item: not isinstance(item[1], str) or is_label(*item))
_keys = _Known(lambda key: is_key(key.lower()))
# A single space is where some clusters put the image in.
_images = _Known(lambda image: not image.strip() or is_image(image))


def nonsense(resource: Resource) -> tuple[list[Problem], list[tuple[Path, str]]]:
    """Return what is wrong with an object whose types are all right, and the images that no runtime can read."""
    body, identity = resource.body, resource.id
    found: list[Problem] = []
    odd: list[tuple[Path, str]] = []
    if not is_name(identity.name, identity.group, identity.kind):
        near = identity.name.lower().replace("_", "-")
        names = [near] if is_name(near, identity.group, identity.kind) else []
        found.append(_at(("metadata", "name"), Problem("wrong-value", _NAME, identity.name, names)))
    _metadata(body["metadata"], ("metadata",), found)
    path = TEMPLATES.get((identity.group, identity.kind))
    template = body if path == () else below(body, path) if path else None
    if path is not None and template:
        if path:
            metadata = template.get("metadata") or {}
            _metadata(metadata, (*path, "metadata"), found)
            _selector(body, metadata, identity.kind, found)
        if template.get("spec"):
            _pod(body, template["spec"], (*path, "spec"), found, odd)
    return found, odd


def _at(path: Path, problem: Problem) -> Problem:
    problem.parts = list(reversed(path))
    return problem


def _metadata(metadata: dict[str, Any], path: Path, found: list[Problem]) -> None:
    for item in (metadata.get("labels") or {}).items():
        if item not in _labels and not _labels.accepts(item):
            key, value = item
            if is_key(key):
                wrong = Problem("wrong-value", f" must be {_WORD}", value)
            else:
                wrong = Problem("wrong-key", f" is no name of a label: [example.com/] and {_WORD}")
            # One label of a document stands on many objects, and on their pods: its place in them is not the point.
            wrong.pointer = ("", f"the label {key}")
            found.append(_at((*path, "labels", key), wrong))
    for key in metadata.get("annotations") or ():
        if key not in _keys and not _keys.accepts(key):
            text = f" is no name of an annotation: [example.com/] and {_WORD}"
            found.append(_at((*path, "annotations", key), Problem("wrong-key", text)))


def _selector(body: dict[str, Any], metadata: dict[str, Any], kind: str, found: list[Problem]) -> None:
    """Find labels by which a workload would not find its own pods."""
    path = _SELECTORS.get(kind)
    labels = metadata.get("labels") or {}
    for key, value in ((below(body, path) if path else None) or {}).items():
        if labels.get(key) != value:
            has = f"have {labels[key]!r}" if key in labels else "have no such label"
            text = f" is {value!r}, but the pods of its template {has}"
            found.append(_at((*(path or ()), key), Problem("no-match", text)))


def _pod(
    body: dict[str, Any], spec: dict[str, Any], path: Path, found: list[Problem], odd: list[tuple[Path, str]]
) -> None:
    volumes: set[str] | None = None
    for field in CONTAINERS:
        containers = spec.get(field)
        if not containers:
            continue
        for index, container in enumerate(containers):
            image = container.get("image")
            if not image:
                others = [each["name"] for each in containers if each is not container]
                near = nearest(container["name"], others) or others
                found.append(_at((*path, field, index), Problem("missing-field", " needs image", names=near)))
            elif image not in _images and not _images.accepts(image):
                odd.append(((*path, field, index, "image"), image))
            mounts = container.get("volumeMounts")
            if not mounts:
                continue
            volumes = _volumes(body, spec) if volumes is None else volumes
            for at, mount in enumerate(mounts):
                if mount["name"] not in volumes:
                    text = " names no volume of the pod"
                    unknown = Problem("wrong-value", text, mount["name"], sorted(volumes))
                    found.append(_at((*path, field, index, "volumeMounts", at, "name"), unknown))


def _volumes(body: dict[str, Any], spec: dict[str, Any]) -> set[str]:
    """Return the names of a pod's volumes, those that a StatefulSet claims among them."""
    claims = below(body, ("spec", "volumeClaimTemplates")) or ()
    return {volume["name"] for volume in (*(spec.get("volumes") or ()), *[claim["metadata"] for claim in claims])}
