"""`overlay adopt` for values-per-environment: one chart, what environments set alike in its base, the rest in each."""

from __future__ import annotations

import os
import posixpath
import sys

from overlay.dedupe.factor.search import Search
from overlay.dedupe.valued import CHART_FILE, chart_of, differing, read_values
from overlay.dedupe.writing import write_layer
from overlay.errors import UsageError
from overlay.kube.confidential import is_secret_name
from overlay.model.value import value
from overlay.tokens import cover_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from overlay.cli.adopting import Place
    from overlay.dedupe.layers import Titles
    from overlay.dedupe.valued import Valued

_HIDDEN = "••••"


@value(kw_only=True)
class Adopted:
    """What comes of a chart's values. files: below the environments folder. chart: its folder, from the project's."""

    group: str
    chart: str
    members: tuple[Valued, ...]
    titles: Titles
    files: dict[str, str]

    def lines_of(self, title: str) -> int:
        return sum(text.count("\n") for path, text in self.files.items() if path.startswith(f"{title}/"))

    @property
    def after(self) -> int:
        return sum(text.count("\n") for text in self.files.values())


def adopt_values(args: dict[str, Any], place: Place, root: str) -> None:
    """Show what adopting the values would make, or write it; root: the folder that all changes are below."""
    found = _adopted(args["folders"], place)
    texts = place.checked([(found.group, found.files)])
    if args["write"]:
        place.write(texts, root)
    _show(args, found, place, is_new=bool(texts))


def _adopted(folders: Sequence[str], place: Place) -> Adopted:
    from overlay.cli.adopting import read_each  # noqa: PLC0415
    from overlay.dedupe.environments import names_of  # noqa: PLC0415

    given = list(dict.fromkeys([os.path.normpath(folder) for folder in folders]))
    if len(given) < 2:
        raise UsageError("one environment alone has no copies", hint="name the values of at least two")
    names = names_of([os.path.splitext(path)[0] if os.path.isfile(path) else path for path in given])
    members = sorted(read_each(read_values, given, names), key=lambda one: one.name)
    chart = os.path.relpath(chart_of([one.file for one in members], place.project.root), place.project.root)
    group = _chart_name(place, chart)
    for titles in place.titles(group, [one.name for one in members]):
        files = _shared(_apart(members, titles, chart, place), titles, place)
        if place.is_free(files):
            return Adopted(group=group, chart=chart, members=tuple(members), titles=titles, files=files)
    raise place.is_taken()


def _chart_name(place: Place, chart: str) -> str:
    from overlay.files.names import refuse_name  # noqa: PLC0415
    from overlay.yaml import decode, read_mapping  # noqa: PLC0415

    path = posixpath.normpath(f"{chart}/{CHART_FILE}")
    name = read_mapping(decode(place.files.read(path), path), path).value.get("name")
    return name if isinstance(name, str) and refuse_name(name) is None else "chart"


def _apart(members: Sequence[Valued], titles: Titles, chart: str, place: Place) -> dict[str, str]:
    """Return the environments with the values that they have now, in which nothing is shared yet."""
    path = os.path.relpath(chart, place.path(titles.base))
    files = {f"{titles.base}/base.yaml": write_layer("Base", titles.base, {"chart": {"path": path}})}
    for one in members:
        title = titles.environments[one.name]
        spec = {"extends": [f"../{titles.base}"], "values": ["values.yaml"]}
        files[f"{title}/environment.yaml"] = write_layer("Environment", title, spec)
        files[f"{title}/values.yaml"] = one.text if one.text.endswith("\n") else f"{one.text}\n"
    return files


def _shared(files: Mapping[str, str], titles: Titles, place: Place) -> dict[str, str]:
    """Return the files with what environments set alike said once; each environment renders to the same bytes."""
    from overlay.inspect.factoring import Prover  # noqa: PLC0415
    from overlay.inspect.session import Workshop  # noqa: PLC0415
    from overlay.kube.types import load_types  # noqa: PLC0415

    start = place.unwritten(files)
    with Workshop(project=place.files.changed(start)) as workshop:
        prover = Prover(workshop, sorted(titles.environments.values()))
        types = load_types(place.kubernetes_version)
        found = Search(start.get, prover, place.project.environments, types).run()
    top = place.path("")
    after = {path: found.changes.get(path, data) for path, data in {**start, **found.changes}.items()}
    return {path.removeprefix(top): data.decode() for path, data in after.items() if data and path.startswith(top)}


def _show(args: dict[str, Any], found: Adopted, place: Place, *, is_new: bool) -> None:
    from overlay.cli.adopt_output import HEAD, cell, closing, row  # noqa: PLC0415

    names = [one.name for one in found.members]
    before = sum(one.lines for one in found.members)
    rows = [
        (".".join(path), {name: _said(path, item) for name, item in each.items()})
        for path, each in differing(found.members)
    ]
    if args["output"] != "table":
        from overlay.cli.printing import print_document  # noqa: PLC0415

        titles = found.titles.environments
        group = {
            "group": found.group,
            "base": found.titles.base,
            "chart": found.chart,
            "environments": [
                {
                    "name": titles[one.name],
                    "folder": one.given,
                    "lines": {"before": one.lines, "after": found.lines_of(titles[one.name])},
                }
                for one in found.members
            ],
            "lines": {"before": before, "after": found.after},
            "files": sorted(found.files),
            "differs": [
                {"value": path, "values": {titles[name]: item for name, item in each.items()}} for path, each in rows
            ],
        }
        document = {"groups": [group], "shared": [], "leftOut": [], "written": bool(args["write"]), "removed": []}
        print_document(document, args["output"])
        return
    from overlay.cli.factor import table_style  # noqa: PLC0415
    from overlay.report.table import as_table  # noqa: PLC0415

    style = table_style(args)
    sys.stdout.write(as_table(HEAD, [row(found.group, ", ".join(names), before, found.after)], style))
    lines = [(found.titles.base, "", str(found.lines_of(found.titles.base)))]
    for one in found.members:
        title = found.titles.environments[one.name]
        lines.append((title, str(one.lines), str(found.lines_of(title))))
    cells = [(f"{place.shown}/{title}", old, new) for title, old, new in lines]
    sys.stdout.write("\n" + as_table(("FOLDER", "LINES", "AFTER"), cells, style))
    if rows:
        shown = [(path, *[cell(each[name]) for name in names]) for path, each in rows]
        sys.stdout.write("\n" + as_table(("VALUE", *names), shown, style))
    else:
        sys.stdout.write(f"\n{' and '.join(names)} are equal in all: one of them is enough, for example {names[0]}\n")
    if not args["quiet"]:
        sys.stdout.flush()
        proved = f"proved: {len(names)} environments render to the same bytes as with the values that they had"
        print(closing(args, proved, place, is_new=is_new), file=sys.stderr)


def _said(path: Sequence[str], item: Any) -> Any:
    """Return a value as it may be shown."""
    if item is None or isinstance(item, bool):
        return item
    if any(is_secret_name(part) for part in path):
        return _HIDDEN
    if isinstance(item, dict):
        return {key: _said((str(key),), child) for key, child in item.items()}
    if isinstance(item, list):
        return [_said((), child) for child in item]
    return cover_tokens(item) if isinstance(item, str) else item
