"""The documented Python API: one call from a name to a frozen Build."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import overlay
from overlay import Build, Options, build, build_all
from overlay.errors import OverlayError, Problems, UsageError

SAMPLE = Path(__file__).resolve().parent.parent
ENVIRONMENT = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: {}}}\nspec: {}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: web}]}\n"


def write(root: Path, **specs: str) -> Path:
    for name, spec in specs.items():
        folder = root / "environments" / name
        folder.mkdir(parents=True)
        (folder / "environment.yaml").write_text(ENVIRONMENT.format(name, spec))
        (folder / "pod.yaml").write_text(POD)
    return root


def test_the_root_exports_what_it_lists_and_nothing_else() -> None:
    assert sorted(overlay.__all__) == ["Build", "Options", "__version__", "build", "build_all"]
    for name in overlay.__all__:
        assert getattr(overlay, name) is not None
    with pytest.raises(AttributeError):
        overlay.unknown  # noqa: B018
    assert Build.__module__ == "overlay.model.build"
    assert Options.__module__ == "overlay.model.options"


def test_importing_the_root_imports_nothing_heavy() -> None:
    code = "import __future__, sys; before = set(sys.modules); import overlay; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=SAMPLE, check=True)
    assert done.stdout == "['overlay']\n"


def test_the_sample_builds_from_any_folder_of_it() -> None:
    whole = build("prod", project=str(SAMPLE))
    assert isinstance(whole, Build)
    assert (whole.environment, whole.tool_version) == ("prod", overlay.__version__)
    assert build("prod", project=str(SAMPLE / "environments/prod")) == whole
    assert [name for name, _ in build_all(None, project=str(SAMPLE))] == ["dev", "prod", "prod-eu", "staging"]


def test_a_build_is_frozen_and_travels(tmp_path: Path) -> None:
    built = build("prod", project=str(write(tmp_path, prod="{resources: [pod.yaml]}")))
    with pytest.raises(AttributeError):
        built.environment = "dev"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        built.objects[0].id.name = "b"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(built)) == built
    assert [one.path for one in built.inputs] == ["environments/prod/environment.yaml", "environments/prod/pod.yaml"]


def test_options_win_over_documents(tmp_path: Path) -> None:
    root = write(tmp_path, prod="{resources: [pod.yaml], kubernetesVersion: '1.30', namespace: shop}")
    found = build("prod", project=str(root)).settings
    assert (found.kubernetes_version, found.release_name, found.namespace) == ("1.30", "prod", "shop")
    options = Options(kubernetes_version="1.33", release_name="x", namespace="there", api_versions=("a/v1",))
    found = build("prod", project=str(root), options=options).settings
    assert (found.kubernetes_version, found.release_name, found.namespace, found.api_versions) == (
        "1.33", "x", "there", ("a/v1",),
    )  # fmt: skip


def test_everything_wrong_is_raised_at_once_with_place_and_environment(tmp_path: Path) -> None:
    root = write(tmp_path, prod="{resources: [none.yaml, pod.yaml], patchs: [], image: []}")
    with pytest.raises(Problems) as caught:
        build("prod", project=str(root))
    assert [(str(one.location), one.message, one.environment) for one in caught.value.errors] == [
        ("environments/prod/environment.yaml:4:42", "unknown field spec.patchs", "prod"),
        ("environments/prod/environment.yaml:4:54", "unknown field spec.image", "prod"),
    ]


def test_an_unknown_environment_is_named_with_its_neighbours(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        build("prd", project=str(write(tmp_path, prod="{}")))
    assert (caught.value.message, caught.value.hint) == ("no environment is called 'prd'", "did you mean prod?")


def test_a_failure_stands_in_its_place_and_stops_no_other(tmp_path: Path) -> None:
    good = "{resources: [pod.yaml]}"
    root = write(tmp_path, dev=good, prod="{resources: [none.yaml]}", staging=good)
    found = dict(build_all(["staging", "prod", "dev", "staging"], project=str(root)))
    assert list(found) == ["staging", "prod", "dev"]
    assert [isinstance(one, OverlayError) for one in found.values()] == [False, True, False]
    failure = found["prod"]
    assert isinstance(failure, OverlayError)
    assert (failure.message, str(failure.location), failure.environment) == (
        "environments/prod/none.yaml does not exist", "environments/prod/environment.yaml:4:20", "prod",
    )  # fmt: skip


def test_a_failure_that_two_environments_share_names_each_of_them(tmp_path: Path) -> None:
    root = write(tmp_path, dev="{extends: [../base]}", prod="{extends: [../base]}")
    (root / "environments/base").mkdir()
    (root / "environments/base/base.yaml").write_text(
        ENVIRONMENT.format("base", "{resources: [a.yaml]}").replace("Environment", "Base")
    )
    (root / "environments/base/a.yaml").write_text("kind: A\n")
    found = dict(build_all(None, project=str(root)))
    assert [(name, one.environment) for name, one in found.items()] == [("dev", "dev"), ("prod", "prod")]


def test_a_folder_without_a_project_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OverlayError) as caught:
        build("prod", project=str(tmp_path))
    assert "environments" in caught.value.message
