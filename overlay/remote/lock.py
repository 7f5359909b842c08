"""overlay.lock against what is asked for: what stays, what is to be resolved, what is stale; and how it is locked."""

from __future__ import annotations

from overlay.errors import FetchError, LimitError, LockError, OverlayError, UsageError, raise_all
from overlay.fetch.pinned import Remotes
from overlay.fetch.store import Store
from overlay.files.reader import ProjectFiles
from overlay.model.value import replace, value
from overlay.nearest import did_you_mean
from overlay.remote.wanted import wanted, wanted_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from overlay.model.project import Project
    from overlay.model.remote import Pin, Request
    from overlay.remote.resolve import Resolver

# How deep charts may ask for charts that are not packaged with them.
MAX_DEPTH = 5


@value(kw_only=True)
class LockPlan:
    """What locking would do. kept: pins that still answer a request; missing: requests without; stale: pins without."""

    kept: tuple[Pin, ...]
    missing: tuple[Request, ...]
    stale: tuple[Pin, ...]

    @property
    def is_current(self) -> bool:
        return not self.missing and not self.stale


def plan_lock(pins: Iterable[Pin], requests: Iterable[Request]) -> LockPlan:
    """Compare a lock with what is asked for."""
    known = {pin.request.key: pin for pin in pins}
    asked = {request.key: request for request in requests}
    return LockPlan(
        kept=tuple([replace(pin, request=asked[key]) for key, pin in known.items() if key in asked]),
        missing=tuple([request for key, request in asked.items() if key not in known]),
        stale=tuple([pin for key, pin in known.items() if key not in asked]),
    )


def without(pins: Iterable[Pin], names: Iterable[str]) -> tuple[Pin, ...]:
    """Return the pins that are not to be resolved anew.

    Raises UsageError for a name that the lock does not have.
    """
    pins, names = tuple(pins), set(names)
    known = sorted({pin.name for pin in pins})
    for name in sorted(names.difference(known)):
        hint = did_you_mean(name, known) or (f"it has {', '.join(known)}" if known else "overlay.lock is empty")
        raise UsageError(f"overlay.lock has no input {name!r}", hint=hint)
    return tuple([pin for pin in pins if pin.name not in names])


def offline_plan(pins: tuple[Pin, ...], project: Project, files: ProjectFiles, remotes: Remotes) -> LockPlan:
    """Compare a lock with what is asked for, also by charts whose content is at hand; the network is not needed.

    What a chart asks for whose content is not at hand cannot be known: then no pin counts as stale.
    """
    by_key = {pin.request.key: pin for pin in pins}
    first = wanted(project, files, remotes)
    unknown = not first.is_complete

    def content(request: Request) -> bytes | None:
        nonlocal unknown
        pin = by_key.get(request.key)
        try:
            data = remotes.content(pin) if pin is not None else None
        except OverlayError:
            data = None
        unknown = unknown or data is None
        return data

    asked = _closure(list(first.requests), content)
    plan = plan_lock(pins, asked)
    return replace(plan, stale=()) if unknown else plan


def lock(
    pins: tuple[Pin, ...],
    project: Project,
    cache: str,
    make_resolver: Callable[[], Resolver],
    changes: Mapping[str, bytes] | None = None,
) -> tuple[Pin, ...]:
    """Return the pins of all that a project asks for; their content is in the store (or vendored) then.

    A base from elsewhere may ask for more, so that documents are read again until there is nothing new.
    pins: those that may stay. changes: files as they are about to be. Raises Problems with all that could not be had.
    """
    resolver: Resolver | None = None
    known: dict[Any, Pin] = {pin.request.key: pin for pin in pins}
    for _ in range(MAX_DEPTH):
        files = ProjectFiles(project.root).changed(changes or {})
        remotes = Remotes(files, cache, known.values())
        found = wanted(project, files, remotes)
        if not found.requests:
            return ()
        resolver = resolver or make_resolver()
        done = _lock(known, list(found.requests), remotes, Store(cache), resolver)
        files.close()
        if found.is_complete:
            return done
        known |= {pin.request.key: pin for pin in done}
    raise LimitError(f"bases from elsewhere ask for others more than {MAX_DEPTH} levels deep")


def _lock(
    known: Mapping[Any, Pin], requests: list[Request], remotes: Remotes, store: Store, resolver: Resolver
) -> tuple[Pin, ...]:
    """Return the pins of some requests and of what their charts ask for, with their content at hand."""
    done: dict[Any, Pin] = {}
    errors: list[OverlayError] = []

    def content(request: Request) -> bytes | None:
        try:
            pin = known.get(request.key)
            if pin is not None:
                data = _at_hand(remotes, pin)
                if data is None:
                    data = resolver.content(pin)
                    _keep(store, data)
                done[request.key] = replace(pin, request=request)
                return data
            done[request.key], data = resolver.pin(request)
            _keep(store, data)
        except OverlayError as error:
            for one in error.each():
                one.location = one.location or request.location
            errors.append(error)
            return None
        return data

    _closure(requests, content)
    raise_all(errors)
    return tuple(done.values())


def _closure(requests: list[Request], content: Callable[[Request], bytes | None]) -> list[Request]:
    """Return the requests and all that their charts ask for in turn; content is asked for once each."""
    asked: dict[Any, Request] = {}
    pending = requests
    for _ in range(MAX_DEPTH):
        pending = [request for request in pending if request.key not in asked]
        if not pending:
            break
        asked.update({request.key: request for request in pending})
        pending = wanted_below(pending, content)
    return list(asked.values())


def _at_hand(remotes: Remotes, pin: Pin) -> bytes | None:
    try:
        return remotes.content(pin)
    except LockError:
        return None


def _keep(store: Store, data: bytes) -> None:
    try:
        store.put(data)
    except OSError as error:
        raise FetchError(
            f"the cache {store.folder} cannot be written: {(error.strerror or '').lower()}",
            hint="set XDG_CACHE_HOME to a folder of your own",
        ) from None
