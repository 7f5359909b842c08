"""`overlay lock` and `overlay vendor`: remote inputs pinned, and kept inside the project."""

from __future__ import annotations

import os
import sys

from overlay.cli.fetching import NETWORK
from overlay.cli.table import COMMON, Command, Param
from overlay.errors import EXIT_DIFFERENT, EXIT_OK, LockError, OutputError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.files.reader import ProjectFiles
    from overlay.model.project import Project
    from overlay.model.remote import Pin


def lock(args: dict[str, Any]) -> int:
    """Resolve all remote inputs and write overlay.lock, or compare it with the documents."""
    if args["check"] and args["upgrade"]:
        raise UsageError("--check and --upgrade exclude each other: one looks, the other changes")
    project, files, pins = _open(args)
    if args["check"]:
        return _check(project, files, pins, args)
    from overlay.remote.lock import without  # noqa: PLC0415

    _write(project.root, pins, _lock(project, without(pins, args["upgrade"]), args), args)
    return EXIT_OK


def vendor(args: dict[str, Any]) -> int:
    """Put the content of all remote inputs under vendor/, after pinning what is not pinned yet."""
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.fetch.pinned import Remotes  # noqa: PLC0415
    from overlay.fetch.store import Store  # noqa: PLC0415
    from overlay.remote.vendor import vendor as put  # noqa: PLC0415

    project, files, pins = _open(args)
    found = _lock(project, pins, args)
    _write(project.root, pins, found, args)
    store, remotes = Store(cache_folder()), Remotes(files, cache_folder())
    contents = {}
    for pin in found:
        data = store.get(pin.digest)
        contents[pin.vendored.removeprefix("vendor/")] = remotes.content(pin) if data is None else data
    plan = put(project.root, contents)
    if not args["quiet"]:
        for word, names in (("wrote", plan.written), ("removed", plan.removed)):
            for name in names:
                print(f"{word} vendor/{name}", file=sys.stderr)
        if not plan.written and not plan.removed:
            print(f"vendor/ is up to date: {_count(len(plan.unchanged))}", file=sys.stderr)
    return EXIT_OK


def _open(args: dict[str, Any]) -> tuple[Project, ProjectFiles, tuple[Pin, ...]]:
    from overlay.fetch.lockfile import read_lock  # noqa: PLC0415
    from overlay.fetch.pinned import LOCK_FILE  # noqa: PLC0415
    from overlay.load.project import load_project  # noqa: PLC0415

    project, files = load_project(args["project"])
    return project, files, read_lock(files.read(LOCK_FILE)) if files.exists(LOCK_FILE) else ()


def _lock(project: Project, pins: tuple[Pin, ...], args: dict[str, Any]) -> tuple[Pin, ...]:
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.cli.fetching import make_resolver  # noqa: PLC0415
    from overlay.remote.lock import lock as act  # noqa: PLC0415

    return act(pins, project, cache_folder(), lambda: make_resolver(args))


def _check(project: Project, files: ProjectFiles, pins: tuple[Pin, ...], args: dict[str, Any]) -> int:
    from overlay.chart.cache import cache_folder  # noqa: PLC0415
    from overlay.fetch.pinned import Remotes, check_pin  # noqa: PLC0415
    from overlay.remote.lock import offline_plan  # noqa: PLC0415
    from overlay.report.style import inert  # noqa: PLC0415

    plan = offline_plan(pins, project, files, Remotes(files, cache_folder()))
    rows = [f"{one.location}: {one.name} from {one.source}: not pinned\n" for one in plan.missing]
    rows += [f"overlay.lock: {pin.name} from {pin.request.source}: asked for by nobody\n" for pin in plan.stale]
    for pin in plan.kept:
        try:
            check_pin(pin, pin.request)
        except LockError as error:
            rows.append(f"{pin.request.location}: {error.message}\n")
    sys.stdout.write(inert("".join(rows)))
    if not rows:
        return EXIT_OK
    if not args["quiet"]:
        print("overlay.lock is not what the documents ask for; run `overlay lock`", file=sys.stderr)
    return EXIT_DIFFERENT


def _write(root: str, old: tuple[Pin, ...], new: tuple[Pin, ...], args: dict[str, Any]) -> None:
    """Write the lock where it differs; say what changed."""
    from overlay.fetch.lockfile import write_lock  # noqa: PLC0415
    from overlay.fetch.pinned import LOCK_FILE  # noqa: PLC0415
    from overlay.files.atomic import write_atomic  # noqa: PLC0415

    before = {pin.request.key: pin for pin in old}
    after = {pin.request.key: pin for pin in new}
    path = os.path.join(root, LOCK_FILE)
    if old or new:
        data = write_lock(new)
        try:
            with open(path, "rb") as file:
                is_same = file.read() == data
        except OSError:
            is_same = False
        try:
            if not is_same:
                write_atomic(path, data)
        except OSError as error:
            raise OutputError(f"{LOCK_FILE} cannot be written: {os.strerror(error.errno or 0).lower()}") from None
    if args["quiet"]:
        return
    for key, pin in after.items():
        was = before.get(key)
        if was is None:
            print(f"locked {pin.name} {pin.version}".rstrip() + f" from {pin.source}", file=sys.stderr)
        elif was.digest != pin.digest:
            print(f"locked {pin.name} {pin.version} (was {was.version}) from {pin.source}", file=sys.stderr)
    for key, pin in before.items():
        if key not in after:
            print(f"dropped {pin.name} {pin.version}".rstrip(), file=sys.stderr)
    if {key: pin.digest for key, pin in before.items()} == {key: pin.digest for key, pin in after.items()}:
        print(
            f"{LOCK_FILE} is up to date: {_count(len(new))}" if new else "there are no remote inputs", file=sys.stderr
        )


def _count(number: int) -> str:
    return "1 input" if number == 1 else f"{number} inputs"


LOCK = Command(
    path=("lock",),
    help="""Pin every remote input by version and digest in overlay.lock, and fetch what is not in the cache.

What is pinned stays as it is; --upgrade looks again.

Examples:

  overlay lock

  overlay lock --upgrade shop-db

  overlay lock --check""",
    run=lock,
    params=(
        Param(
            name="check",
            flags=("--check",),
            kind="flag",
            help="Write and fetch nothing; exit 1 and list what differs when the lock is not what documents ask for.",
        ),
        Param(
            name="upgrade",
            flags=("--upgrade",),
            kind="list",
            metavar="NAME",
            help="Resolve this input anew, within its constraint; repeatable.",
        ),
        *NETWORK,
        *COMMON,
    ),
)
VENDOR = Command(
    path=("vendor",),
    help="Keep the content of every remote input under vendor/, so that builds need neither network nor cache.",
    run=vendor,
    params=(*NETWORK, *COMMON),
)
