"""`overlay adopt`: folders of copied manifests become one base and small environments."""

from __future__ import annotations

import os

from overlay.cli.reports import wanted_reports, write_report
from overlay.cli.table import COMMON, Command, Param, output
from overlay.errors import EXIT_OK, EXIT_PARTIAL, ManifestError, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.adopting import Place
    from overlay.dedupe.across import Common
    from overlay.dedupe.adopt import Adoption
    from overlay.dedupe.fixes import Fix
    from overlay.dedupe.member import LeftOut, Member

REPORTS = ("html",)


def adopt(args: dict[str, Any]) -> int:
    """Show what adopting folders would make, or write it."""
    from overlay.cli.adopt_in_place import originals  # noqa: PLC0415
    from overlay.cli.adopt_output import page, show  # noqa: PLC0415
    from overlay.cli.adopting import open_place  # noqa: PLC0415
    from overlay.cli.rewriting import finish_first  # noqa: PLC0415
    from overlay.dedupe.fixes import read_fixes  # noqa: PLC0415

    if not args["folders"]:
        raise UsageError("which folders?", hint="name the folders of one group, or a tree with --all")
    if args["all"] and len(args["folders"]) > 1:
        raise UsageError("--all takes one tree, whose groups it finds by itself")
    # Both what is written and what is taken away lies below the last of them.
    roots = [os.path.realpath(os.path.dirname(os.path.abspath(args["into"])))]
    roots.append(os.path.commonpath([*roots, *[os.path.realpath(folder) for folder in args["folders"]]]))
    if finish_first(args, roots):
        return EXIT_OK
    are_values = not args["all"] and _are_values(args["folders"])
    for folder in args["folders"]:
        if not os.path.isdir(folder) and not are_values:
            raise UsageError(
                f"{folder} is no folder", hint="overlay adopt takes folders of manifests, or files of values"
            )
    if are_values:
        _adopt_values(args, roots[0])
        return EXIT_OK
    if args["in_place"] and not args["write"]:
        raise UsageError("--in-place takes folders away, so it needs --write")
    reports = wanted_reports(args["report"], REPORTS)
    fixes = read_fixes(args["matches"]) if args["matches"] else ()
    place = open_place(args["into"])
    try:
        adopted, common, left_out = _all(args, place, fixes) if args["all"] else ([_one(args, place, fixes)], [], [])
        groups = [(one.group, one.files) for one in adopted] + [(one.name, one.files) for one in common]
        texts = place.checked(groups)
        gone = originals(adopted) if args["in_place"] else []
        if args["write"]:
            place.write(texts, roots[-1 if gone else 0], gone)
        show(args, adopted, common, left_out, place, is_new=bool(texts), gone=gone)
        for kind, path in reports:
            write_report(kind, path, page(adopted, common, left_out, place))
    finally:
        place.close()
    return EXIT_PARTIAL if left_out and args["write"] else EXIT_OK


def _are_values(given: Sequence[str]) -> bool:
    """Tell whether all that is named holds values of a chart: files, or folders of one such file."""
    from overlay.dedupe.valued import values_file  # noqa: PLC0415

    return all(os.path.isdir(path) or os.path.isfile(path) for path in given) and all(map(values_file, given))


def _adopt_values(args: dict[str, Any], root: str) -> None:
    from overlay.cli.adopt_values import adopt_values  # noqa: PLC0415
    from overlay.cli.adopting import open_place  # noqa: PLC0415

    for name in ("in_place", "explain", "matches", "report"):
        if args[name]:
            option = name.replace("_", "-")
            raise UsageError(f"--{option} is for manifests; these are values", hint="leave it out")
    place = open_place(args["into"])
    try:
        adopt_values(args, place, root)
    finally:
        place.close()


def _one(args: dict[str, Any], place: Place, fixes: Sequence[Fix]) -> Adoption:
    """Return the proved adoption of the named folders.

    Raises Problems with all that is wrong in any of them.
    """
    from overlay.cli.adopting import read_each  # noqa: PLC0415
    from overlay.dedupe.adopt import adopt_group  # noqa: PLC0415
    from overlay.dedupe.environments import group_name, names_of  # noqa: PLC0415
    from overlay.dedupe.fixes import check_environments  # noqa: PLC0415
    from overlay.dedupe.member import LeftOut  # noqa: PLC0415
    from overlay.dedupe.reading import read_member  # noqa: PLC0415

    folders = list(dict.fromkeys([os.path.normpath(folder) for folder in args["folders"]]))
    if len(folders) < 2:
        raise UsageError(
            "one folder alone has no copies", hint="name at least two, or say --all to find groups in a tree"
        )
    names = names_of(folders)
    members = read_each(read_member, folders, names)
    group = group_name([os.path.abspath(folder) for folder in folders], names)
    for titles in place.titles(group, names):
        check_environments(fixes, {*names, *titles.environments.values()})
        found = adopt_group(
            group, members, titles, place.build, kubernetes_version=place.kubernetes_version, fixes=fixes
        )
        if isinstance(found, LeftOut):
            raise ManifestError(f"{group} cannot be adopted: {found.reason}")
        if place.is_free(found.files):
            return found
    raise place.is_taken()


