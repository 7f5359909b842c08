"""The one boundary between errors and exit codes."""

from __future__ import annotations

import errno
import os
import sys

from overlay.errors import EXIT_BUG, EXIT_INTERRUPTED, EXIT_OK, EXIT_PARTIAL, EXIT_USAGE, OutputError, OverlayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from overlay.model.finding import Finding


# So many environments of one problem are named to people.
_MOST_NAMES = 5
# What a file system without room for our output answers.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
# What the system answers where a process, or all together, may open no more files.
_NO_MORE_FILES = (errno.EMFILE, errno.ENFILE)


class Interrupted(KeyboardInterrupt):
    """SIGTERM: ends as Ctrl-C does, with everything closed."""


def guard(run: Callable[[dict[str, Any]], int], args: dict[str, Any]) -> int:
    """Run a command; turn whatever it raises into a report and an exit code."""
    try:
        try:
            return run(args)
        except OverlayError as error:
            report([error], (), args)
            return worst([error])
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; point stdout away so that closing it is no error either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except OSError as error:
        if error.errno in _NO_MORE_FILES:
            return _no_more_files()
        if error.errno not in _FULL:
            return _bug(error, args)
        return _unwritten(error, args) if isinstance(error.filename, str) else lost_output(error)
    except Exception as error:  # noqa: BLE001  # a bug of ours: never a traceback for the user
        return _bug(error, args)


def _unwritten(error: OSError, args: dict[str, Any]) -> int:
    """Say which file could not be written; return the exit code."""
    problem = OutputError(
        f"{error.filename} cannot be written: {os.strerror(error.errno or 0).lower()}",
        hint="make room, or write elsewhere, and run the same command again",
    )
    report([problem], (), args)
    return problem.exit_code


def _no_more_files() -> int:
    """Say that no more files may be opened; return the exit code. Nothing is imported: that would open one."""
    print("error: too many files are open at once", file=sys.stderr)
    print("  hint: allow more: `ulimit -n 1024` in the shell before it, 256 are enough", file=sys.stderr)
    return EXIT_USAGE


def lost_output(error: OSError) -> int:
    """Say that standard output could not be written; return the exit code."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        print(f"error: the output cannot be written: {os.strerror(error.errno or 0).lower()}", file=sys.stderr)
        sys.stderr.flush()
    except OSError:
        os.dup2(1, 2)
    return EXIT_USAGE


def report(errors: Sequence[OverlayError], findings: Sequence[Finding], args: dict[str, Any]) -> None:
    """Print problems on stderr in the form that the user asked for.

    What is wrong in a file that environments share is told once, and names all of them.
    """
    from overlay.model.value import replace  # noqa: PLC0415
    from overlay.report import problems  # noqa: PLC0415  # only where there is something to report
    from overlay.report.shared import shared  # noqa: PLC0415
    from overlay.report.style import Style, wants_color  # noqa: PLC0415

    form = args.get("error_format", "text")
    most = _MOST_NAMES if form != "json" else None
    found = shared([one for error in errors for one in error.each()])
    flat: list[OverlayError] = [one.problem.as_of(one.named(most), one.object) for one in found]
    warned = shared(() if args.get("quiet") else findings)
    shown = [replace(one.problem, environment=one.named(most), object=one.object) for one in warned]
    if form == "json":
        from overlay.report.document import as_document  # noqa: PLC0415

        text = as_document(problems.problems_document(flat, shown), "json")
    elif form == "github":
        from overlay.cli.top import top_of  # noqa: PLC0415

        text = problems.as_github(flat, shown, top=top_of(args))
    else:
        color = wants_color(args.get("color", "auto"), is_terminal=sys.stderr.isatty(), env=os.environ)
        text = problems.as_text(flat, shown, style=Style(color=color), lines=source_lines(args))
        if len(flat) > 1:
            text += f"{len(flat)} problems\n"
    sys.stdout.flush()
    sys.stderr.write(text)
    if args.get("debug"):
        for one in dict.fromkeys([*errors, *[each for error in errors for each in error.each()]]):
            _print_traceback(one)
    sys.stderr.flush()


def worst(errors: Sequence[OverlayError]) -> int:
    """Return the exit code for several failures: the largest, so that a conflict outweighs bad input."""
    return max(one.exit_code for error in errors for one in error.each())


def exit_code(errors: Sequence[OverlayError], *, is_partial: bool) -> int:
    """Return the exit code of a run over several environments; is_partial: something went well."""
    if not errors:
        return EXIT_OK
    return EXIT_PARTIAL if is_partial else worst(errors)


def source_lines(args: dict[str, Any]) -> Callable[[str], list[str] | None]:
    """Return a reader of source lines for carets: files below the project, and files named on the command line."""
    known: dict[str, list[str] | None] = {}

    def lines(file: str) -> list[str] | None:
        if file not in known:
            known[file] = read(file)
        return known[file]

    def read(file: str) -> list[str] | None:
        from overlay.files.reader import ProjectFiles, read_argument  # noqa: PLC0415
        from overlay.files.root import find_root  # noqa: PLC0415

        if file.startswith("<"):
            return None
        try:
            data = ProjectFiles(find_root(args.get("project") or ".")).read(file)
        except OverlayError:
            try:
                data = read_argument(file)
            except OverlayError:
                return None
        return data.decode("utf-8", "replace").split("\n")

    return lines


def _bug(error: Exception, args: dict[str, Any]) -> int:
    if args.get("debug"):
        _print_traceback(error)
    path = _write_log()
    where = f"; details are in {path}" if path else "; run again with --debug to see where"
    print(f"error: this is a bug in overlay ({type(error).__name__}){where}", file=sys.stderr)
    print("  hint: please report it with that file; nothing of the project was changed by this step", file=sys.stderr)
    return EXIT_BUG


def _write_log() -> str | None:
    import traceback  # noqa: PLC0415

    from overlay import __version__  # noqa: PLC0415
    from overlay.chart.cache import cache_folder  # noqa: PLC0415

    folder = cache_folder()
    path = os.path.join(folder, f"bug-{os.getpid()}.log")
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"overlay {__version__}, Python {sys.version}, {sys.platform}\n{traceback.format_exc()}")
    except OSError:
        return None
    return path


def _print_traceback(error: Exception) -> None:
    import traceback  # noqa: PLC0415

    # An error that was gathered beside others was never raised.
    if error.__traceback__ is not None:
        traceback.print_exception(error)
