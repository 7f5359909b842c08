"""Environments side by side as text for people, and as a document for machines."""

from __future__ import annotations

import json

from overlay.diff.comparison import MISSING, files_behind, folded
from overlay.diff.secrets import plain
from overlay.report.style import inert
from overlay.report.table import as_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.diff.comparison import Cause, Cell, Compared, Comparison, Difference, Folded, Shared
    from overlay.report.style import Style

_WIDEST = 60
_WIDE = 40
_NAMED = 3
_MOST_LINES = 12
_LONGEST = 160


def comparison_text(comparison: Comparison, style: Style) -> str:
    """Return what differs: in a few lines for each environment, as a table of objects, then field by field."""
    names = comparison.environments
    if comparison.is_same:
        return f"{counted(len(comparison.objects), 'object')}, the same in {_and(names)}\n"
    fold = folded(comparison)
    parts = [_summary(comparison, at, style) for at in range(1, len(names))]
    rows = [one for one in fold.own if not one.is_same]
    if rows:
        pairs = [pair for pair in zip(comparison.objects, fold.own, strict=True) if not pair[1].is_same]
        cells = [[one.label, *[_state(one, own, at) for at in range(len(names))]] for one, own in pairs]
        parts.append(as_table(["OBJECT", *names], cells, style))
    parts.append(_rest(comparison, fold))
    parts += [_shared(each, names, style) for each in fold.shared]
    parts += [_object(one, names, style) for one in rows]
    return "\n".join([part for part in parts if part])


def summary(comparison: Comparison, at: int) -> str:
    """Return in one sentence how an environment differs from the first."""
    first = comparison.environments[0]
    fields = [count for one in comparison.objects if (count := one.count(at))]
    more = sum(one.state(at) == "added" for one in comparison.objects)
    less = sum(one.state(at) == "absent" and one.names[0] is not None for one in comparison.objects)
    said = []
    if fields:
        said.append(f"differs from {first} in {counted(sum(fields), 'field')} of {counted(len(fields), 'object')}")
    if more:
        said.append(f"has {counted(more, 'object')} more")
    if less:
        said.append(f"has {counted(less, 'object')} less")
    return _and(said) if said else f"is the same as {first}"


def _summary(comparison: Comparison, at: int, style: Style) -> str:
    files = files_behind(comparison, at)
    name = style.paint(inert(comparison.environments[at]), "bold")
    text = f"{name} {inert(summary(comparison, at))}{'; what makes it so:' * bool(files)}\n"
    width = len(str(files[0][1])) if files else 0
    return text + "".join(
        [f"  {str(count).rjust(width)}  {style.paint(inert(file), 'cyan')}\n" for file, count in files]
    )


def _state(one: Compared, own: Compared, at: int) -> str:
    state = one.state(at)
    if state == "changed":
        count = own.count(at)
        return f"{count} differ{'s' * (count == 1)}" if count else "as many"
    return {"absent": "-", "same": "same"}.get(state, "there")


def _rest(comparison: Comparison, fold: Folded) -> str:
    same = sum(one.is_same for one in comparison.objects)
    alike = sum(one.is_same for one in fold.own) - same
    said = []
    if alike:
        verb = "differs" if alike == 1 else "differ"
        said.append(f"{counted(alike, 'more object')} {verb} only in what many share, see below")
    if same:
        said.append(f"{counted(same, 'object')} {'are' if same > 1 else 'is'} the same everywhere")
    return "; ".join(said) + "\n" if said else ""


def _shared(each: Shared, names: tuple[str, ...], style: Style) -> str:
    text = "".join(
        [f"{style.paint(inert(path), 'bold')} in {counted(count, 'object')}\n" for path, count in each.paths]
    )
    shown = ", ".join(each.labels[:_NAMED])
    shown += f" and {len(each.labels) - _NAMED} more" if len(each.labels) > _NAMED else ""
    return f"{text}  {inert(shown)}\n" + _cells(each.difference, names, style, "    ")


def _object(one: Compared, names: tuple[str, ...], style: Style) -> str:
    text = f"{style.paint(inert(one.label), 'bold')}\n"
    if None in one.names:
        text += _lines(
            [
                (names[at], "not there" if one.names[at] is None else "there", cause)
                for at, cause in enumerate(one.causes)
            ],
            style,
            "  ",
        )
    for difference in one.differences:
        text += f"  {inert(difference.path)}\n" + _cells(difference, names, style, "    ")
    return text


def _cells(difference: Difference, names: tuple[str, ...], style: Style, indent: str) -> str:
    there = [(name, cell) for name, cell in zip(names, difference.cells, strict=True) if cell is not None]
    text = _lines([(name, _shown(cell), cell.cause) for name, cell in there], style, indent)
    for group in grouped(difference):
        lines = lines_that_differ(difference, group[0])
        if lines:
            text += f"{indent}{inert(', '.join([names[at] for at in group]))}, line by line\n"
            text += "".join([f"{indent}  {inert(line[:_LONGEST])}\n" for line in lines[:_MOST_LINES]])
            text += f"{indent}  … {len(lines) - _MOST_LINES} lines more\n" * (len(lines) > _MOST_LINES)
    return text


