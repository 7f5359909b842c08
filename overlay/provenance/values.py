"""The chart's values: what each key is in the end, and the file and line that say so."""

from __future__ import annotations

from overlay.chart.check import read_metadata
from overlay.chart.values import flat, has_key, merge_values, overlay_maps
from overlay.files.reader import read_argument
from overlay.model.location import Location
from overlay.model.value import value
from overlay.yaml import decode, read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.model.contents import ChartSource, Locate, ReadEnvironment
    from overlay.model.options import Options

    Key = tuple[str, ...]


@value(kw_only=True)
class ValuesFile:
    """One source of values: its map stands below `prefix` (of a sub-chart, its name or alias)."""

    prefix: Key
    value: dict[str, Any]
    locate: Locate
    is_default: bool


class ValueSources:
    """All sources of one environment's values, lowest first."""

    def __init__(self, sources: list[ValuesFile], given: dict[str, Any]) -> None:
        """`given`: what the environment and the command line say together, as the chart receives it."""
        self.sources = sources
        self.given = given
        defaults: dict[str, Any] = {}
        for source in sources:
            if source.is_default:
                defaults = overlay_maps(defaults, _below(source.prefix, source.value))
        self.defaults = defaults
        self.effective: dict[str, Any] = _without_nulls(overlay_maps(defaults, given), given)

    def place(self, key: Key) -> Location:
        """Return where a key's value is written: in the last source that has it."""
        for source in reversed(self.sources):
            if key[: len(source.prefix)] == source.prefix and has_key(source.value, key[len(source.prefix) :]):
                return source.locate(key[len(source.prefix) :])
        return Location("<--set>")

    def key_place(self, key: Key) -> Location:
        """Return where a key's last part is written, in the last source that has it."""
        for source in reversed(self.sources):
            inner = key[len(source.prefix) :]
            if key[: len(source.prefix)] == source.prefix and inner and has_key(source.value, inner):
                return source.locate(inner, key=True)
        return Location("<--set>")

    def place_below(self, key: Key, *, at_key: bool) -> Location | None:
        """Return where a key's value (or the key) is written, also inside a list; None where no source has it."""
        for source in reversed(self.sources):
            inner = key[len(source.prefix) :]
            steps = _steps(source.value, inner) if key[: len(source.prefix)] == source.prefix else None
            if steps:
                return source.locate(tuple(steps), key=at_key)
        return None

    def default_place(self, key: Key) -> Location:
        """Return where the chart itself says a key's value."""
        return ValueSources([source for source in self.sources if source.is_default], {}).place(key)

    def items(self) -> Iterator[tuple[Key, Any, Location]]:
        """Yield (key, value, place) of every leaf; a list is one leaf, as a values file replaces it whole."""
        for key, item in flat(self.effective):
            yield key, item, self.place(key)


def _steps(found: Any, key: Key) -> list[str | int] | None:
    """Return the way to a key's value, through maps and lists; None where it ends before."""
    steps: list[str | int] = []
    for part in key:
        if isinstance(found, list) and part.isdigit() and int(part) < len(found):
            steps.append(int(part))
            found = found[int(part)]
        elif isinstance(found, dict) and part in found:
            steps.append(part)
            found = found[part]
        else:
            return None
    return steps


def read_sources(chart: ChartSource | None, environment: ReadEnvironment, options: Options) -> ValueSources:
    """Return the sources of an environment whose files were read without error."""
    sources: list[ValuesFile] = []
    if chart is not None and chart.kind == "helm":
        sources += _defaults(chart, "", ())
    for layer in environment.layers:
        sources += [
            ValuesFile(prefix=(), value=read.value, locate=read.locate, is_default=False) for read in layer.values
        ]
    for path in options.values:
        for document in read_documents(decode(read_argument(path), path), path):
            sources.append(ValuesFile(prefix=(), value=document.value, locate=document.location, is_default=False))
    layers = [values for layer in environment.layers for values in layer.values]
    given = merge_values(layers, options)
    before = dict(flat(merge_values(layers, _without_sets(options))))
    by_flag = {key: item for key, item in flat(given) if key not in before or before[key] != item}
    if by_flag:
        made: dict[str, Any] = {}
        for key, item in by_flag.items():
            made = overlay_maps(made, _below(key[:-1], {key[-1]: item}))
        sources.append(ValuesFile(prefix=(), value=made, locate=_by_flag, is_default=False))
    return ValueSources(sources, given)


def _by_flag(path: tuple[str | int, ...] = (), *, key: bool = False) -> Location:  # noqa: ARG001  # a Locate
    return Location("<--set>")


def _without_sets(options: Options) -> Options:
    from overlay.model.value import replace  # noqa: PLC0415

    return replace(options, sets=())


def _defaults(chart: ChartSource, folder: str, prefix: Key) -> Iterator[ValuesFile]:
    """Yield the values.yaml of sub-charts, deepest first, then the chart's own."""
    names = dict(chart.files)
    below = f"{folder}charts/"
    children = dict.fromkeys([name[len(below) :].partition("/")[0] for name in names if name.startswith(below)])
    dependencies = read_metadata(chart, folder).get("dependencies") or []
    for child in children:
        if f"{below}{child}/Chart.yaml" not in names:
            continue
        own = str(read_metadata(chart, f"{below}{child}/").get("name", child))
        aliases = [
            str(each.get("alias") or own) for each in dependencies if isinstance(each, dict) and each.get("name") == own
        ]
        for name in aliases or [own]:
            yield from _defaults(chart, f"{below}{child}/", (*prefix, name))
    data = names.get(f"{folder}values.yaml")
    if data is not None:
        path = f"{chart.path}/{folder}values.yaml"
        for document in read_documents(decode(data, path), path):
            if isinstance(document.value, dict):
                yield ValuesFile(prefix=prefix, value=document.value, locate=document.location, is_default=True)


def _below(prefix: Key, found: dict[str, Any]) -> dict[str, Any]:
    for part in reversed(prefix):
        found = {part: found}
    return found


def _without_nulls(merged: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Drop what a null of the environment deletes."""
    kept = {}
    for key, item in merged.items():
        if key in given and given[key] is None:
            continue
        inner = given.get(key)
        kept[key] = _without_nulls(item, inner) if isinstance(item, dict) and isinstance(inner, dict) else item
    return kept
