"""`overlay factor`: what environments say several times is said once, and every environment stays as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

WEB = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: shop/web:2.4.1
"""
MEMORY = """    # As measured in May.
    - target: {kind: Deployment, name: web}
      strategicMerge:
        spec:
          template:
            spec:
              containers:
                - name: web
                  resources:
                    limits: {memory: 256Mi}  # enough
"""
GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, env={**os.environ, **GIT})


def overlay(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "overlay", *args, cwd=cwd)


def layer(project: Path, name: str, spec: str, kind: str = "Environment") -> Path:
    folder = project / "environments" / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind.lower()}.yaml"
    path.write_text(f"apiVersion: overlay.dev/v1\nkind: {kind}\nmetadata: {{name: {folder.name}}}\nspec:\n{spec}")
    return path


def commit(project: Path) -> None:
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "all")):
        run("git", *words, cwd=project)


def rendered(project: Path) -> dict[str, str]:
    names = sorted(path.parent.name for path in (project / "environments").glob("*/environment.yaml"))
    return {name: overlay("render", name, "-q", cwd=project).stdout for name in names}


def spec_of(project: Path, name: str, kind: str = "environment") -> str:
    return (project / f"environments/{name}/{kind}.yaml").read_text().partition("spec:\n")[2]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Three environments of one base that say much alike, committed."""
    layer(tmp_path, "base", "  resources: [manifests]\n", "Base")
    (tmp_path / "environments/base/manifests").mkdir()
    (tmp_path / "environments/base/manifests/web.yaml").write_text(WEB)
    for name in ("dev", "prod", "staging"):
        tag = "2.4.1" if name == "prod" else "2.5.0"
        layer(
            tmp_path,
            name,
            f"  extends: [../base]\n  patches:\n{MEMORY}    - target: {{kind: Deployment}}\n      strategicMerge:\n"
            f"        spec:\n          replicas: 1\n  images:\n    # Of {name}.\n"
            f"    - {{name: shop/web, newTag: {tag}}}\n",
        )
    commit(tmp_path)
    return tmp_path


def test_what_all_share_goes_up_with_its_comments_and_what_changes_nothing_goes(shop: Path) -> None:
    before = rendered(shop)
    done = overlay("factor", "--write", cwd=shop)
    assert done.returncode == 0, done.stderr
    assert spec_of(shop, "base", "base") == (
        f"  resources: [manifests]\n  patches:\n{MEMORY}  images:\n    # Of staging.\n    # Of dev.\n"
        "    - {name: shop/web, newTag: 2.5.0}\n"
    )
    assert spec_of(shop, "dev") == "  extends: [../base]\n"
    assert spec_of(shop, "prod") == (
        "  extends: [../base]\n  images:\n    # Of prod.\n    - {name: shop/web, newTag: 2.4.1}\n"
    )
    assert rendered(shop) == before


def test_the_dry_run_shows_what_moves_and_the_lines_and_writes_nothing(shop: Path) -> None:
    done = overlay("factor", cwd=shop)
    assert done.returncode == 0
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["WHAT", "IS", "FROM", "TO"],
        ["patches:", "Deployment", "dropped", "dev", "-"],
        ["patches:", "Deployment", "dropped", "prod", "-"],
        ["patches:", "Deployment", "dropped", "staging", "-"],
        ["images.shop/web", "moved", "dev,", "staging", "base"],
        ["patches:", "Deployment/web", "moved", "dev,", "prod,", "staging", "base"],
        [],
        ["FOLDER", "LINES", "AFTER"],
        ["environments/base", "20", "35"],
        ["environments/dev", "23", "5"],
        ["environments/prod", "23", "8"],
        ["environments/staging", "23", "5"],
        ["together", "89", "53"],
    ]
    assert done.stderr == "proved: 3 environments render to the same bytes; --write writes it\n"
    assert run("git", "status", "--short", cwd=shop).stdout == ""


def test_json_says_the_same_for_programs(shop: Path) -> None:
    found = json.loads(overlay("factor", "-o", "json", cwd=shop).stdout)
    assert found["moves"][3] == {
        "what": "images.shop/web",
        "how": "moved",
        "from": ["environments/dev/environment.yaml", "environments/staging/environment.yaml"],
        "to": "environments/base/base.yaml",
    }
    assert found["lines"]["environments/prod"] == {"before": 23, "after": 8}
    assert found["files"]["environments/dev/environment.yaml"] == "written"
    assert found["written"] is False


def test_running_it_twice_changes_nothing_more(shop: Path) -> None:
    overlay("factor", "--write", cwd=shop)
    run("git", "commit", "-qam", "factored", cwd=shop)
    done = overlay("factor", "--write", cwd=shop)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "nothing is said twice that could be said once\n"
    assert run("git", "status", "--short", cwd=shop).stdout == ""


def test_what_git_cannot_give_back_is_only_changed_when_that_is_said(shop: Path) -> None:
    path = shop / "environments/dev/environment.yaml"
    path.write_text(path.read_text() + "  # Not committed.\n")
    layer(shop, "qa", spec_of(shop, "staging"))
    done = overlay("factor", "--write", "-q", cwd=shop)
    assert done.returncode != 0
    hint = "  hint: commit first, so that Git can give it back, or say --uncommitted\n"
    assert f"environments/dev/environment.yaml has changes that are not committed\n{hint}" in done.stderr
    assert f"environments/qa/environment.yaml is not committed yet\n{hint}" in done.stderr
    assert spec_of(shop, "base", "base") == "  resources: [manifests]\n"
    before = rendered(shop)
    assert overlay("factor", "--write", "--uncommitted", cwd=shop).returncode == 0
    assert rendered(shop) == before
    assert spec_of(shop, "qa") == "  extends: [../base]\n"


def test_fields_in_which_patches_agree_go_up_and_the_rest_stays(tmp_path: Path) -> None:
    layer(tmp_path, "base", "  resources: [web.yaml]\n", "Base")
    (tmp_path / "environments/base/web.yaml").write_text(WEB)
    for name, count in (("dev", 1), ("prod", 4)):
        layer(
            tmp_path,
            name,
            "  extends: [../base]\n  patches:\n    - target: {kind: Deployment}\n      strategicMerge:\n        spec:\n"
            f"          replicas: {count}\n          # Slowly.\n          minReadySeconds: 10\n"
            "          revisionHistoryLimit: 3\n          progressDeadlineSeconds: 300\n          paused: true\n",
        )
    before = rendered(tmp_path)
    done = overlay("factor", "--write", "--uncommitted", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert spec_of(tmp_path, "base", "base") == (
        "  resources: [web.yaml]\n  patches:\n    - target: {kind: Deployment}\n      strategicMerge:\n        spec:\n"
        "          # Slowly.\n          minReadySeconds: 10\n          revisionHistoryLimit: 3\n"
        "          progressDeadlineSeconds: 300\n          paused: true\n"
    )
    assert spec_of(tmp_path, "prod") == (
        "  extends: [../base]\n  patches:\n    - target: {kind: Deployment}\n      strategicMerge:\n        spec:\n"
        "          replicas: 4\n"
    )
    assert rendered(tmp_path) == before


def test_two_patches_on_one_object_become_one(tmp_path: Path) -> None:
    (tmp_path / "environments/dev").mkdir(parents=True)
    (tmp_path / "environments/dev/web.yaml").write_text(WEB)
    layer(
        tmp_path,
        "dev",
        "  resources: [web.yaml]\n  patches:\n    - target: {kind: Deployment}\n      strategicMerge:\n        spec:\n"
        "          replicas: 2\n    # For the night.\n    - target: {kind: Deployment}\n      strategicMerge:\n"
        "        spec:\n          paused: true  # until six\n",
    )
    before = rendered(tmp_path)
    done = overlay("factor", "--write", "--uncommitted", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert spec_of(tmp_path, "dev") == (
        "  resources: [web.yaml]\n  patches:\n    # For the night.\n    - target: {kind: Deployment}\n"
        "      strategicMerge:\n        spec:\n          replicas: 2\n          paused: true  # until six\n"
    )
    assert rendered(tmp_path) == before


def test_what_some_share_becomes_a_component_of_theirs(shop: Path) -> None:
    for name in ("dev", "staging"):
        path = shop / f"environments/{name}/environment.yaml"
        path.write_text(
            path.read_text() + "  labels:\n    - pairs:\n" + "".join(f"        l{n}: x\n" for n in range(9))
        )
    before = rendered(shop)
    overlay("factor", "--write", "--uncommitted", cwd=shop)
    assert spec_of(shop, "dev") == "  extends: [../base]\n  components: [../components/dev-and-staging]\n"
    assert spec_of(shop, "components/dev-and-staging", "component").startswith(
        "  labels:\n    - pairs:\n        l0: x\n"
    )
    assert rendered(shop) == before


def test_environments_that_extend_nothing_get_a_base_with_the_manifests_that_they_copied(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        path = layer(tmp_path, name, f"  resources: [manifests]\n  namespace: {name}\n")
        (path.parent / "manifests").mkdir()
        (path.parent / "manifests/web.yaml").write_text(WEB)
        (path.parent / "manifests/own.yaml").write_text(WEB.replace("web", f"own-{name}"))
    before = rendered(tmp_path)
    done = overlay("factor", "--write", "--uncommitted", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert spec_of(tmp_path, "base", "base") == "  resources: [manifests]\n"
    assert (tmp_path / "environments/base/manifests/web.yaml").read_text() == WEB
    assert spec_of(tmp_path, "dev") == "  extends: [../base]\n  resources: [manifests]\n  namespace: dev\n"
    assert [path.name for path in (tmp_path / "environments/dev/manifests").iterdir()] == ["own.yaml"]
    assert rendered(tmp_path) == before


def test_values_that_all_set_alike_go_into_the_bases_values(tmp_path: Path) -> None:
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text("web: {}\n")
    (chart / "templates/settings.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  web: {{ toJson .Values.web | quote }}\n"
    )
    layer(tmp_path, "base", "  chart: {path: ../../chart}\n", "Base")
    for name, level in (("dev", "debug"), ("prod", "info"), ("staging", "info")):
        path = layer(tmp_path, name, "  extends: [../base]\n  values: [values.yaml]\n")
        (path.parent / "values.yaml").write_text(
            f"web:\n  # Asked by the team.\n  probes:\n    path: /healthz\n    period: 10\n  level: {level}\n"
        )
    before = rendered(tmp_path)
    done = overlay("factor", "--write", "--uncommitted", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert spec_of(tmp_path, "base", "base") == "  chart: {path: ../../chart}\n  values: [values.yaml]\n"
    assert (tmp_path / "environments/base/values.yaml").read_text() == (
        "web:\n  # Asked by the team.\n  probes:\n    path: /healthz\n    period: 10\n  level: info\n"
    )
    assert (tmp_path / "environments/dev/values.yaml").read_text() == "web:\n  level: debug\n"
    assert spec_of(tmp_path, "prod") == "  extends: [../base]\n"
    assert not (tmp_path / "environments/prod/values.yaml").exists()
    assert rendered(tmp_path) == before


def test_a_patch_in_a_file_moves_with_its_file(tmp_path: Path) -> None:
    layer(tmp_path, "base", "  resources: [web.yaml]\n", "Base")
    (tmp_path / "environments/base/web.yaml").write_text(WEB)
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  paused: true\n"
    for name in ("dev", "prod"):
        path = layer(tmp_path, name, "  extends: [../base]\n  patches:\n    - path: patches/web.yaml\n")
        (path.parent / "patches").mkdir()
        (path.parent / "patches/web.yaml").write_text(text)
    before = rendered(tmp_path)
    done = overlay("factor", "--write", "--uncommitted", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "environments/base/patches/web.yaml").read_text() == text
    assert not (tmp_path / "environments/dev/patches").exists()
    assert rendered(tmp_path) == before


def test_a_patch_that_changes_nothing_goes_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "environments/dev").mkdir(parents=True)
    (tmp_path / "environments/dev/web.yaml").write_text(WEB)
    (tmp_path / "environments/dev/replicas.yaml").write_text("spec:\n  replicas: 1\n")
    layer(
        tmp_path,
        "dev",
        "  resources: [web.yaml]\n  patches:\n    # Of old.\n    - {path: replicas.yaml, target: {kind: Deployment}}\n",
    )
    done = overlay("factor", "--write", "--uncommitted", "-o", "json", cwd=tmp_path)
    assert json.loads(done.stdout)["moves"] == [
        {"what": "patches: Deployment", "how": "dropped", "from": ["environments/dev/environment.yaml"], "to": None}
    ]
    assert spec_of(tmp_path, "dev") == "  resources: [web.yaml]\n"
    assert not (tmp_path / "environments/dev/replicas.yaml").exists()


def test_a_project_that_cannot_be_built_is_refused_with_all_that_is_wrong(shop: Path) -> None:
    for name in ("dev", "prod"):
        layer(
            shop,
            name,
            "  extends: [../base]\n  patches: [{target: {kind: Nothing}, jsonPatch: [{op: remove, path: /a}]}]\n",
        )
    done = overlay("factor", "--write", cwd=shop)
    assert done.returncode == 2
    assert "error in dev: no object matches the target kind=Nothing" in done.stderr
    assert "error in prod: no object matches the target kind=Nothing" in done.stderr


def test_a_disk_that_fails_leaves_every_file_as_it_was(shop: Path) -> None:
    path = shop / "environments/prod/environment.yaml"
    path.write_text(path.read_text() + f"# {'x' * 98}\n" * 60)
    before = {path: path.read_text() for path in shop.glob("environments/*/*.yaml")}
    limited = f"ulimit -f 8; exec {sys.executable} -m overlay factor --write --uncommitted -q"
    done = run("sh", "-c", limited, cwd=shop)
    assert done.stderr == "error: .overlay-unfinished.json cannot be written: file too large; all is as it was\n"
    assert {path: path.read_text() for path in shop.glob("environments/*/*.yaml")} == before


@pytest.mark.parametrize("parent", [True, False])
def test_manifests_that_are_nearly_copies_become_one_with_patches(tmp_path: Path, parent: bool) -> None:
    if parent:
        layer(tmp_path, "base", "  configMaps:\n    - {name: settings, literals: {A: b}}\n", "Base")
    for name, count in (("dev", 1), ("prod", 4), ("qa", 1)):
        extends = "  extends: [../base]\n" if parent else ""
        path = layer(tmp_path, name, f"{extends}  resources: [manifests]\n")
        (path.parent / "manifests").mkdir()
        text = WEB.replace("replicas: 1", f"replicas: {count}  # as measured")
        (path.parent / "manifests/web.yaml").write_text(text)
    before = rendered(tmp_path)
    done = overlay("factor", "--write", "--uncommitted", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "environments/base/manifests/web.yaml").read_text() == (
        WEB.replace("replicas: 1", "replicas: 1  # as measured")
    )
    assert spec_of(tmp_path, "dev") == "  extends: [../base]\n"
    assert spec_of(tmp_path, "prod") == (
        "  extends: [../base]\n  patches:\n    - target: {kind: Deployment, name: web}\n"
        "      strategicMerge: {spec: {replicas: 4}}\n"
    )
    assert not (tmp_path / "environments/prod/manifests").exists()
    assert rendered(tmp_path) == before
