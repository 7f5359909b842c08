"""`overlay lint --all`: what only a look at all environments together shows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: x}\n"
LONG = "".join([f"  key-{number}: value\n" for number in range(12)])


def overlay(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "overlay", *args], cwd=cwd, capture_output=True, text=True)


def document(folder: Path, kind: str, spec: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    head = f"apiVersion: overlay.dev/v1\nkind: {kind}\nmetadata: {{name: {folder.name}}}\nspec:\n"
    (folder / f"{kind.lower()}.yaml").write_text(head + spec)


def findings(root: Path, *rules: str) -> list[tuple[str, str, str]]:
    done = overlay("lint", "--all", "-o", "json", cwd=root)
    return [
        (one["rule"], one["file"], one["message"])
        for one in json.loads(done.stdout)["problems"]
        if one["rule"] in rules
    ]


def project(root: Path, *, patch: str = "") -> Path:
    top = root / "environments"
    document(top / "base", "Base", "  resources: [c.yaml]\n")
    (top / "base" / "c.yaml").write_text(OBJECT)
    for name in ("dev", "prod"):
        document(top / name, "Environment", f"  extends: [../base]\n{patch}")
    return top


def test_files_bases_and_components_that_no_environment_reads_are_named(tmp_path: Path) -> None:
    top = project(tmp_path)
    (top / "dev" / "old.yaml").write_text(OBJECT)
    (top / "dev" / "notes.txt").write_text("read by people\n")
    document(top / "left", "Base", "  resources: []\n")
    document(top / "components" / "gone", "Component", "  labels: [{pairs: {a: b}}]\n")
    assert findings(tmp_path, "dead-file") == [
        ("dead-file", "environments/components/gone/component.yaml", "no environment uses this component"),
        ("dead-file", "environments/dev/old.yaml", "no environment reads this file"),
        ("dead-file", "environments/left/base.yaml", "no environment uses this base"),
    ]


def test_a_patch_that_every_environment_has_belongs_into_the_base(tmp_path: Path) -> None:
    patch = "  patches:\n    - target: {kind: ConfigMap}\n      mergePatch: {data: {b: yes-please}}\n"
    top = project(tmp_path, patch=patch)
    said = "all 2 environments that extend environments/base have this patch"
    found = findings(tmp_path, "patch-in-every-environment")
    assert found == [("patch-in-every-environment", "environments/dev/environment.yaml", said)]
    hint = "`overlay factor --write` does that, and proves that every environment stays"
    shown = overlay("lint", "--all", cwd=tmp_path).stdout
    assert f"hint: move it to environments/base/base.yaml; {hint}\n" in shown.replace("\n        ", " ")
    assert "patches: ConfigMap   moved   dev, prod   base\n" in overlay("factor", cwd=tmp_path).stdout
    document(top / "dev", "Environment", "  extends: [../base]\n" + patch.replace("b: yes", "b: no"))
    assert findings(tmp_path, "patch-in-every-environment") == []


def test_a_block_that_stands_in_several_files_is_a_note(tmp_path: Path) -> None:
    top = project(tmp_path)
    for name in ("dev", "prod"):
        document(top / name, "Environment", "  extends: [../base]\n  resources: [more.yaml]\n")
        (top / name / "more.yaml").write_text(
            OBJECT.replace("{name: c}", f"{{name: {name}}}").split("\ndata")[0] + "\ndata:\n" + LONG
        )
    assert findings(tmp_path, "duplicate-block") == [
        ("duplicate-block", "environments/dev/more.yaml", "this block, 12 lines, stands in 2 places")
    ]
    assert overlay("lint", "--all", "--strict", cwd=tmp_path).returncode == 0


def test_nothing_is_said_of_a_project_that_cannot_be_read_whole(tmp_path: Path) -> None:
    top = project(tmp_path)
    (top / "dev" / "old.yaml").write_text(OBJECT)
    (top / "prod" / "environment.yaml").write_text("a: [\n")
    assert findings(tmp_path, "dead-file", "duplicate-block", "patch-in-every-environment") == []
