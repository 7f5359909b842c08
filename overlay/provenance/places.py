"""The place in a user's file where a step's input for one field is written."""

from __future__ import annotations

from overlay.kube.follow import value_at
from overlay.merge.places import place_in_patch
from overlay.model.location import Location
from overlay.yaml import decode, read_documents, read_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.files.reader import ProjectFiles
    from overlay.kube.follow import Concrete
    from overlay.kube.types import Type
    from overlay.model.contents import Locate, ReadGenerator, ReadLayer
    from overlay.model.resource import Resource
    from overlay.provenance.trace import Event

PATCHES = {"strategic": "strategic merge", "json": "json patch", "merge": "merge patch"}


class Places:
    """Finds places; each document that it looks into is parsed once."""

    def __init__(
        self, files: ProjectFiles, objects: tuple[Resource, ...], plain: dict[str, dict[Location, Locate]]
    ) -> None:
        """`objects`: those at the end, which names refer to. `plain`: the plain files that were looked into."""
        self.files = files
        self.objects = objects
        self._documents: dict[str, Locate] = {}
        self._plain = plain

    def in_layer(self, layer: ReadLayer, *path: str | int, key: bool = False) -> Location:
        """Return the place of a field of the layer's document."""
        file = layer.layer.file
        if file not in self._documents:
            self._documents[file] = read_mapping(decode(self.files.read(file), file), file).location
        return self._documents[file](("spec", *path), key=key)

    def in_manifest(self, resource: Resource, path: Concrete, *, key: bool = False) -> Location:
        """Return the place of a field of an object that was read from a plain file."""
        from overlay.kube.objects import parse_objects  # noqa: PLC0415  # only explain asks

        place = resource.origin.location
        if place.file not in self._plain:
            found: dict[Location, Locate] = {}
            for document in read_documents(decode(self.files.read(place.file), place.file), place.file):
                for _, body, start in parse_objects(document.value, document.location):
                    found[start] = _below(document.value, body, document.location)
            self._plain[place.file] = found
        locate = self._plain[place.file].get(place)
        return place if locate is None else locate(path, key=key)

    def of_event(
        self, event: Event, path: Concrete, kind: Type | None, *, key: bool = False, lacking: str = ""
    ) -> tuple[Location, str]:
        """Return where a step's input for the field at `path` (after the step) is written, and what did it.

        lacking: a field of the map there that the step took away.
        """
        step, layer, after = event.step, event.layer, event.after
        if after is None:
            raise LookupError("a deleted object has no fields")
        if layer is None:
            return self._name_place(after, path)
        spec = layer.layer.spec
        entry = step.entry or 0
        if step.patch is not None:
            before = event.before.body if event.before is not None else None
            place, operation = place_in_patch(step.patch, path, before, after.body, kind, lacking=lacking)
            single = operation is None or len(step.patch.content) == 1
            return place, f"{PATCHES[step.patch.kind]}, entry {1 + (entry if single else operation or 0)}"
        if step.name == "generators":
            return self._generator_place(layer, layer.generators[entry], path), "generator"
        if step.name == "resources":
            return self.in_manifest(after, path, key=key), "resource"
        tail = {
            "labels": ("pairs", str(path[-1])),
            "annotations": (),
            "replicas": ("count",),
            "images": ("newTag",),
            "replacements": ("source",),
        }
        if step.name == "images":
            image = spec.images[entry]
            tail["images"] = ("newTag" if image.new_tag else "digest" if image.digest else "newName",)
        if step.name == "replacements" and spec.replacements[entry].literal is not None:
            tail["replacements"] = ("sourceValue",)
        if step.name == "annotations":
            return self.in_layer(layer, "annotations", str(path[-1]), key=key), "annotations"
        if step.entry is None:
            return self.in_layer(layer, step.name), step.name
        at_key = key and step.name == "labels"
        return self.in_layer(layer, step.name, entry, *tail[step.name], key=at_key), step.name

    def _name_place(self, after: Resource, path: Concrete) -> tuple[Location, str]:
        """Names get their hashes, and references follow, when all layers have acted."""
        if path == ("metadata", "name"):
            return after.origin.location, "content hash"
        name = value_at(after.body, path)
        for one in self.objects:
            if one.id.name == name and one.aliases:
                return one.origin.location, f"name of {one.id}"
        return after.origin.location, "reference"

    def _generator_place(self, layer: ReadLayer, read: ReadGenerator, path: Concrete) -> Location:
        spec = layer.layer.spec
        made = read.entry
        name, entries = ("configMaps", spec.config_maps) if made.kind == "ConfigMap" else ("secrets", spec.secrets)
        index = next(at for at, each in enumerate(entries) if each is made)
        if len(path) == 2 and path[0] in ("data", "binaryData"):
            key = str(path[1])
            if key in made.literals:
                return self.in_layer(layer, name, index, "literals", key)
            for at, source in enumerate(made.files):
                if source.key == key:
                    return self.in_layer(layer, name, index, "files", at)
            for file, data in read.envs:
                for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
                    if line.lstrip().partition("=")[0] == key:
                        return Location(file, number, len(line) - len(line.lstrip()) + 1)
        return self.in_layer(layer, name, index)


def _below(value: Any, body: Any, locate: Locate) -> Locate:
    """Return `locate` for paths inside an object, which may be an item of a List."""
    prefix = _prefix(value, body)

    def inside(path: Concrete = (), *, key: bool = False) -> Location:
        return locate((*prefix, *path), key=key)

    return inside


def _prefix(value: Any, body: Any) -> Concrete:
    if value is body or not isinstance(value, dict):
        return ()
    for index, item in enumerate(value.get("items") or ()):
        if item is body:
            return ("items", index)
        found = _prefix(item, body)
        if found:
            return ("items", index, *found)
    return ()
