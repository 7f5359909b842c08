"""Who renders where Helm's library is missing, damaged or made for another machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from overlay.chart.choose import LIBRARY_HELM

ROOT = Path(__file__).resolve().parents[2]
MISSING = (
    "error: neither Helm's library nor the helm program is here\n"
    "  hint: pip install helm-python-sdk, or put helm (version 4) on the PATH\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project beside a package `helm_python` that has no library in it."""
    files = {
        "environments/prod/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec: {chart: {path: c}}\n",
        "environments/prod/c/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "environments/prod/c/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n",
        "environments/prod/c/templates/NOTES.txt": "Hi {{ .Release.Name }}",
        "python/helm_python/__init__.py": "",
        "python/helm_python/lib/README": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def program(folder: Path, script: str) -> str:
    """Write a helm program of our own; return the PATH that has it and nothing else."""
    (folder / "bin").mkdir()
    (folder / "bin/helm").write_text(script)
    (folder / "bin/helm").chmod(0o755)
    return str(folder / "bin")


def overlay(*args: str, cwd: Path, path: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": f"{cwd / 'python'}:{ROOT}", "PATH": path}
    return subprocess.run([sys.executable, "-m", "overlay", *args], cwd=cwd, capture_output=True, text=True, env=env)


def parts(cwd: Path, path: str) -> dict[str, str]:
    found = json.loads(overlay("version", "-o", "json", cwd=cwd, path=path).stdout)
    return {"overlay": found["overlay"], "helm": found["helm"]}


def test_T24_without_the_library_the_helm_program_renders_the_same(project: Path, tool) -> None:
    path = program(project, f'#!/bin/sh\nexec {tool("helm")} "$@"\n')
    plain = subprocess.run(
        [sys.executable, "-m", "overlay", "render", "prod", "--no-cache"], cwd=project, capture_output=True, text=True
    )
    done = overlay("render", "prod", "--no-cache", cwd=project, path=path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == plain.stdout == "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: prod\n"
    assert overlay("render", "prod", "--notes", cwd=project, path=path).stdout == "Hi prod"
    assert parts(project, path)["helm"] in ("4.2 (program)", f"{LIBRARY_HELM} (program)")


@pytest.mark.parametrize(
    "script",
    [None, "#!/bin/sh\necho v3.18.4+g1\n", "#!/bin/sh\necho nonsense\n", "#!/bin/sh\nexit 1\n", "#!/nowhere/at/all\n"],
    ids=["no program", "Helm 3", "no version", "a failure", "cannot run"],
)
def test_T24_without_library_and_program_the_message_says_what_to_install(script: str | None, project: Path) -> None:
    path = program(project, script) if script else str(project)
    done = overlay("render", "prod", cwd=project, path=path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", MISSING)
    assert parts(project, path)["helm"] == "missing"


def test_T24_a_library_for_another_machine_is_named(project: Path) -> None:
    library = project / "python/helm_python/lib/libhelm_c.so"
    library.write_bytes(b"\x7fELF" + bytes(200))
    done = overlay("render", "prod", "--no-cache", cwd=project, path="")
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"error in prod: Helm's library cannot be loaded: {library}: ")
    assert lines[-1] == (
        "  hint: install helm-python-sdk for this platform, or remove it to use the helm program (version 4)"
    )


def test_T24_the_version_that_we_print_is_the_librarys_own() -> None:
    # Go's runtime would stay in the tests' own process, so a child asks.
    ask = "import helm_python; print(helm_python.helm_sdk_version())"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True)
    assert done.stdout.strip().removeprefix("v") == LIBRARY_HELM
