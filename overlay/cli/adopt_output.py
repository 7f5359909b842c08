"""What `overlay adopt` says: a table of groups, what their environments differ in, and which objects were matched."""

from __future__ import annotations

import json
import os
import sys

from overlay.cli.printing import print_document
from overlay.dedupe.truly import differences, equal_environments, equal_in_all
from overlay.kube.types import load_types
from overlay.report.style import Style, inert, wants_color
from overlay.report.table import as_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.cli.adopting import Place
    from overlay.dedupe.across import Common
    from overlay.dedupe.adopt import Adoption
    from overlay.dedupe.member import LeftOut
    from overlay.dedupe.truly import Equal, Row

# Of the table of groups, whose rows `row` makes.
HEAD = ("GROUP", "ENVIRONMENTS", "LINES", "AFTER", "SAVED")
_WIDEST = 44


def show(
    args: dict[str, Any],
    adopted: Sequence[Adoption],
    common: Sequence[Common],
    left_out: Sequence[LeftOut],
    place: Place,
    *,
    is_new: bool,
    gone: Sequence[str],
) -> None:
    """Print the result on stdout.

    is_new: there is something to write that is not there already. gone: files that were taken away.
    """
    if args["output"] != "table":
        found = {**_document(adopted, common, left_out, place, args), "removed": list(gone)}
        print_document(found, args["output"])
        return
    style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
    if len(adopted) == 1:
        sys.stdout.write(as_table(HEAD, _rows(adopted, common), style))
    if len(adopted) > 1:
        stays = [_stays(_differences(one, place)) for one in adopted]
        rows = [(*cells, more) for cells, more in zip(_rows(adopted, common), [*stays, ""], strict=True)]
        sys.stdout.write(as_table((*HEAD, "STAYS DIFFERENT"), rows, style))
        equal = [(one.group, *_equal_row(each)) for one in adopted for each in equal_in_all(one.members)]
        if equal:
            sys.stdout.write("\n" + as_table(("GROUP", "EQUAL IN ALL", "ENOUGH"), equal, style))
    if common:
        cells = [(f"components/{one.name}", f"{len(one.groups)} groups", str(one.lines)) for one in common]
        sys.stdout.write("\n" + as_table(("SHARED BY GROUPS", "USED BY", "LINES"), cells, style))
    if len(adopted) == 1:
        _one_group(adopted[0], place, style)
    if args["explain"]:
        for one in adopted:
            sys.stdout.write(f"\n{one.group}: the same object in each environment\n")
            sys.stdout.write(as_table(("OBJECT", "ENVIRONMENT", "IS CALLED", "FOUND BY"), _matches(one), style))
    if left_out:
        rows = [(one.folder, one.reason, str(one.location or "")) for one in left_out]
        sys.stdout.write(f"\n{len(left_out)} left out\n" + as_table(("FOLDER", "WHY", "WHERE"), rows, style))
    if args["quiet"]:
        return
    sys.stdout.flush()
    taken = f"; took {len(gone)} files away, which the last commit has" if gone else ""
    count = sum(len(one.members) for one in adopted)
    proved = f"proved: {count} environments build to the objects that they had"
    said = closing(args, proved, place, is_new=is_new) if adopted else "nothing to adopt"
    print(said + taken, file=sys.stderr)


def page(
    adopted: Sequence[Adoption], common: Sequence[Common], left_out: Sequence[LeftOut], place: Place
) -> str:  # fmt: skip
    """Return the result as one HTML page."""
    from overlay.report.adoption_page import AdoptedGroup, LeftFolder, Lines, adoption_page  # noqa: PLC0415

    groups = []
    for one in adopted:
        added = [one.titles.base, *_components(one)]
        rows = tuple(_differences(one, place))
        groups.append(
            AdoptedGroup(
                name=one.group,
                environments=tuple(
                    [
                        Lines(name=title, before=member.lines, after=one.lines_of(title))
                        for member in one.members
                        for title in (one.titles.environments[member.name],)
                    ]
                ),
                added=tuple([Lines(name=name, before=None, after=one.lines_of(name)) for name in added]),
                rows=rows,
                equal=tuple([each.sentence for each in equal_environments(one.members, rows)]),
            )
        )
    return adoption_page(
        groups,
        [Lines(name=f"components/{one.name}", before=None, after=one.lines) for one in common],
        [LeftFolder(folder=one.folder, reason=one.reason, place=str(one.location or "")) for one in left_out],
    )


def _components(one: Adoption) -> list[str]:
    names = sorted({path.split("/")[1] for path in one.files if path.startswith("components/")})
    return [f"components/{name}" for name in names]


def _rows(adopted: Sequence[Adoption], common: Sequence[Common]) -> list[tuple[str, ...]]:
    rows = [row(one.group, ", ".join(member.name for member in one.members), one.before, one.after) for one in adopted]
    if len(adopted) > 1:
        count = sum(len(one.members) for one in adopted)
        before, after = sum(one.before for one in adopted), sum(one.after for one in adopted)
        after += sum(one.lines for one in common)
        rows.append(row(f"{len(adopted)} groups", f"{count} environments", before, after))
    return rows


