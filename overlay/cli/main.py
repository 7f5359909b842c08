"""The program's entry: the quick way for well-formed calls, typer for help, completion and mistakes."""

from __future__ import annotations

import gc
import os
import signal
import sys

from overlay.cli.early import renders_charts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from overlay.chart.child import HelmChild

# command words: (module, name of its Command)
COMMANDS = {
    ("render",): ("overlay.cli.render", "RENDER"),
    ("lint",): ("overlay.cli.lint", "LINT"),
    ("explain",): ("overlay.cli.explain", "EXPLAIN"),
    ("api-versions",): ("overlay.cli.api_versions", "API_VERSIONS"),
    ("compare",): ("overlay.cli.compare", "COMPARE"),
    ("images",): ("overlay.cli.images", "IMAGES"),
    ("check",): ("overlay.cli.check", "CHECK"),
    ("test",): ("overlay.cli.test", "TEST"),
    ("affected",): ("overlay.cli.affected", "AFFECTED"),
    ("values",): ("overlay.cli.values", "VALUES"),
    ("sync",): ("overlay.cli.sync", "SYNC"),
    ("plan",): ("overlay.cli.plan", "PLAN"),
    ("status",): ("overlay.cli.status", "STATUS"),
    ("history",): ("overlay.cli.history", "HISTORY"),
    ("show",): ("overlay.cli.show", "SHOW"),
    ("diff",): ("overlay.cli.diff", "DIFF"),
    ("rollback",): ("overlay.cli.rollback", "ROLLBACK"),
    ("package",): ("overlay.cli.package", "PACKAGE"),
    ("push",): ("overlay.cli.push", "PUSH"),
    ("pull",): ("overlay.cli.pull", "PULL"),
    ("copy",): ("overlay.cli.copy", "COPY"),
    ("sign",): ("overlay.cli.sign", "SIGN"),
    ("verify",): ("overlay.cli.verify", "VERIFY"),
    ("chart", "package"): ("overlay.cli.chart", "PACKAGE"),
    ("chart", "push"): ("overlay.cli.chart", "PUSH"),
    ("chart", "pull"): ("overlay.cli.chart", "PULL"),
    ("chart", "lint"): ("overlay.cli.chart", "LINT"),
    ("login",): ("overlay.cli.login", "LOGIN"),
    ("logout",): ("overlay.cli.login", "LOGOUT"),
    ("bundles", "list"): ("overlay.cli.bundles", "LIST"),
    ("bundles", "remove"): ("overlay.cli.bundles", "REMOVE"),
    ("audit",): ("overlay.cli.audit", "AUDIT"),
    ("pin",): ("overlay.cli.pin", "PIN"),
    ("promote",): ("overlay.cli.promote", "PROMOTE"),
    ("post",): ("overlay.cli.post", "POST"),
    ("drift",): ("overlay.cli.drift", "DRIFT"),
    ("list",): ("overlay.cli.listing", "LIST"),
    ("notes",): ("overlay.cli.listing", "NOTES"),
    ("wait",): ("overlay.cli.live_status", "WAIT"),
    ("delete",): ("overlay.cli.delete", "DELETE"),
    ("duplicates",): ("overlay.cli.duplicates", "DUPLICATES"),
    ("adopt",): ("overlay.cli.adopt", "ADOPT"),
    ("factor",): ("overlay.cli.factor", "FACTOR"),
    ("extract-values",): ("overlay.cli.extract_values", "EXTRACT_VALUES"),
    ("adopt-live",): ("overlay.cli.adopt_live", "ADOPT_LIVE"),
    ("schedule", "kubernetes"): ("overlay.cli.schedule", "KUBERNETES"),
    ("env", "list"): ("overlay.cli.env", "LIST"),
    ("env", "show"): ("overlay.cli.env", "SHOW"),
    ("env", "add"): ("overlay.cli.env_add", "ADD"),
    ("lock",): ("overlay.cli.lock", "LOCK"),
    ("vendor",): ("overlay.cli.lock", "VENDOR"),
    ("repo", "add"): ("overlay.cli.repo", "ADD"),
    ("repo", "list"): ("overlay.cli.repo", "LIST"),
    ("repo", "update"): ("overlay.cli.repo", "UPDATE"),
    ("repo", "remove"): ("overlay.cli.repo", "REMOVE"),
    ("repo", "search"): ("overlay.cli.repo", "SEARCH"),
    ("init",): ("overlay.cli.init", "INIT"),
    ("schema",): ("overlay.cli.schema", "SCHEMA"),
    ("version",): ("overlay.cli.version", "VERSION"),
    ("completion",): ("overlay.cli.completion", "COMPLETION"),
}


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    from overlay import process  # noqa: PLC0415  # tests call `run` in a process that is not ours

    process.is_ours = True
    _no_core_dumps()
    if sys.stdin is None or sys.stdout is None or sys.stderr is None:
        _open_standard()
    signal.signal(signal.SIGTERM, _interrupt)
    # A run is short and makes no cycles; looking for some among all objects costs a third of a large one.
    gc.disable()
    code = 2  # where not even the report of an error could be written
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        pass
    except OSError as error:
        from overlay.cli.exits import lost_output  # noqa: PLC0415  # a full disk is rare

        code = lost_output(error)
    # Skipping the interpreter's own clean-up saves a few milliseconds; everything of ours is closed.
    os._exit(code)


