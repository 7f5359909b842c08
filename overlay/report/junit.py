"""What a check found as JUnit's XML: a suite for each environment, a case for each rule that it breaks."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from overlay.report.check_text import told
from overlay.report.style import inert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.diff.checked import Checked
    from overlay.model.finding import Finding
    from overlay.report.kinds import Result


def as_junit(result: Result) -> str:
    """Return one document; each environment has one case that passes or fails, and one for each rule it breaks."""
    suites = [_suite(one, result) for one in result.checked]
    failures = sum(count for _, _, count in suites)
    head = f'<testsuites name="overlay" tests="{sum(count for _, count, _ in suites)}" failures="{failures}">\n'
    text = "".join([each for each, _, _ in suites])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{text}</testsuites>\n'


def _suite(one: Checked, result: Result) -> tuple[str, int, int]:
    name = attribute(one.environment)
    rules: dict[str, list[Finding]] = {}
    for each in result.of(one.environment):
        rules.setdefault(each.rule, []).append(each)
    cases, failures = [], 0
    for rule, found in rules.items():
        bad = [each for each in found if result.is_error(each)]
        failures += bool(bad)
        inner = "".join([failure(each) for each in bad])
        others = [_whole(each) for each in found if each not in bad]
        inner += f"<system-out>{_text(chr(10).join(others))}</system-out>" if others else ""
        cases.append(f"<testcase classname={name} name={attribute(rule)}>{inner}</testcase>\n")
    if not failures:
        said = _text(told(one, result))
        cases.append(f'<testcase classname={name} name="check"><system-out>{said}</system-out></testcase>\n')
    head = f'<testsuite name={name} tests="{len(cases)}" failures="{failures}">\n'
    return f"{head}{''.join(cases)}</testsuite>\n", len(cases), failures


def failure(one: Finding) -> str:
    """Return what is wrong as a case has it."""
    return f"<failure message={attribute(one.message)}>{_text(_whole(one))}</failure>"


def _whole(one: Finding) -> str:
    where = f"{one.location}: " if one.location is not None else ""
    what = f"{one.object}: " if one.object and one.object not in one.message else ""
    return f"{where}{what}{one.message}" + (f" ({one.hint})" if one.hint else "")


def attribute(text: str) -> str:
    """Return a text as the value of an attribute, quotes included."""
    return quoteattr(_plain(text))


def _text(text: str) -> str:
    return _plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> str:
    """Return text that XML 1.0 can hold: control characters, surrogates and the like are shown."""
    return "".join([c if c == "\n" or c < "\ufffe" or c > "\uffff" else f"\\u{ord(c):04x}" for c in inert(text)])
