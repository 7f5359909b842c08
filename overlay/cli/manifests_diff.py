"""`overlay diff PATH --against PATH`: two folders, or files, of manifests."""

from __future__ import annotations

import os

from overlay.errors import OverlayError, UsageError, raise_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.folder_objects import Part
    from overlay.kube.types import Types
    from overlay.model.project import Project
    from overlay.model.resource import Resource


def manifests_diff(args: dict[str, Any], path: str) -> int:
    """Print what differs; return 1 where something does."""
    from overlay.cli.diff_output import print_diff  # noqa: PLC0415
    from overlay.cli.version_diff import exit_code_of, wanted_rules  # noqa: PLC0415
    from overlay.cluster.guards import fate  # noqa: PLC0415
    from overlay.diff.versions import environment_diff  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415

    if args["early"] is not None:
        args["early"].close()  # nothing is rendered
    if args["base"] or args["all"]:
        flag = "--base" if args["base"] else "--all"
        raise UsageError(f"{flag} does not go with manifests", hint="PATH --against PATH names both sides")
    before, after, same = sides_of(args["against"], path)
    project = _project(args)
    rules = wanted_rules(args, project, project)
    found = environment_diff(
        path, before, after, _types((*before, *after), project), rules=rules,
        detect_renames=args["detect_renames"], fate=fate,
    )  # fmt: skip
    found = replace(found, same=found.same + same)
    print_diff([found], ({"ref": args["against"], "commit": None}, {"ref": path, "commit": None}), args)
    return exit_code_of([found], args)


def sides_of(before: str, after: str) -> tuple[list[Resource], list[Resource], int]:
    """Return the objects of both sides, and how many more both have that were not read.

    Raises UsageError, and Problems with all that is wrong.
    """
    from overlay.cli.folder_objects import part_objects, read_parts  # noqa: PLC0415
    from overlay.kube.held_by_both import held_by_both  # noqa: PLC0415

    errors: list[OverlayError] = []
    sides: list[list[Part]] = []
    for path in (before, after):
        if not os.path.lexists(path):
            raise UsageError(f"{path} does not exist", hint="PATH --against PATH compares manifests: files or folders")
        try:
            sides.append(read_parts(path))
        except OverlayError as error:
            errors.append(error)
    raise_all(errors)
    both = held_by_both([part.body for part in sides[0]], [part.body for part in sides[1]])
    try:
        read = [part_objects([part for part in parts if part.body not in both], {}) for parts in sides]
        if not {*both.values()} & {one.id.key for side in read for one in side}:
            return read[0], read[1], len(both)
    except OverlayError:
        pass
    # Something is wrong, or an object is there twice: all that is wrong is told, with all places.
    read = []
    for parts in sides:
        try:
            read.append(part_objects(parts, {}))
        except OverlayError as error:
            errors.append(error)
    raise_all(errors)
    return read[0], read[1], 0


def _project(args: dict[str, Any]) -> Project:
    """Return the project around the folder, whose rules hide fields; there may be none."""
    from overlay.load.project import find_root, load_project  # noqa: PLC0415
    from overlay.model.project import Project  # noqa: PLC0415

    try:
        root = find_root(args["project"])
    except UsageError:
        return Project(root=os.getcwd())
    project, files = load_project(root)
    files.close()
    return project


def _types(objects: Sequence[Resource], project: Project) -> Types:
    """Return the types of fields: Kubernetes' own, and those that definitions among the objects describe."""
    from overlay.kube.custom import CustomKinds  # noqa: PLC0415
    from overlay.kube.types import DEFAULT_KUBERNETES, load_types  # noqa: PLC0415

    types = load_types(project.kubernetes_version or DEFAULT_KUBERNETES)
    bodies = [one.body for one in objects if one.id.kind == "CustomResourceDefinition"]
    return types.with_custom(CustomKinds(bodies, types.metadata, list).type) if bodies else types
