"""Renderings of earlier runs, by content: the same chart, values and settings render to the same text.

An entry is named by the digest of everything that goes into a rendering, and carries the digest of its own payload,
which is verified when it is read. The folder is private to the user (0700); a folder that is not is not used.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat

from overlay.chart.render import Rendered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


class RenderCache:
    """A Renderer that answers from earlier runs and asks `make()` for a real one only when it must."""

    def __init__(self, folder: str, version: str) -> None:
        self.folder = os.path.join(folder, "render")
        self.version = version
        self.usable = is_private(self.folder)

    def key(self, request: RenderRequest) -> str:
        """Return the name of an entry: a digest over all that settles a rendering."""
        parts = [
            FORMAT, self.version, request.chart.digest, request.values, request.release_name, request.namespace,
            request.revision, request.is_upgrade, request.kubernetes_version, list(request.api_versions),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def get(self, key: str) -> Rendered | None:
        """Return a verified entry; anything else than exactly what we wrote counts as absent."""
        if not self.usable:
            return None
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not make us wait
            descriptor = os.open(os.path.join(self.folder, key), flags)
            with os.fdopen(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                    return None
                data = file.read()
            digest, _, payload = data.partition(b"\n")
            if hashlib.sha256(key.encode() + payload).hexdigest().encode() != digest:
                return None
            templates, crds, notes, warnings = json.loads(payload)
            return Rendered(
                templates=tuple([(name, text) for name, text in templates]),
                crds=tuple([(name, text) for name, text in crds]),
                notes=notes,
                warnings=tuple(warnings),
            )
        except (OSError, ValueError, TypeError):
            return None

    def put(self, key: str, rendered: Rendered) -> None:
        """Keep a rendering; a cache that cannot be written is no error."""
        if not self.usable:
            return
        payload = json.dumps([rendered.templates, rendered.crds, rendered.notes, rendered.warnings]).encode()
        temporary = os.path.join(self.folder, f".{key}.{os.getpid()}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.sha256(key.encode() + payload).hexdigest().encode() + b"\n" + payload)
            os.replace(temporary, os.path.join(self.folder, key))
            self._prune()
        except OSError:
            self.usable = False

    def _prune(self) -> None:
        with os.scandir(self.folder) as entries:
            found = [(entry.stat(follow_symlinks=False).st_mtime, entry.path) for entry in entries]
        if len(found) > MAX_ENTRIES:
            for _, path in sorted(found)[: len(found) - MAX_ENTRIES // 2]:
                os.unlink(path)


def is_private(folder: str) -> bool:
    """Make a folder when it is missing; tell whether it is the user's alone."""
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            pass
        status = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


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
