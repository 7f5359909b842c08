"""What a check found in all environments, and the reports that can be made of it."""

from __future__ import annotations

from overlay.diff.checked import Checked
from overlay.model.finding import Finding
from overlay.model.value import value

REPORTS = ("markdown", "sarif", "junit", "json", "html")


@value(kw_only=True)
class Result:
    """All that a check found.

    findings: of all environments, each once, with the names of those that have it. sides: what was compared, nothing
    where no base was named. strict: warnings are errors. version: of this program.
    top: the project's folder in its repository.
    """

    checked: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    sides: tuple[str, ...] = ()
    strict: bool = False
    version: str = ""
    top: str = ""

    @property
    def is_bad(self) -> bool:
        """Tell whether something has to be put right."""
        return any(self.is_error(one) for one in self.findings)

    def is_error(self, one: Finding) -> bool:
        """Tell whether a finding has to be put right."""
        return one.severity == "error" or (self.strict and one.severity == "warning")

    def of(self, name: str) -> list[Finding]:
        """Return the findings that one environment has, those that it shares with others among them."""
        return [one for one in self.findings if name in (one.environment or "").split(", ")]


def report_text(kind: str, result: Result) -> str:
    """Return a report."""
    if kind == "markdown":
        from overlay.report.check_markdown import check_markdown  # noqa: PLC0415  # only what is asked for

        return check_markdown(result)
    if kind == "html":
        from overlay.report.diff_page import diff_page  # noqa: PLC0415

        diffs = [one.diff for one in result.checked if one.diff is not None]
        return diff_page(diffs, *(result.sides or ("nothing", "now")), findings=result.findings)
    if kind == "sarif":
        from overlay.report.sarif import as_sarif  # noqa: PLC0415

        return as_sarif(result.findings, result.version, top=result.top)
    if kind == "junit":
        from overlay.report.junit import as_junit  # noqa: PLC0415

        return as_junit(result)
    from overlay.report.check_document import check_document  # noqa: PLC0415
    from overlay.report.document import as_json  # noqa: PLC0415

    return as_json(check_document(result))
