"""Values of all layers as one map: Helm's precedence, null deletes, nothing that Helm would change on its way."""

from __future__ import annotations

from overlay.chart.setgrammar import SetError, parse_set
from overlay.errors import ChartError, OverlayError, UsageError, raise_all
from overlay.files.reader import read_argument
from overlay.model.location import Location
from overlay.yaml import decode, read_documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from overlay.model.contents import ReadValues
    from overlay.model.options import Options

# Helm reads values as float64 (encoding/json), which holds whole numbers up to here exactly.
MAX_EXACT = 2**53
_KINDS = ("set-json", "set", "set-string", "set-file", "set-literal")


def merge_values(layers: Iterable[ReadValues], options: Options) -> dict[str, Any]:
    """Return the values that the chart is rendered with; a null stays, for Helm to delete the chart's default.

    Order: the layers' files, --values files, then --set-json, --set, --set-string, --set-file, --set-literal.
    Raises ChartError for whole numbers beyond 2^53, UsageError for --set expressions, YamlError and PathError.
    """
    errors: list[OverlayError] = []
    merged: dict[str, Any] = {}
    for layer in layers:
        check_numbers(layer.value, (), layer.locate, errors)
        merged = overlay_maps(merged, layer.value)
    for path in options.values:
        for document in read_documents(decode(read_argument(path), path), path):
            if not isinstance(document.value, dict):
                raise ChartError("values must be a map (key: value)", location=document.location())
            check_numbers(document.value, (), document.location, errors)
            merged = overlay_maps(merged, document.value)
    raise_all(errors)
    return apply_sets(merged, options.sets)


def overlay_maps(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return `above` over `below`: maps merge, everything else (lists, null) replaces; neither is changed."""
    merged = dict(below)
    for key, item in above.items():
        old = merged.get(key)
        merged[key] = overlay_maps(old, item) if isinstance(item, dict) and isinstance(old, dict) else item
    return merged


def flat(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the keys that a values file can set by themselves, with their values; a list is one value."""
    if isinstance(values, dict) and (values or not path):
        for key, item in values.items():
            yield from flat(item, (*path, key))
    else:
        yield path, values


def has_key(values: Any, key: tuple[str, ...]) -> bool:
    """Tell whether a values file sets a key."""
    for part in key:
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return True


def apply_sets(values: dict[str, Any], sets: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return values with --set expressions applied, in Helm's order of kinds.

    Raises UsageError, Problems for several.
    """
    errors: list[OverlayError] = []
    for kind in _KINDS:
        for found, expression in sets:
            if found != kind:
                continue
            location = Location(f"<--{kind} {expression[:200]}>")
            try:
                made = parse_set(kind, expression, values, read=_read_text)
            except SetError as error:
                errors.append(UsageError(str(error), location=location, hint=error.hint))
                continue
            rounded: list[OverlayError] = []
            check_numbers(made, (), lambda _, at=location: at, rounded, hint="give it with --set-string")
            errors += rounded[:1]
            values = values if rounded else made
    raise_all(errors)
    return values


def _read_text(path: str) -> str:
    return decode(read_argument(path), path)


def check_numbers(
    value: Any, path: tuple[str | int, ...], locate: Any, errors: list[OverlayError], *, hint: str = "quote it"
) -> None:
    """Add an error for every whole number that Helm would round."""
    if isinstance(value, dict):
        for key, item in value.items():
            check_numbers(item, (*path, key), locate, errors, hint=hint)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_numbers(item, (*path, index), locate, errors, hint=hint)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_EXACT:
        errors.append(
            ChartError(
                f"Helm cannot hold the number {str(value)[:40]} exactly",
                location=locate(path),
                hint=hint,
            )
        )
