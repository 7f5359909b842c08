"""Every console block of the documentation does what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if "```console\n" in path.read_text(encoding="utf-8"))
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(text: str) -> list[tuple[str, list[str]]]:
    """Return (command, expected lines) of all blocks of a page."""
    found: list[tuple[str, list[str]]] = []
    for block in BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith(">") and not found[-1][1]:
                found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
            else:
                found[-1][1].append(line)
    return found


def agrees(expected: list[str], printed: list[str]) -> bool:
    """Compare lines; `…` stands for any number of lines, inside a line for any text."""
    if not expected:
        return not printed
    if expected[0] == "…":
        return len(expected) == 1 or any(agrees(expected[1:], printed[at:]) for at in range(len(printed)))
    pattern = ".*".join(re.escape(part) for part in expected[0].rstrip().split("…"))
    return bool(printed and re.fullmatch(pattern, printed[0].rstrip())) and agrees(expected[1:], printed[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_shows_what_its_commands_print(page: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "overlay").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m overlay "$@"\n')
    (programs / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    folder = "."
    for command, expected in steps(page.read_text(encoding="utf-8")):
        done = subprocess.run(
            ["sh", "-c", f"cd {folder} && {{ {command}\n}} 2>&1"], cwd=work, env=env, capture_output=True, text=True
        )
        printed = done.stdout.splitlines()
        if command.startswith("cd "):
            folder = os.path.join(folder, command.removeprefix("cd "))
        assert agrees(expected, printed), f"$ {command}\n{done.stdout}\nexpected:\n" + "\n".join(expected)
