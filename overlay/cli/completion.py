"""`overlay completion`: the script that makes a shell complete our commands and environment names."""

from __future__ import annotations

import sys

from overlay.cli.table import COMMON, Command, Param

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def completion(args: dict[str, Any]) -> int:
    """Print a shell's completion script."""
    from typer._completion_shared import get_completion_script  # noqa: PLC0415

    script = get_completion_script(prog_name="overlay", complete_var="_OVERLAY_COMPLETE", shell=args["shell"])
    sys.stdout.write(script + "\n")
    return 0


COMPLETION = Command(
    path=("completion",),
    help="Print the completion script of a shell: `source <(overlay completion bash)`.",
    run=completion,
    params=(
        Param(
            name="shell",
            kind="argument",
            metavar="SHELL",
            choices=("bash", "zsh", "fish"),
            required=True,
            help="bash, zsh or fish.",
        ),
        *COMMON,
    ),
)
