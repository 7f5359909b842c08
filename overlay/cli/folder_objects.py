"""The objects in manifests that the command line names: of a folder, or of one file."""

from __future__ import annotations

import os

from overlay.errors import OverlayError, raise_all
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from overlay.model.resource import Resource
    from overlay.yaml.reader import Document
    from overlay.yaml.shapes import Shapes

ENDINGS = (".yaml", ".yml", ".json")


@value
class Manifests:
    """A file of manifests: as it is called, its path in the folder that was named, and its bytes, which are UTF-8."""

    file: str
    path: str
    data: bytes


def folder_objects(folder: str, known: Mapping[bytes, Resource] | None = None) -> list[Resource] | None:
    """Return the objects in the files of a folder, or in one file; None for one that is not there.

    known: objects by the part of a text that they are written as, which is not read again. Raises Problems with all
    that is wrong in the files.
    """
    if not os.path.lexists(folder):
        return None
    return objects_of(read_manifests(folder), known or {})


def read_manifests(path: str) -> list[Manifests]:
    """Return a file, or all manifests in a folder.

    Raises Problems with all files that cannot be read.
    """
    from overlay.files.reader import ProjectFiles, read_argument  # noqa: PLC0415
    from overlay.yaml.decoding import checked  # noqa: PLC0415

    if not os.path.isdir(path):
        return [Manifests(path, "", checked(read_argument(path), path))]
    found: list[Manifests] = []
    errors: list[OverlayError] = []
    files = ProjectFiles(path)
    for name in files.walk(""):
        if name.endswith(ENDINGS):
            try:
                shown = os.path.join(path, name)
                found.append(Manifests(shown, name, checked(files.read(name), shown)))
            except OverlayError as error:
                errors += error.each()
    files.close()
    raise_all(errors)
    return found


def objects_of(files: Sequence[Manifests], known: Mapping[bytes, Resource]) -> list[Resource]:
    """Return the objects of files, in their order; raises Problems with all that is wrong with them.

    known: objects by the part that they are written as, which is not read again.
    """
    from overlay.kube.objects import check_unique  # noqa: PLC0415
    from overlay.yaml.shapes import Shapes  # noqa: PLC0415

    shapes = Shapes()
    found: list[Resource] = []
    errors: list[OverlayError] = []
    for file in files:
        try:
            found += _file_objects(file, known, shapes)
        except OverlayError as error:
            errors += error.each()
    raise_all(errors)
    check_unique(found)
    return found


def _file_objects(file: Manifests, known: Mapping[bytes, Resource], shapes: Shapes) -> list[Resource]:
    from overlay.model.location import Location  # noqa: PLC0415
    from overlay.model.resource import Origin  # noqa: PLC0415
    from overlay.yaml.parts import cut  # noqa: PLC0415
    from overlay.yaml.reader import read_documents, uncollected  # noqa: PLC0415

    found: list[Resource] = []
    pieces = cut(file.data)
    above = pieces.first_line
    try:
        with uncollected(len(file.data)):
            for at, part in enumerate(pieces.parts):
                line = max(above, 0)
                if part in known:
                    found.append(replace(known[part], origin=Origin("resource", Location(file.file, line + 1, 1))))
                else:
                    found += _objects(shapes.read(pieces.text(at, at + 1), file.file, line))
                above += part.count(b"\n") + 1
    except OverlayError:
        # Only the whole text tells the line, and everything that is wrong in it.
        return _objects(read_documents(file.data.decode(), file.file))
    return found


def _objects(documents: Sequence[Document]) -> list[Resource]:
    from overlay.kube.objects import parse_objects  # noqa: PLC0415
    from overlay.model.resource import Origin, Resource  # noqa: PLC0415

    return [
        Resource(identity, body, Origin("resource", place))
        for document in documents
        for identity, body, place in parse_objects(document.value, document.location)
    ]
