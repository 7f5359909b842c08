"""A value of a difference as it is shown."""

from __future__ import annotations

from overlay.diff.secrets import Hidden
from overlay.kube.dotted import Element

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def shown_value(item: Any) -> Any:
    """Return a value with words for what is hidden in it, and for the elements of a list that moved."""
    if item.__class__ is str:
        return item
    if isinstance(item, (Hidden, Element)):
        return str(item)
    if isinstance(item, dict):
        return {key: shown_value(each) for key, each in item.items()}
    if isinstance(item, (list, tuple)):
        return [shown_value(each) for each in item]
    return item
