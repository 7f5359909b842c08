"""Waits until objects are healthy, or gone: a list, then a watch from there, and the list again when it breaks."""

from __future__ import annotations

import threading
import time
from contextlib import closing

from overlay.cluster.answer import Refused
from overlay.cluster.health import FAILED, NOT_FOUND, Health, health_of
from overlay.errors import Temporary
from overlay.kube.objects import identify
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from overlay.cluster.client import Client
    from overlay.cluster.discovery import Served
    from overlay.cluster.record import Key
    from overlay.model.resource import Body

_WATCH_SECONDS = 30.0
# What counts as failed may still come right (a Deployment past its deadline, a Job never): it is given a moment.
_GRACE = 2.0


@value
class Waited:
    """The health of each object when the waiting ended."""

    found: dict[Key, Health]

    @property
    def is_done(self) -> bool:
        return not self.late

    @property
    def late(self) -> dict[Key, Health]:
        """Those that are not healthy."""
        return {key: health for key, health in self.found.items() if not health.is_current}


class Waiter:
    """Watches kinds in namespaces, each in a thread of its own, and tells what became of the objects waited for.

    labels: narrows lists and watches. custom: the users' rules of health. clock: a seam.
    """

    def __init__(
        self, client: Client, served: Mapping[Key, Served], *, labels: str,
        custom: Callable[[Body], Health | None] | None = None, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._client = client
        self._served = served
        self._labels = labels
        self._custom = custom
        self._clock = clock

    def healthy(
        self, keys: Iterable[Key], *, seconds: float, tell: Callable[[Key, Health], None] | None = None,
        check: Callable[[], None] | None = None, fail_fast: bool = True,
    ) -> Waited:  # fmt: skip
        """Wait until all objects are healthy, one has failed for good, or the time is over.

        tell: of every change. check: raises when the run must stop. Raises what a list raises.
        """
        return self._wait(keys, seconds, self._judge, tell, check, fail_fast=fail_fast)

    def _judge(self, body: Body | None) -> Health:
        return health_of(body, self._custom)

    def ended(
        self, key: Key, *, seconds: float, judge: Callable[[Body | None], Health],
        check: Callable[[], None] | None = None,
    ) -> Health:  # fmt: skip
        """Wait until one object has ended, well or not; return its last health."""
        return self._wait([key], seconds, judge, None, check, fail_fast=True).found[key]

    def gone(
        self, uids: Mapping[Key, str], *, seconds: float, check: Callable[[], None] | None = None
    ) -> dict[Key, Health]:
        """Wait until the very objects of these uids are gone; return those that are not, and why."""

        def judge(body: Body | None) -> Health:
            if body is None or body["metadata"]["uid"] != uids.get(identify(body).key):
                return Health("Current", "it is gone")
            finalizers = ", ".join(body["metadata"].get("finalizers") or ())
            return Health("Terminating", f"it waits for {finalizers}" if finalizers else "it is still there")

        return self._wait(uids, seconds, judge, None, check, fail_fast=False).late

    def _wait(
        self, keys: Iterable[Key], seconds: float, judge: Callable[[Body | None], Health],
        tell: Callable[[Key, Health], None] | None, check: Callable[[], None] | None, *, fail_fast: bool,
    ) -> Waited:  # fmt: skip
        end = self._clock() + seconds
        state = _State(frozenset(keys), judge, tell, self._clock)
        places: dict[tuple[Served, str], set[Key]] = {}
        for key in state.keys:
            places.setdefault((self._served[key], key[2]), set()).add(key)
        threads = [
            threading.Thread(target=self._follow, args=(state, served, namespace, own, end), daemon=True)
            for (served, namespace), own in places.items()
        ]
        for one in threads:
            one.start()
        try:
            while not state.is_over(fail_fast=fail_fast) and self._clock() < end:
                state.changed.wait(0.2)
                state.changed.clear()
                if check is not None:
                    check()
                if state.error is not None:
                    raise state.error
        finally:
            state.stop()
            for one in threads:
                # One that asks a server which is away may take longer; it ends by itself.
                one.join(2.0)
        return Waited(state.result())

    def _follow(self, state: _State, served: Served, namespace: str, own: set[Key], end: float) -> None:
        only = next(iter(own))[3] if len(own) == 1 else ""
        while not state.stopped.is_set() and self._clock() < end:
            try:
                bodies, version = self._client.list_all(served, namespace, labels=self._labels)
                state.list_came(own, bodies)
                if state.is_settled(own):
                    return
                left = min(_WATCH_SECONDS, max(end - self._clock(), 1.0))
                events = self._client.watch(
                    served, namespace, version=version, seconds=left, labels=self._labels, name=only,
                    opened=state.opened,
                )  # fmt: skip
                with closing(events):
                    for event, body in events:
                        if state.stopped.is_set() or self._clock() >= end:
                            return
                        if event != "BOOKMARK":
                            state.came(identify(body).key, None if event == "DELETED" else body)
                        if state.is_settled(own):
                            return
            except Refused as error:
                if error.failure.status == 410:
                    continue  # the watch came from too far back: list again
                state.fail(error)
                return
            except Temporary:
                # A server that restarts is waited for like everything else, until the time is over.
                state.stopped.wait(1.0)
            except Exception as error:  # noqa: BLE001  # nobody else sees what ends this thread
                state.fail(error)
                return
            # A watch that ends at once, again and again, must not become a storm of lists.
            state.stopped.wait(0.1)


class _State:
    """What is known so far, shared by the threads that watch."""

    def __init__(
        self, keys: frozenset[Key], judge: Callable[[Body | None], Health], tell: Callable[[Key, Health], None] | None,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self.keys = keys
        self.changed = threading.Event()
        self.stopped = threading.Event()
        self.error: Exception | None = None
        self._judge = judge
        self._tell = tell
        self._clock = clock
        self._found: dict[Key, Health] = {}
        self._failed: dict[Key, float] = {}
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []

    def came(self, key: Key, body: Body | None) -> None:
        if key not in self.keys:
            return
        health = self._judge(body)
        with self._lock:
            if self._found.get(key) == health:
                return
            self._found[key] = health
            if health.status == FAILED:
                self._failed.setdefault(key, self._clock())
            else:
                self._failed.pop(key, None)
        if self._tell is not None:
            self._tell(key, health)
        self.changed.set()

    def list_came(self, own: set[Key], bodies: Iterable[Body]) -> None:
        found = {identify(body).key: body for body in bodies}
        for key in own:
            self.came(key, found.get(key))

    def is_settled(self, keys: Iterable[Key]) -> bool:
        with self._lock:
            return all(key in self._found and self._found[key].is_current for key in keys)

    def is_over(self, *, fail_fast: bool) -> bool:
        if self.is_settled(self.keys):
            return True
        with self._lock:
            return fail_fast and any(self._clock() - since >= _GRACE for since in self._failed.values())

    def opened(self, end: Callable[[], None]) -> None:
        """Take what ends a watch that has begun."""
        with self._lock:
            self._ends.append(end)
        if self.stopped.is_set():
            end()

    def stop(self) -> None:
        """End all watches now, rather than when their server does."""
        self.stopped.set()
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            end()

    def fail(self, error: Exception) -> None:
        self.error = error
        self.changed.set()

    def result(self) -> dict[Key, Health]:
        with self._lock:
            return {key: self._found.get(key, Health(NOT_FOUND, "nothing is known of it")) for key in sorted(self.keys)}
