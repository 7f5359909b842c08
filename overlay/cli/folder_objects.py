"""The objects in manifests that the command line names: of a folder, or of one file."""

from __future__ import annotations

import os
from itertools import groupby

from overlay.errors import OverlayError, UsageError, raise_all
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from overlay.model.resource import Origin, Resource

ENDINGS = (".yaml", ".yml", ".json")


@value
class Part:
    """One part of a file of manifests; line: how many stand before it. whole: all of the file's text."""

    file: str
    line: int
    text: str
    whole: str

    @property
    def body(self) -> str:
        """The text as it is written where nothing stands before it."""
        return self.text.removeprefix("---\n")


def folder_objects(folder: str, known: Mapping[str, Resource] | None = None) -> list[Resource] | None:
    """Return the objects in the files of a folder; None for one that is not there.

    known: objects by the text that they are written as, which is not read again. Raises UsageError, and Problems with
    all that is wrong in the files.
    """
    if not os.path.lexists(folder):
        return None
    if not os.path.isdir(folder):
        raise UsageError(f"{folder} is no folder", hint="--against takes a folder of manifests, or a bundle")
    return part_objects(read_parts(folder), known or {})


def read_parts(path: str) -> list[Part]:
    """Return the parts of a file, or of all manifests in a folder.

    Raises Problems with all files that cannot be read.
    """
    from overlay.files.reader import ProjectFiles, read_argument  # noqa: PLC0415
    from overlay.yaml.parts import parts_of  # noqa: PLC0415
    from overlay.yaml.reader import decode  # noqa: PLC0415

    found: list[Part] = []
    errors: list[OverlayError] = []

    def add(shown: str, data: bytes) -> None:
        text = decode(data, shown)
        found.extend([Part(shown, line, part, text) for line, part in parts_of(text)])

    if not os.path.isdir(path):
        add(path, read_argument(path))
        return found
    files = ProjectFiles(path)
    for name in files.walk(""):
        if name.endswith(ENDINGS):
            try:
                add(os.path.join(path, name), files.read(name))
            except OverlayError as error:
                errors += error.each()
    files.close()
    raise_all(errors)
    return found


def part_objects(parts: Sequence[Part], known: Mapping[str, Resource]) -> list[Resource]:
    """Return the objects of parts, in their order; raises Problems with all that is wrong with them.

    known: objects by the text that they are written as, which is not read again.
    """
    from overlay.kube.objects import check_unique  # noqa: PLC0415

    found: list[Resource] = []
    errors: list[OverlayError] = []
    for _, group in groupby(parts, key=lambda part: part.file):
        try:
            found += _file_objects(list(group), known)
        except OverlayError as error:
            errors += error.each()
    raise_all(errors)
    check_unique(found)
    return found


def _file_objects(parts: Sequence[Part], known: Mapping[str, Resource]) -> list[Resource]:
    from overlay.yaml.reader import uncollected  # noqa: PLC0415

    found: list[Resource] = []
    try:
        with uncollected(len(parts[0].whole)):
            for is_known, group in groupby(parts, key=lambda part: part.body in known):
                run = list(group)
                if is_known:
                    found += [replace(known[part.body], origin=_origin(part)) for part in run]
                else:
                    found += _objects("".join([part.text for part in run]), run[0].file, run[0].line)
    except OverlayError:
        # Only the whole text tells the line, and everything that is wrong in it.
        return _objects(parts[0].whole, parts[0].file, 0)
    return found


def _origin(part: Part) -> Origin:
    from overlay.model.location import Location  # noqa: PLC0415
    from overlay.model.resource import Origin  # noqa: PLC0415

    return Origin("resource", Location(part.file, part.line + 1, 1))


def _objects(text: str, file: str, line: int) -> list[Resource]:
    from overlay.kube.objects import parse_objects  # noqa: PLC0415
    from overlay.model.resource import Origin, Resource  # noqa: PLC0415
    from overlay.yaml.reader import read_documents  # noqa: PLC0415

    return [
        Resource(identity, body, Origin("resource", place))
        for document in read_documents(text, file, line)
        for identity, body, place in parse_objects(document.value, document.location)
    ]
