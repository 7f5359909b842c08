"""When Kubernetes' own APIs came, were deprecated and went, and what replaces them."""

from __future__ import annotations

import json
import os

from overlay.kube.data import schemas_folder
from overlay.kube.types import kind_key
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


@value(kw_only=True)
class Lifecycle:
    """One kind of one API version; minor versions of Kubernetes 1, None where it did not happen or is not known.

    removed: the first version that does not serve it; for one that is still served, when it is due to go.
    """

    api: str
    kind: str
    introduced: int | None = None
    deprecated: int | None = None
    removed: int | None = None
    replacement: str = ""


_loaded: dict[str, dict[str, Any]] = {}


def _table() -> dict[str, Any]:
    if not _loaded:
        with open(os.path.join(schemas_folder(), "kubernetes", "lifecycle.json"), encoding="utf-8") as file:
            _loaded.update(json.load(file)["apis"])
    return _loaded


def lifecycle(group: str, version: str, kind: str) -> Lifecycle | None:
    """Return what is known of a kind, or None for one that came before all tables and stays."""
    return _entry(kind_key(group, version, kind))


def lifecycles() -> Iterator[Lifecycle]:
    """Yield every kind that is or will be deprecated or removed, by group, version and kind."""
    for key in _table():
        found = _entry(key)
        if found is not None and (found.deprecated is not None or found.removed is not None):
            yield found


def _entry(key: str) -> Lifecycle | None:
    entry = _table().get(key)
    if entry is None:
        return None
    api, _, kind = key.rpartition("/")
    return Lifecycle(api=api, kind=kind, **entry)
