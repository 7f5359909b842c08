"""Renderings of earlier runs, by content: the same chart, values and settings render to the same text.

An entry is named by the digest of everything that goes into a rendering; `files/entries.py` says what else counts.
"""

from __future__ import annotations

import hashlib
import json
import os

from overlay.chart.render import Rendered
from overlay.files.entries import Entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from overlay.chart.render import Renderer, RenderRequest
    from overlay.errors import OverlayError

FORMAT = 3
MAX_ENTRIES = 500
_NOWHERE = os.path.join(os.devnull, "no-home-folder")


def cache_folder() -> str:
    """Return the user's cache folder of this program (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME")
    if not base or not os.path.isabs(base):
        home = os.path.expanduser("~")
        # Without HOME and without an entry in the system's table of users nothing can be kept, least of all in `./~`.
        base = os.path.join(home if os.path.isabs(home) else _NOWHERE, ".cache")
    return os.path.join(base, "overlay")


def request_key(request: RenderRequest, version: str) -> str:
    """Return a digest over all that settles a rendering; version: of Helm."""
    parts = [
        FORMAT, version, request.chart.digest, request.values, request.release_name, request.namespace,
        request.revision, request.is_upgrade, request.kubernetes_version, list(request.api_versions),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def as_json(rendered: Rendered) -> list[object]:
    """Return a rendering as JSON can hold it."""
    return [rendered.templates, rendered.crds, rendered.notes, rendered.warnings]


def from_json(found: Any) -> Rendered:
    """Return the rendering that `as_json` was given; raises ValueError or TypeError for what it did not make."""
    templates, crds, notes, warnings = found
    return Rendered(
        templates=tuple([(name, text) for name, text in templates]),
        crds=tuple([(name, text) for name, text in crds]),
        notes=notes,
        warnings=tuple(warnings),
    )


class RenderCache:
    """A Renderer that answers from earlier runs and asks `make()` for a real one only when it must."""

    def __init__(self, folder: str, version: str) -> None:
        self.folder = os.path.join(folder, "render")
        self._entries = Entries(self.folder)
        self.version = version

    def key(self, request: RenderRequest) -> str:
        """Return the name of an entry."""
        return request_key(request, self.version)

    def get(self, key: str) -> Rendered | None:
        """Return a verified entry; anything else than exactly what we wrote counts as absent."""
        payload = self._entries.get(key)
        if payload is None:
            return None
        try:
            return from_json(json.loads(payload))
        except (ValueError, TypeError):
            return None

    def put(self, key: str, rendered: Rendered) -> None:
        """Keep a rendering; a cache that cannot be written is no error."""
        self._entries.put(key, json.dumps(as_json(rendered)).encode())
        self._entries.prune(MAX_ENTRIES, MAX_ENTRIES // 2)


def render_cached(
    cache: RenderCache | None, requests: Sequence[RenderRequest], renderer: Renderer
) -> Iterator[Rendered | OverlayError]:
    """Yield one result per request, in order; only what the cache does not hold is rendered."""
    if cache is None:
        yield from renderer.render(requests)
        return
    keys = [cache.key(request) for request in requests]
    known = [cache.get(key) for key in keys]
    missing = iter(renderer.render([request for request, found in zip(requests, known, strict=True) if found is None]))
    for key, found in zip(keys, known, strict=True):
        if found is not None:
            yield found
            continue
        result = next(missing)
        if isinstance(result, Rendered):
            cache.put(key, result)
        yield result
