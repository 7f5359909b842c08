"""Same input, same bytes: nothing of the machine, the clock or the order of things on disk is in the result."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from overlay import Options, build
from overlay.tree import tree
from overlay.yaml import write_documents

SAMPLE = Path(__file__).resolve().parent.parent / "environments"


def sample() -> dict[str, bytes]:
    return {str(path.relative_to(SAMPLE)): path.read_bytes() for path in sorted(SAMPLE.rglob("*")) if path.is_file()}


def plain() -> dict[str, bytes]:
    """Return a project whose objects come from folders of manifests, so that the order of files could matter."""
    files = {
        "prod/environment.yaml": (
            "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\n"
            "spec: {chart: {path: base}, resources: [more], namespace: shop}\n"
        )
    }
    for number in range(12):
        kind = ("ConfigMap", "Secret", "ServiceAccount", "Service")[number % 4]
        text = f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: n{number}}}\n"
        files[f"prod/{('base', 'more', 'more/deep')[number % 3]}/{number * 7 % 12}.yaml"] = text
    return {name: text.encode() for name, text in files.items()}


def write(root: Path, files: dict[str, bytes], order: list[str]) -> Path:
    for name in order:
        path = root / "environments" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])
    return root


def rendered(root: Path, environment: str = "prod") -> tuple[str, dict[str, str]]:
    built = build(environment, project=str(root), options=Options(cache=False))
    return write_documents([one.body for one in built.objects]), tree(built)


@pytest.mark.parametrize("files", [sample(), plain()], ids=["the sample", "plain manifests"])
def test_M15_the_order_in_which_files_came_to_be_does_not_matter(files: dict[str, bytes], tmp_path: Path) -> None:
    order = sorted(files)
    first = rendered(write(tmp_path / "0", files, order))
    for seed in range(1, 16):
        random.Random(seed).shuffle(order)
        assert rendered(write(tmp_path / str(seed), files, order)) == first


def test_M15_the_order_of_names_on_the_command_line_does_not_matter(tmp_path: Path) -> None:
    files = sample()
    root = write(tmp_path, files, sorted(files))
    sets = (("set", "web.replicas=3"), ("set-string", "web.a=x"), ("set", "api.b=1"))
    found = {
        write_documents(
            [
                one.body
                for one in build("prod", project=str(root), options=Options(sets=sets[shift:] + sets[:shift])).objects
            ]
        )
        for shift in range(3)
    }
    assert len(found) == 1


MACHINES = [
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C", "USER": "one"},
    {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "USER": "two", "COLUMNS": "20"},
    {"PYTHONHASHSEED": "4294967295", "TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    {
        "PYTHONHASHSEED": "random",
        "PYTHONUTF8": "0",
        "LC_ALL": "POSIX",
        "SOURCE_DATE_EPOCH": "1",
        "HOSTNAME": "elsewhere",
    },
]


def test_M15_hash_seed_locale_time_zone_and_folder_do_not_matter(tmp_path: Path) -> None:
    files = sample()
    found = set()
    for number, machine in enumerate(MACHINES):
        root = write(tmp_path / str(number), files, sorted(files))
        done = subprocess.run(
            [sys.executable, "-m", "overlay", "render", "--all", "--no-cache"],
            cwd=root, env={**os.environ, **machine}, capture_output=True,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        found.add(done.stdout)
    assert len(found) == 1


def test_M15_a_map_in_another_order_gives_the_same_objects_in_the_same_order(tmp_path: Path) -> None:
    head = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\n"
    fields = [
        "namespace: shop", "resources: [a.yaml]", "images: [{name: web, newTag: '2'}]", "labels: [{pairs: {b: x, a: z}}]",
        "patches: [{target: {kind: Pod}, mergePatch: {spec: {hostname: h}}}]", "annotations: {z: '1', a: '2'}",
    ]  # fmt: skip
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: web}]}\n"
    found = set()
    for seed in range(30):
        random.Random(seed).shuffle(fields)
        text = head + "spec:\n" + "".join(f"  {field}\n" for field in fields)
        files = {"prod/environment.yaml": text.encode(), "prod/a.yaml": pod.encode()}
        found.add(rendered(write(tmp_path / str(seed), files, sorted(files)))[0])
    assert len(found) == 1
