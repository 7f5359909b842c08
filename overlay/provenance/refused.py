"""Values that a chart's schema refuses, each told at the line that says it."""

from __future__ import annotations

import re

from overlay.chart.metadata import chart_info
from overlay.errors import ChartError, OverlayError, Problems, ValuesError
from overlay.kube.confidential import is_secret_name
from overlay.model.location import Location
from overlay.nearest import did_you_mean
from overlay.provenance.values import read_sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.model.contents import ChartSource, ReadEnvironment
    from overlay.model.options import Options
    from overlay.model.refusal import Refusal
    from overlay.provenance.values import Key, ValueSources

_ABSENT = object()
_MISSING = re.compile(r"missing property '(.+)'")


def at_their_places(
    error: ValuesError, chart: ChartSource, environment: ReadEnvironment, options: Options
) -> OverlayError:
    """Return the refusals of a chart's values, each at the place of its value."""
    name, sources = chart_info(chart).name, read_sources(chart, environment, options)
    return Problems([_one(error, refusal, name, sources) for refusal in error.refusals])


def _one(error: ValuesError, refusal: Refusal, chart: str, sources: ValueSources) -> ChartError:
    key = (*_prefix(refusal.chart, chart, sources), *refusal.path)
    found: Any = sources.effective
    for part in key:
        found = _step(found, part)
    whose = "the chart's schema" if refusal.chart == chart else f"the schema of {refusal.chart}"
    what = f"the value {'.'.join(key)}" if key else "the values"
    # Patterns and the like are told with the value that they refuse.
    secret = any(is_secret_name(part) for part in key) and isinstance(found, str) and found in refusal.text
    text = "its value (not shown) is not what the schema asks for" if secret else refusal.text
    return ChartError(
        f"{whose} refuses {what}: {text}",
        location=_missing(key, refusal, sources) or _place(key, sources, at_key=refusal.unknown) or error.location,
        hint=_hint(key, found, refusal, sources),
        environment=error.environment,
        rule=error.rule,
    )


def _step(holder: Any, part: str) -> Any:
    if isinstance(holder, dict):
        return holder.get(part, _ABSENT)
    if isinstance(holder, list) and part.isdigit() and int(part) < len(holder):
        return holder[int(part)]
    return _ABSENT


def _prefix(name: str, chart: str, sources: ValueSources) -> Key:
    """Return where the values of a sub-chart stand; Helm tells its name alone, which is its alias where it has one."""
    if name == chart:
        return ()
    known = {source.prefix for source in sources.sources if source.prefix and source.prefix[-1] == name}
    return known.pop() if len(known) == 1 else (name,)


def _missing(key: Key, refusal: Refusal, sources: ValueSources) -> Location | None:
    """Return the null that takes away what is missing."""
    match = _MISSING.fullmatch(refusal.text)
    return sources.place_below((*key, match[1]), at_key=True) if match is not None else None


def _place(key: Key, sources: ValueSources, *, at_key: bool) -> Location | None:
    """Return where a value is written; of one that is missing, where the map is that it is missing in."""
    for length in range(len(key), 0, -1):
        place = sources.place_below(key[:length], at_key=at_key)
        if place is not None:
            return place
    return None


def _hint(key: Key, found: Any, refusal: Refusal, sources: ValueSources) -> str | None:
    if refusal.unknown:
        holder: Any = sources.defaults
        for part in key[:-1]:
            holder = _step(holder, part)
        return did_you_mean(key[-1], [*holder]) if isinstance(holder, dict) else None
    if refusal.text in ("got string, want integer", "got string, want number") and _is_number(found):
        return f"write {found} without quotes"
    if refusal.text == "got string, want boolean" and found in ("true", "false"):
        return f"write {found} without quotes"
    if refusal.text in ("got number, want string", "got boolean, want string"):
        return "quote it"
    return None


def _is_number(found: Any) -> bool:
    return isinstance(found, str) and found.removeprefix("-").isdigit()