def row(group: str, environments: str, before: int, after: int) -> tuple[str, ...]:
    """Return a group's row of the table."""
    percent = 100 - round(100 * after / max(before, 1))
    return (group, environments, str(before), str(after), f"{percent} %" if after <= before else f"grows, {percent} %")


def _one_group(one: Adoption, place: Place, style: Style) -> None:
    titles = [one.titles.base, *[one.titles.environments[member.name] for member in one.members]]
    rows = [(f"{place.shown}/{title}", str(one.lines_of(title))) for title in titles]
    before = {one.titles.environments[member.name]: str(member.lines) for member in one.members}
    cells = [(folder, before.get(title, ""), lines) for title, (folder, lines) in zip(titles, rows, strict=True)]
    cells += [(f"{place.shown}/{name}", "", str(one.lines_of(name))) for name in _components(one)]
    sys.stdout.write("\n" + as_table(("FOLDER", "LINES", "AFTER"), cells, style))
    found = _differences(one, place)
    names = [member.name for member in one.members]
    equal = equal_environments(one.members, found)
    if equal:
        sys.stdout.write("\n" + "".join([f"{each.sentence}\n" for each in equal]))
    if not found:
        return
    shown = [(row.object, row.field or "(whole)", *[cell(row.values[name]) for name in names]) for row in found]
    sys.stdout.write("\n" + as_table(("DIFFERS", "FIELD", *names), shown, style))


def _stays(found: Sequence[Row]) -> str:
    """Return how much a group's environments truly differ in."""
    fields = sum([1 for one in found if one.field])
    objects = len({one.object for one in found})
    if not found:
        return "nothing"
    return (
        f"{fields} field{'s' * (fields != 1)} of {objects} object{'s' * (objects != 1)}"
        if fields
        else f"{objects} whole"
    )


def _equal_row(found: Equal) -> tuple[str, str]:
    return (", ".join(found.environments), found.enough)


def _differences(one: Adoption, place: Place) -> list[Row]:
    return differences(one.draft, load_types(place.kubernetes_version))


def cell(item: Any) -> str:
    """Return a value as a table shows it."""
    if item is None:
        return ""
    if item is True:
        return "yes"
    text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False, default=str)
    first, *more = text.strip().split("\n")
    text = first + (" …" if more else "")
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _matches(one: Adoption) -> list[tuple[str, ...]]:
    how = {
        "name": "its name",
        "word": "its name without the environment's word",
        "content": "its content",
        "file": "your file",
    }
    rows: list[tuple[str, ...]] = []
    for shared in one.draft.shared:
        for name, piece in sorted(shared.slot.pieces.items()):
            found = how[shared.slot.how[name]]
            if name in shared.slot.alike:
                found += f", {round(100 * shared.slot.alike[name])} % alike"
            rows.append((f"{shared.first.id.kind}/{shared.first.id.name}", name, piece.id.name, found))
    for name, pieces in one.draft.own.items():
        rows += [(f"{piece.id.kind}/{piece.id.name}", name, piece.id.name, "stays whole") for piece in pieces]
    return rows


def closing(args: dict[str, Any], proved: str, place: Place, *, is_new: bool) -> str:
    """Return the last line: what was proved, and what became of it."""
    if not is_new:
        return f"{proved}; {inert(place.shown)} holds just this already"
    if args["write"]:
        return f"{proved}; wrote {inert(place.shown)}"
    return f"{proved}; nothing is written without --write"


def _document(
    adopted: Sequence[Adoption],
    common: Sequence[Common],
    left_out: Sequence[LeftOut],
    place: Place,
    args: dict[str, Any],
) -> dict[str, Any]:
    groups = []
    for one in adopted:
        names = one.titles.environments
        rows = _differences(one, place)
        group: dict[str, Any] = {
            "group": one.group,
            "base": one.titles.base,
            "environments": [
                {
                    "name": names[member.name],
                    "folder": member.folder,
                    "objects": len(member.pieces),
                    "lines": {"before": member.lines, "after": one.lines_of(names[member.name])},
                }
                for member in one.members
            ],
            "lines": {"before": one.before, "after": one.after},
            "files": sorted(one.files),
            "differs": [
                {
                    "object": row.object,
                    "field": row.field or None,
                    "values": {names[name]: _plain(item) for name, item in row.values.items()},
                }
                for row in rows
            ],
            "equal": [
                {
                    "environments": [names[name] for name in each.environments],
                    "inAll": each.wholly,
                    "enough": names[each.enough],
                }
                for each in equal_environments(one.members, rows)
            ],
        }
        if args["explain"]:
            keys = ("object", "environment", "name", "foundBy")
            group["matches"] = [dict(zip(keys, row, strict=True)) for row in _matches(one)]
        groups.append(group)
    return {
        "groups": groups,
        "shared": [
            {
                "component": one.name,
                "groups": [adopted[at].group for at in one.groups],
                "files": sorted(one.files),
                "lines": one.lines,
            }
            for one in common
        ],
        "leftOut": [
            {"folder": one.folder, "reason": one.reason, "at": str(one.location) if one.location else None}
            for one in left_out
        ],
        "written": bool(args["write"]),
    }


def _plain(item: Any) -> Any:
    return item if item is None or isinstance(item, (str, int, float, bool, list, dict)) else str(item)
