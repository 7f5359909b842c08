"""Differences of environments in the form that was asked for, through a pager where somebody reads them."""

from __future__ import annotations

import os
import sys

from overlay.cli.printing import print_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from overlay.diff.outcome import EnvironmentDiff
    from overlay.report.style import Style

FORMS = ("text", "unified", "markdown", "html", "json", "yaml", "github")


def print_diff(
    diffs: Sequence[EnvironmentDiff],
    sides: tuple[Mapping[str, str | None], Mapping[str, str | None]],
    args: dict[str, Any],
) -> None:
    """Print what differs."""
    form = args["output"]
    if form in ("text", "unified"):
        _print_text(diffs, sides, args)
    elif form == "markdown":
        from overlay.report.diff_markdown import diff_markdown  # noqa: PLC0415

        before, after = map(label, sides)
        sys.stdout.write(diff_markdown(diffs, before, after, command=_command(args)))
    elif form == "html":
        from overlay.report.diff_page import diff_page  # noqa: PLC0415

        before, after = map(label, sides)
        sys.stdout.write(diff_page(diffs, before, after))
    elif form == "github":
        from overlay.cli.top import top_of  # noqa: PLC0415
        from overlay.report.diff_github import diff_github  # noqa: PLC0415

        sys.stdout.write(diff_github(diffs, top=top_of(args)))
    else:
        _print_document(diffs, sides, form)


def label(side: Mapping[str, str | None]) -> str:
    """Return what a side is called: a ref with its commit."""
    ref, commit = side["ref"] or "", side.get("commit") or ""
    return f"{ref} ({commit[:7]})" if commit and not commit.startswith(ref) else ref


def _command(args: dict[str, Any]) -> str:
    base = f" --base {args['base']}" if args["base"] else ""
    return f"overlay diff --all{base}"


def _print_document(diffs: Sequence[EnvironmentDiff], sides: Any, form: str) -> None:
    from overlay.report.diff_document import diff_document  # noqa: PLC0415

    document = diff_document(diffs, *sides)
    print_document(document, form)


def _print_text(diffs: Sequence[EnvironmentDiff], sides: Any, args: dict[str, Any]) -> None:
    if not args["stat"] and all(one.change == "same" for one in diffs):
        return
    from overlay.report.style import Style, inert, wants_color, without_commands  # noqa: PLC0415

    is_terminal = sys.stdout.isatty()
    style = Style(color=wants_color(args["color"], is_terminal=is_terminal, env=os.environ))
    width, lines = _size() if is_terminal else (None, 0)
    text = _text(diffs, style, args, width=width)
    if text and args["output"] == "text" and not (args["name_only"] or args["stat"]):
        before, after = map(label, sides)
        text = style.paint(inert(f"{before} → {after}"), "bold") + "\n" + text
    if os.environ.get("GITHUB_ACTIONS") == "true":
        text = without_commands(text)
    if is_terminal and text.count("\n") > lines and not args["quiet"]:
        page(text)
    else:
        sys.stdout.write(text)


def _size() -> tuple[int, int]:
    import shutil  # noqa: PLC0415  # only on terminals

    return shutil.get_terminal_size()


def _text(diffs: Sequence[EnvironmentDiff], style: Style, args: dict[str, Any], *, width: int | None) -> str:
    from overlay.report import diff_text  # noqa: PLC0415

    if args["name_only"]:
        return diff_text.diff_names(diffs)
    if args["stat"]:
        return diff_text.diff_stat(diffs, style)
    if args["output"] == "unified":
        return diff_text.diff_unified(diffs, style)
    return diff_text.diff_text(diffs, style, **({"width": width} if width else {}))


def page(text: str) -> None:
    """Show text in the user's pager; without one, print it."""
    import shlex  # noqa: PLC0415  # only on terminals
    import shutil  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    words = shlex.split(os.environ.get("OVERLAY_PAGER") or os.environ.get("PAGER") or "less")
    if not words or words[0] == "cat" or shutil.which(words[0]) is None:
        sys.stdout.write(text)
        return
    # As git calls it: quit where it fits, colours as they are, the screen left as it was.
    env = {"LESS": "FRX", **os.environ}
    subprocess.run(words, input=text.encode(), env=env, check=False)
