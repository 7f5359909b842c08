"""What a change does to environments, as markdown that fits into one comment of a pull request."""

from __future__ import annotations

from overlay.diff.alike import alike
from overlay.report.diff_fields import (
    field_path,
    heading,
    is_text,
    object_heading,
    place_of,
    problem_text,
    removed_warnings,
    shown_beside,
    text_lines,
)
from overlay.report.markdown import block, cell, code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.diff.alike import Alike
    from overlay.diff.outcome import EnvironmentDiff, FieldDiff, ObjectDiff

# GitHub takes no longer comment; bytes are counted, which are never fewer than what GitHub counts.
LIMIT = 65_536
# For what is said at the end of what was left out.
_TAIL = 600
_ROWS = 60
_NAMED = 8
# Of one object; what is longer leaves room for others.
_MOST = 12_000
_LONGEST = 400


def diff_markdown(
    diffs: Sequence[EnvironmentDiff], before: str, after: str, *, limit: int = LIMIT, command: str = ""
) -> str:
    """Return a table of the environments and, below it, each object that differs as a block of `diff`.

    command: how to see what does not fit.
    """
    differing = [one for one in diffs if one.change != "same"]
    head = f"**overlay**: {code(before)} → {code(after)}\n\n"
    if not differing:
        return f"{head}No environment differs ({len(diffs)} compared).\n"
    head += _table(differing, len(diffs))
    head += "".join([f"\n> [!WARNING]\n> {warning(text)}\n" for text in removed_warnings(differing)[:_ROWS]])
    return head + diff_blocks(differing, limit - len(head.encode()), command=command)


def diff_blocks(differing: Sequence[EnvironmentDiff], room: int, *, command: str = "") -> str:
    """Return each object that differs as a block, as many as there is room for in bytes, and how many there is not."""
    room -= _TAIL
    parts: list[str] = []
    left_objects, left_environments = 0, set[str]()
    for group in alike(differing):
        for text in _group(group):
            size = len(text.encode())
            if size <= room and not left_objects:
                parts.append(text)
                room -= size
            else:
                left_objects += 1
                left_environments.update(group.environments)
    return "".join(parts) + _tail(left_objects, len(left_environments), command)


def _table(differing: Sequence[EnvironmentDiff], total: int) -> str:
    rows = ["| environment | what differs |", "|---|---|"]
    rows += [f"| {cell(one.environment)} | {_cell(one)} |" for one in differing[:_ROWS]]
    more = len(differing) - _ROWS
    text = "\n".join(rows) + "\n"
    text += f"\n… and {more} more environments.\n" if more > 0 else ""
    same = total - len(differing)
    return text + (f"\n{same} environment{'s are' if same != 1 else ' is'} as before.\n" if same else "")


def _cell(one: EnvironmentDiff) -> str:
    ignored = f"; {one.ignored} ignored" if one.ignored else ""
    problem = f": {cell(problem_text(one.problems[0])[:_LONGEST])}" if one.problems else ""
    return f"{heading(one)}{ignored}{problem}"


def warning(text: str) -> str:
    """Return a warning of an environment, whose name is its first word, as markdown."""
    name, _, rest = text.partition(" ")
    return f"{code(name)} {rest}"


def _group(group: Alike) -> list[str]:
    """Return the text of each object, the first with the names of the environments above it."""
    names = ", ".join([code(name) for name in group.environments[:_NAMED]])
    more = len(group.environments) - _NAMED
    title = f"\n#### {names}{f' and {more} more' if more > 0 else ''}\n\n"
    texts = [block(_lines(one)) + "\n" for one in group.diff.objects]
    return [title + texts[0], *texts[1:]] if texts else []


def _lines(one: ObjectDiff) -> list[str]:
    place = place_of(one.cause)
    said = f" {object_heading(one)}" if one.change != "changed" else ""
    lines = [f"@@ {one.label}{said} @@{f'  {place}' if place else ''}"]
    if one.change in ("added", "removed"):
        from overlay.yaml import write_document  # noqa: PLC0415  # only where an object came or went

        mark, body = ("+", one.after) if one.change == "added" else ("-", one.before)
        lines += [mark + line for line in write_document(body or {}).splitlines()]
    last = ""
    for each in one.fields:
        place = place_of(each.cause)
        if place and place != last:
            lines.append(f"# {place}")
        last = place or last
        lines += _field(each)
    return _bounded(lines)


def _field(one: FieldDiff) -> list[str]:
    path = field_path(one)
    if is_text(one):
        return [f"  {path}:", *text_lines(one)]
    if one.change == "moved":
        return [f"! {path}: in another order"]
    old, new = shown_beside(one, _LONGEST - len(path) - 4)
    found = [f"- {path}: {old}"] if one.change != "added" else []
    return found + ([f"+ {path}: {new}"] if one.change != "removed" else [])


def _bounded(lines: list[str]) -> list[str]:
    """Return lines of which none is too long, and so many that other objects have room, too."""
    found: list[str] = []
    size = 0
    for at, line in enumerate(lines):
        cut = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}… {len(line) - _LONGEST} more characters"
        size += len(cut.encode()) + 1
        if size > _MOST:
            return [*found, f"… {len(lines) - at} more lines of this object"]
        found.append(cut)
    return found


def _tail(objects: int, environments: int, command: str) -> str:
    if not objects:
        return ""
    where = f"{environments} environment{'s' * (environments != 1)}"
    how = f"; see them with {code(command)}" if command else ""
    return f"\n**{objects} more object{'s' * (objects != 1)}** that differ, in {where}, do not fit here{how}.\n"
