"""Whole projects in, whole folders out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STORIES = sorted(folder.name for folder in HERE.iterdir() if (folder / "environments").is_dir())


def overlay(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "overlay", *args], cwd=cwd, capture_output=True, text=True)


def texts(folder: Path) -> dict[str, str]:
    """Return every file's text; the record without what changes with each release of ours."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            if path.name == "overlay.metadata":
                value = json.loads(text)
                value["tool"]["overlay"] = "VERSION"
                text = json.dumps(value, indent=2) + "\n"
            found[str(path.relative_to(folder))] = text
    return found


@pytest.mark.parametrize("story", [*STORIES, "sample"])
def test_a_project_renders_to_exactly_these_files(story: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    source = ROOT if story == "sample" else HERE / story
    shutil.copytree(source / "environments", tmp_path / "environments")
    if (source / "overlay.yaml").exists():
        shutil.copy(source / "overlay.yaml", tmp_path)
    done = overlay("render", "--all", "--output-dir", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = texts(tmp_path / "out")
    expected = HERE / story / "expected"
    if request.config.getoption("--update"):
        shutil.rmtree(expected, ignore_errors=True)
        for name, text in found.items():
            (expected / name).parent.mkdir(parents=True, exist_ok=True)
            (expected / name).write_text(text, encoding="utf-8")
    assert found == texts(expected)


def test_rendering_twice_gives_the_same_bytes_whatever_the_order_of_names(tmp_path: Path) -> None:
    outputs = []
    for seed, names in (("0", ["dev", "prod"]), ("1", ["prod", "dev"]), ("2", ["prod", "dev"])):
        done = subprocess.run(
            [sys.executable, "-m", "overlay", "render", *names, "--output-dir", str(tmp_path / seed), "--no-cache"],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        outputs.append(texts(tmp_path / seed))
    assert outputs[0] == outputs[1] == outputs[2]


@pytest.mark.parametrize("environment", ["dev", "staging", "prod", "prod-eu"])
def test_kubeconform_accepts_the_sample(environment: str, tool, tmp_path: Path) -> None:
    kubeconform = tool("kubeconform")
    schemas = tmp_path / "schemas"
    crds = ["environments/base/chart/crds/databaseclaims.yaml", "environments/base/crds/external-secrets.yaml"]
    subprocess.run([sys.executable, "scripts/write_kubeconform_schemas.py", schemas, *crds], cwd=ROOT, check=True)
    rendered = overlay("render", environment, cwd=ROOT)
    done = subprocess.run(
        [kubeconform, "-strict", "-summary", "-output", "json",
         "-schema-location", f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", "-"],
        input=rendered.stdout, capture_output=True, text=True,
    )
    summary = json.loads(done.stdout)["summary"]
    assert (done.returncode, summary["invalid"], summary["errors"], summary["skipped"]) == (0, 0, 0, 0), done.stdout
    assert summary["valid"] == rendered.stdout.count("\n---\n") + 1


def test_no_file_of_the_sample_is_written_twice() -> None:
    files = [path for path in (ROOT / "environments").rglob("*") if path.is_file()]
    contents = [path.read_bytes() for path in files]
    assert len(set(contents)) == len(files)
    # Nor does any block of six lines stand in two environments.
    blocks: dict[tuple[str, ...], Path] = {}
    for path in files:
        if "base" in path.parts:
            continue
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        for at in range(4, len(lines) - 5):
            block = tuple(lines[at : at + 6])
            assert blocks.setdefault(block, path) == path, f"{path} repeats {blocks[block]}: {block}"
