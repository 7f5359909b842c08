"""Values that an environment sets and that change nothing, found by rendering without them."""

from __future__ import annotations

from overlay.chart.values import flat
from overlay.errors import OverlayError
from overlay.model.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.chart.render import Rendered
    from overlay.inspect.session import Session

    Key = tuple[str, ...]


@value(kw_only=True)
class Unused:
    """A key that changes nothing. known: the chart has it; equal: and its default is the same value."""

    key: Key
    known: bool
    equal: bool


def unused_keys(session: Session) -> list[Key]:
    """Return the keys that the environment sets and whose removal leaves every rendered text as it is."""
    return [each.key for each in unused_values(session)]


def unused_values(session: Session) -> list[Unused]:
    """Return what is unused, in the order of the values, with what is known about each.

    The chart is rendered without each key; where it is not deterministic, what differs between two equal renderings
    is left out of the comparison.
    """
    request = session.prepared.request
    if request is None:
        return []
    sources = session.values()
    keys = [key for key, _ in flat(sources.given)]
    if not keys:
        return []
    first, second = session.rendered, session.again
    if first is None or second is None or isinstance(second, OverlayError):
        return []
    unsteady = {
        name for (name, text), (_, again) in zip(first.templates, second.templates, strict=True) if text != again
    }
    wanted = _texts(first, unsteady)
    without = [replace(request, values=_removed(request.values, key)) for key in keys]
    found = []
    for key, answer in zip(keys, session.render(without), strict=True):
        if not isinstance(answer, OverlayError) and _texts(answer, unsteady) == wanted:
            known = is_known(session, key)
            default = _get(sources.defaults, key)
            found.append(Unused(key=key, known=known, equal=known and default == _get(sources.given, key)))
    return found


def is_known(session: Session, key: Key) -> bool:
    """Tell whether the chart has a key.

    It has it in values.yaml or values.schema.json, as a sub-chart's name, under `global`, or below a default that is
    an empty map or list (where users put what they like).
    """
    request = session.prepared.request
    if request is None or key[0] == "global":
        return True
    names = dict(request.chart.files)
    if len(key) == 1 and any(name.startswith(f"charts/{key[0]}/") for name in names):
        return True
    holder: Any = session.values().defaults
    for at, part in enumerate(key):
        if isinstance(holder, dict) and part in holder:
            holder = holder[part]
            continue
        return (at > 0 and holder in ({}, [], None)) or _in_schema(names.get("values.schema.json"), key)
    return True


def _in_schema(data: bytes | None, key: Key) -> bool:
    if data is None:
        return False
    import json  # noqa: PLC0415

    node: Any = json.loads(data)
    for part in key:
        properties = node.get("properties") if isinstance(node, dict) else None
        if not isinstance(properties, dict) or part not in properties:
            return False
        node = properties[part]
    return True


def _texts(rendered: Rendered, unsteady: set[str]) -> tuple[Any, ...]:
    return (
        tuple([(name, text) for name, text in rendered.templates if name not in unsteady]),
        rendered.crds,
        rendered.notes,
    )


def _removed(values: dict[str, Any], key: Key) -> dict[str, Any]:
    kept = dict(values)
    if len(key) == 1:
        kept.pop(key[0], None)
    elif isinstance(kept.get(key[0]), dict):
        kept[key[0]] = _removed(kept[key[0]], key[1:])
    return kept


def _get(values: Any, key: Key) -> tuple[Any, ...]:
    """Return the value at a key in a tuple of one; an empty tuple where there is none."""
    for part in key:
        if not isinstance(values, dict) or part not in values:
            return ()
        values = values[part]
    return (values,)
