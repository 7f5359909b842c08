"""Environments side by side as one HTML page that needs nothing else: no script or style from elsewhere."""

from __future__ import annotations

import hashlib
import re

from overlay.diff.comparison import MISSING, files_behind, folded
from overlay.report.comparison import counted, grouped, lines_that_differ, summary, value_text
from overlay.report.comparison_assets import SCRIPT, STYLE
from overlay.report.page import html_page
from overlay.report.page import html_text as _text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.diff.comparison import Cause, Cell, Compared, Comparison, Difference, Folded, Shared

    Names = tuple[str, ...]

# Objects that differ in nothing of their own are listed up to this number: a page of thousands is slow on a phone.
MOST_QUIET = 500
_FILES = 5
_FOOT = "made by <code>overlay compare</code>; values of Secrets are hidden"
_LINES, _CHARACTERS = 12, 400
_STATES = {
    "first": ("there", "the environment that others are compared with"),
    "same": ("same", "the same as in the first environment"),
    "added": ("added", "the first environment has no such object"),
    "absent": ("absent", "there is no such object"),
}


def comparison_page(comparison: Comparison) -> str:
    """Return the page; every text of the input is escaped and acts as nothing else."""
    names = comparison.environments
    fold = folded(comparison)
    some = not comparison.is_same
    kinds = sorted({one.kind for one in comparison.objects})
    title = f"{names[0]} compared with {', '.join(names[1:])}" if len(names) > 1 else names[0]
    body = "".join(
        [
            f"<header>\n<h1>{_title(names)}</h1>\n{_overview(comparison)}</header>\n",
            _filters(names, kinds) if some else "",
            "<main>\n",
            _table(comparison, fold, names),
            _sections(fold, names) if some else "",
            "</main>\n",
        ]
    )
    return html_page(title, "differences", body, _FOOT, style=STYLE, script=SCRIPT)


def _title(names: Names) -> str:
    others = ", ".join([f"<b>{_text(name)}</b>" for name in names[1:]])
    return f"<b>{_text(names[0])}</b> compared with {others}" if others else f"<b>{_text(names[0])}</b>"


def _overview(comparison: Comparison) -> str:
    """Answer the two questions first: what is different in each environment, and which file makes it so."""
    if comparison.is_same:
        return f"<p class=lead>{counted(len(comparison.objects), 'object')}, the same everywhere.</p>\n"
    cards = []
    for at in range(1, len(comparison.environments)):
        files = files_behind(comparison, at)
        most = max((count for _, count in files), default=1)
        bars = [
            f"<li>{_bar(100 * count // most)}<span class=n>{count}</span> <code>{_path(file)}</code></li>"
            for file, count in files
        ]
        left = "".join(bars[_FILES:])
        more = f"<details><summary>{len(bars) - _FILES} more</summary><ol class=files>{left}</ol></details>"
        cards.append(
            f'<section class=card data-env="{at}">\n<h2>{_text(comparison.environments[at])}</h2>\n'
            f"<p>{_text(summary(comparison, at))}</p>\n"
            + (f"<h3>What makes it so</h3>\n<ol class=files>{''.join(bars[:_FILES])}</ol>\n" if files else "")
            + (more if len(bars) > _FILES else "")
            + "</section>\n"
        )
    return f"<div class=cards>\n{''.join(cards)}</div>\n"


def _bar(percent: int) -> str:
    rows = "".join([f"<rect width={width} height=12 />" for width in (100, max(2, percent))])
    return f'<svg viewBox="0 0 100 12" aria-hidden=true>{rows}</svg>'


def _path(file: str) -> str:
    """Return a path that may break behind its slashes."""
    return _text(file).replace("/", "/<wbr>")


def _filters(names: Names, kinds: list[str]) -> str:
    options = "".join([f"<option>{_text(kind)}</option>" for kind in kinds])
    boxes = "".join(
        [
            f'<label class=env><input type=checkbox checked name=env value="{at}">{_text(name)}</label>'
            for at, name in enumerate(names)
            if at
        ]
    )
    return (
        '<form class=filters role=search aria-label="Filter">\n'
        "<label class=find><span>Find</span><input type=search id=text placeholder="
        '"object, field, value or file" autocomplete=off></label>\n'
        f'<label><span>Kind</span><select id=kind><option value="">all kinds</option>{options}</select></label>\n'
        f"<fieldset><legend>Environments</legend>{boxes}</fieldset>\n"
        "<label class=env><input type=checkbox id=every>all objects</label>\n"
        "<output id=count aria-live=polite></output>\n</form>\n"
    )


def _table(comparison: Comparison, fold: Folded, names: Names) -> str:
    """Return the table of objects and environments; those that differ in nothing of their own are hidden."""
    heads = "".join([f'<th scope=col data-env="{at}">{_text(name)}</th>' for at, name in enumerate(names)])
    lines = []
    quiet = 0
    for one, own in zip(comparison.objects, fold.own, strict=True):
        quiet += own.is_same
        if own.is_same and quiet > MOST_QUIET:
            continue
        cells = "".join([_state(one, own, at) for at in range(len(names))])
        name = _label(one.label) if own.is_same else f'<a href="#{_anchor(one)}">{_label(one.label)}</a>'
        hidden = " class=quiet" if own.is_same and not comparison.is_same else ""
        lines.append(f'<tr{hidden} data-kind="{_text(one.kind)}"><th scope=row>{name}</th>{cells}</tr>\n')
    left = quiet - MOST_QUIET
    rest = f"<p class=rest>{left} more objects differ in nothing of their own.</p>\n"
    return (
        "<section aria-labelledby=objects>\n<h2 id=objects>Objects</h2>\n"
        "<div class=scroll tabindex=0 role=region aria-labelledby=objects><table class=objects>\n"
        f"<thead><tr><th scope=col>Object</th>{heads}</tr></thead>\n<tbody>\n{''.join(lines)}</tbody></table></div>\n"
        + (rest if left > 0 else "")
        + "</section>\n"
    )


