"""What a change does to environments, as one HTML page that needs nothing else: no script or style from elsewhere."""

from __future__ import annotations

from overlay.diff.alike import alike
from overlay.diff.sequence import align
from overlay.report.diff_fields import (
    field_path,
    heading,
    is_text,
    names_text,
    object_heading,
    place_of,
    problem_text,
    removed_warnings,
    shown,
    text_lines,
)
from overlay.report.diff_page_assets import SCRIPT, STYLE
from overlay.report.page import html_page
from overlay.report.page import html_text as _text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.diff.alike import Alike
    from overlay.diff.outcome import EnvironmentDiff, FieldDiff, ObjectDiff
    from overlay.model.finding import Finding

# A page of more is slow where it is read.
MOST = 2_000
_AROUND = 3
_NAMED = 12
_FOOT = (
    "made by <code>overlay diff</code>; values of Secrets are hidden; keys: / searches, j and k go on and back, "
    "s shows whole objects side by side"
)


def diff_page(
    diffs: Sequence[EnvironmentDiff], before: str, after: str, *, findings: Sequence[Finding] = ()
) -> str:  # fmt: skip
    """Return the page; every text of the input is escaped and acts as nothing else."""
    numbers = {one.environment: at for at, one in enumerate(diffs)}
    pairs = [(group, one) for group in alike(diffs) for one in group.diff.objects]
    kinds = sorted({one.kind for _, one in pairs})
    left = len(pairs) - MOST
    more = f"<p class=warn>{left} more objects that differ are not on this page.</p>\n" if left > 0 else ""
    body = "".join(
        [
            f"<header>\n<h1>What changes between <b>{_text(before)}</b> and <b>{_text(after)}</b></h1>\n",
            "".join([f"<p class=warn>{_text(text)}</p>\n" for text in removed_warnings(diffs)]),
            _findings(findings),
            _table(diffs, numbers),
            "</header>\n",
            _filters(diffs, numbers, kinds) if pairs else "",
            "<main id=objects>\n",
            "".join([_article(group, one, numbers) for group, one in pairs[:MOST]]),
            more,
            "<p id=none hidden>No object is as you want it.</p>\n" if pairs else "<p>No object differs.</p>\n",
            "</main>\n",
        ]
    )
    return html_page(f"{before} → {after}", "objects", body, _FOOT, style=STYLE, script=SCRIPT)


def _findings(findings: Sequence[Finding]) -> str:
    """Return what a check found beside what differs."""
    if not findings:
        return ""
    lines = []
    for one in findings[:MOST]:
        place = f" · <code>{_text(str(one.location))}</code>" if one.location is not None else ""
        where = f" in {_text(names_text((one.environment or '').split(', ')))}" if one.environment else ""
        hint = f"<br><small>{_text(one.hint)}</small>" if one.hint else ""
        what = f"{one.object}: " if one.object and one.object not in one.message else ""
        lines.append(f"<li><b>{one.severity}</b>{where}: {_text(what + one.message)}{place}{hint}</li>\n")
    left = len(findings) - MOST
    more = f"<li>{left} more</li>\n" if left > 0 else ""
    return f"<ul class=findings>\n{''.join(lines)}{more}</ul>\n"


def _table(diffs: Sequence[EnvironmentDiff], numbers: dict[str, int]) -> str:
    rows = []
    for one in diffs:
        said = "as before" if one.change == "same" else heading(one)
        problems = "".join([f"<br>{_text(problem_text(each))}" for each in one.problems])
        ignored = f"; {one.ignored} ignored fields" if one.ignored else ""
        quiet = " class=same" if one.change == "same" else ""
        rows.append(
            f"<tr{quiet} data-env={numbers[one.environment]}><th scope=row>{_text(one.environment)}</th>"
            f"<td>{_text(said)}{ignored}{problems}</td></tr>\n"
        )
    head = "<thead><tr><th scope=col>environment</th><th scope=col>what differs</th></tr></thead>"
    region = "<div class=scroll tabindex=0 role=region aria-label=Environments>"
    return f"{region}<table>{head}<tbody>\n{''.join(rows)}</tbody></table></div>\n" if rows else ""


