"""Errors and findings as text, JSON, or GitHub workflow commands."""

from __future__ import annotations

from overlay.report.style import Style, inert
from overlay.tokens import cover_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from overlay.errors import OverlayError
    from overlay.model.finding import Finding
    from overlay.model.location import Location

    Lines = Callable[[str], list[str] | None]

MAX_LINE = 160
_SECRET_RULES = ("plain-secret", "token", "certificate", "assertion-of-secret", "golden-of-secret")
_COLORS = {"error": "red", "warning": "yellow", "info": "blue"}
_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def as_text(errors: Iterable[OverlayError], findings: Iterable[Finding], *, style: Style, lines: Lines) -> str:
    """Return problems for people: what, where with the offending line, and what to try.

    lines: the text lines of a file, or None when it cannot be shown.
    """
    parts = [_one("error", "red", error.message, error, style, lines, error.related) for error in errors]
    parts += [
        _one(finding.severity, _COLORS[finding.severity], finding.message, finding, style, lines, finding.related)
        for finding in findings
    ]
    return "".join(parts)


def _one(
    label: str,
    color: str,
    message: str,
    problem: Any,
    style: Style,
    lines: Lines,
    related: Iterable[tuple[str, Location]],
) -> str:
    where = f" in {inert(problem.environment)}" if problem.environment else ""
    head = inert(cover_tokens(message))
    if problem.object and problem.object not in message:
        head = f"{inert(problem.object)}: {head}"
    text = f"{style.paint(f'{label}{where}:', color, 'bold')} {head}\n"
    if problem.location is not None:
        # The lines of a Secret may hold its values, and where a secret stands it would be printed.
        is_secret = (problem.object or "").startswith("Secret/") or problem.rule in _SECRET_RULES
        text += _place(problem.location, style, (lambda _: None) if is_secret else lines, color)
    for name, location in related:
        text += f"  {style.paint('=', 'blue')} {name}: {inert(str(location))}\n"
    if problem.hint:
        text += f"  {style.paint('hint:', 'cyan')} {inert(problem.hint)}\n"
    return text


def _place(location: Location, style: Style, lines: Lines, color: str) -> str:
    text = f"  {style.paint('-->', 'blue')} {inert(str(location))}\n"
    found = lines(location.file) if location.line else None
    if not found or not 0 < location.line <= len(found):
        return text
    width = len(str(location.line))
    bar = style.paint("|", "blue")
    first = max(1, location.line - 1)
    for number in range(first, location.line + 1):
        raw = cover_tokens(found[number - 1].rstrip("\r\n"))
        if number < location.line and not raw.strip():
            continue
        shown = inert(raw)
        if len(shown) > MAX_LINE:
            shown = shown[:MAX_LINE] + " …"
        text += f"  {style.paint(str(number).rjust(width), 'blue')} {bar} {shown}\n"
    raw = cover_tokens(found[location.line - 1])
    if 0 < location.column <= min(len(raw) + 1, MAX_LINE):
        offset = len(inert(raw[: location.column - 1].replace("\t", " ")))
        text += f"  {' ' * width} {bar} {' ' * offset}{style.paint('^', color, 'bold')}\n"
    return text


def problems_document(errors: Iterable[OverlayError], findings: Iterable[Finding]) -> dict[str, Any]:
    """Return problems as one document of kind Problems."""
    problems = [problem_value("error", error) for error in errors]
    problems += [problem_value(finding.severity, finding) for finding in findings]
    return {"apiVersion": "overlay.dev/v1", "kind": "Problems", "problems": problems}


def problem_value(severity: str, problem: Any) -> dict[str, Any]:
    """Return a problem as documents list it."""
    location = problem.location
    return {
        "severity": severity,
        "rule": problem.rule,
        "message": cover_tokens(problem.message),
        "file": location.file if location else None,
        "line": location.line or None if location else None,
        "column": location.column or None if location else None,
        "environment": problem.environment,
        "object": problem.object,
        "hint": problem.hint,
    }


def as_github(errors: Iterable[OverlayError], findings: Iterable[Finding], *, top: str = "") -> str:
    """Return problems as GitHub workflow commands, escaped so that no text of the input is one (hazard C07).

    top: the project's folder in its repository.
    """
    out = []
    problems: list[tuple[str, Any]] = [("error", error) for error in errors]
    problems += [(_COMMANDS[finding.severity], finding) for finding in findings]
    for label, problem in problems:
        what = f"{problem.object}: " if problem.object and problem.object not in problem.message else ""
        message = what + cover_tokens(problem.message) + (f"\n{problem.hint}" if problem.hint else "")
        title = f"overlay {problem.environment}" if problem.environment else "overlay"
        out.append(command(label, problem.location, title, message, top=top))
    return "".join(out)


def command(label: str, location: Location | None, title: str, message: str, *, top: str = "") -> str:
    """Return one workflow command, escaped so that no text of the input is another one."""
    properties = []
    if location is not None and not location.file.startswith("<"):
        properties.append(f"file={_property(f'{top}/{location.file}' if top else location.file)}")
        if location.line:
            properties.append(f"line={location.line},col={max(location.column, 1)}")
    properties.append(f"title={_property(title)}")
    return f"::{label} {','.join(properties)}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
