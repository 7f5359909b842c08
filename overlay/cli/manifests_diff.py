"""`overlay diff PATH --against PATH`: two folders, or files, of manifests."""

from __future__ import annotations

import os

from overlay.errors import OverlayError, UsageError, raise_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.folder_objects import Manifests
    from overlay.diff.outcome import EnvironmentDiff
    from overlay.kube.types import Types
    from overlay.model.project import Project
    from overlay.model.resource import Body, Resource
    from overlay.yaml.shapes import Shapes


def manifests_diff(args: dict[str, Any], path: str) -> int:
    """Print what differs; return 1 where something does."""
    from overlay.cli.diff_output import print_diff  # noqa: PLC0415
    from overlay.cli.version_diff import exit_code_of  # noqa: PLC0415
    from overlay.diff.outcome import EnvironmentDiff  # noqa: PLC0415

    if args["early"] is not None:
        args["early"].close()  # nothing is rendered
    if args["base"] or args["all"]:
        flag = "--base" if args["base"] else "--all"
        raise UsageError(f"{flag} does not go with manifests", hint="PATH --against PATH names both sides")
    before, after, same = sides_of(args["against"], path)
    if before or after or args["ignore"]:
        found = _found(args, path, before, after, same)
    else:
        found = EnvironmentDiff(environment=path, change="same", same=same)
    print_diff([found], ({"ref": args["against"], "commit": None}, {"ref": path, "commit": None}), args)
    return exit_code_of([found], args)


def _found(
    args: dict[str, Any], path: str, before: Sequence[Resource], after: Sequence[Resource], same: int
) -> EnvironmentDiff:
    from overlay.cli.version_diff import wanted_rules  # noqa: PLC0415
    from overlay.diff.versions import environment_diff  # noqa: PLC0415
    from overlay.model.value import replace  # noqa: PLC0415

    project = _project(args)
    rules = wanted_rules(args, project.ignored if project else (), project.masked if project else ())
    found = environment_diff(
        path, before, after, _types((*before, *after), project), rules=rules,
        detect_renames=args["detect_renames"], fate=_fate,
    )  # fmt: skip
    return replace(found, same=found.same + same)


def _fate(body: Body) -> str | None:
    from overlay.cluster.guards import fate  # noqa: PLC0415  # only where an object is gone

    return fate(body)


def sides_of(before: str, after: str) -> tuple[list[Resource], list[Resource], int]:
    """Return the objects of both sides, and how many more both have that were not read.

    Raises UsageError, and Problems with all that is wrong.
    """
    from overlay.cli.folder_objects import objects_of, read_manifests  # noqa: PLC0415

    errors: list[OverlayError] = []
    sides: list[list[Manifests]] = []
    for path in (before, after):
        if not os.path.lexists(path):
            raise UsageError(f"{path} does not exist", hint="PATH --against PATH compares manifests: files or folders")
        try:
            sides.append(read_manifests(path))
        except OverlayError as error:
            errors.append(error)
    raise_all(errors)
    found = _without_shared(*sides)
    if found is not None:
        return found
    # Something is wrong, or an object is there twice: all that is wrong is told, with all places.
    read = []
    for side in sides:
        try:
            read.append(objects_of(side, {}))
        except OverlayError as error:
            errors.append(error)
    raise_all(errors)
    return read[0], read[1], 0


def _without_shared(
    before: Sequence[Manifests], after: Sequence[Manifests]
) -> tuple[list[Resource], list[Resource], int] | None:
    """Return what `sides_of` does, of what is not the same on both sides; None where something is wrong with it."""
    from overlay.kube.held_by_both import held_by_both  # noqa: PLC0415

    sides = [{one.path: one for one in side} for side in (before, after)]
    paths = sorted({*sides[0], *sides[1]})
    old, new = [[side[path].data if path in side else b"" for path in paths] for side in sides]
    both = held_by_both(list(zip(old, new, strict=True)))
    if both is None:
        return None
    if not both.old and not both.new:
        return [], [], len(both.keys)
    from overlay.yaml.shapes import Shapes  # noqa: PLC0415  # loads the parser

    shapes = Shapes()
    files = [[side[path].file if path in side else "" for path in paths] for side in sides]
    try:
        read = [_read(parts, each, shapes) for parts, each in zip((both.old, both.new), files, strict=True)]
    except OverlayError:
        return None
    for side in read:
        keys = {(one.id.group, one.id.kind, one.id.name, one.id.namespace) for one in side}
        if len(keys) < len(side) or {tuple([word.encode() for word in key]) for key in keys} & both.keys:
            return None
    return read[0], read[1], len(both.keys)


def _read(parts: Sequence[tuple[int, bytes]], files: Sequence[str], shapes: Shapes) -> list[Resource]:
    """Return the objects of parts; of their places only the files are known."""
    from overlay.kube.objects import parse_objects  # noqa: PLC0415
    from overlay.model.location import Location  # noqa: PLC0415
    from overlay.model.resource import Origin, Resource  # noqa: PLC0415
    from overlay.yaml.parts import text_of  # noqa: PLC0415

    origins = [Origin("resource", Location(file)) for file in files]
    return [
        Resource(identity, body, origins[place])
        for place, part in parts
        for document in shapes.read(text_of(part), files[place])
        for identity, body, _ in parse_objects(document.value, document.location)
    ]


def _project(args: dict[str, Any]) -> Project | None:
    """Return the project around the folder, whose rules hide fields; there may be none."""
    from overlay.files.root import find_root  # noqa: PLC0415

    try:
        root = find_root(args["project"])
    except UsageError:
        return None
    from overlay.load.project import load_project  # noqa: PLC0415

    project, files = load_project(root)
    files.close()
    return project


def _types(objects: Sequence[Resource], project: Project | None) -> Types:
    """Return the types of fields: Kubernetes' own, and those that definitions among the objects describe."""
    from overlay.kube.types import DEFAULT_KUBERNETES, load_types  # noqa: PLC0415

    types = load_types((project and project.kubernetes_version) or DEFAULT_KUBERNETES)
    bodies = [one.body for one in objects if one.id.kind == "CustomResourceDefinition"]
    if not bodies:
        return types
    from overlay.kube.custom import CustomKinds  # noqa: PLC0415

    return types.with_custom(CustomKinds(bodies, types.metadata, list).type)
