"""Our workflows and the action: pinned, without rights that they do not need, and nothing of a change acts in them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from overlay.yaml import read_mapping

ROOT = Path(__file__).resolve().parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTION = ROOT / ".github/actions/overlay/action.yml"
SHOWN = re.compile(r"```yaml\n(# \.github/workflows/.*?)```", re.DOTALL)
every = pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.name)


def document(path: Path) -> dict[str, Any]:
    # GitHub's reader takes the word as it is.
    found = read_mapping(path.read_text().replace("\non:", '\n"on":'), path.name).value
    assert isinstance(found, dict)
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    found = document(path)
    if "runs" in found:
        yield from found["runs"]["steps"]
    for job in found.get("jobs", {}).values():
        yield job
        yield from job.get("steps", ())


@every
def test_C01_what_is_used_is_pinned_to_a_commit(path: Path) -> None:
    for step in steps(path):
        uses = step.get("uses", "./")
        assert uses.startswith("./") or re.fullmatch(r"[a-z-]+/[a-z-]+@[0-9a-f]{40}", uses), uses


@every
def test_C04_no_script_has_an_expression_in_it(path: Path) -> None:
    for step in steps(path):
        assert "${{" not in str(step.get("run", ""))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_C02_rights_are_given_to_single_jobs_and_no_change_runs_beside_a_secret(path: Path) -> None:
    text, found = path.read_text(), document(path)
    # C03
    assert "pull_request_target" not in text
    assert "allow-unsafe-pr-checkout" not in text
    assert "secrets: inherit" not in text
    assert found["permissions"] in ({}, {"contents": "read"})
    for job in found["jobs"].values():
        for right, level in job.get("permissions", {}).items():
            assert level == "read" or (path.name, right) in {
                ("comment.yml", "pull-requests"),
                ("overlay-comment.yml", "pull-requests"),
                ("overlay-sync.yml", "contents"),
                ("overlay-schedule.yml", "contents"),
            }
        for step in job.get("steps", ()):
            if str(step.get("uses", "")).startswith("actions/checkout@"):
                # C18
                assert step["with"]["persist-credentials"] is False


def test_C16_publishing_is_one_after_the_other_and_never_cut_off() -> None:
    job = document(ROOT / ".github/workflows/overlay-sync.yml")["jobs"]["sync"]
    assert job["concurrency"] == {
        "group": "overlay-sync-${{ matrix.environment }}",
        "cancel-in-progress": False,
    }
    assert job["environment"] == "${{ matrix.environment }}"


def test_the_comment_is_written_without_anything_of_the_change() -> None:
    for name in ("comment.yml", "overlay-comment.yml"):
        text = (ROOT / ".github/workflows" / name).read_text()
        assert "head_sha" not in text
        assert "head.sha" not in text
        assert "head_ref" not in text


def test_actionlint_has_nothing_to_say(tool: Callable[[str], str]) -> None:
    done = subprocess.run([tool("actionlint")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_zizmor_has_nothing_to_say() -> None:
    program = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [program, "--offline", "--no-progress", "--config", ".github/zizmor.yml", ".github"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_workflows_that_a_page_shows_are_right(tool: Callable[[str], str], tmp_path: Path) -> None:
    shown = SHOWN.findall((ROOT / "docs/how-to/use-github-actions.md").read_text())
    assert len(shown) == 4
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for text in shown:
        name = text.partition("\n")[0].rpartition("/")[2]
        (folder / name).write_text(text)
    done = subprocess.run([tool("actionlint")], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
