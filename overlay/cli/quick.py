"""Parse a well-formed command line from the option tables, without importing typer.

Typer costs 55 ms to import, as much as a whole rendering. This parser answers only where every token is known and
complete; for everything else (help, completion, mistakes) it says None, and typer takes over.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from overlay.cli.table import Param

_TRUE, _FALSE = ("1", "true", "t", "yes", "y", "on"), ("0", "false", "f", "no", "n", "off", "")


def parse(params: Sequence[Param], argv: Sequence[str], env: Mapping[str, str]) -> dict[str, Any] | None:
    """Return parsed values by parameter name, or None where typer must look at it."""
    by_flag: dict[str, tuple[Param, bool]] = {}
    for param in params:
        for index, flag in enumerate(param.flags):
            by_flag[flag] = (param, param.kind != "tristate" or index < len(param.flags) - 1)
    values: dict[str, Any] = {}
    words: list[str] = []
    index = 0
    while index < len(argv):
        word = argv[index]
        index += 1
        if word == "--" or not word.startswith("-") or word == "-":
            if word.startswith("-"):
                return None
            words.append(word)
            continue
        flag, equals, inline = word.partition("=") if word.startswith("--") else (word, "", "")
        known = by_flag.get(flag)
        if known is None:
            return None
        param, positive = known
        if param.kind in ("flag", "tristate"):
            if equals:
                return None
            values[param.name] = positive
            continue
        if equals:
            item = inline
        elif index < len(argv) and not (argv[index].startswith("-") and len(argv[index]) > 1):
            item = argv[index]
            index += 1
        else:
            return None
        if param.choices and item not in param.choices:
            return None
        values[param.name] = (*values.get(param.name, ()), item) if param.kind == "list" else item
    if not _place_words(params, words, values):
        return None
    return _complete(params, values, env)


def _place_words(params: Sequence[Param], words: list[str], values: dict[str, Any]) -> bool:
    for param in params:
        if param.kind == "argument":
            if words and param.choices and words[0] not in param.choices:
                return False
            if words:
                values[param.name] = words.pop(0)
            elif param.required:
                return False
        elif param.kind == "arguments":
            values[param.name] = tuple(words)
            words.clear()
    return not words


def _complete(params: Sequence[Param], values: dict[str, Any], env: Mapping[str, str]) -> dict[str, Any] | None:
    """Add what environment variables say, then defaults."""
    for param in params:
        if param.name in values:
            continue
        text = env.get(param.variable) if param.flags else None
        if not text:
            values[param.name] = param.empty()
        elif param.kind in ("flag", "tristate"):
            if text.lower() not in _TRUE + _FALSE:
                return None
            values[param.name] = text.lower() in _TRUE
        elif param.kind == "list":
            values[param.name] = tuple(text.split())
        elif param.choices and text not in param.choices:
            return None
        else:
            values[param.name] = text
    return values
