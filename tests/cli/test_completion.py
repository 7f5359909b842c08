"""`overlay completion` as shells use it: the script, and what it asks the program while a person types."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("prod", "prod-eu", "dev"):
        folder = tmp_path / "environments" / name
        folder.mkdir(parents=True)
        (folder / "environment.yaml").write_text(
            f"apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\n"
        )
    return tmp_path


def bash(script: str, cwd: Path) -> list[str]:
    """Run lines in a bash that has our completion, with our program on its path."""
    programs = cwd / "bin"
    programs.mkdir(exist_ok=True)
    program = programs / "overlay"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m overlay "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", 'eval "$(overlay completion bash)"\n' + script],
        cwd=cwd, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["overlay", "ren"], ["render"]),
        (["overlay", "env", ""], ["list", "show", "add"]),
        (["overlay", "render", "pr"], ["prod", "prod-eu"]),
        (["overlay", "render", "--output-"], ["--output-dir"]),
        (["overlay", "render", "-o", ""], ["yaml", "json", "name"]),
        (["overlay", "schema", "com"], ["component"]),
    ],
)
def test_bash_completes_commands_options_choices_and_environments(
    words: list[str], expected: list[str], project: Path
) -> None:
    line = " ".join(f'"{word}"' for word in words)
    script = f'COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _overlay_completion overlay; echo "${{COMPREPLY[@]}}"'
    assert bash(script, project) == expected


def test_environments_are_those_of_the_project_that_is_named(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = f'COMP_WORDS=(overlay render -C {project} d); COMP_CWORD=4; _overlay_completion overlay; echo "${{COMPREPLY[@]}}"'
    assert bash(script, tmp_path_factory.mktemp("elsewhere")) == ["dev"]


@pytest.mark.parametrize(
    ("shell", "expected"), [("zsh", '_arguments \'*: :(("prod"\n"prod-eu"))\'\n'), ("fish", "prod\nprod-eu\n")]
)
def test_zsh_and_fish_get_answers_in_their_own_form(shell: str, expected: str, project: Path) -> None:
    script = subprocess.run(
        [sys.executable, "-m", "overlay", "completion", shell], capture_output=True, text=True, check=True
    ).stdout
    assert f"_OVERLAY_COMPLETE=complete_{shell}" in script
    env = {
        **os.environ,
        "_OVERLAY_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "overlay render pr",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run([sys.executable, "-m", "overlay"], cwd=project, env=env, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (expected, "")
