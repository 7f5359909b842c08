"""Siblings that set one of the chart's values differently: a conflict, unless a layer below them sets it."""

from __future__ import annotations

from overlay.chart.values import flat, has_key, overlay_maps
from overlay.errors import PatchError
from overlay.layering.siblings import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.layering.siblings import Pair
    from overlay.model.contents import ReadEnvironment
    from overlay.model.location import Location


def value_conflicts(environment: ReadEnvironment, pairs: tuple[Pair, ...]) -> Iterator[PatchError]:
    """Yield every chart value that siblings set to different values and no layer below them sets."""
    for pair in pairs:
        first = _values(environment, pair.first)
        second = _values(environment, pair.second)
        last = max(at for at, layer in enumerate(environment.layers) if layer.layer.file in (*pair.first, *pair.second))
        below = _values(environment, tuple([layer.layer.file for layer in environment.layers[last + 1 :]]))
        for key, (found, place) in second.items():
            if key not in first or first[key][0] == found or any(key[: len(each)] == each for each in below):
                continue
            other, other_place = first[key]
            yield PatchError(
                f"{place.file} sets {'.'.join(key)} to {shown(found)}, and {other_place.file} to {shown(other)}",
                location=place,
                hint=f"neither is the other's parent, so neither wins: set the value in {pair.child}, which has both",
                related=(("the other", other_place),),
            )


def _values(environment: ReadEnvironment, files: tuple[str, ...]) -> dict[tuple[str, ...], tuple[Any, Location]]:
    """Return the leaves of the values that some layers set, each with its place."""
    merged: dict[str, Any] = {}
    sources: list[Any] = []
    for layer in environment.layers:
        if layer.layer.file in files:
            for read in layer.values:
                merged = overlay_maps(merged, read.value)
                sources.append(read)
    found = {}
    for key, item in flat(merged):
        source = next(each for each in reversed(sources) if has_key(each.value, key))
        found[key] = (item, source.locate(key))
    return found
