"""Values as JSON and back, for what goes between processes and into the cache; only these values come out again."""

from __future__ import annotations

import json

from overlay.diff.checked import Checked
from overlay.diff.comparison import Cause
from overlay.diff.outcome import EnvironmentDiff, FieldDiff, ObjectDiff
from overlay.model.finding import Finding
from overlay.model.location import Location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KINDS: dict[str, Any] = {
    kind.__name__: kind for kind in (Cause, Checked, EnvironmentDiff, FieldDiff, Finding, Location, ObjectDiff)
}


def encode(item: Checked) -> bytes:
    """Return a value as JSON."""
    return json.dumps(_plain(item), ensure_ascii=True, separators=(",", ":")).encode()


def decode(data: bytes) -> Checked:
    """Return the value that `encode` was given; raises ValueError for what it did not make."""
    try:
        found = _value(json.loads(data))
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError("no value of ours") from error
    if found.__class__ is not Checked:
        raise ValueError("no value of ours")
    return found


def _plain(item: Any) -> Any:
    """Return what JSON can hold; a list stands for a list, everything else that has parts has a name in front."""
    name = type(item).__name__
    if name in _KINDS and type(item) is _KINDS[name]:
        return {name: [_plain(getattr(item, field)) for field in item.__match_args__]}
    if isinstance(item, tuple):
        return {"tuple": [_plain(each) for each in item]}
    if isinstance(item, list):
        return [_plain(each) for each in item]
    if isinstance(item, dict):
        return {"map": [[key, _plain(each)] for key, each in item.items()]}
    return item


def _value(item: Any) -> Any:
    if isinstance(item, list):
        return [_value(each) for each in item]
    if not isinstance(item, dict):
        return item
    ((name, parts),) = item.items()
    if name == "tuple":
        return tuple([_value(each) for each in parts])
    if name == "map":
        return {key: _value(each) for key, each in parts}
    kind = _KINDS[name]
    return kind(**dict(zip(kind.__match_args__, [_value(each) for each in parts], strict=True)))
