"""`overlay sync --from-git --scheduled`: what a job runs that nobody watches."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager

from overlay.cli.exits import Interrupted
from overlay.errors import EXIT_DIFFERENT, EXIT_INTERRUPTED, EXIT_OK, EXIT_TEMPORARY, OverlayError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from overlay.cli.clusters import Live
    from overlay.cli.from_git import Published
    from overlay.cluster.halt import Halt

# Whoever stops a job waits ten seconds or more; a run that is killed anywhere leaves what the next one goes on from.
_STOP_SECONDS = 8.0


class _Overdue(Interrupted):
    """The deadline is over."""


def run_scheduled(args: dict[str, Any]) -> int:
    """Bring each cluster to what is published; tell events only; return the code of the worst outcome."""
    from overlay.cli.fetching import seconds  # noqa: PLC0415
    from overlay.cli.publishing_output import event  # noqa: PLC0415

    if not args["from_git"]:
        raise UsageError(
            "--scheduled goes with --from-git", hint="a job applies what is published, and renders nothing"
        )
    args = {**args, "yes": True, "output": "json", "quiet": True}
    codes: dict[str, int] = {}
    try:
        with _bounded(seconds(args["deadline"]) if args["deadline"] else None):
            _run(args, codes)
    except _Overdue:
        event(args, "overdue", "", message=f"the deadline of {args['deadline']} is over; the next run goes on")
        codes[""] = EXIT_TEMPORARY
    except KeyboardInterrupt:
        event(args, "interrupted", "", message="the run was ended from outside; the next one goes on")
        codes[""] = EXIT_INTERRUPTED
    code = max(codes.values(), default=EXIT_OK)
    event(args, "finished", "", exitCode=code, environments={name: one for name, one in codes.items() if name})
    return code


def _run(args: dict[str, Any], codes: dict[str, int]) -> None:
    from overlay.cli.from_git import look_at_each, read_published  # noqa: PLC0415
    from overlay.cli.together import shared_objects, together  # noqa: PLC0415
    from overlay.cluster.halt import Halt  # noqa: PLC0415

    try:
        published = read_published(args)
    except OverlayError as error:
        codes[""] = _failed(args, error)
        return
    found = {name: one for name, one in published.items() if not isinstance(one, OverlayError)}
    # Looked at before any is applied, so that what two of them want is seen before either has it.
    looks = look_at_each(args, found)
    lives = {name: live for name, live in looks.items() if not isinstance(live, OverlayError)}
    shared = shared_objects(lives.values())
    halt = Halt()

    def act(name: str) -> None:
        one, live = published[name], looks.get(name)
        wrong = shared.get(name) or next((each for each in (one, live) if isinstance(each, OverlayError)), None)
        codes[name] = (
            _failed(args, wrong.of(name)) if wrong is not None else _apply(args, found[name], lives[name], halt)
        )

    try:
        together(act, list(published), halt)
    finally:
        for live in lives.values():
            live.client.close()


def _apply(args: dict[str, Any], one: Published, live: Live, halt: Halt) -> int:
    """Apply one environment, or report what others changed in it; return its exit code."""
    from overlay.cli.applying import Looked, apply_one, print_lives  # noqa: PLC0415
    from overlay.cli.from_git import commit_for, is_there  # noqa: PLC0415
    from overlay.cli.publishing_output import event  # noqa: PLC0415
    from overlay.cli.stopping import stops  # noqa: PLC0415
    from overlay.cluster.lease import Held  # noqa: PLC0415

    name, corrects = one.wish.name, one.wish.settings.drift == "correct"
    try:
        if is_there(live, one) and not corrects and (live.plan.is_stopped or not live.plan.is_idle):
            return _report_drift(args, one)
        print_lives(args, Looked(lives={name: live}))
        error = stops(live) or apply_one(
            args, live, revision=one.revision, commit=commit_for(live, one), source=one.source, halt=halt
        )  # fmt: skip
    except OverlayError as raised:
        error = raised.of(name)
    if isinstance(error, Held):
        # Whoever holds it applies the same branch; what comes after it is the next run's.
        event(args, "skipped", name, message=error.message)
        return EXIT_OK
    return EXIT_OK if error is None else _failed(args, error)


def _report_drift(args: dict[str, Any], one: Published) -> int:
    from overlay.cli.drift import look_for_drift  # noqa: PLC0415
    from overlay.cli.publishing_output import event  # noqa: PLC0415

    found = look_for_drift(args, one)
    more = {key: item for key, item in found.items() if key != "environment"}
    event(args, "drift" if found["objects"] else "cluster-unchanged", one.wish.name, **more)
    return EXIT_DIFFERENT if found["objects"] else EXIT_OK


def _failed(args: dict[str, Any], error: OverlayError) -> int:
    """Tell each problem; return the code of the worst."""
    from overlay.cli.exits import worst  # noqa: PLC0415
    from overlay.cli.publishing_output import event  # noqa: PLC0415

    for one in error.each():
        event(
            args, "failed", one.environment or "", message=one.message, hint=one.hint, object=one.object,
            exitCode=one.exit_code,
        )  # fmt: skip
    return worst([error])


@contextmanager
def _bounded(deadline: float | None) -> Iterator[None]:
    """Stop at the deadline, or when asked to, and in any case soon after that."""
    before = {number: signal.getsignal(number) for number in (signal.SIGALRM, signal.SIGTERM)}
    signal.signal(signal.SIGTERM, lambda *_: _stop(EXIT_INTERRUPTED, Interrupted))
    signal.signal(signal.SIGALRM, lambda *_: _stop(EXIT_TEMPORARY, _Overdue))
    signal.setitimer(signal.ITIMER_REAL, deadline or 0.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(code: int, error: type[BaseException]) -> None:
    # A server that does not answer must not keep us: we end as if killed, which is safe anywhere.
    end = threading.Timer(_STOP_SECONDS, os._exit, (code,))
    end.daemon = True
    end.start()
    raise error
