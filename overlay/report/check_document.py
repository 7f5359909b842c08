"""What a check found, as a document for programs."""

from __future__ import annotations

from overlay.report.diff_document import environment_value
from overlay.report.problems import problem_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.diff.checked import Checked
    from overlay.report.kinds import Result


def check_document(result: Result) -> dict[str, Any]:
    """Return one document of kind Check."""
    return {
        "apiVersion": "overlay.dev/v1",
        "kind": "Check",
        "result": "failed" if result.is_bad else "ok",
        "from": result.sides[0] if result.sides else None,
        "to": result.sides[1] if result.sides else None,
        "environments": [_environment(one, result) for one in result.checked],
        "problems": [problem_value(one.severity, one) for one in result.findings],
    }


def _environment(one: Checked, result: Result) -> dict[str, Any]:
    found = result.of(one.environment)
    return {
        "environment": one.environment,
        "result": "failed" if any(result.is_error(each) for each in found) else "ok",
        "objects": one.objects,
        "errors": sum(each.severity == "error" for each in found),
        "warnings": sum(each.severity == "warning" for each in found),
        "diff": environment_value(one.diff) if one.diff is not None else None,
    }
