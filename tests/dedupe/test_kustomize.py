"""Overlays of kustomize as environments: rendered by the real program, and nothing fetched or read from elsewhere."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

ROWS = {
    "an address": 'resources: ["{url}/x.yaml"]',
    "a repository": 'resources: ["github.com/evil/repo?ref=main"]',
    "a repository by ssh": 'resources: ["git@example.org:evil/repo"]',
    "a component": 'components: ["{url}/c//k?ref=v1"]',
    "a patch": 'patches: [{{path: "{url}/p.yaml"}}]',
    "an old patch": 'patchesStrategicMerge: ["{url}/p.yaml"]',
    "a JSON patch": 'patchesJson6902: [{{path: "{url}/p.yaml", target: {{version: v1, kind: ConfigMap, name: c}}}}]',
    "a replacement": 'replacements: [{{path: "{url}/p.yaml"}}]',
    "a file of a generator": 'configMapGenerator: [{{name: x, files: ["a={url}/p.yaml"]}}]',
    "variables of a generator": 'configMapGenerator: [{{name: x, envs: ["{url}/p.yaml"]}}]',
    "a secret": 'secretGenerator: [{{name: x, env: "{url}/p.yaml"}}]',
    "a definition": 'crds: ["{url}/p.yaml"]',
    "settings": 'configurations: ["{url}/p.yaml"]',
    "a schema": 'openapi: {{path: "{url}/p.yaml"}}',
    "a plugin": 'transformers: ["{url}/p.yaml"]',
    "a generator": 'generators: ["{url}/p.yaml"]',
    "what a plugin reads": (
        "transformers:\n- |\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {{name: x}}\n"
        "  path: {url}/p.yaml\n  target: {{kind: ConfigMap}}"
    ),
    "what a plugin in a file reads": "transformers: [plugin.yaml]",
}  # fmt: skip


@pytest.fixture
def run(tool: Callable[[str], str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    folder = str(Path(tool("kustomize")).parent)

    def call(*args: str, path: str = folder) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PATH": f"{path}{os.pathsep}/usr/bin{os.pathsep}/bin"}
        return subprocess.run(
            [sys.executable, "-m", "overlay", "adopt", *args], cwd=tmp_path, capture_output=True, text=True, env=env
        )

    return call


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server that would be asked, and what it was asked for."""
    found: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.append(self.path)
            self.send_response(404)
            self.end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", found
        server.shutdown()


def shop(folder: Path, *stages: str) -> None:
    """Write a base with a Deployment, and overlays of it."""
    (folder / "base").mkdir(parents=True)
    (folder / "base/kustomization.yaml").write_text("resources: [web.yaml]\n")
    (folder / "base/web.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n"
        "  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: web\n"
        "    spec:\n      containers:\n        - name: web\n          image: shop/web:1\n"
    )
    for at, stage in enumerate(stages, 2):
        (folder / stage).mkdir(parents=True)
        depth = "/".join([".."] * (stage.count("/") + 1))
        (folder / stage / "kustomization.yaml").write_text(
            f"namespace: shop-{stage.replace('/', '-')}\nresources: [{depth}/base]\n"
            f"replicas: [{{name: web, count: {at}}}]\n"
            "configMapGenerator: [{name: settings, literals: [LEVEL=info]}]\n"
        )


def test_overlays_become_environments_that_build_to_what_kustomize_renders(run, tool, tmp_path: Path) -> None:
    shop(tmp_path / "shop", "dev", "prod")
    done = run("shop/dev", "shop/prod", "--write")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "environments/base/manifests/deployment-web.yaml").is_file()
    for name in ("dev", "prod"):
        built = subprocess.run(
            [tool("kustomize"), "build", str(tmp_path / "shop" / name)], capture_output=True, check=True
        )
        rendered = subprocess.run(
            [sys.executable, "-m", "overlay", "render", name], cwd=tmp_path, capture_output=True, check=True
        )
        assert objects(rendered.stdout) == objects(built.stdout)


def objects(text: bytes) -> list[object]:
    return sorted(yaml.safe_load_all(text), key=lambda one: (one["kind"], one["metadata"]["name"]))


