"""One run at a time for each environment: a Lease, judged by our own monotonic clock alone."""

from __future__ import annotations

import os
import socket
import threading
import time
from datetime import UTC, datetime

from overlay.cluster.answer import Refused
from overlay.errors import ClusterConflict, OverlayError, Temporary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from overlay.cluster.client import Client
    from overlay.cluster.discovery import Served
    from overlay.model.resource import Body

# How long a holder that says nothing is believed to live, and how often one says something.
SECONDS = 30
RENEW = 10.0
_LOOK = 1.0


class Held(Temporary):
    """Another run holds the lease."""


class Lease:
    """Holds an environment's Lease while a run writes.

    Other clocks are never compared with ours: a holder is dead when its Lease has not changed for its whole duration
    as we measured it (hazards D05, D06). A holder that was paused for longer finds that it is one no more: `check`
    tells before each step, and the generation in the record keeps its late writes out (D07).
    clock, sleep: seams.
    """

    def __init__(
        self, client: Client, namespace: str, environment: str, *, seconds: int = SECONDS, renew: float = RENEW,
        clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        found = client.kinds().prefer("coordination.k8s.io", "Lease")
        if found is None:
            raise Temporary("the API coordination.k8s.io does not answer", hint="try again later")
        self._served: Served = found
        self._client = client
        self._namespace = namespace
        self._name = f"overlay-{environment}"
        self.holder = f"{socket.gethostname()}/{os.getpid()}/{os.urandom(4).hex()}"
        self._seconds = seconds
        self._renew_every = renew
        self._clock = clock
        self._sleep = sleep
        self._body: Body | None = None
        self._renewed = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lost = ""

    def acquire(self, *, wait: float) -> None:
        """Become the holder; wait for another one at most so many seconds.

        Raises Held naming the holder that is still there.
        """
        end = self._clock() + wait
        seen: tuple[str, float] | None = None
        while True:
            body = self._client.find(self._served, self._namespace, self._name)
            if body is None:
                taken = self._try_write(None)
            else:
                spec = body.get("spec") or {}
                version = body["metadata"]["resourceVersion"]
                if seen is None or seen[0] != version:
                    seen = (version, self._clock())
                duration = spec.get("leaseDurationSeconds") or self._seconds
                is_dead = self._clock() - seen[1] >= duration
                taken = self._try_write(body) if not spec.get("holderIdentity") or is_dead else None
            if taken is not None:
                self._begin(taken)
                return
            if body is not None and self._clock() >= end:
                holder = (body.get("spec") or {}).get("holderIdentity")
                raise Held(
                    f"another run holds the lease {self._namespace}/{self._name}: {holder}",
                    hint="wait for it with --lease-timeout; the lease of a run that died is free after"
                    f" {self._seconds} seconds",
                )
            self._sleep(min(_LOOK, max(end - self._clock(), 0.05)))

    @property
    def is_lost(self) -> bool:
        """Tell whether we are not the holder any more, or cannot know it."""
        if not self._lost and self._clock() - self._renewed >= self._seconds:
            self._lost = "it was not renewed in time"
        return bool(self._lost)

    def check(self) -> None:
        """Raise ClusterConflict when we are not the holder any more, or cannot know it."""
        if self.is_lost:
            raise ClusterConflict(
                f"the lease {self._namespace}/{self._name} is lost: {self._lost}",
                hint="the run stopped before its next step; run it again",
            )

    def release(self) -> None:
        """Give the Lease back; a failure to do so costs the next run the lease's duration."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5.0)
        if self._body is None or self._lost:
            return
        spec = {**self._body["spec"], "holderIdentity": "", "leaseDurationSeconds": 1}
        try:
            self._client.replace(self._served, self._namespace, {**self._body, "spec": spec})
        except OverlayError:
            pass
        self._body = None

    def remove(self) -> None:
        """Delete the Lease that we hold: nothing is left that it would guard."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5.0)
        if self._body is None or self._lost:
            return
        try:
            self._client.delete(
                self._served, self._namespace, self._name, uid=self._body["metadata"]["uid"], propagation="Background"
            )
        except OverlayError:
            pass  # a job may not delete it; it is free after its duration
        self._body = None

    def _begin(self, body: Body) -> None:
        self._body = body
        self._renewed = self._clock()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        while not self._stop.wait(self._renew_every):
            asked = self._clock()
            try:
                renewed = self._try_write(self._body)
            except OverlayError:
                continue  # tried again until the duration is over, which `check` sees
            if renewed is None:
                self._lost = "another run took it"
                return
            self._body, self._renewed = renewed, asked

    def _try_write(self, body: Body | None) -> Body | None:
        """Write ourselves as the holder over what was read; None where somebody was faster."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        old = (body or {}).get("spec") or {}
        is_ours = old.get("holderIdentity") == self.holder
        spec = {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": self._seconds,
            # Times are for people to read.
            "acquireTime": old.get("acquireTime") if is_ours else now,
            "renewTime": now,
            "leaseTransitions": (old.get("leaseTransitions") or 0) + (0 if is_ours or body is None else 1),
        }
        try:
            if body is None:
                made = {
                    "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                    "metadata": {"name": self._name, "namespace": self._namespace}, "spec": spec,
                }  # fmt: skip
                return self._client.create(self._served, self._namespace, made)
            return self._client.replace(self._served, self._namespace, {**body, "spec": spec})
        except Refused as error:
            if error.failure.status not in (404, 409):
                raise
        # Our own first try may have gone through unheard.
        found = self._client.find(self._served, self._namespace, self._name)
        return found if found and (found.get("spec") or {}).get("renewTime") == now else None
