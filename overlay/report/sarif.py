"""Findings as SARIF 2.1.0 (OASIS), which code hosts show beside the lines that they mean."""

from __future__ import annotations

from overlay.report.document import as_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from overlay.model.finding import Finding

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def as_sarif(findings: Sequence[Finding], version: str, *, top: str = "") -> str:
    """Return one run of the tool `overlay`.

    top: the project's folder in its repository. Paths are relative to the repository (uriBaseId REPOSITORY), where
    code hosts look; without a top, to the project folder (PROJECTROOT), which is the same then.
    """
    base, meaning = ("REPOSITORY", "The repository's folder.") if top else ("PROJECTROOT", "The project folder.")
    rules = sorted({finding.rule for finding in findings})
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "overlay",
                        "semanticVersion": version,
                        "rules": [{"id": rule} for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {base: {"description": {"text": meaning}}},
                "results": [_result(finding, rules.index(finding.rule), top, base) for finding in findings],
            }
        ],
    }
    return as_json(log)


def _result(finding: Finding, rule: int, top: str, base: str) -> dict[str, Any]:
    text = finding.message
    if finding.object and finding.object not in text:
        text = f"{finding.object}: {text}"
    if finding.hint:
        text += f" ({finding.hint})"
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
    }
    place = finding.location
    if place is not None and not place.file.startswith("<"):
        from urllib.parse import quote  # noqa: PLC0415  # only reports need it

        file = f"{top}/{place.file}" if top else place.file
        physical: dict[str, Any] = {"artifactLocation": {"uri": quote(file), "uriBaseId": base}}
        if place.line:
            physical["region"] = {"startLine": place.line, "startColumn": max(place.column, 1)}
        result["locations"] = [{"physicalLocation": physical}]
    if finding.environment:
        result["properties"] = {"environment": finding.environment}
    return result
