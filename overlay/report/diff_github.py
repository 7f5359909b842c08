"""What a change does to environments, as annotations of the lines that do it: GitHub's workflow commands."""

from __future__ import annotations

from overlay.report.diff_fields import field_path, names_text, object_heading, shown_beside
from overlay.report.problems import command
from overlay.report.style import inert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from overlay.diff.comparison import Cause
    from overlay.diff.outcome import EnvironmentDiff, FieldDiff
    from overlay.model.location import Location

# GitHub shows ten of a kind and step; what one line does is one annotation.
_MOST = 20
_LONGEST = 200


def diff_github(diffs: Sequence[EnvironmentDiff], *, top: str = "") -> str:
    """Return an annotation for each line of the change, with the fields that it makes differ.

    top: the project's folder in its repository.
    """
    lines: dict[Location | None, dict[str, dict[str, None]]] = {}
    for one in diffs:
        for each in one.objects:
            if each.change != "changed" and not each.fields:
                _add(lines, each.cause, f"{each.kind}/{each.name} {object_heading(each)}", one.environment)
            for field in each.fields:
                _add(lines, field.cause, f"{each.kind}/{each.name} {_field(field)}", one.environment)
    out = []
    for place, said in lines.items():
        shown_lines = [f"{text} ({names_text(list(names))})" for text, names in list(said.items())[:_MOST]]
        more = len(said) - _MOST
        text = inert("\n".join(shown_lines) + (f"\n… and {more} more" if more > 0 else ""))
        out.append(command("notice", place, "overlay diff", text, top=top))
    out += [
        command("error", problem.location, f"overlay {one.environment}", problem.message, top=top)
        for one in diffs
        for problem in one.problems
    ]
    return "".join(out)


def _add(lines: dict[Location | None, dict[str, dict[str, None]]], cause: Cause | None, text: str, name: str) -> None:
    lines.setdefault(cause.location if cause is not None else None, {}).setdefault(text, {})[name] = None


def _field(one: FieldDiff) -> str:
    old, new = [text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for text in shown_beside(one, _LONGEST)]
    if one.change == "changed":
        return f"{field_path(one)}: {old} → {new}"
    return f"{field_path(one)} {one.change}" + (f": {new}" if one.change == "added" else "")
