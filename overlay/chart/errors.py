"""Helm's messages as errors at the user's own file and line."""

from __future__ import annotations

import re

from overlay.chart.refused_values import refusals
from overlay.chart.render import UNLOADABLE
from overlay.errors import ChartError, ValuesError
from overlay.files.paths import printable
from overlay.model.location import Location
from overlay.nearest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from overlay.chart.render import RenderRequest

MAX_MESSAGE = 2_000
# `parse error at (chart/templates/x.yaml:12): …`, `execution error at (chart/templates/x.yaml:5:8): …`
_AT = re.compile(r"(?:parse|execution) error at \(([^():]+):(\d+)(?::(\d+))?\): ?")
# `chart/templates/x.yaml:3:4 executing "…" at <.Values.a.b>: …`, with or without `template: ` before it; Helm 4 puts
# line feeds between the parts, and one such line for each include that encloses the innermost.
_TEMPLATE = re.compile(r'(?:template: )?([^\s:()<>"]+):(\d+):(\d+):?\s+executing "[^"]*" at <(.*?)>:\s*')
_NO_TEMPLATE = re.compile(r'(?:template: )?(?:no )?template "([^"]+)" (?:associated with template "[^"]*"|not defined)')
_DEFINE = re.compile(rb'{{-?\s*(?:define|block)\s+"([^"]+)"')
_CALLS = re.compile(r"\A(?:error calling \w+:\s*)+")


def explain_refusal(request: RenderRequest, code: int, message: str) -> ChartError:
    """Return the error for a message of Helm: the innermost template that it names, and its cause."""
    location, expression, cause = request.chart.location, "", message.strip()
    refused = refusals(cause)
    if refused:
        text, why = _clean(cause), "the chart's values.schema.json refuses these values"
        return ValuesError(text, refused, location=location, hint=why, environment=request.environment)
    for match in _TEMPLATE.finditer(cause):
        location = _place(request, match[1], int(match[2]), int(match[3]))
        expression, end = match[4], match.end()
    if "chart.metadata." in cause:
        location = Location(f"{request.chart.path}/Chart.yaml")
    if expression:
        cause = _CALLS.sub("", cause[end:])
    at = _AT.search(cause)
    if at is not None:
        location = _place(request, at[1], int(at[2]), int(at[3] or 0))
        cause, expression = cause[at.end() :], ""
    unknown = _NO_TEMPLATE.fullmatch(cause)
    hint = _hint(cause) if unknown is None else did_you_mean(unknown[1], _templates(request))
    if unknown is not None:
        cause, expression = f"no template is called {unknown[1]!r}", ""
    if expression and expression not in cause:
        cause = f"{cause} (at {{{{ {expression} }}}})"
    return ChartError(
        _clean(cause) or f"Helm failed with code {code}", location=location, hint=hint, environment=request.environment
    )


def explain_death(request: RenderRequest, status: int, log: str, wall: float | None) -> ChartError:
    """Return the error for a child that died or was ended, with the likely cause."""
    chart = request.chart.path
    if wall is not None:
        message = f"rendering chart {chart} took longer than {wall:g} s and was stopped"
        hint = "look for a range or include that never ends"
    elif log.startswith(UNLOADABLE):
        message = f"Helm's library cannot be loaded: {_clean(log.removeprefix(UNLOADABLE))}"
        hint = "install helm-python-sdk for this platform, or remove it to use the helm program (version 4)"
    elif "stack overflow" in log or "stack exceeds" in log or "goroutine stack" in log or "newstack" in log:
        message = f"rendering chart {chart} ended in endless template recursion"
        hint = "look for a tpl or include that calls itself"
    elif "out of memory" in log or "cannot allocate" in log or "makeslice" in log:
        message = f"rendering chart {chart} needed more memory than its limit"
        hint = "look for repeat, until, seq or indent with a huge number"
    else:
        message = f"Helm crashed while rendering chart {chart} (wait status {status})"
        hint = "run again with --debug, and report it if the chart is sound"
    return ChartError(message, location=request.chart.location, hint=hint, environment=request.environment)


def _place(request: RenderRequest, path: str, line: int, column: int) -> Location:
    below = path.partition("/")[2]
    # text/template counts columns from 0 and knows none for what it cannot parse.
    return Location(f"{request.chart.path}/{below}" if below else request.chart.path, line, column + 1 if column else 1)


def _templates(request: RenderRequest) -> list[str]:
    """Return the names that a chart defines."""
    found = [match for name, data in request.chart.files if "templates/" in name for match in _DEFINE.findall(data)]
    return [name.decode("utf-8", "replace") for name in found]


def _hint(cause: str) -> str | None:
    if "nil pointer evaluating" in cause:
        return "a value on this path is missing; give it a default in values.yaml"
    if cause.startswith("function ") and "not defined" in cause:
        return "Helm has no such template function"
    if "missing in charts/ directory" in cause:
        return "put the sub-charts into the chart's charts/ folder"
    if "incompatible with Kubernetes" in cause:
        return "set kubernetesVersion, or use a chart version made for it"
    return None


def _clean(message: str) -> str:
    text = " ".join(printable(line).strip() for line in message.splitlines() if line.strip())
    return text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE]} … ({len(text)} characters)"
