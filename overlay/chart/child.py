"""Helm's library in a process of its own, so that no template can take our run down.

A template can make the Go runtime abort, allocate without end or loop for ever, and nothing in the
process can stop it (hazard V3). The child has an empty environment, no network of its own where the
kernel allows, memory and time limits, and dies with its parent.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections import deque

from overlay.chart.render import UNLOADABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from overlay.chart.render import Rendered, RenderRequest
    from overlay.errors import OverlayError

WALL_SECONDS = 30.0
# The Go runtime needs about 1 GiB of addresses to start (V3); what a chart allocates comes on top.
ADDRESS_SPACE = 3 << 30
MAX_LOG = 64 * 1024
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER_NEWNET = 0x10000000 | 0x40000000


class HelmChild:
    """A forked process that has loaded, or is loading, Helm's library."""

    def __init__(self, library: str) -> None:
        requests, self.requests = os.pipe()
        self.results, results = os.pipe()
        self.log, log = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                for descriptor in (self.requests, self.results, self.log):
                    os.close(descriptor)
                _confine(parent, log)
                _serve(library, requests, results)
            finally:
                os._exit(70)
        for descriptor in (requests, results, log):
            os.close(descriptor)
        os.set_blocking(self.log, False)
        self.charts: set[str] = set()

    def close(self) -> int:
        """End the process now; return its wait status."""
        status = 0
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            _, status = os.waitpid(self.pid, 0)
            self.pid = 0
            for descriptor in (self.requests, self.results, self.log):
                os.close(descriptor)
        return status

    def read_log(self) -> str:
        """Return what the library wrote to its error stream so far."""
        parts = []
        try:
            while chunk := os.read(self.log, MAX_LOG):
                parts.append(chunk)
        except BlockingIOError:
            pass
        return b"".join(parts)[-MAX_LOG:].decode("utf-8", "replace")


def find_library() -> str | None:
    """Return the path of the shared library inside the installed helm-python-sdk, or None."""
    from importlib.machinery import PathFinder  # noqa: PLC0415  # importing the package itself would load it here

    spec = PathFinder.find_spec("helm_python")
    if spec is None or not spec.submodule_search_locations:
        return None
    ending = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
    path = os.path.join(next(iter(spec.submodule_search_locations)), "lib", f"libhelm_c{ending}")
    return path if os.path.isfile(path) else None


class HelmLibrary:
    """A Renderer that asks one or more children; a child that dies is replaced for those who wait."""

    def __init__(
        self, version: str, library: str, first: HelmChild | None = None, *, wall: float = WALL_SECONDS
    ) -> None:
        self.version = version
        self.library = library
        self.wall = wall
        self.children: list[HelmChild] = [first] if first else []

    def close(self) -> None:
        while self.children:
            self.children.pop().close()

    def render(self, requests: Sequence[RenderRequest]) -> Iterator[Rendered | OverlayError]:
        """Yield one result per request, in their order, rendering ahead on as many cores as there are."""
        waiting = deque(range(len(requests)))
        busy: dict[int, tuple[HelmChild, int, float]] = {}
        done: dict[int, Rendered | OverlayError] = {}
        most = min(len(requests), os.cpu_count() or 1)
        idle = list(self.children)
        following = 0
        while following < len(requests):
            while waiting and (idle or len(busy) < most):
                # A second child pays off only when there is enough for it to do.
                if not idle and busy and len(waiting) < 8:
                    break
                child = idle.pop() if idle else self._new_child()
                index = waiting.popleft()
                _send(child, requests[index])
                busy[child.results] = (child, index, time.monotonic() + self.wall)
            if following in done:
                yield done.pop(following)
                following += 1
                continue
            for child, index, result in self._receive(busy, requests):
                done[index] = result
                if child.pid:
                    idle.append(child)

    def _new_child(self) -> HelmChild:
        child = HelmChild(self.library)
        self.children.append(child)
        return child

    def _receive(
        self, busy: dict[int, tuple[HelmChild, int, float]], requests: Sequence[RenderRequest]
    ) -> list[tuple[HelmChild, int, Rendered | OverlayError]]:
        """Wait until a child answers, dies or runs out of time."""
        from overlay.chart.answer import read_answer  # noqa: PLC0415  # what was rendered before needs none of these

        wait = max(0.0, min(until for _, _, until in busy.values()) - time.monotonic())
        ready = _wait_for(list(busy), wait)
        if not ready:
            ready = [pipe for pipe, (_, _, until) in busy.items() if until <= time.monotonic()]
        results: list[tuple[HelmChild, int, Rendered | OverlayError]] = []
        for pipe in ready:
            child, index, until = busy.pop(pipe)
            request = requests[index]
            answer = _read_answer(pipe, until)
            if answer is None:
                from overlay.chart.errors import explain_death  # noqa: PLC0415

                timed_out = time.monotonic() >= until
                log = child.read_log()
                status = child.close()
                self.children.remove(child)
                results.append((child, index, explain_death(request, status, log, self.wall if timed_out else None)))
                continue
            results.append((child, index, read_answer(request, answer, child.read_log())))
        return results