def _all(
    args: dict[str, Any], place: Place, fixes: Sequence[Fix]
) -> tuple[list[Adoption], list[Common], list[LeftOut]]:
    """Return the adoptions of all groups of a tree, what they share, and what is left out, each with its reason."""
    from overlay.cli.progress import Progress  # noqa: PLC0415
    from overlay.dedupe.adopt import adopt_group, share_where_shorter  # noqa: PLC0415
    from overlay.dedupe.environments import group_name, names_of  # noqa: PLC0415
    from overlay.dedupe.fixes import check_environments  # noqa: PLC0415
    from overlay.dedupe.grouping import find_groups  # noqa: PLC0415
    from overlay.dedupe.member import LeftOut  # noqa: PLC0415
    from overlay.dedupe.reading import read_member  # noqa: PLC0415

    progress = Progress(args)
    progress.at("looking for groups")
    found = find_groups(os.path.normpath(args["folders"][0]))
    left_out = list(found.left_out)
    adopted: list[Adoption] = []
    taken: set[str] = set()
    seen: set[str] = set()
    for at, group in enumerate(found.groups, 1):
        names = names_of(group.folders)
        title = group.name or group_name(group.folders, names)
        progress.at(f"{at} of {len(found.groups)}: {title}")
        members: list[Member] = []
        for folder, name in zip(group.folders, names, strict=True):
            try:
                members.append(read_member(folder, name))
            except OverlayError as error:
                first = error.each()[0]
                left_out.append(LeftOut(folder=folder, reason=first.message, location=first.location))
        if len(members) < 2:
            left_out += [LeftOut(folder=one.folder, reason="no other of its group can be read") for one in members]
            continue
        titles = place.flat_titles(title, [member.name for member in members], taken)
        seen.update(titles.environments.values())
        result = adopt_group(
            title, members, titles, place.build, kubernetes_version=place.kubernetes_version, fixes=fixes
        )
        if isinstance(result, LeftOut):
            left_out += [LeftOut(folder=one.folder, reason=result.reason) for one in members]
            continue
        taken.update((titles.base, *titles.environments.values()))
        adopted.append(result)
    check_environments(fixes, seen)
    adopted, common, grown = share_where_shorter(
        adopted, place.build, lambda name, texts: name not in taken and place.is_free(texts), progress.at
    )
    progress.end()
    left_out += grown
    left_out += [LeftOut(folder=folder, reason="is like no other folder") for folder in found.single]
    return adopted, common, left_out


ADOPT = Command(
    path=("adopt",),
    help="""Make one base and small environments of folders that are copies of each other.

Without --write it only shows: groups, lines before and after, and what stays different. Every environment is built
again first and has to give the same objects, field by field; what cannot be shared exactly stays whole. The folders
themselves are left alone, but for --in-place. Values files of one chart, or folders that hold one each, become values
of a base and what each environment sets itself, proved by rendering the chart.

Examples:

  overlay adopt apps/shop-dev apps/shop-prod --into environments/

  overlay adopt clusters/ --all -o json --report html=adopted

  overlay adopt apps/shop-dev apps/shop-staging apps/shop-prod --write

  overlay adopt chart/values-dev.yaml chart/values-prod.yaml""",
    run=adopt,
    params=(
        Param(
            name="folders",
            kind="arguments",
            metavar="DIR",
            help="Folders of manifests, one per environment; or values files.",
        ),
        Param(name="all", flags=("--all",), kind="flag", help="Find the groups of a tree by themselves."),
        Param(
            name="into",
            flags=("--into",),
            metavar="DIR",
            default="environments",
            help="The environments folder that is written to.",
        ),
        Param(name="write", flags=("--write",), kind="flag", help="Write the base and the environments."),
        Param(
            name="in_place",
            flags=("--in-place",),
            kind="flag",
            help="With --write: take the adopted manifests away, where the Git work tree is clean and has them.",
        ),
        Param(
            name="explain",
            flags=("--explain",),
            kind="flag",
            help="Show which objects are taken for the same, and why.",
        ),
        Param(
            name="matches",
            flags=("--matches",),
            metavar="FILE",
            help="A file that says which objects are the same one, and which are like no other.",
        ),
        output("table", "json", "yaml"),
        Param(
            name="report",
            flags=("--report",),
            kind="list",
            metavar="KIND=FILE",
            help="Also write a report: html=DIR (one page).",
        ),
        *COMMON,
    ),
)
