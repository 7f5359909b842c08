"""The quick parser and typer read every command line alike: it only answers where it is sure."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlay.cli.main import COMMANDS, load_command
from overlay.cli.quick import parse
from overlay.cli.table import Command, Param
from overlay.cli.typed import app
from overlay.model.value import replace

SWITCHES = ("1", "0", "true", "no", "on", "", "x")
TEXTS = ("x", "a b", "1", "-x", "", "a=b", "é")


def words_of(param: Param, pick: random.Random) -> list[str]:
    """Return one way to give a parameter on the command line."""
    if not param.flags:
        return [pick.choice(param.choices or ("dev", "prod"))]
    flag = pick.choice(param.flags)
    if param.kind in ("flag", "tristate"):
        return [flag]
    text = pick.choice(param.choices or TEXTS)
    return [f"{flag}={text}"] if flag.startswith("--") and pick.random() < 0.5 else [flag, text]


@given(st.sampled_from(sorted(COMMANDS)), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_law_what_the_quick_parser_reads_typer_reads_alike(words: tuple[str, ...], pick: random.Random) -> None:
    command = load_command(COMMANDS[words])
    argv: list[str] = []
    env: dict[str, str] = {}
    for param in pick.sample(command.params, pick.randrange(min(5, len(command.params)))):
        if param.flags and pick.random() < 0.35:
            texts = SWITCHES if param.kind in ("flag", "tristate") else param.choices or TEXTS
            env[param.variable] = pick.choice(texts)
        else:
            argv += words_of(param, pick)
    quick = parse(command.params, argv, env)
    if quick is None:
        return
    seen: list[dict[str, Any]] = []

    def record(values: dict[str, Any]) -> int:
        seen.append({name: item for name, item in values.items() if name != "early"})
        return 0

    def load(place: tuple[str, str]) -> Command:
        return replace(load_command(place), run=record)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        for name, text in env.items():
            patch.setenv(name, text)
        app(load)(args=[*words, *argv], standalone_mode=False, prog_name="overlay")
    assert (end.value.code, seen) == (0, [quick])
