"""What environments were made of: what is remembered is what loading them would say, whatever changed meanwhile."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overlay.cli.affected import open_runs
from overlay.cli.versions import Versions
from overlay.errors import OverlayError
from overlay.files.entries import Entries
from overlay.files.reader import ProjectFiles
from overlay.inspect.read_sets import ReadSets
from overlay.layering.prepared import Prepared
from overlay.load.project import read_project_file
from overlay.model.input import Input
from overlay.model.options import Options
from overlay.run import Run
from tests.inspect.test_affected import ALL, MORE, apply, edits, far_resource, make
from tests.source.projects import FILES, git, write

EVERY = ["alone", *ALL]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path / "shop", {**FILES, **MORE})
    return tmp_path / "shop"


def run_of(project: Path) -> Run:
    files = ProjectFiles(str(project))
    return Run(read_project_file(files), files, Options(), lambda _: [])


def loaded(run: Run, name: str) -> tuple[Input, ...] | None:
    one = run.prepare(name)
    return run.inputs(one) if isinstance(one, Prepared) else None


def learn(cache: Path, project: Path, base: str | None = None) -> None:
    """Remember what environments are made of; base: also in that commit."""
    cache.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as stack:
        runs: list[Run] = [run_of(project)]
        if base is not None:
            versions = stack.enter_context(Versions({"project": str(project), "base": base}))
            runs = open_runs(versions)[::-1]
        sets = ReadSets(str(cache), runs[0], "1")
        for name in {name for run in runs for name in run.environments}:
            sets.learn(name, runs)
        sets.keep()
        for run in runs:
            run.files.close()


def known(cache: Path, project: Path) -> dict[str, tuple[Input, ...] | None]:
    run = run_of(project)
    sets = ReadSets(str(cache), run, "1")
    try:
        return {name: sets.inputs(run, name) for name in run.environments}
    finally:
        run.files.close()


def unknown(cache: Path, project: Path) -> list[str]:
    return [name for name, inputs in known(cache, project).items() if inputs is None]


def test_what_did_not_change_is_known_without_loading_it(project: Path, tmp_path: Path) -> None:
    learn(tmp_path / "cache", project)
    run = run_of(project)
    assert known(tmp_path / "cache", project) == {name: loaded(run, name) for name in EVERY}
    assert known(tmp_path / "other", project) == dict.fromkeys(EVERY)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("environments/prod/values.yaml", "web: {level: error}\n", ["prod", "prod-eu"]),
        ("environments/base/flags.txt", "two\n", ALL),
        ("environments/base/chart/templates/more.yaml", "", ALL),
        ("environments/base/chart/.helmignore", "*.md\n", ALL),
        ("environments/base/manifests/deep/three.yaml", "", ALL),
        ("environments/base/manifests/kustomization.yaml", "", ALL),
        ("environments/base/component.yaml", "", ALL),
        ("environments/prod/base.yaml", "", ["prod", "prod-eu"]),
        ("environments/components/prod/component.yaml", "", []),
        ("environments/base/notes.md", "read by all\n", []),
        ("overlay.yaml", FILES["overlay.yaml"] + "# changed\n", EVERY),
    ],
)
def test_what_changed_is_loaded(project: Path, tmp_path: Path, path: str, text: str, expected: list[str]) -> None:
    learn(tmp_path / "cache", project)
    write(project, {path: text})
    assert unknown(tmp_path / "cache", project) == expected


def test_what_is_gone_or_a_link_is_loaded(project: Path, tmp_path: Path) -> None:
    learn(tmp_path / "cache", project)
    (project / "environments/base/one.yaml").rename(tmp_path / "one.yaml")
    assert unknown(tmp_path / "cache", project) == EVERY
    (project / "environments/base/one.yaml").symlink_to(tmp_path / "one.yaml")
    assert unknown(tmp_path / "cache", project) == EVERY


def test_both_versions_of_a_change_are_known_again(tmp_path: Path) -> None:
    project, cache = make(tmp_path / "shop"), tmp_path / "cache"
    write(project, {"environments/prod/values.yaml": "web: {level: error}\n"})
    learn(cache, project, base="HEAD")
    assert unknown(cache, project) == []
    git(project, "checkout", "-q", ".")
    assert unknown(cache, project) == []
    learn(cache, project, base="HEAD")
    write(project, {"environments/prod/values.yaml": "web: {level: error}\n"})
    assert unknown(cache, project) == ["prod", "prod-eu"]


def test_one_layer_beside_other_documents_in_each_version_is_two_parts(tmp_path: Path) -> None:
    path, cache = "environments/prod-eu/environment.yaml", tmp_path / "cache"
    project = make(tmp_path / "shop")
    write(
        project, {path: MORE[path].replace("../prod]", "../prod/environment.yaml]"), "environments/prod/base.yaml": ""}
    )
    learn(cache, project, base="HEAD")
    assert unknown(cache, project) == []
    # Of a folder with two documents, which one is meant has to be said.
    write(project, {path: MORE[path]})
    assert unknown(cache, project) == ["prod-eu"]
    assert loaded(run_of(project), "prod-eu") is None


def test_an_environment_that_is_gone_is_forgotten(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    learn(cache, project)
    shutil.rmtree(project / "environments/alone")
    write(project, {"environments/prod/values.yaml": "web: {level: error}\n"})
    learn(cache, project)
    [entry] = (cache / "check-made-of").iterdir()
    assert b"alone" not in entry.read_bytes()
    assert unknown(cache, project) == []


def test_what_cannot_be_loaded_is_loaded_each_time(project: Path, tmp_path: Path) -> None:
    (project / "environments/prod/values.yaml").unlink()
    learn(tmp_path / "cache", project)
    assert unknown(tmp_path / "cache", project) == ["prod", "prod-eu"]


def test_what_comes_from_elsewhere_is_loaded_each_time(project: Path, tmp_path: Path) -> None:
    far_resource(project)
    assert loaded(run_of(project), "prod") is not None
    learn(tmp_path / "cache", project)
    assert unknown(tmp_path / "cache", project) == ["prod", "prod-eu"]


def test_a_folder_of_manifests_as_a_chart_is_loaded_each_time(project: Path, tmp_path: Path) -> None:
    write(project, {"environments/base/base.yaml": MORE["environments/base/base.yaml"].replace("{path: chart}", "{path: manifests}")
                    .replace("[manifests, one.yaml]", "[one.yaml]").replace("  values: [values.yaml]\n", "")})  # fmt: skip
    assert loaded(run_of(project), "dev") is not None
    learn(tmp_path / "cache", project)
    assert "dev" in unknown(tmp_path / "cache", project)
    (project / "environments/base/manifests/templates").mkdir()
    assert loaded(run_of(project), "dev") is None


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'[{"a": 1}, {}]', b'[{"a": [[], []]}, {}]'])
def test_an_entry_of_other_code_counts_as_absent(project: Path, tmp_path: Path, payload: bytes) -> None:
    cache = tmp_path / "cache"
    learn(cache, project)
    [entry] = (cache / "check-made-of").iterdir()
    Entries(str(cache / "check-made-of")).put(entry.name, payload)
    assert unknown(cache, project) == EVERY
    entry.write_bytes(entry.read_bytes().replace(b"[", b" ["))
    assert unknown(cache, project) == EVERY


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(earlier=st.lists(edits, max_size=2), changes=st.lists(edits, max_size=3))
def test_law_what_is_remembered_is_what_loading_says(
    tmp_path: Path, earlier: list[tuple[str, str, str]], changes: list[tuple[str, str, str]]
) -> None:
    project, cache = tmp_path / "shop", tmp_path / "cache"
    for folder in (project, cache):
        shutil.rmtree(folder, ignore_errors=True)
    write(project, {**FILES, **MORE})
    for change in earlier:
        apply(project, change)
    try:
        learn(cache, project)
    except OverlayError:
        return  # overlay.yaml cannot be read
    for change in changes:
        apply(project, change)
    try:
        found, run = known(cache, project), run_of(project)
    except OverlayError:
        return
    for name, inputs in found.items():
        assert inputs is None or inputs == loaded(run, name)
        assert inputs is not None or changes or loaded(run, name) is None
    run.files.close()
