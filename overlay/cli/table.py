"""How options are declared: once, for the quick parser, for typer's help and completion, and for the reference."""

from __future__ import annotations

from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


@value(kw_only=True)
class Param:
    """One option or argument.

    name: the key in the parsed values. flags: `("-o", "--output")`, empty for arguments; a tristate ends with its
    negation.
    kind: text, flag (False or True), tristate (None, True, False), list (repeatable), argument, arguments.
    """

    name: str
    flags: tuple[str, ...] = ()
    kind: str = "text"
    help: str = ""
    metavar: str = "TEXT"
    choices: tuple[str, ...] = ()
    default: str | None = None
    panel: str = "Options"
    required: bool = False

    @property
    def variable(self) -> str:
        """The environment variable of an option: OVERLAY_ and its long flag."""
        return "OVERLAY_" + self.long.removeprefix("--").replace("-", "_").upper()

    @property
    def long(self) -> str:
        return next(flag for flag in self.flags if flag.startswith("--"))

    def empty(self) -> Any:
        if self.kind == "flag":
            return False
        return () if self.kind in ("list", "arguments") else self.default


@value(kw_only=True)
class Command:
    """One command: its words, its parameters, and what it does with them (returning the exit code)."""

    path: tuple[str, ...]
    help: str
    params: tuple[Param, ...]
    run: Callable[[dict[str, Any]], int]


def output(*forms: str, default: str | None = "", text: str = "", panel: str = "Options") -> Param:
    """Return the option of what a command prints; the first form is printed where nothing is said.

    default: None where the command settles that itself. text: its help, if there is more to say than the names.
    """
    return Param(
        name="output",
        flags=("-o", "--output"),
        metavar="FORMAT",
        choices=forms,
        default=forms[0] if default == "" else default,
        help=text or f"{', '.join(forms[:-1])} or {forms[-1]}.",
        panel=panel,
    )


PROJECT = Param(
    name="project",
    flags=("-C", "--project"),
    metavar="DIR",
    default=".",
    panel="Common",
    help="The project's folder, or one below it.",
)
COMMON = (
    PROJECT,
    Param(
        name="color",
        flags=("--color",),
        metavar="WHEN",
        choices=("auto", "always", "never"),
        default="auto",
        panel="Common",
        help="Colour in messages: auto, always or never.",
    ),
    Param(
        name="error_format",
        flags=("--error-format",),
        metavar="FORMAT",
        choices=("text", "json", "github"),
        default="text",
        panel="Common",
        help="Form of errors and warnings on stderr: text, json or github.",
    ),
    Param(name="strict", flags=("--strict",), kind="flag", panel="Common", help="Count warnings as errors."),
    Param(name="quiet", flags=("-q", "--quiet"), kind="flag", panel="Common", help="No progress and no warnings."),
    Param(name="debug", flags=("--debug",), kind="flag", panel="Common", help="Show a traceback with errors."),
)
