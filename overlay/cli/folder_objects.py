"""The objects of a folder of manifests that the command line names."""

from __future__ import annotations

import os

from overlay.errors import UsageError, raise_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.errors import OverlayError
    from overlay.model.resource import Resource

_ENDINGS = (".yaml", ".yml", ".json")


def folder_objects(folder: str) -> list[Resource] | None:
    """Return the objects in the files of a folder; None for one that is not there.

    Raises UsageError, and Problems with all that is wrong in the files.
    """
    from overlay.errors import OverlayError  # noqa: PLC0415
    from overlay.files.reader import ProjectFiles  # noqa: PLC0415
    from overlay.kube.objects import check_unique, parse_objects  # noqa: PLC0415
    from overlay.model.resource import Origin, Resource  # noqa: PLC0415
    from overlay.yaml import decode, read_documents  # noqa: PLC0415

    if not os.path.lexists(folder):
        return None
    if not os.path.isdir(folder):
        raise UsageError(f"{folder} is no folder", hint="--against takes a folder of manifests, or a bundle")
    files = ProjectFiles(folder)
    found: list[Resource] = []
    errors: list[OverlayError] = []
    for path in files.walk(""):
        shown = os.path.join(folder, path)
        if not path.endswith(_ENDINGS):
            continue
        try:
            for document in read_documents(decode(files.read(path), shown), shown):
                for identity, body, place in parse_objects(document.value, document.location):
                    found.append(Resource(identity, body, Origin("resource", place)))
        except OverlayError as error:
            errors += error.each()
    files.close()
    raise_all(errors)
    check_unique(tuple(found))
    return found