def _no_core_dumps() -> None:
    """Keep what a run knows out of files that the system writes when a process crashes, its children too (Z17)."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _open_standard() -> None:
    """Open what was closed: the next file that is opened would take the place of a standard stream."""
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor <= 2:  # stderr
        descriptor = os.open(os.devnull, os.O_RDWR)
    os.close(descriptor)
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def run(argv: list[str]) -> int:
    """Run one command line; return its exit code."""
    argv = ["version"] if argv == ["--version"] else _bare_group(_common_last(argv))
    early: HelmChild | None = None
    if "_OVERLAY_COMPLETE" not in os.environ and renders_charts(argv):
        from overlay.chart.choose import start_early  # noqa: PLC0415  # before anything else is imported

        early = start_early()
    found = find_command(argv)
    if found is not None and "_OVERLAY_COMPLETE" not in os.environ:
        command, rest = found
        from overlay.cli.quick import parse  # noqa: PLC0415

        values = parse(command.params, rest, os.environ)
        if values is not None:
            from overlay.cli.exits import guard  # noqa: PLC0415

            values["early"] = early
            return guard(command.run, values)
    if early is not None:
        early.close()
    from overlay.cli.typed import run_typer  # noqa: PLC0415

    return run_typer(argv)


def find_command(argv: list[str]) -> tuple[Any, list[str]] | None:
    """Return the command that the first words name, and the rest of the command line."""
    for length in (2, 1):
        place = COMMANDS.get(tuple(argv[:length]))
        if place is not None:
            return load_command(place), argv[length:]
    return None


def _common_last(argv: list[str]) -> list[str]:
    """Move common options that stand before the command (`overlay -C shop render dev`) behind it."""
    if not argv or not argv[0].startswith("-") or argv[0] in ("-h", "--help"):
        return argv
    from overlay.cli.table import COMMON  # noqa: PLC0415

    takes = {flag: param.kind != "flag" for param in COMMON for flag in param.flags}
    at = 0
    while at < len(argv) and argv[at].startswith("-"):
        flag, equals, _ = argv[at].partition("=")
        if flag not in takes:
            return argv
        at += 2 if takes[flag] and not equals else 1
    words = 2 if any(argv[at : at + 2] == list(path) for path in COMMANDS if len(path) == 2) else 1
    return [*argv[at : at + words], *argv[:at], *argv[at + words :]]


def _bare_group(argv: list[str]) -> list[str]:
    """Let `overlay bundles` alone mean its list."""
    if argv[:1] == ["bundles"] and (not argv[1:] or argv[1].startswith("-")) and not {"-h", "--help"} & set(argv):
        return ["bundles", "list", *argv[1:]]
    return argv


def load_command(place: tuple[str, str]) -> Any:
    """Import a command."""
    # What `import` does; importlib loads two modules more.
    return getattr(__import__(place[0], fromlist=[place[1]]), place[1])


def _interrupt(*_: object) -> NoReturn:
    from overlay.cli.exits import Interrupted  # noqa: PLC0415

    raise Interrupted