def test_a_tree_gives_overlays_by_what_they_belong_to_and_no_base_among_them(run, tmp_path: Path) -> None:
    shop(tmp_path / "apps/shop", "dev", "prod/eu", "prod/us")
    shop(tmp_path / "apps/api", "dev", "staging")
    (tmp_path / "apps/shop/part").mkdir()
    (tmp_path / "apps/shop/part/kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    )
    done = run("apps", "--all", "-o", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(one["group"], [each["folder"] for each in one["environments"]]) for one in found["groups"]] == [
        ("api", ["apps/api/dev", "apps/api/staging"]),
        ("shop", ["apps/shop/dev", "apps/shop/prod/eu", "apps/shop/prod/us"]),
    ]
    assert found["leftOut"] == []


def test_a_patch_beside_the_folder_is_read_as_flux_reads_it(run, tmp_path: Path) -> None:
    shop(tmp_path / "shop", "dev", "prod")
    (tmp_path / "shop/all.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {minReadySeconds: 7}\n"
    )
    for name in ("dev", "prod"):
        with (tmp_path / "shop" / name / "kustomization.yaml").open("a") as file:
            file.write("patches: [{path: ../all.yaml}]\n")
    done = run("shop/dev", "shop/prod", "--write")
    assert done.returncode == 0, done.stderr
    assert "minReadySeconds: 7" in (tmp_path / "environments/base/manifests/deployment-web.yaml").read_text()


@pytest.mark.parametrize("what", ROWS)
def test_Z12_nothing_that_a_kustomization_names_is_fetched(
    what: str, run, asked: tuple[str, list[str]], tmp_path: Path
) -> None:
    url, requests = asked
    shop(tmp_path / "shop", "dev", "prod")
    line = ROWS[what].format(url=url)
    path = tmp_path / "shop/prod/kustomization.yaml"
    kept = path.read_text() if not line.startswith(("resources", "configMapGenerator")) else "namespace: x\n"
    path.write_text(f"{kept}{line}\n")
    (tmp_path / "shop/prod/plugin.yaml").write_text(
        f"apiVersion: builtin\nkind: PatchTransformer\nmetadata: {{name: x}}\npath: {url}/p.yaml\n"
    )
    done = run("shop/dev", "shop/prod")
    assert done.returncode == 2
    assert "would be fetched; nothing is fetched here\n  --> shop/prod/" in done.stderr
    assert requests == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("resources: [../../../elsewhere]", "resources: '../../../elsewhere' leads out of "),
        ("resources: [link.yaml]", "resources: 'link.yaml': symlink not allowed"),
        ("resources: [gone.yaml]", "resources: 'gone.yaml' is not there"),
        ("resources: [/etc/passwd]", "resources: '/etc/passwd' leads out of "),
        ("helmCharts: [{name: x, repo: oci://example.org/x}]", "helmCharts makes kustomize run helm, which is not done here"),
        ("resources: [", "error: "),
        ("unknown: 1", "kustomize says: "),
    ],
)  # fmt: skip
def test_what_leads_elsewhere_or_cannot_be_built_is_refused_with_its_place(line, said, run, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shop(project, "dev", "prod")
    (project / ".git").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/kustomization.yaml").write_text("resources: []\n")
    (project / "prod/link.yaml").symlink_to("/etc/passwd")
    (project / "prod/kustomization.yaml").write_text(f"{line}\n")
    done = run("project/dev", "project/prod")
    assert done.returncode == 2
    assert said in done.stderr
    assert "project/prod/kustomization.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_plugins_that_run_a_program_are_never_run(run, tmp_path: Path) -> None:
    shop(tmp_path / "shop", "dev", "prod")
    program = tmp_path / "shop/prod/act.sh"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/acted\ncat\n")
    program.chmod(0o755)
    with (tmp_path / "shop/prod/kustomization.yaml").open("a") as file:
        file.write(
            "transformers:\n- |\n  apiVersion: v1\n  kind: Act\n  metadata:\n    name: x\n    annotations:\n"
            "      config.kubernetes.io/function: |\n        exec: {path: ./act.sh}\n"
        )
    done = run("shop/dev", "shop/prod")
    assert done.returncode == 2
    assert "kustomize says: " in done.stderr
    assert not (tmp_path / "acted").exists()


def test_without_the_program_the_error_says_what_to_do(run, tmp_path: Path) -> None:
    shop(tmp_path / "shop", "dev", "prod")
    done = run("shop/dev", "shop/prod", path="/nowhere")
    assert done.returncode == 2
    assert (
        "error: a kustomization is no plain manifest\n  --> shop/dev/kustomization.yaml\n"
        "  hint: install kustomize 5, or render it first, into one folder per environment\n"
    ) in done.stderr


def committed(folder: Path) -> None:
    for words in (("init", "-q"), ("add", "-A"), ("-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "all")):
        subprocess.run(["git", *words], cwd=folder, check=True)


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_in_place_takes_overlays_away_with_all_that_they_are_made_of(run, tmp_path: Path) -> None:
    shop(tmp_path / "apps/shop", "dev", "prod/eu")
    (tmp_path / "apps/shop/dev/extra.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n")
    (tmp_path / "apps/shop/dev/app.env").write_text("A=b\n")
    (tmp_path / "apps/shop/dev/README.md").write_text("read me\n")
    with (tmp_path / "apps/shop/dev/kustomization.yaml").open("a") as file:
        file.write("components: [../part]\nsecretGenerator: [{name: env, envs: [app.env]}]\n")
    (tmp_path / "apps/shop/part").mkdir()
    (tmp_path / "apps/shop/part/kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [../dev/extra.yaml]\n"
    )
    committed(tmp_path)
    done = run("apps/shop/dev", "apps/shop/prod/eu", "--write", "--in-place")
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("wrote environments; took 7 files away, which the last commit has\n")
    assert left(tmp_path / "apps") == ["shop/dev/README.md"]
    rendered = subprocess.run(
        [sys.executable, "-m", "overlay", "render", "dev"], cwd=tmp_path, capture_output=True, text=True
    )
    assert "name: extra" in rendered.stdout


@pytest.mark.parametrize(
    ("file", "text", "kept"),
    [
        ("kustomization.yaml", "resources: [../base]\n", ["base/kustomization.yaml", "base/web.yaml"]),
        ("kustomization.yml", "patches:\n- path: ../base/web.yaml\n", ["base/web.yaml"]),
        ("Kustomization", "transformers:\n- |\n  kind: Patch\n  path: ../base/web.yaml\n", ["base/web.yaml"]),
        ("kustomization.yaml", "resources: [plugin.yaml]\ngenerators: [plugin.yaml]\n", ["base/web.yaml"]),
        ("kustomization.yaml", "{{ template }}: ../base\n", ["base/kustomization.yaml", "base/web.yaml"]),
    ],
)
def test_in_place_keeps_what_another_kustomization_uses(file, text, kept, run, tmp_path: Path) -> None:
    shop(tmp_path / "shop", "dev", "prod")
    (tmp_path / "shop/other").mkdir()
    (tmp_path / "shop/other" / file).write_text(text)
    (tmp_path / "shop/other/plugin.yaml").write_text("kind: Patch\npaths: [../base/web.yaml]\n")
    committed(tmp_path)
    done = run("shop/dev", "shop/prod", "--write", "--in-place")
    assert done.returncode == 0, done.stderr
    assert left(tmp_path / "shop") == [*kept, f"other/{file}", "other/plugin.yaml"]


def test_in_place_refuses_what_git_has_not_behind_an_overlay(run, tmp_path: Path) -> None:
    shop(tmp_path / "shop", "dev", "prod")
    (tmp_path / ".gitignore").write_text("web.yaml\n")
    committed(tmp_path)
    done = run("shop/dev", "shop/prod", "--write", "--in-place")
    assert done.returncode == 2
    assert done.stderr == (
        "error: shop/base/web.yaml is not in the last commit as it stands here\n"
        "  hint: commit it first; what Git has not could not be brought back\n"
    )
    assert not (tmp_path / "environments").exists()
