"""What an audit found, for people, for programs, and for code hosts."""

from __future__ import annotations

import os
import sys

from overlay.cli.printing import print_document
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.gitops.audit import AuditFinding
    from overlay.gitops.target import Target
    from overlay.model.finding import Finding
    from overlay.report.style import Style

_COLORS = {"error": "red", "warning": "yellow"}


@value(kw_only=True)
class Audited:
    """One environment that was looked at; tip: None where nothing is published. commits: how many were looked at."""

    environment: str
    target: Target
    repository: str
    tip: str | None = None
    commits: int = 0
    findings: tuple[AuditFinding, ...] = ()


def print_audits(audited: Sequence[Audited], args: dict[str, Any]) -> None:
    """Print everything that was found in the form that was asked for."""
    if args["output"] in ("json", "yaml"):
        print_document(_document(audited), args["output"])
    elif args["output"] == "sarif":
        from overlay import __version__  # noqa: PLC0415
        from overlay.report.sarif import as_sarif  # noqa: PLC0415

        sys.stdout.write(as_sarif([_finding(each) for one in audited for each in one.findings], __version__))
    else:
        from overlay.report.style import Style, wants_color  # noqa: PLC0415

        style = Style(color=wants_color(args["color"], is_terminal=sys.stdout.isatty(), env=os.environ))
        found = [
            _text(each, one, style)
            for one in audited
            for each in sorted(one.findings, key=lambda each: each.severity)
            if not (args["quiet"] and each.severity == "warning")
        ]
        sys.stdout.write("".join(found) + ("" if args["quiet"] else _summary(audited)))


def _text(found: AuditFinding, one: Audited, style: Style) -> str:
    from overlay.report.style import inert  # noqa: PLC0415

    label = f"{found.severity} in {one.environment}:"
    lines = [f"{style.paint(inert(label), _COLORS[found.severity], 'bold')} {inert(found.message)}"]
    for path in found.files[:10]:
        place = f"{one.target.branch}:{path}" + (f":{found.line}" if found.line else "")
        lines.append(f"  {style.paint('-->', 'blue')} {inert(place)}")
    lines.append(f"  {style.paint('=', 'blue')} {inert(_when(found))}")
    lines.append(f"  {style.paint('hint:', 'cyan')} {inert(found.hint)}")
    return "".join([f"{line}\n" for line in lines])


def _when(found: AuditFinding) -> str:
    at = f"revision {found.revision} ({found.commit[:12]})" if found.revision else f"commit {found.commit[:12]}"
    since = f"{found.contents} contents since {at}" if found.contents > 1 and len(found.files) < 2 else at
    who = [part for part in (found.author, found.date) if part]
    return f"{', '.join([since, *who])}; {'still there' if found.stands else 'no longer there'}"


def _summary(audited: Sequence[Audited]) -> str:
    severities = [each.severity for one in audited for each in one.findings]
    counts = [(severities.count(name), name) for name in _COLORS if name in severities]
    commits = sum(one.commits for one in audited)
    found = ", ".join([_counted(count, name) for count, name in counts]) or "nothing found"
    return f"{found} in {_counted(commits, 'commit')} of {_counted(len(audited), 'environment')}\n"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _document(audited: Sequence[Audited]) -> dict[str, Any]:
    return {
        "apiVersion": "overlay.dev/v1",
        "kind": "Audit",
        "environments": [
            {
                "environment": one.environment,
                "repository": one.repository,
                "branch": one.target.branch,
                "path": one.target.path or ".",
                "tip": one.tip,
                "commits": one.commits,
            }
            for one in audited
        ],
        "findings": [
            {
                "environment": each.environment,
                "rule": each.rule,
                "severity": each.severity,
                "message": each.message,
                "files": list(each.files),
                "line": each.line or None,
                "commit": each.commit,
                "revision": each.revision or None,
                "author": each.author or None,
                "date": each.date or None,
                "contents": each.contents,
                "stands": each.stands,
                "hint": each.hint,
            }
            for one in audited
            for each in one.findings
        ],
    }


def _finding(found: AuditFinding) -> Finding:
    from overlay.model.finding import Finding  # noqa: PLC0415
    from overlay.model.location import Location  # noqa: PLC0415

    return Finding(
        found.rule,
        f"{found.message}: {_when(found)}",
        Location(found.files[0], found.line or 1, 1) if found.files else None,
        found.hint,
        environment=found.environment,
        severity=found.severity,
    )