def _filters(diffs: Sequence[EnvironmentDiff], numbers: dict[str, int], kinds: Sequence[str]) -> str:
    names = [one.environment for one in diffs if one.objects]
    environments = "".join([f"<option value={numbers[name]}>{_text(name)}</option>" for name in names])
    every = "".join([f'<option value="{_text(kind)}">{_text(kind)}</option>' for kind in kinds])
    return (
        "<form class=filters>\n"
        "<label class=find><span>Search</span><input type=search id=text autocomplete=off></label>\n"
        f'<label><span>Environment</span><select id=env><option value="">all</option>{environments}</select></label>\n'
        f'<label><span>Kind</span><select id=kind><option value="">all</option>{every}</select></label>\n'
        "<label class=check><input type=checkbox id=sides> side by side</label>\n"
        "<output id=count></output>\n</form>\n"
    )


def _article(group: Alike, one: ObjectDiff, numbers: dict[str, int]) -> str:
    names = group.environments
    listed = ", ".join([_text(name) for name in names[:_NAMED]])
    listed += f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    said = f" <small class=c-{one.change}>{_text(object_heading(one))}</small>" if one.change != "changed" else ""
    numbered = " ".join([str(numbers[name]) for name in names])
    fields = "".join([_field(each) for each in one.fields])
    return (
        f'<article tabindex=-1 data-kind="{_text(one.kind)}" data-env="{numbered}">\n'
        f"<h2>{_text(one.label)}{said}</h2>\n<p class=envs>{listed}{_cause(place_of(one.cause))}</p>\n"
        f"{fields}<details{' open' * (not one.fields)}><summary>the whole object, side by side</summary>\n"
        f"{_side_by_side(one)}</details>\n</article>\n"
    )


def _field(one: FieldDiff) -> str:
    if is_text(one):
        lines = "".join([_line(line) for line in text_lines(one)])
        values = f"<table class=lines><tbody>{lines}</tbody></table>"
    else:
        sides = [("old", one.before, one.change != "added"), ("new", one.after, one.change != "removed")]
        values = "".join(
            [
                f"<pre class={side}>{_text(shown(item))}</pre>" if there else "<pre class=none>not set</pre>"
                for side, item, there in sides
            ]
        )
        values = f"<div class=values>{values}</div>"
    order = " (order)" if one.change == "moved" else ""
    cause = _cause(place_of(one.cause), own=True)
    return f"<div class=field><h3>{_text(field_path(one))}{order}</h3>{values}{cause}</div>\n"


def _line(line: str) -> str:
    kind = {"+": "new", "-": "old", "@": "gap"}.get(line[:1], "")
    return f"<tr><td colspan=2 class={kind or 'as'}>{_text(line)}</td></tr>"


def _cause(place: str, *, own: bool = False) -> str:
    if not place:
        return ""
    text = f"<code>{_text(place).replace('/', '/<wbr>')}</code>"
    return f"<p class=cause>{text}</p>" if own else f" · {text}"


def _side_by_side(one: ObjectDiff) -> str:
    from overlay.yaml import write_document  # noqa: PLC0415  # report is above it, but few reports need it

    old, new = ([] if body is None else write_document(body).splitlines() for body in (one.before, one.after))
    rows = "".join(_rows(old, new))
    return f"<table class=lines><tbody>{rows}</tbody></table>\n"


def _rows(old: list[str], new: list[str]) -> Iterator[str]:
    """Yield the lines that differ with some around them, what stands for what beside each other."""
    pairs = align(old, new)
    changed = [one is None or other is None or old[one] != new[other] for one, other in pairs]
    near = [any(changed[max(0, at - _AROUND) : at + _AROUND + 1]) for at in range(len(pairs))]
    gap = False
    for (one, other), is_changed, is_near in zip(pairs, changed, near, strict=True):
        if not is_near:
            if not gap:
                yield "<tr><td colspan=2 class=gap>…</td></tr>"
            gap = True
            continue
        gap = False
        left = "<td></td>" if one is None else f"<td{' class=old' * is_changed}>{_text(old[one])}</td>"
        right = "<td></td>" if other is None else f"<td{' class=new' * is_changed}>{_text(new[other])}</td>"
        yield f"<tr>{left}{right}</tr>"
