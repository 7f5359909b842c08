"""What a change does to environments, as text for people: whole, counted, or names alone; or as `diff -u` shows it."""

from __future__ import annotations

from overlay.diff.alike import alike
from overlay.diff.text import text_changes
from overlay.report.diff_fields import (
    MARKS,
    field_path,
    heading,
    is_text,
    names_text,
    object_heading,
    place_of,
    removed_warnings,
    shown_beside,
    text_lines,
)
from overlay.report.style import inert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.diff.outcome import EnvironmentDiff, FieldDiff, ObjectDiff
    from overlay.report.style import Style

# As wide as a value may be where no terminal says how wide it is.
WIDEST = 2000
_COLORS = {"+": "green", "-": "red", "~": "yellow"}


def diff_text(diffs: Sequence[EnvironmentDiff], style: Style, *, width: int = WIDEST) -> str:
    """Return each object that differs, and below it each field with both values and the place behind it.

    Environments that change alike are told once. width: of the terminal.
    """
    out = []
    for each in alike(diffs):
        name = style.paint(inert(names_text(each.environments)), "bold")
        out.append(f"{name}: {heading(each.diff)}\n")
        out += [f"  {inert(problem.message)}\n" for problem in each.diff.problems]
        out += [line for one in each.diff.objects for line in _object(one, style, width)]
        if each.diff.ignored:
            out.append(f"  {_ignored(each.diff.ignored)}\n")
    out += [f"{style.paint('warning:', 'yellow', 'bold')} {inert(text)}\n" for text in removed_warnings(diffs)]
    return "".join(out)


def _ignored(count: int) -> str:
    return f"{_fields(count)} {'differs that is' if count == 1 else 'differ that are'} ignored"


def _fields(count: int) -> str:
    return f"{count} field{'s' * (count != 1)}"


def _object(one: ObjectDiff, style: Style, width: int) -> Iterator[str]:
    mark = MARKS[one.change]
    said = f": {inert(object_heading(one))}" if one.change != "changed" else ""
    place = place_of(one.cause)
    yield f"  {style.paint(mark, _COLORS[mark])} {style.paint(inert(one.label), 'bold')}{said}{_dim(place, style)}\n"
    for each in one.fields:
        yield from _field(each, style, width)


def _field(one: FieldDiff, style: Style, width: int) -> Iterator[str]:
    path, place = inert(field_path(one)), _dim(place_of(one.cause), style)
    if is_text(one):
        yield f"      {path}:{place}\n"
        for line in text_lines(one):
            color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            text = _cut(inert(line), width - 8)
            yield f"        {style.paint(text, color) if color else text}".rstrip() + "\n"
        return
    old, new = [inert(text) for text in shown_beside(one, width - 10)]
    if one.change == "moved":
        yield f"      {path}: in another order{place}\n"
    elif one.change == "added":
        yield f"      {path}: {style.paint(_cut(f'+ {new}', width - len(path) - 8), 'green')}{place}\n"
    elif one.change == "removed":
        yield f"      {path}: {style.paint(_cut(f'- {old}', width - len(path) - 8), 'red')}{place}\n"
    elif len(path) + len(old) + len(new) + 12 <= width:
        yield f"      {path}: {style.paint(old, 'red')} → {style.paint(new, 'green')}{place}\n"
    else:
        yield f"      {path}:{place}\n"
        yield f"        {style.paint(_cut(f'- {old}', width - 8), 'red')}\n"
        yield f"        {style.paint(_cut(f'+ {new}', width - 8), 'green')}\n"


def _dim(place: str, style: Style) -> str:
    return f"  {style.paint(inert(place), 'dim')}" if place else ""


def _cut(text: str, width: int) -> str:
    width = max(width, 20)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def diff_stat(diffs: Sequence[EnvironmentDiff], style: Style) -> str:
    """Return a line for each environment that differs, with numbers of objects and fields."""
    out = []
    rows = [one for one in diffs if one.change != "same"]
    width = max((len(inert(one.environment)) for one in rows), default=0)
    for one in rows:
        fields = sum(len(each.fields) for each in one.objects)
        more = f"; {_fields(fields)}" if fields else ""
        out.append(f"{style.paint(inert(one.environment).ljust(width), 'bold')}  {heading(one)}{more}\n")
    changed = {word: sum(one.count(word) for one in rows) for word in ("changed", "renamed", "added", "removed")}
    parts = ", ".join([f"{count} {word}" for word, count in changed.items() if count])
    failed = sum(one.change == "failed" for one in rows)
    differing = len(rows) - failed
    total = f"{differing} of {len(diffs)} environment{'s' * (len(diffs) != 1)} differ{'s' * (differing == 1)}"
    more = f", {failed} cannot be compared" if failed else ""
    return "".join(out) + f"{total}{more}{f': objects {parts}' if parts else ''}\n"


def diff_names(diffs: Sequence[EnvironmentDiff]) -> str:
    """Return a line for each object that differs: environment, mark and name, with tabs between."""
    lines = []
    for one in diffs:
        if one.change == "failed":
            lines.append((one.environment, "!", "cannot be compared"))
        lines += [(one.environment, MARKS[each.change], each.label) for each in one.objects]
    return "".join(["\t".join([_line(part) for part in line]) + "\n" for line in lines])


def _line(text: str) -> str:
    return inert(text).replace("\n", "\\n")


def diff_unified(diffs: Sequence[EnvironmentDiff], style: Style) -> str:
    """Return whole documents compared line by line, one head for each object, as `diff -u` and `git diff` do."""
    from overlay.yaml import write_document  # noqa: PLC0415  # only this form needs it

    out = []
    for one in diffs:
        for each in one.objects:
            texts = ["" if body is None else write_document(body) for body in (each.before, each.after)]
            name = f"{one.environment}/{each.label}"
            heads = ["/dev/null" if body is None else name for body in (each.before, each.after)]
            out.append(style.paint(inert(f"--- {heads[0]}"), "bold") + "\n")
            out.append(style.paint(inert(f"+++ {heads[1]}"), "bold") + "\n")
            for line in text_changes(texts[0], texts[1]):
                color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
                out.append((style.paint(inert(line), color) if color else inert(line)) + "\n")
    return "".join(out)
