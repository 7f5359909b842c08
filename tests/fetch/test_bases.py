"""Bases, components and manifests from elsewhere: pinned as charts are, and confined to what came with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fetch.projects import chart, chart_files, index, overlay, packed, project, sha256, write
from tests.fetch.servers import Web
from tests.fetch.test_git import Remote

BASE = "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: platform}\nspec:\n"
ENVIRONMENT = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata:\n  name: prod\nspec:\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: {level: info}\n"


@pytest.fixture
def remote(tmp_path: Path, web: Web) -> Remote:
    (tmp_path / "remote").mkdir()
    return Remote(tmp_path / "remote", web)


def publish(remote: Remote, files: dict[str, str]) -> str:
    write(remote.tree, {f"platform/{name}": text for name, text in files.items()})
    commit = remote.commit()
    remote.push()
    return commit


def environment(folder: Path, spec: str) -> Path:
    return project(folder, "x", **{"environments/prod/environment.yaml": ENVIRONMENT + spec})


def extends(remote: Remote, path: str = "platform") -> str:
    return f"  extends:\n  - {{git: {remote.url}, ref: main, path: {path}}}\n"


def test_a_base_from_git_with_its_chart_values_and_patches(remote: Remote, tmp_path: Path) -> None:
    commit = publish(
        remote,
        {
            "base.yaml": BASE
            + "  chart: {path: chart}\n  values: [values.yaml]\n  patches: [{path: patches/a.yaml}]\n",
            **{f"chart/{name}": text for name, text in chart_files("web", "1.0.0").items()},
            "chart/templates/level.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {level: '{{ .Values.level }}'}\n",
            "values.yaml": "level: debug\n",
            "patches/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {patched: 'yes'}\n",
        },
    )
    folder = environment(tmp_path / "p", extends(remote) + "  namespace: shop\n")
    missing = overlay(folder, "render", "prod")
    assert missing.returncode == 2
    assert f"platform from {remote.url} is not pinned in overlay.lock" in missing.stderr
    assert "environments/prod/environment.yaml:7:5" in missing.stderr
    check = overlay(folder, "lock", "--check")
    assert (check.returncode, check.stdout) == (
        1,
        f"environments/prod/environment.yaml:7:5: platform from {remote.url}: not pinned\n",
    )
    assert overlay(folder, "lock").stderr == f"locked platform {commit} from {remote.url}@{commit}\n"
    rendered = overlay(folder, "render", "prod")
    assert (rendered.returncode, rendered.stderr) == (0, "")
    assert rendered.stdout == (
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\ndata:\n  level: debug\n  patched: "yes"\n'
        '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop-web\n  namespace: shop\ndata:\n  version: "1.0.0"\n'
    )  # fmt: skip
    assert overlay(folder, "lock", "--check").returncode == 0
    shown = overlay(folder, "env", "show", "prod").stdout
    assert f"<platform {commit[:12]}>/patches/a.yaml" in shown
    assert overlay(folder, "env", "list").stdout.splitlines()[1].split()[:3] == ["prod", "platform", "web"]


def test_a_base_from_elsewhere_may_ask_for_more_from_elsewhere(remote: Remote, tmp_path: Path, make_web) -> None:
    other = make_web()
    data = chart("db", "1.2.0")
    other.answers |= {"/index.yaml": index(("db", "1.2.0", data)), "/db-1.2.0.tgz": data}
    publish(
        remote,
        {
            "base.yaml": BASE + f"  extends: [{{git: {remote.url}, ref: main, path: deeper}}]\n",
            "../deeper/base.yaml": BASE.replace("platform", "deeper")
            + f"  chart: {{repository: {other.url}, name: db, version: ^1}}\n",
        },
    )
    folder = environment(tmp_path / "p", extends(remote))
    locked = overlay(folder, "lock")
    assert (locked.returncode, locked.stderr.count("locked ")) == (0, 3)
    assert overlay(folder, "render", "prod", "-o", "name").stdout == "configmap/shop-db\n"
    assert overlay(folder, "lock", "--check").returncode == 0
    elsewhere = overlay(folder, "lock", "--check", XDG_CACHE_HOME=str(tmp_path / "other"))
    assert (elsewhere.returncode, elsewhere.stdout) == (0, "")
    assert overlay(folder, "vendor", "-q").returncode == 0
    assert overlay(folder, "render", "prod", "-o", "name", XDG_CACHE_HOME=str(tmp_path / "other")).returncode == 0
    again = overlay(folder, "lock")
    assert again.stderr == "overlay.lock is up to date: 3 inputs\n"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "  values: [../../environments/prod/secret.yaml]\n",
            "'../../environments/prod/secret.yaml' is outside of <platform ",
        ),
        ("  resources: [../x.yaml]\n", "'../x.yaml' is outside of <platform "),
        ("  extends: [..]\n", "'..' is outside of <platform "),
        ("  chart: {path: ../../chart}\n", "'../../chart' is outside of <platform "),
        ("  configMaps: [{name: a, files: [../../overlay.yaml]}]\n", "'../../overlay.yaml' is outside of <platform "),
        ("  values: [/etc/passwd]\n", "'/etc/passwd' is outside the project folder"),
        ("  values: [nothing.yaml]\n", "/nothing.yaml does not exist"),
    ],
)
def test_P05_a_base_from_elsewhere_reads_nothing_of_the_project(
    remote: Remote, tmp_path: Path, spec: str, message: str
) -> None:
    publish(remote, {"base.yaml": BASE + spec})
    folder = environment(tmp_path / "p", extends(remote))
    write(folder, {"environments/prod/secret.yaml": "password: s3cret\n", "chart/Chart.yaml": "s3cret"})
    done = overlay(folder, "lock")
    assert done.returncode == 2
    assert message in done.stderr
    assert "s3cret" not in done.stderr


def test_a_component_from_an_archive(web: Web, tmp_path: Path) -> None:
    data = packed(
        {
            "component.yaml": "apiVersion: overlay.dev/v1\nkind: Component\nmetadata: {name: monitored}\nspec: {resources: [a.yaml], annotations: {scrape: 'yes'}}\n",
            "a.yaml": MAP,
        },
        "monitored-1.0",
    )
    web.answers["/monitored.tgz"] = data
    folder = environment(
        tmp_path,
        f"  components: [{{url: '{web.url}/monitored.tgz', digest: '{sha256(data)}'}}]\n",
    )
    assert overlay(folder, "lock").returncode == 0
    assert 'scrape: "yes"' in overlay(folder, "render", "prod").stdout


def test_manifests_from_an_address(web: Web, tmp_path: Path) -> None:
    data = MAP.encode()
    web.answers["/v1/all.yaml"] = data
    folder = environment(tmp_path, f"  resources: [{{url: '{web.url}/v1/all.yaml', digest: '{sha256(data)}'}}]\n")
    assert overlay(folder, "lock").stderr == f"locked all.yaml from {web.url}/v1/all.yaml\n"
    assert overlay(folder, "render", "prod").stdout == MAP.replace("data: {level: info}", "data:\n  level: info")
    text = (folder / "overlay.lock").read_text()
    assert overlay(folder, "vendor", "-q").returncode == 0
    assert overlay(folder, "render", "prod", "-o", "name", XDG_CACHE_HOME=str(tmp_path / "o")).stdout == "configmap/a\n"
    assert (folder / "overlay.lock").read_text() == text
    explained = overlay(folder, "explain", "prod", "configmap/a", "data.level").stdout
    assert f"<all.yaml {sha256(data)[7:19]}>/all.yaml:5:" in explained


def test_definitions_from_an_address_only_describe(web: Web, tmp_path: Path) -> None:
    data = (
        b"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: gs.x.example}\n"
        b"spec:\n  group: x.example\n  names: {kind: G, plural: gs}\n  scope: Namespaced\n  versions:\n  - name: v1\n    served: true\n"
        b"    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          spec:\n            type: object\n"
        b"            properties: {size: {type: integer}}\n"
    )
    web.answers["/crds.yaml"] = data
    spec = f"  crds: [{{url: '{web.url}/crds.yaml', digest: '{sha256(data)}'}}]\n  resources: [g.yaml]\n"
    folder = environment(tmp_path, spec)
    write(
        folder,
        {"environments/prod/g.yaml": "apiVersion: x.example/v1\nkind: G\nmetadata: {name: a}\nspec: {size: big}\n"},
    )
    assert overlay(folder, "lock").returncode == 0
    done = overlay(folder, "render", "prod")
    assert done.returncode == 2
    assert "environments/prod/g.yaml:4:" in done.stderr


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{git: https://x.example/a.git}", "spec.extends[0] needs ref"),
        ("{url: https://x.example/a.tgz}", "spec.extends[0] needs digest"),
        ("{url: https://x.example/a.yaml, digest: sha256:0}", "spec.extends[0].url must end with .tgz, .tar.gz"),
        (
            "{url: https://x.example/a.tgz, digest: sha256:0}",
            "spec.extends[0].digest is 'sha256:0', expected sha256: and 64 digits",
        ),
        ("{git: https://x.example/a.git, ref: a, digest: x}", "spec.extends[0].digest means nothing beside git"),
        ("{ref: a}", "spec.extends[0] needs exactly one of git or url, or is a path; found none"),
        ("{git: https://x.example/a.git, ref: a, paht: x}", "unknown field spec.extends[0].paht"),
        ("1", "spec.extends[0] must be a path, found the number 1"),
    ],
)
def test_mistakes_in_entries_are_named_at_their_place(tmp_path: Path, entry: str, message: str) -> None:
    done = overlay(environment(tmp_path, f"  extends: [{entry}]\n"), "render", "prod")
    assert done.returncode == 2
    assert message in done.stderr
    assert "environments/prod/environment.yaml:6:" in done.stderr
