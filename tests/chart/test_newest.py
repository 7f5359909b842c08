"""The version that a constraint means, held against Helm."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.chart.constraint import BadConstraint, is_exact, newest, satisfies

VERSIONS = (
    "0.1.0", "0.1.9", "0.2.0", "0.10.0", "1.0.0-alpha", "1.0.0-alpha.2", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0+build.1", "1.2.3",
    "1.10.0", "2.0.0-beta", "2.0.0", "2.1.0-rc.1", "10.0.0", "v3.0.0",
)  # fmt: skip
CONSTRAINTS = (
    "1.0.0", "v1.0.0", "=1.0.1", "1.0.0-alpha", "^1", "^1.0.0", "~1.0", "~1.0.0", "1.x", "1.2.x", "*", ">1.0.0 <2.0.0", ">=1.0.0, <1.3.0",
    "^0.1", "^0.1.0", "~0", "0.x", "<1.0.0", "<1.0.0-0", ">=2.0.0-0", "1.0.0 - 1.5", "^1 || ^3", "!=10.0.0", ">10", "3.0.0", ">=1.0.0-alpha <1.0.0", "<1.0.0 >=1.0.0-rc.0", "!=1.0.0 >0-0", ">1.2 || >=2.0.0-0", "1.0.0-alpha - 1.0.0",
    "1.2.0", "9.9.9",
)  # fmt: skip


def test_helm_chooses_the_same_version(tmp_path: Path, tool: Callable[[str], str]) -> None:
    entries = [{"name": "db", "version": version, "apiVersion": "v2", "urls": ["x.tgz"]} for version in VERSIONS]
    cache, config = tmp_path / "cache", tmp_path / "repositories.yaml"
    cache.mkdir()
    (cache / "x-index.yaml").write_text(json.dumps({"apiVersion": "v1", "entries": {"db": entries}}))
    config.write_text("repositories: [{name: x, url: 'https://x.example'}]\n")
    env = {**os.environ, "HELM_REPOSITORY_CONFIG": str(config), "HELM_REPOSITORY_CACHE": str(cache)}
    ours, theirs = {}, {}
    for constraint in CONSTRAINTS:
        ours[constraint] = newest(VERSIONS, constraint)
        command = [tool("helm"), "search", "repo", "x/db", "--version", constraint, "-o", "json"]
        found = json.loads(subprocess.run(command, env=env, check=True, capture_output=True).stdout)
        theirs[constraint] = found[0]["version"] if found else None
    assert ours == theirs


@given(st.permutations(VERSIONS), st.sampled_from(CONSTRAINTS))
def test_law_the_choice_does_not_depend_on_the_order(versions: list[str], constraint: str) -> None:
    found = newest(versions, constraint)
    assert found == newest(VERSIONS, constraint)
    assert found is None or found == constraint or satisfies(found, constraint)


def test_what_is_no_version_is_passed_over() -> None:
    assert newest(("latest", "1.0", "sha-1234", "", "1.0.0"), "*") == "1.0.0"
    assert newest(("latest",), "*") is None


def test_what_is_no_constraint_is_an_error_even_where_nothing_is_offered() -> None:
    with pytest.raises(BadConstraint):
        newest((), "=<")


@pytest.mark.parametrize(
    ("text", "exact"),
    [("1.2.3", True), ("v1.2.3-rc.1+x", True), ("1.2", False), ("1.2.x", False), ("^1.2.3", False), ("*", False)],
)
def test_a_full_version_is_exact(text: str, exact: bool) -> None:
    assert is_exact(text) is exact