def _send(child: HelmChild, request: RenderRequest) -> None:
    from overlay.chart.pack import pack  # noqa: PLC0415

    chart = request.chart
    archive = b"" if chart.digest in child.charts else pack(chart.files)
    child.charts.add(chart.digest)
    options = {
        "name": request.release_name,
        "namespace": request.namespace,
        "revision": request.revision,
        "is_install": not request.is_upgrade,
        "is_upgrade": request.is_upgrade,
        "kube_version": request.kubernetes_version,
        "api_versions": list(request.api_versions),
    }
    head = json.dumps(
        {
            "chart": chart.digest,
            "archive": len(archive),
            "values": json.dumps(request.values),
            "options": json.dumps(options),
        }
    ).encode()
    data = memoryview(len(head).to_bytes(8, "big") + head + archive)
    try:
        while data:
            data = data[os.write(child.requests, data) :]
    except BrokenPipeError:
        pass  # it died; `_receive` sees that and says why


def _wait_for(pipes: Sequence[int], seconds: float) -> list[int]:
    """Return the pipes that have something to read, or whose writer is gone, after at most that time."""
    poll = select.poll()  # select() itself refuses descriptors above 1023
    for pipe in pipes:
        poll.register(pipe, select.POLLIN)
    return [pipe for pipe, _ in poll.poll(seconds * 1000)]


def _read_answer(pipe: int, until: float) -> bytes | None:
    """Read one answer; None when the child dies or the time is over."""
    parts: list[bytes] = []
    needed, size = 8, 0
    while True:
        wait = until - time.monotonic()
        if wait <= 0 or not _wait_for([pipe], wait):
            return None
        chunk = os.read(pipe, max(needed - size, 1) if needed == 8 else 1 << 20)
        if not chunk:
            return None
        parts.append(chunk)
        size += len(chunk)
        if needed == 8 and size == 8:
            needed = 8 + int.from_bytes(b"".join(parts), "big")
        if size >= needed > 8:
            return b"".join(parts)[8:]


def _confine(parent: int, log: int) -> None:
    """Take from this process, before it loads anything, all that a template must not reach."""
    import ctypes  # noqa: PLC0415  # only the child needs it
    import resource  # noqa: PLC0415

    if "faulthandler" in sys.modules:
        sys.modules["faulthandler"].disable()  # it would print where the parent was when it forked
    libc = ctypes.CDLL(None, use_errno=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if sys.platform == "linux":
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.unshare(_CLONE_NEWUSER_NEWNET)  # refused in some containers; then there is only no reason to connect
    if os.getppid() != parent:
        os._exit(70)  # the parent died before it could be watched
    os.environ.clear()
    if hasattr(libc, "clearenv"):
        libc.clearenv()
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.dup2(log, 2)
    for name, limit in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CPU", 600),
        ("RLIMIT_AS", ADDRESS_SPACE if sys.platform == "linux" else 0),
    ):
        number = getattr(resource, name, None)
        if number is not None and (limit or name != "RLIMIT_AS"):
            hard = resource.getrlimit(number)[1]
            bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(number, (bound, bound))


def _serve(library: str, requests: int, results: int) -> None:
    """Answer requests until the parent closes the pipe."""
    import ctypes  # noqa: PLC0415

    try:
        lib = ctypes.CDLL(library)
    except OSError as error:
        os.write(2, f"{UNLOADABLE}{error}".encode())
        return
    text_out = ctypes.POINTER(ctypes.c_void_p)
    lib.helm_free_string.argtypes = [ctypes.c_void_p]
    lib.helm_chart_load_archive.argtypes = [
        ctypes.c_char_p, ctypes.c_uint64, ctypes.POINTER(ctypes.c_uint64), text_out
    ]  # fmt: skip
    lib.helm_render.argtypes = [ctypes.c_uint64, ctypes.c_char_p, ctypes.c_char_p, text_out, text_out]
    lib.helm_chart_crds.argtypes = [ctypes.c_uint64, text_out, text_out]
    lib.helm_chart_free.argtypes = [ctypes.c_uint64, text_out]
    lib.helm_open_handles_count.restype = ctypes.c_int64
    lib.helm_open_handles_count()  # the first call waits until the Go runtime is up

    def take(pointer: Any) -> str:
        if not pointer.value:
            return ""
        text = ctypes.string_at(pointer.value).decode("utf-8", "replace")
        lib.helm_free_string(pointer)
        return text

    def answer(archive: bytes, head: dict[str, Any]) -> list[Any]:
        # A chart is loaded for each rendering: Helm drops disabled sub-charts from the loaded chart itself.
        handle, out, crds, error = ctypes.c_uint64(), ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
        code = lib.helm_chart_load_archive(archive, len(archive), ctypes.byref(handle), ctypes.byref(error))
        if code:
            return [code, take(error), "", ""]
        try:
            code = lib.helm_render(
                handle, head["values"].encode(), head["options"].encode(), ctypes.byref(out), ctypes.byref(error)
            )
            if code:
                return [code, take(error), "", ""]
            code = lib.helm_chart_crds(handle, ctypes.byref(crds), ctypes.byref(error))
            return [code, take(error), take(out), take(crds)]
        finally:
            lib.helm_chart_free(handle, ctypes.byref(error))

    archives: dict[str, bytes] = {}
    stream = os.fdopen(requests, "rb")
    while head_size := stream.read(8):
        head = json.loads(stream.read(int.from_bytes(head_size, "big")))
        if head["archive"]:
            archives[head["chart"]] = stream.read(head["archive"])
        data = memoryview(json.dumps(answer(archives[head["chart"]], head)).encode())
        os.write(results, len(data).to_bytes(8, "big"))
        while data:
            data = data[os.write(results, data) :]
