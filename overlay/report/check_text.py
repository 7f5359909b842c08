"""A line for each environment that was checked, and one for all."""

from __future__ import annotations

from overlay.report.diff_fields import heading, removed_warnings
from overlay.report.style import inert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.diff.checked import Checked
    from overlay.model.finding import Finding
    from overlay.report.kinds import Result
    from overlay.report.style import Style

_NOUNS = {"error": "error", "warning": "warning", "info": "note"}


def check_summary(result: Result, style: Style) -> str:
    """Return what became of each environment: errors and warnings, and what the change does to it."""
    names = [inert(one.environment) for one in result.checked]
    width = max((len(name) for name in names), default=0)
    out = []
    for one, name in zip(result.checked, names, strict=True):
        bad = any(result.is_error(each) for each in result.of(one.environment))
        word = style.paint("failed", "red") if bad else style.paint("ok", "green") + "    "
        out.append(f"{style.paint(name.ljust(width), 'bold')}  {word}  {inert(told(one, result))}\n")
    diffs = [one.diff for one in result.checked if one.diff is not None]
    out += [f"{style.paint('warning:', 'yellow', 'bold')} {inert(text)}\n" for text in removed_warnings(diffs)]
    count = len(result.checked)
    out.append(f"{counted(result.findings)} in {count} environment{'s' * (count != 1)}\n")
    return "".join(out)


def told(one: Checked, result: Result) -> str:
    """Return what is to be said of an environment, in a few words."""
    parts = [f"{one.objects} object{'s' * (one.objects != 1)}"]
    found = result.of(one.environment)
    if found:
        parts.append(counted(found))
    if one.diff is not None:
        parts.append("as before" if one.diff.change == "same" else heading(one.diff))
    return "; ".join(parts)


def counted(found: Sequence[Finding]) -> str:
    """Return how many findings there are of each severity."""
    counts = {name: sum(one.severity == name for one in found) for name in _NOUNS}
    parts = [f"{count} {_NOUNS[name]}{'s' * (count != 1)}" for name, count in counts.items() if count]
    return ", ".join(parts) or "nothing found"
