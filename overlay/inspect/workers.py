"""Environments checked side by side, in processes that start with all that was read so far."""

from __future__ import annotations

import os
import select
import signal

from overlay.chart.choose import choose_renderer
from overlay.inspect.codec import decode, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay.diff.checked import Checked
    from overlay.inspect.check import Checks

# A process costs as much as some environments do.
FEWEST = 4


def check_all(checks: Checks, names: Sequence[str]) -> Iterator[Checked]:
    """Yield what is found of each environment, as it is found."""
    count = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, len(names) // FEWEST)
    if count < 2:
        for name in names:
            yield checks.check(name)
        return
    workers: dict[int, int] = {}
    try:
        for at in range(count):
            descriptor, pid = _start(checks, names[at::count], list(workers))
            workers[descriptor] = pid
        yield from _read(workers, len(names))
    finally:
        for descriptor, pid in workers.items():
            os.close(descriptor)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            os.waitpid(pid, 0)


def _read(workers: dict[int, int], count: int) -> Iterator[Checked]:
    """Yield answers, each a length and as many bytes, until there are as many as environments."""
    rests = dict.fromkeys(workers, b"")
    while count:
        ready, _, _ = select.select(list(rests), [], [])
        for descriptor in ready:
            data = os.read(descriptor, 1 << 20)
            if not data:
                del rests[descriptor]
                if not rests:
                    raise RuntimeError("a process that checks environments ended before it was done")
                continue
            buffer = rests[descriptor] + data
            while len(buffer) >= 8 and len(buffer) >= 8 + (size := int.from_bytes(buffer[:8], "big")):
                yield decode(buffer[8 : 8 + size])
                buffer = buffer[8 + size :]
                count -= 1
            rests[descriptor] = buffer


def _start(checks: Checks, names: Sequence[str], others: Sequence[int]) -> tuple[int, int]:
    answers, own = os.pipe()
    pid = os.fork()
    if pid:
        os.close(own)
        return answers, pid
    code = 70
    try:
        for descriptor in (answers, *others):
            os.close(descriptor)
        _serve(checks, names, own)
        code = 0
    finally:
        os._exit(code)


def _serve(checks: Checks, names: Sequence[str], own: int) -> None:
    for workshop in (checks.after, checks.before):
        if workshop is not None:
            workshop.files.after_fork()
    checks.ask(choose_renderer())
    try:
        for name in names:
            data = encode(checks.check(name))
            view = memoryview(len(data).to_bytes(8, "big") + data)
            while view:
                view = view[os.write(own, view) :]
    finally:
        checks.after.renderer.close()
