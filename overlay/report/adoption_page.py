"""What adopting folders makes of them, as one HTML page that needs nothing else: no script or style from elsewhere."""

from __future__ import annotations

import json

from overlay.model.value import value
from overlay.report.adoption_assets import SCRIPT, STYLE
from overlay.report.page import html_page
from overlay.report.page import html_text as _text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.dedupe.truly import Row

# A page of more is slow where it is read.
MOST_GROUPS, MOST_ROWS = 1_000, 300
_LONGEST = 160
_FOOT = (
    "made by <code>overlay adopt</code>; values of Secrets are hidden; a filled cell has another value than most "
    "environments; keys: / searches, j and k go on and back"
)


@value(kw_only=True)
class Lines:
    """A folder or document and its lines; before: None for what adopting adds."""

    name: str
    before: int | None
    after: int


@value(kw_only=True)
class AdoptedGroup:
    """One group: its environments' lines, what it adds to them, and what the environments truly differ in.

    equal: what to say of environments that are equal.
    """

    name: str
    environments: tuple[Lines, ...]
    added: tuple[Lines, ...]
    rows: tuple[Row, ...]
    equal: tuple[str, ...] = ()

    @property
    def before(self) -> int:
        return sum([one.before or 0 for one in self.environments])

    @property
    def after(self) -> int:
        return sum([one.after for one in (*self.environments, *self.added)])


@value(kw_only=True)
class LeftFolder:
    """A folder that is left as it is, why, and where the reason stands."""

    folder: str
    reason: str
    place: str


def adoption_page(groups: Sequence[AdoptedGroup], shared: Sequence[Lines], left: Sequence[LeftFolder]) -> str:
    """Return the page; every text of the input is escaped and acts as nothing else.

    shared: what several groups share.
    """
    before = sum([one.before for one in groups])
    after = sum([one.after for one in groups]) + _lines(shared)
    more = len(groups) - MOST_GROUPS
    many = len(groups) > 1
    title = f"{len(groups)} groups" if many else groups[0].name if groups else "nothing"
    body = "".join(
        [
            f"<header>\n<h1>Adopting <b>{_text(title)}</b></h1>\n",
            _overview(groups, shared, before, after),
            "</header>\n",
            _filters() if many else "",
            "<main id=groups>\n",
            "".join([_group(one, alone=not many) for one in groups[:MOST_GROUPS]]),
            f"<p class=warn>{more} more groups are not on this page.</p>\n" if more > 0 else "",
            "<p id=none hidden>No group is as you want it.</p>\n",
            _left(left),
            "</main>\n",
        ]
    )
    return html_page(f"Adopting {title}", "groups", body, _FOOT, style=STYLE, script=SCRIPT)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _saved(before: int, after: int) -> str:
    percent = 100 - round(100 * after / max(before, 1))
    return f"{-percent} % more" if after > before else f"{percent} % less"


def _overview(groups: Sequence[AdoptedGroup], shared: Sequence[Lines], before: int, after: int) -> str:
    """Say in one line and one picture what adopting gains, and where the lines are then."""
    if not groups:
        return "<p class=lead>No group was found.</p>\n"
    count = sum([len(one.environments) for one in groups])
    own = sum([one.after for group in groups for one in group.environments])
    kept = _lines(shared) + sum([_lines(group.added) for group in groups])
    lead = (
        f"<p class=lead><b>{before}</b> lines of {count} environments become <b>{after}</b>: "
        f"<b>{_saved(before, after)}</b>.</p>\n"
    )
    most = max(before, after, 1)
    bars: list[tuple[str, list[tuple[str, int, str]]]] = [
        ("before", [("before", before, "copied in each environment")]),
        ("after", [("base", kept, "shared: bases and components"), ("own", own, "what environments say themselves")]),
    ]
    rows = []
    for name, parts in bars:
        at = 0.0
        drawn = []
        for kind, lines, _ in parts:
            width = 1000 * lines / most
            drawn.append(f'<rect class=b-{kind} x="{at:.1f}" width="{width:.1f}" height=24 />')
            at += width
        said = "; ".join([f"{lines} lines {what}" for _, lines, what in parts])
        rows.append(
            f'<div class=total><span>{name}</span><svg role=img aria-label="{said}" viewBox="0 0 1000 24" '
            f"preserveAspectRatio=none>{''.join(drawn)}</svg></div>\n"
        )
    legend = (
        f"<p class=legend><span class=k-before>before: {before}</span> <span class=k-base>bases and components: {kept}"
        f"</span> <span class=k-own>environments: {own}</span></p>\n"
    )
    table = ""
    if shared:
        listed = "".join(
            [f"<tr><th scope=row>{_path(one.name)}</th><td class=n>{one.after}</td></tr>" for one in shared]
        )
        table = (
            f"<details><summary>what several groups share: {_counted(len(shared), 'component')}</summary>"
            f"<div class=scroll><table><tbody>{listed}</tbody></table></div></details>\n"
        )
    return f"{lead}<div class=totals>{''.join(rows)}</div>\n{legend}{table}"


def _lines(found: Sequence[Lines]) -> int:
    return sum([one.after for one in found])