def grouped(difference: Difference) -> list[list[int]]:
    """Return the environments with the same value from the same place, those of the first value first."""
    groups: dict[str, list[int]] = {}
    for at, cell in enumerate(difference.cells):
        if cell is not None:
            groups.setdefault(repr(cell), []).append(at)
    return list(groups.values())


def lines_that_differ(difference: Difference, at: int) -> list[str]:
    """Return the lines of a long text that are not those of the first environment: `-` there, `+` here."""
    cell, first = difference.cells[at], difference.cells[difference.reference]
    if cell is None or first is None or not difference.differs(at):
        return []
    old, new = first.value, cell.value
    if not isinstance(old, str) or not isinstance(new, str) or "\n" not in old.strip() or "\n" not in new.strip():
        return []
    from difflib import unified_diff  # noqa: PLC0415  # few fields are texts

    found = unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm="")
    return [line for line in found if not line.startswith(("---", "+++"))]


def _lines(cells: Sequence[tuple[str, str, Cause | None]], style: Style, indent: str) -> str:
    """Return a line for each value; environments with the same value from the same place share one."""
    groups: dict[tuple[str, Cause | None], list[str]] = {}
    for name, shown, cause in cells:
        groups.setdefault((shown, cause), []).append(name)
    rows = [
        (inert(", ".join(names)), inert(shown), inert(str(cause.location)) if cause else "", _what(cause))
        for (shown, cause), names in groups.items()
    ]
    # One long value does not push the places of all others away.
    widths = [max(len(row[0]) for row in rows), min(max(len(row[1]) for row in rows), _WIDE)]
    widths.append(max(len(row[2]) for row in rows))
    return "".join(
        [
            f"{indent}{row[0].ljust(widths[0])}   {row[1].ljust(widths[1])}   "
            f"{style.paint(row[2].ljust(widths[2]), 'cyan')}   {inert(row[3])}".rstrip()
            + "\n"
            for row in rows
        ]
    )


def _what(cause: Cause | None) -> str:
    return cause.what if cause is not None else ""


def _shown(cell: Cell) -> str:
    if cell.value is MISSING:
        return "-"
    text = value_text(cell.value)
    first, newline, rest = text.partition("\n")
    if newline:
        return f"{first[:_WIDEST]} … ({rest.count(chr(10)) + 2} lines)"
    return f"{first[:_WIDEST]}…" if len(first) > _WIDEST else first


def value_text(item: Any, *, block: bool = False) -> str:
    """Return a value as a document shows it; `block`: maps and lists that are long take several lines."""
    item = plain(item)
    if isinstance(item, str):
        if "\n" in item.strip("\n"):
            return item.rstrip("\n")
        return json.dumps(item, ensure_ascii=False) if _odd(item) else item
    text = json.dumps(item, ensure_ascii=False)
    if block and len(text) > _WIDEST and isinstance(item, (dict, list)):
        from overlay.yaml import write_document  # noqa: PLC0415  # report is above it, but few reports need it

        return write_document(item).rstrip("\n")
    return text


def _odd(text: str) -> bool:
    """Tell whether text would be taken for something else: nothing, a number, true, or text with other ends."""
    if not text or text != text.strip() or text in ("true", "false", "null", "-"):
        return True
    return text[0] in "+-.0123456789" and text.strip("+-.0123456789eE_") == ""


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def counted(count: int, noun: str) -> str:
    """Return a number of things."""
    return f"{count} {noun}{'s' * (count != 1)}"


def comparison_document(comparison: Comparison) -> dict[str, Any]:
    """Return one document of kind Comparison."""
    names = comparison.environments
    return {
        "apiVersion": "overlay.dev/v1",
        "kind": "Comparison",
        "environments": list(names),
        "objects": [_object_document(one, names) for one in comparison.objects],
    }


def _object_document(one: Compared, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "group": one.group,
        "kind": one.kind,
        "object": one.label,
        "environments": {
            name: {"state": one.state(at), "name": one.names[at], **_cause_document(one.causes[at])}
            for at, name in enumerate(names)
        },
        "differences": [
            {
                "path": difference.path,
                "values": {
                    name: {
                        **({} if cell.value is MISSING else {"value": plain(cell.value)}),
                        "differs": difference.differs(at),
                        **_cause_document(cell.cause),
                    }
                    for at, (name, cell) in enumerate(zip(names, difference.cells, strict=True))
                    if cell is not None
                },
            }
            for difference in one.differences
        ],
    }


def _cause_document(cause: Cause | None) -> dict[str, Any]:
    if cause is None:
        return {}
    found: dict[str, Any] = {**_place(cause.location), "what": cause.what}
    if cause.through is not None:
        found["through"] = _place(cause.through)
    return found


def _place(location: Any) -> dict[str, Any]:
    return {"file": location.file, "line": location.line or None, "column": location.column or None}
