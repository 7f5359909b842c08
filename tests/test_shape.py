"""The shape of the code: small files, each with one sentence that says what it is for."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "overlay"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)
MOST_LINES = 350
every = pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(PACKAGE))) for path in MODULES])


@every
def test_a_module_begins_with_one_sentence(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring, "it has no docstring"
    first, *_ = docstring.split("\n\n")
    # What follows an empty line is a contract or a table; the sentence itself ends once, at its end.
    assert re.fullmatch(r"[^\s][^\n]*(\n[^\n]+)*[.:]", first), "the sentence does not end"
    assert not re.search(r"[a-z)`][.!?]\s+[A-Z]", first), "that is more than one sentence"


@every
def test_a_file_is_small(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= MOST_LINES, f"{lines} lines: divide it by what it is about"


def test_no_module_is_called_after_nothing() -> None:
    assert [path.name for path in MODULES if path.stem in ("utils", "util", "helpers", "common", "misc", "tools")] == []


def test_temporary_files_are_made_where_that_is_known_to_be_possible() -> None:
    calls = [
        call
        for path in MODULES
        for call in re.findall(r"tempfile\.(?!gettempdir)\w+\(.*", path.read_text())
        if "dir=" not in call
    ]
    assert calls == []


def test_no_expression_repeats_a_group_possessively() -> None:
    # Python below 3.11.5, which Debian 12 has, matches such groups wrongly (python/cpython#106052): `(?>(?:…)*)`.
    assert [path.name for path in MODULES if re.search(r"\)[*+?]\+", path.read_text())] == []
