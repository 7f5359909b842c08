"""Typer's side of the command line, made from the same tables: help, completion, and words for every mistake."""

from __future__ import annotations

import inspect
import os
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import typer

from overlay.cli.exits import guard
from overlay.cli.main import COMMANDS, load_command
from overlay.cli.overview import Overview
from overlay.cli.table import COMMON
from overlay.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from overlay.cli.table import Command, Param

GROUPS = {
    "env": "Look at environments, and add one.",
    "chart": "The base chart as a Helm chart: package, push, pull, lint.",
    "bundles": "Bundles on this machine and in registries: list, remove.",
    "schedule": "Jobs that apply what is published, by themselves: kubernetes.",
    "repo": "Helm repositories: add, list, update, remove, search.",
}
HELP = """A base chart and environment overlays become one typed, explained set of manifests.

Start with `overlay init shop`, then `overlay render dev` in that folder."""


def app(load: Callable[[tuple[str, str]], Command] = load_command) -> typer.Typer:
    """Return the whole command line as a typer application; `load` finds a command by its place."""
    top = typer.Typer(
        name="overlay", cls=Overview, help=HELP, no_args_is_help=True, add_completion=False,
        pretty_exceptions_enable=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    groups = {
        name: typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None) for name, text in GROUPS.items()
    }
    for place in COMMANDS.values():
        command = load(place)
        holder = groups[command.path[0]] if len(command.path) > 1 else top
        holder.command(command.path[-1], help=command.help)(_function(command))
    for name, group in groups.items():
        top.add_typer(group, name=name)
    return top


def run_typer(argv: list[str]) -> int:
    """Run a command line through typer; return its exit code."""
    if "_OVERLAY_COMPLETE" in os.environ:
        # Typer knows how shells ask only once its own --install-completion is there, which we do without.
        from typer._completion_classes import completion_init  # noqa: PLC0415

        completion_init()
    return guard(lambda _: _run(argv), {param.name: _asked(param, argv) for param in COMMON if param.choices})


def _run(argv: list[str]) -> int:
    try:
        code = app()(args=argv, standalone_mode=False, prog_name="overlay")
    except SystemExit as end:
        code = end.code
    except Exception as error:
        # Typer's own exceptions have moved between its versions; all of them can say what is wrong.
        if not hasattr(error, "format_message"):
            raise
        if error.format_message().startswith("Usage:"):
            # Nothing but `overlay` or `overlay env` was said: the message is the help.
            print(error.format_message(), file=sys.stderr)
            return UsageError.exit_code
        raise _mistake(error) from None
    return code if isinstance(code, int) else EXIT_OK if code is None else UsageError.exit_code


def _mistake(error: Any) -> UsageError:
    """Return what typer refuses as an error of ours."""
    message = error.format_message().rstrip(".")
    words = getattr(getattr(error, "ctx", None), "command_path", "overlay")
    return UsageError(message[:1].lower() + message[1:], hint=f"`{words} --help` shows how it is called")


def _asked(param: Param, argv: list[str]) -> str | None:
    """Return how an option of choices was given on a command line that cannot be parsed."""
    found = os.environ.get(param.variable)
    for word, following in pairwise([*argv, ""]):
        flag, equals, inline = word.partition("=")
        if flag == param.long:
            found = inline if equals else following
    return found if found in param.choices else param.default


def _function(command: Command) -> Callable[..., None]:
    """Return a function whose signature typer reads; it gives the values to the command as the quick parser would."""

    def run(**values: Any) -> None:
        for param in command.params:
            if param.kind in ("list", "arguments"):
                values[param.name] = tuple(values[param.name] or ())
        values["early"] = None
        sys.exit(guard(command.run, values))

    run.__signature__ = inspect.Signature([_parameter(param) for param in command.params])  # type: ignore[attr-defined]
    run.__annotations__ = {param.name: _annotation(param) for param in command.params}
    return run


def _parameter(param: Param) -> inspect.Parameter:
    default: Any = param.default
    if param.kind == "flag":
        default = False
    elif param.kind in ("list", "arguments"):
        default = None
    if param.kind == "argument" and param.required:
        default = inspect.Parameter.empty
    return inspect.Parameter(param.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_annotation(param))


def _annotation(param: Param) -> Any:
    kind: Any = {"flag": bool, "tristate": bool | None, "list": list[str] | None, "arguments": list[str] | None}.get(
        param.kind, str if param.required else str | None
    )
    complete = environment_names if param.metavar.startswith("ENV") else _choices(param) if param.choices else None
    callback = _checked(param) if param.choices else None
    if not param.flags:
        argument = typer.Argument(help=param.help, metavar=param.metavar, autocompletion=complete, callback=callback)
        return Annotated[kind, argument]
    flags = list(param.flags)
    if param.kind == "tristate":
        flags = [*param.flags[:-2], f"{param.flags[-2]}/{param.flags[-1]}"]
    metavar = None if param.kind in ("flag", "tristate") else param.metavar
    option = typer.Option(
        *flags, help=param.help, metavar=metavar, envvar=param.variable, show_envvar=False,
        rich_help_panel=param.panel, autocompletion=complete, callback=callback, show_default=bool(param.default),
    )  # fmt: skip
    return Annotated[kind, option]


def _checked(param: Param) -> Callable[[str | None], str | None]:
    def check(found: str | None) -> str | None:
        if found is not None and found not in param.choices:
            raise typer.BadParameter(f"{found!r} is not one of {', '.join(param.choices)}")
        return found

    return check


def _choices(param: Param) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        return [choice for choice in param.choices if choice.startswith(incomplete)]

    return complete


def environment_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the environments of the project, for the shell's completion."""
    from overlay.errors import OverlayError  # noqa: PLC0415
    from overlay.load.project import list_environments, load_project  # noqa: PLC0415

    try:
        names = list_environments(*load_project(ctx.params.get("project") or "."))
    except OverlayError:
        return []
    return [name for name in names if name.startswith(incomplete)]
