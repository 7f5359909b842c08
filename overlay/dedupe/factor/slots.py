"""What a document of ours says, entry by entry, under names by which the same entry is found in another document."""

from __future__ import annotations

import hashlib
import json
import posixpath

from overlay.dedupe.factor.sheet import inside
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from overlay.dedupe.factor.sheet import Sheet

    Key = tuple[str, ...]
    Path = tuple[str | int, ...]

FORMS = ("strategicMerge", "mergePatch")
# Lists whose entries are about something by name; two documents may say different things of it.
_NAMED = ("images", "replicas", "configMaps", "secrets")
# Lists whose entries are the same only when they say the same.
_LISTED = ("labels", "replacements", "patches")
# Fields whose parts are told one by one, and fields that are told whole. Rules (`protect`, `allow`, `verify`) stay.
_MAPS = ("annotations", "release", "publish", "cluster")
_WHOLE = (
    "chart", "kubernetesVersion", "includeCRDs", "namespace", "namePrefix", "nameSuffix", "sortOptions",
    "buildMetadata",
)  # fmt: skip


@value(kw_only=True)
class Slot:
    """One entry. path: in the document. content: its value. files: paths in it, from the document's folder."""

    path: Path
    content: Any
    files: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        """The map or list that holds it."""
        return self.path[:-1]


def slots(sheet: Sheet, document: str) -> dict[Key, Slot]:
    """Return the entries of a document by what they are about; those that stand twice are left out."""
    found: dict[Key, Slot] = {}
    twice: set[Key] = set()
    for key, slot in _slots(sheet, document):
        if key in found:
            twice.add(key)
        found[key] = slot
    return {key: slot for key, slot in found.items() if key not in twice}


def _slots(sheet: Sheet, document: str) -> Iterator[tuple[Key, Slot]]:
    spec = spec_of(sheet, document)
    folder = posixpath.dirname(document)
    for name in _NAMED:
        for at, item in enumerate(_list(spec, name)):
            if isinstance(item, dict) and isinstance(item.get("name"), str):
                files = tuple(_files(item))
                key = (name, item["name"], *_digests(sheet, folder, files))
                yield key, Slot(path=("spec", name, at), content=item, files=files)
    for name in _LISTED:
        for at, item in enumerate(_list(spec, name)):
            files = (item["path"],) if isinstance(item, dict) and isinstance(item.get("path"), str) else ()
            key = (name, canonical(item), *_digests(sheet, folder, files))
            yield key, Slot(path=("spec", name, at), content=item, files=files)
    for name in _MAPS:
        for part, item in _map(spec, name).items():
            yield (name, part), Slot(path=("spec", name, part), content=item)
    for name in _WHOLE:
        if name in spec:
            yield (name,), Slot(path=("spec", name), content=spec[name])


def spec_of(sheet: Sheet, document: str) -> dict[str, Any]:
    found = inside(sheet.value(document), ("spec",))
    return found if isinstance(found, dict) else {}


def _list(spec: dict[str, Any], name: str) -> list[Any]:
    found = spec.get(name)
    return found if isinstance(found, list) else []


def _map(spec: dict[str, Any], name: str) -> dict[str, Any]:
    found = spec.get(name)
    return found if isinstance(found, dict) else {}


def _files(item: dict[str, Any]) -> Iterator[str]:
    """Return the paths that a generator names."""
    for text in item.get("files") or ():
        yield text.partition("=")[2] or text
    yield from item.get("envs") or ()


def _digests(sheet: Sheet, folder: str, files: Sequence[str]) -> Iterator[str]:
    """Return what is in files: two entries that name other content are not the same."""
    for path in files:
        yield hashlib.sha256(sheet.data(joined(folder, path)) or b"").hexdigest()


def joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def canonical(item: Any) -> str:
    return json.dumps(item, sort_keys=True, default=str)


def patch_group(entry: Any) -> Key | None:
    """Return what an inline patch is about: its form and its object or target; None where it is read from a file.

    Two patches of one document that are about the same can be one.
    """
    form = next((name for name in (*FORMS, "jsonPatch") if isinstance(entry, dict) and name in entry), None)
    if form is None:
        return None
    target = entry.get("target")
    if target is None:
        content = entry[form]
        metadata = content.get("metadata") if isinstance(content, dict) else None
        if not isinstance(metadata, dict):
            return None
        names = [content.get("apiVersion"), content.get("kind"), metadata.get("name"), metadata.get("namespace")]
        target = {"names": names}
    return ("patch", form, canonical(target), canonical(entry.get("expect", 1)))


def grouped(sheet: Sheet, document: str) -> dict[Key, list[int]]:
    """Return the inline patches of a document by what they are about, as indices."""
    found: dict[Key, list[int]] = {}
    for at, entry in enumerate(_list(spec_of(sheet, document), "patches")):
        key = patch_group(entry)
        if key is not None:
            found.setdefault(key, []).append(at)
    return found


def is_named_list(item: Any) -> bool:
    """Tell whether a list's items have names, each its own."""
    if not isinstance(item, list) or not item:
        return False
    names = [each.get("name") if isinstance(each, dict) else None for each in item]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
