"""What a check found, as markdown that fits into one comment of a pull request: results, problems, what differs."""

from __future__ import annotations

from overlay.report.check_text import counted, told
from overlay.report.diff_fields import names_text, removed_warnings
from overlay.report.diff_markdown import LIMIT, diff_blocks, warning
from overlay.report.markdown import cell, code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.diff.checked import Checked
    from overlay.model.finding import Finding
    from overlay.report.kinds import Result

_ROWS = 60
# Of all bytes, what problems may take from what differs.
_SHARE = 0.6
_LONGEST = 600
_MARKS = {"error": ":x:", "warning": ":warning:", "info": ":information_source:"}


def check_markdown(result: Result, *, limit: int = LIMIT) -> str:
    """Return a table of the environments, the problems, and each object that differs."""
    sides = f": {code(result.sides[0])} → {code(result.sides[1])}" if result.sides else ""
    verdict = ":x: **overlay check** failed" if result.is_bad else ":white_check_mark: **overlay check** passed"
    text = f"{verdict}{sides}\n\n{_table(result)}"
    diffs = [one.diff for one in result.checked if one.diff is not None and one.diff.change != "same"]
    text += "".join([f"\n> [!WARNING]\n> {warning(line)}\n" for line in removed_warnings(diffs)[:_ROWS]])
    text += _problems(result, int((limit - len(text.encode())) * _SHARE))
    return text + diff_blocks(diffs, limit - len(text.encode()))


def _table(result: Result) -> str:
    rows = ["| environment | | |", "|---|---|---|"]
    # What needs a look comes first, where not all have room.
    ranked = (
        sorted(result.checked, key=lambda one: _rank(one, result)) if len(result.checked) > _ROWS else result.checked
    )
    for one in ranked[:_ROWS]:
        bad = any(result.is_error(each) for each in result.of(one.environment))
        rows.append(f"| {cell(one.environment)} | {':x:' if bad else ':white_check_mark:'} | {told(one, result)} |")
    more = len(result.checked) - _ROWS
    return "\n".join(rows) + "\n" + (f"\n… and {more} more environments.\n" if more > 0 else "")


def _rank(one: Checked, result: Result) -> int:
    if any(result.is_error(each) for each in result.of(one.environment)):
        return 0
    return 1 if one.diff is not None and one.diff.change != "same" else 2


def _problems(result: Result, room: int) -> str:
    if not result.findings:
        return ""
    head = f"\n#### {counted(result.findings)}\n\n"
    lines: list[str] = []
    for at, one in enumerate(result.findings):
        line = _problem(one)
        room -= len(line.encode())
        if room < 0:
            lines.append(f"- … and **{len(result.findings) - at} more**\n")
            break
        lines.append(line)
    return head + "".join(lines)


def _problem(one: Finding) -> str:
    place = f" {code(str(one.location))}" if one.location is not None else ""
    where = f" in {code(names_text((one.environment or '').split(', ')))}" if one.environment else ""
    what = f"{one.object}: " if one.object and one.object not in one.message else ""
    hint = f"<br>{code(one.hint[:_LONGEST])}" if one.hint else ""
    return f"- {_MARKS[one.severity]} {code((what + one.message)[:_LONGEST])}{where}{place}{hint}\n"
