"""The objects in manifests that the command line names: of a folder, or of one file."""

from __future__ import annotations

import os
from itertools import accumulate, groupby, pairwise

from overlay.errors import OverlayError, UsageError, raise_all
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from overlay.model.resource import Origin, Resource

ENDINGS = (".yaml", ".yml", ".json")


@value
class Manifests:
    """A file of manifests.

    edges: where its parts begin in the text, and where the last one ends. bodies: the parts, as they are written where
    nothing stands before them.
    """

    file: str
    text: str
    edges: tuple[int, ...]
    bodies: tuple[str, ...]


def folder_objects(folder: str, known: Mapping[str, Resource] | None = None) -> list[Resource] | None:
    """Return the objects in the files of a folder; None for one that is not there.

    known: objects by the text that they are written as, which is not read again. Raises UsageError, and Problems with
    all that is wrong in the files.
    """
    if not os.path.lexists(folder):
        return None
    if not os.path.isdir(folder):
        raise UsageError(f"{folder} is no folder", hint="--against takes a folder of manifests, or a bundle")
    return objects_of(read_manifests(folder), known or {})


def read_manifests(path: str) -> list[Manifests]:
    """Return a file cut into its parts, or all manifests in a folder.

    Raises Problems with all files that cannot be read.
    """
    from overlay.files.reader import ProjectFiles, read_argument  # noqa: PLC0415
    from overlay.yaml.decoding import decode  # noqa: PLC0415
    from overlay.yaml.parts import part_edges  # noqa: PLC0415

    found: list[Manifests] = []
    errors: list[OverlayError] = []

    def add(shown: str, data: bytes) -> None:
        text = decode(data, shown)
        edges = part_edges(text)
        # Each body is copied once: there may be thousands.
        bodies = [text[at + 4 if text.startswith("---\n", at) else at : end] for at, end in pairwise(edges)]
        found.append(Manifests(shown, text, tuple(edges), tuple(bodies)))

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


def objects_of(
    files: Sequence[Manifests], known: Mapping[str, Resource], skip: Container[str] = ()
) -> list[Resource]:  # fmt: skip
    """Return the objects of files, in their order; raises Problems with all that is wrong with them.

    known: objects by the text that they are written as, which is not read again. skip: bodies to leave out.
    """
    from overlay.kube.objects import check_unique  # noqa: PLC0415

    found: list[Resource] = []
    errors: list[OverlayError] = []
    for file in files:
        try:
            found += _file_objects(file, known, skip)
        except OverlayError as error:
            errors += error.each()
    raise_all(errors)
    check_unique(found)
    return found


def _file_objects(file: Manifests, known: Mapping[str, Resource], skip: Container[str]) -> list[Resource]:
    wanted = [at for at, body in enumerate(file.bodies) if body not in skip]
    if not wanted:
        return []
    from overlay.yaml.reader import uncollected  # noqa: PLC0415

    found: list[Resource] = []
    text, edges = file.text, file.edges
    lines = list(accumulate([text.count("\n", at, end) for at, end in pairwise(edges)], initial=0))
    try:
        with uncollected(len(file.text)):
            # What stands together is read together, so that places are those of the file.
            runs = groupby(enumerate(wanted), key=lambda pair: (file.bodies[pair[1]] in known, pair[1] - pair[0]))
            for (is_known, _), group in runs:
                run = [at for _, at in group]
                if is_known:
                    found += [replace(known[file.bodies[at]], origin=_origin(file.file, lines[at])) for at in run]
                else:
                    found += _objects(text[edges[run[0]] : edges[run[-1] + 1]], file.file, lines[run[0]])
    except OverlayError:
        # Only the whole text tells the line, and everything that is wrong in it.
        return _objects(file.text, file.file, 0)
    return found


def _origin(file: str, line: int) -> Origin:
    from overlay.model.location import Location  # noqa: PLC0415
    from overlay.model.resource import Origin  # noqa: PLC0415

    return Origin("resource", Location(file, line + 1, 1))


def _objects(text: str, file: str, line: int) -> list[Resource]:
    from overlay.kube.objects import parse_objects  # noqa: PLC0415
    from overlay.model.resource import Origin, Resource  # noqa: PLC0415
    from overlay.yaml.reader import read_documents  # noqa: PLC0415

    return [
        Resource(identity, body, Origin("resource", place))
        for document in read_documents(text, file, line)
        for identity, body, place in parse_objects(document.value, document.location)
    ]