def _state(one: Compared, own: Compared, at: int) -> str:
    state = one.state(at)
    if state == "changed":
        count = own.count(at)
        shown, title = counted(count, "field"), "fields that differ from the first environment"
        if not count:
            state, shown, title = "alike", "shared only", "differs only in what many objects share"
    else:
        shown, title = _STATES[state]
    return f'<td class="s-{state}" data-env="{at}" title="{title}">{shown}</td>'


def _anchor(one: Compared) -> str:
    return "o-" + hashlib.sha256(f"{one.group} {one.label}".encode()).hexdigest()[:12]


def _label(label: str) -> str:
    kind, slash, name = label.partition("/")
    humps = re.sub("(?<=[a-z])(?=[A-Z])", "<wbr>", _text(kind))
    return f"<span class=kind>{humps}</span>{slash}<wbr>{_text(name).replace('/', '/<wbr>')}"


def _sections(fold: Folded, names: Names) -> str:
    shared = "".join([_shared(each, names) for each in fold.shared])
    own = "".join([_object(one, names) for one in fold.own if not one.is_same])
    return (
        "<section aria-labelledby=differences>\n<h2 id=differences tabindex=-1>Differences</h2>\n"
        f"{shared}{own}<p id=none hidden>Nothing fits the filter.</p>\n</section>\n"
    )


def _shared(each: Shared, names: Names) -> str:
    listed = "".join([f"<li>{_label(label)}</li>" for label in each.labels[:MOST_QUIET]])
    left = len(each.labels) - MOST_QUIET
    listed += f"<li>and {left} more</li>" if left > 0 else ""
    kinds = " ".join(sorted({label.partition("/")[0] for label in each.labels}))
    paths = "".join(
        [f"<h4>{_field(path)} <small>in {counted(count, 'object')}</small></h4>" for path, count in each.paths]
    )
    return (
        f'<article data-kind="{_text(kinds)}">\n<h3>The same in {len(each.labels)} objects</h3>\n'
        f"<div class=field>{paths}\n<dl>\n{_cells(each.difference, names)}</dl>\n"
        f"<details class=many><summary>{len(each.labels)} objects</summary><ul>{listed}</ul></details></div>\n"
        "</article>\n"
    )


def _object(one: Compared, names: Names) -> str:
    there = ""
    if None in one.names:
        groups: dict[tuple[bool, Cause | None], list[int]] = {}
        for at, name in enumerate(one.names):
            groups.setdefault((name is None, one.causes[at]), []).append(at)
        lines = [
            _cell(
                names,
                found,
                "<span class=no>not there</span>" if absent else "<span class=yes>there</span>",
                cause,
                changed=absent != (one.names[0] is None),
            )
            for (absent, cause), found in groups.items()
        ]
        there = f"<div class=field><h4>the object</h4>\n<dl>\n{''.join(lines)}</dl></div>\n"
    fields = "".join(
        [
            f"<div class=field><h4>{_field(each.path)}</h4>\n<dl>\n{_cells(each, names)}</dl></div>\n"
            for each in one.differences
        ]
    )
    return (
        f'<article id="{_anchor(one)}" data-kind="{_text(one.kind)}">\n<h3>{_label(one.label)}</h3>\n'
        f"{there}{fields}</article>\n"
    )


def _field(path: str) -> str:
    """Return a field's path, which may break behind its dots."""
    return _text(path).replace(".", ".<wbr>")


def _cells(difference: Difference, names: Names) -> str:
    cells = []
    for group in grouped(difference):
        cell = difference.cells[group[0]]
        if cell is not None:
            shown = _value(difference, group[0], cell)
            cells.append(_cell(names, group, shown, cell.cause, changed=difference.differs(group[0])))
    return "".join(cells)


def _cell(names: Names, group: list[int], shown: str, cause: Cause | None, *, changed: bool) -> str:
    listed = "".join([f'<span data-env="{at}">{_text(names[at])}</span>' for at in group])
    return f'<div class="cell{" changed" * changed}"><dt>{listed}</dt><dd>{shown}{_cause(cause)}</dd></div>\n'


def _value(difference: Difference, at: int, cell: Cell) -> str:
    if cell.value is MISSING:
        return "<span class=no>not set</span>"
    text = value_text(cell.value, block=True)
    lines = lines_that_differ(difference, at)
    if not lines:
        shown = f"<pre>{_text(text)}</pre>" if "\n" in text else f"<code>{_text(text)}</code>"
        if text.count("\n") <= _LINES and len(text) <= _CHARACTERS:
            return shown
    size = f"{text.count(chr(10)) + 1} lines" if "\n" in text else f"{len(text)} characters"
    whole = f"<details><summary>{size}</summary><pre>{_text(text)}</pre></details>"
    return f"<pre class=lines>{''.join([_line(line) for line in lines])}</pre>{whole}" if lines else whole


def _line(line: str) -> str:
    tag = {"+": "ins", "-": "del"}.get(line[:1], "span")
    return f"<{tag}>{_text(line)}</{tag}>\n"


def _cause(cause: Cause | None) -> str:
    if cause is None:
        return ""
    through = f" through <code>{_path(str(cause.through))}</code>" if cause.through is not None else ""
    return f"<span class=cause><code>{_path(str(cause.location))}</code> {_text(cause.what)}{through}</span>"