def _filters() -> str:
    return (
        "<form class=filters role=search>\n"
        '<label class=find><span>Search</span><input type=search id=text autocomplete=off placeholder="'
        'group, environment, object, field or value"></label>\n'
        "<label class=check><input type=checkbox id=open> all open</label>\n"
        "<output id=count aria-live=polite></output>\n</form>\n"
    )


def _group(one: AdoptedGroup, *, alone: bool) -> str:
    most = max([max(each.before or 0, each.after) for each in (*one.environments, *one.added)], default=1) or 1
    rows = "".join([_bar_row(each, most) for each in (*one.environments, *one.added)])
    what = f"lines by environment, and {_counted(len(one.rows), 'difference')}"
    equal = "".join([f"<p class=equal>{_text(sentence)}</p>\n" for sentence in one.equal])
    saved = f"{one.before} → {one.after} lines, {_saved(one.before, one.after)}"
    return (
        f"<article tabindex=-1>\n<h2>{_text(one.name)} <small>{saved}</small></h2>\n"
        f"<details{' open' * alone}><summary>{what}</summary>\n"
        f'<div class=scroll tabindex=0 role=region aria-label="Lines of {_text(one.name)}"><table class=bars>\n'
        "<thead><tr><th scope=col>folder</th><th scope=col class=n>before</th><th scope=col class=n>after</th>"
        f"<td></td></tr></thead>\n<tbody>{rows}</tbody></table></div>\n{equal}{_matrix(one)}</details>\n</article>\n"
    )


def _bar_row(one: Lines, most: int) -> str:
    kind = "own" if one.before is not None else "base"
    bars = "".join(
        [
            f'<rect class=b-{name} y="{at}" width="{max(1.0, 300 * lines / most):.1f}" height=7 />'
            for name, lines, at in (("before", one.before, 1), (kind, one.after, 10))
            if lines
        ]
    )
    before = "" if one.before is None else str(one.before)
    return (
        f"<tr><th scope=row>{_path(one.name)}</th><td class=n>{before}</td><td class=n>{one.after}</td>"
        f'<td class=bar><svg aria-hidden=true viewBox="0 0 300 18" preserveAspectRatio=none>{bars}</svg></td></tr>\n'
    )


def _matrix(one: AdoptedGroup) -> str:
    """Return objects and fields against environments; a cell stands out where its value is not that of most."""
    if not one.rows:
        return ""
    names = list(one.rows[0].values)
    heads = "".join([f"<th scope=col>{_text(name)}</th>" for name in names])
    lines = []
    last = ""
    for row in one.rows[:MOST_ROWS]:
        forms = [_form(row.values[name]) for name in names]
        usual = max(sorted(set(forms)), key=forms.count)
        is_usual = forms.count(usual) > 1
        cells = "".join(
            [
                _cell(row.values[name], odd=not is_usual or found != usual)
                for name, found in zip(names, forms, strict=True)
            ]
        )
        said = _text(row.object) if row.object != last else f"<span class=again>{_text(row.object)}</span>"
        last = row.object
        field = _text(row.field).replace(".", ".<wbr>") if row.field else "the object"
        lines.append(f"<tr><th scope=row>{said}</th><td class=field>{field}</td>{cells}</tr>\n")
    more = len(one.rows) - MOST_ROWS
    return (
        f'<div class=scroll tabindex=0 role=region aria-label="Differences of {_text(one.name)}"><table class=matrix>\n'
        f"<thead><tr><th scope=col>object</th><th scope=col>field</th>{heads}</tr></thead>\n"
        f"<tbody>\n{''.join(lines)}</tbody></table></div>\n"
        + (f"<p class=warn>{more} more differences are not on this page.</p>\n" if more > 0 else "")
    )


def _form(item: Any) -> str:
    return json.dumps(item, sort_keys=True, default=str, ensure_ascii=False)


def _cell(item: Any, *, odd: bool) -> str:
    if item is None:
        return f"<td class={'odd-none' if odd else 'none'}>not there</td>"
    text = "there" if item is True else item if isinstance(item, str) else _form(item)
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"<td{' class=odd' * odd}><code>{_text(short)}</code></td>"


def _left(left: Sequence[LeftFolder]) -> str:
    if not left:
        return ""
    rows = "".join(
        [
            f"<tr><th scope=row>{_path(one.folder)}</th><td>{_text(one.reason)}</td><td>{_path(one.place)}</td></tr>\n"
            for one in left[:MOST_GROUPS]
        ]
    )
    more = len(left) - MOST_GROUPS
    rest = f"<p class=warn>{more} more are not on this page.</p>\n" if more > 0 else ""
    return (
        f"<section aria-labelledby=left>\n<h2 id=left>{len(left)} left out</h2>\n"
        "<div class=scroll tabindex=0 role=region aria-labelledby=left><table>\n"
        "<thead><tr><th scope=col>folder</th><th scope=col>why</th><th scope=col>where</th></tr></thead>\n"
        f"<tbody>{rows}</tbody></table></div>\n{rest}</section>\n"
    )


def _path(path: str) -> str:
    """Return a path that may break behind its slashes."""
    return _text(path).replace("/", "/<wbr>")
