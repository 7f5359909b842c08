"""Helm's library is loaded before anything else where charts will be rendered, and not where none are."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlay.cli.early import renders_charts

CHART = "kind: Base\nspec: {chart: {path: charts/shop}}\n"
PLAIN = "kind: Base\nspec: {resources: [manifests]}\n"


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"environments__base__base_yaml": CHART}, True),
        ({"environments__base__base_yaml": PLAIN}, False),
        ({"environments__base__base_yaml": PLAIN, "environments__prod__environment_yaml": CHART}, True),
        ({"environments__base__base_yaml": PLAIN, "environments__components__x__component_yaml": CHART}, True),
        ({"environments__prod__environment_yaml": "spec: {extends: [{git: 'ssh://x'}]}\n"}, True),
        ({"environments__prod__environment_yaml": "spec: {extends: [../../elsewhere]}\n"}, True),
        ({"environments__prod__environment_yaml": "#" * 70_000}, True),
        ({f"environments__e{n}__environment_yaml": PLAIN for n in range(301)}, True),
        ({"overlay_yaml": "spec: {environments: places}\n", "environments__base__base_yaml": PLAIN}, True),
        ({"overlay_yaml": "kind: Project\n", "environments__base__base_yaml": PLAIN}, False),
        ({"overlay_yaml": "kind: Project\n"}, True),
        ({}, False),
    ],
)
def test_what_documents_say_decides(files: dict[str, str], expected: bool, tmp_path: Path) -> None:
    folder = write(tmp_path / "project", **files)
    folder.mkdir(exist_ok=True)
    assert renders_charts(["render", "prod", "-C", str(folder)]) is expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("render prod", True),
        ("render prod -C .", True),
        ("render prod --project=.", True),
        ("render prod --help", False),
        ("history prod", False),
        ("sync prod --from-git", False),
        ("sync prod --bundle oci://registry.example/shop", False),
        ("diff prod --base main", True),
        ("diff prod --against oci://registry.example/shop", True),
        ("", False),
    ],
)
def test_what_the_command_line_asks_for_decides(
    words: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = write(tmp_path, environments__base__base_yaml=CHART) / "environments" / "base"
    monkeypatch.chdir(inside)
    assert renders_charts(words.split()) is expected
