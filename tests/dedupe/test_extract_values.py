"""`overlay extract-values`: fields that environments set differently become a few typed values."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from overlay.dedupe.factor.extract import Extraction
from overlay.dedupe.factor.sheet import lines_of
from overlay.inspect.factoring import Prover
from overlay.inspect.session import Workshop
from tests.dedupe.test_factor import WEB, layer, overlay, rendered, spec_of
from tests.dedupe.test_factor_laws import files_of, put
from tests.dedupe.test_factor_laws import rendered as built

SETTINGS = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  LOG_LEVEL: info # quiet\n  SIZE: '24'\n"
)
PATCHES = """  extends: [../base]
  namespace: shop-{name}
  patches:
    # Memory as measured.
    - target: {{kind: Deployment, name: web}}
      strategicMerge:
        spec:
          template:
            spec:
              containers:
                - name: web
                  resources:
                    requests: {{memory: {memory}}}
                    limits: {{memory: {memory}}}
    - target: {{kind: ConfigMap, name: settings}}
      strategicMerge:
        data:
          LOG_LEVEL: {level}
    - target: {{kind: Deployment}}
      jsonPatch:
        - op: replace
          path: /spec/replicas
          value: {count}
"""
NAMES = ("dev", "prod", "qa", "staging")


def project(folder: Path, said: dict[str, tuple[str, str, int]]) -> Path:
    layer(folder, "base", "  resources: [manifests]\n", "Base")
    manifests = folder / "environments/base/manifests"
    manifests.mkdir()
    resources = "          resources:\n            requests: {memory: 128Mi}\n            limits: {memory: 256Mi}\n"
    (manifests / "web.yaml").write_text(WEB + resources)
    (manifests / "settings.yaml").write_text(SETTINGS)
    for name, (memory, level, count) in said.items():
        layer(folder, name, PATCHES.format(name=name, memory=memory, level=level, count=count))
    return folder


def shop(folder: Path) -> Path:
    levels = {"prod": "info"}
    return project(folder, {name: (f"{at}Gi", levels.get(name, "debug"), at) for at, name in enumerate(NAMES, 2)})


def test_patched_fields_become_values_of_a_chart_with_a_schema(tmp_path: Path) -> None:
    shop(tmp_path)
    before = rendered(tmp_path)
    done = overlay("extract-values", "--write", "--uncommitted", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert spec_of(tmp_path, "base", "base") == "  chart: {path: chart}\n"
    chart = tmp_path / "environments/base/chart"
    assert (chart / "Chart.yaml").read_text() == "apiVersion: v2\nname: base\nversion: 0.1.0\n"
    assert (chart / "values.yaml").read_text() == ("logLevel: debug\nreplicas: 2\n# Memory as measured.\nmemory: 2Gi\n")
    schema = json.loads((chart / "values.schema.json").read_text())
    assert {name: one["type"] for name, one in schema["properties"].items()} == {
        "logLevel": "string",
        "replicas": "integer",
        "memory": "string",
    }
    assert "  LOG_LEVEL: {{ .Values.logLevel | quote }} # quiet\n" in (chart / "templates/settings.yaml").read_text()
    assert "            limits: {memory: {{ .Values.memory | quote }}}\n" in (chart / "templates/web.yaml").read_text()
    assert spec_of(tmp_path, "dev") == "  extends: [../base]\n  namespace: shop-dev\n"
    assert spec_of(tmp_path, "prod") == "  extends: [../base]\n  values: [values.yaml]\n  namespace: shop-prod\n"
    assert (tmp_path / "environments/prod/values.yaml").read_text() == "logLevel: info\nreplicas: 3\nmemory: 3Gi\n"
    assert rendered(tmp_path) == before
    again = overlay("extract-values", "--write", "--uncommitted", cwd=tmp_path)
    assert (again.stdout, again.stderr) == ("", "no values would be shorter than what is there\n")
    wrong = tmp_path / "environments/prod/values.yaml"
    wrong.write_text("replicas: many\n")
    assert overlay("render", "prod", cwd=tmp_path).returncode != 0


def test_the_dry_run_shows_each_value_its_type_its_fields_and_what_environments_say(tmp_path: Path) -> None:
    shop(tmp_path)
    texts = files_of(tmp_path)
    done = overlay("extract-values", cwd=tmp_path)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["VALUE", "OF", "BASE", "TYPE", "FIELD", "dev", "prod", "qa", "staging"]
    assert ["replicas", "integer", "Deployment/web", "spec.replicas", "2", "3", "4", "5"] in lines
    assert lines[-1] == ["together", "138", "81"]
    assert done.stderr == "proved: 4 environments render to the same bytes; --write writes it\n"
    found = json.loads(overlay("extract-values", "-o", "json", cwd=tmp_path).stdout)
    assert found["values"][0] == {
        "name": "logLevel",
        "base": "environments/base/base.yaml",
        "type": "string",
        "fields": ["ConfigMap/settings data.LOG_LEVEL"],
        "default": "debug",
        "environments": {"dev": "debug", "prod": "info", "qa": "debug", "staging": "debug"},
    }
    assert found["lines"]["environments/prod"] == {"before": 27, "after": 10}
    assert files_of(tmp_path) == texts


def test_where_patches_are_as_short_nothing_is_extracted(tmp_path: Path) -> None:
    project(tmp_path, {})
    for name, count in (("dev", 2), ("prod", 4)):
        layer(tmp_path, name, f"  extends: [../base]\n  replicas:\n    - {{name: web, count: {count}}}\n")
    done = overlay("extract-values", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "no values would be shorter than what is there\n"


def test_manifests_that_hold_template_signs_are_left_alone(tmp_path: Path) -> None:
    shop(tmp_path)
    path = tmp_path / "environments/base/manifests/settings.yaml"
    path.write_text(path.read_text() + "  TEMPLATE: '{{ .Name }}'\n")
    done = overlay("extract-values", cwd=tmp_path)
    assert done.stderr == "no values would be shorter than what is there\n"
    assert done.stdout.split("\n") == [
        "",
        "1 left out",
        "BASE   WHY",
        "base   environments/base/manifests/settings.yaml holds {{ already",
        "",
    ]


def test_a_base_with_a_chart_is_named_with_what_to_do_next(tmp_path: Path) -> None:
    templates = tmp_path / "environments/base/chart/templates"
    templates.mkdir(parents=True)
    (templates / "web.yaml").write_text(WEB)
    (templates.parent / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    layer(tmp_path, "base", "  chart: {path: chart}\n", "Base")
    for name, count in (("dev", 2), ("prod", 4)):
        patch = f"    - target: {{kind: Deployment}}\n      strategicMerge: {{spec: {{replicas: {count}}}}}\n"
        layer(tmp_path, name, f"  extends: [../base]\n  patches:\n{patch}")
    hint = (
        "`overlay explain ENV OBJECT FIELD` names the template's line behind a field that is patched: let it take a "
        "value there, and set that instead of patching"
    )
    done = overlay("extract-values", cwd=tmp_path)
    assert done.stdout == (
        f"\n1 left out\nBASE   WHY\nbase   environments/base/base.yaml has a chart already\nhint: {hint}\n"
    )
    found = json.loads(overlay("extract-values", "-o", "json", cwd=tmp_path).stdout)
    assert found["leftOut"] == [
        {
            "base": "environments/base/base.yaml",
            "reason": "environments/base/base.yaml has a chart already",
            "hint": hint,
        }
    ]
    explained = overlay("explain", "prod", "Deployment/web", "spec.replicas", cwd=tmp_path).stdout
    assert "environments/base/chart/templates/web.yaml:6:3" in explained
    layer(tmp_path, "dev", "  extends: [../base]\n")
    assert overlay("extract-values", cwd=tmp_path).stdout == ""


def test_what_secrets_hold_becomes_no_value_and_is_shown_nowhere(tmp_path: Path) -> None:
    shop(tmp_path)
    secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: settings\nstringData:\n  TOKEN: base\n"
    (tmp_path / "environments/base/manifests/secret.yaml").write_text(secret)
    for name in NAMES:
        path = tmp_path / f"environments/{name}/environment.yaml"
        patch = "    - target: {kind: Secret}\n      strategicMerge:\n        stringData:\n          TOKEN: hush-"
        path.write_text(path.read_text() + f"{patch}{name}\n")
    done = overlay("extract-values", "-o", "json", cwd=tmp_path)
    assert [one["name"] for one in json.loads(done.stdout)["values"]] == ["logLevel", "replicas", "memory"]
    assert "hush" not in done.stdout + done.stderr


def extracted(folder: Path):
    with Workshop(project=str(folder)) as workshop:
        files = workshop.files
        names = sorted(path.parent.name for path in (folder / "environments").glob("*/environment.yaml"))
        prover = Prover(workshop, names)
        return Extraction(lambda path: files.read(path) if files.exists(path) else None, prover, prover.objects).run()


@given(st.integers(0, 10**9), st.integers(2, 4))
@settings(max_examples=4, deadline=None)
def test_extracting_keeps_every_byte_never_grows_and_is_done_after_once(seed: int, count: int) -> None:
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        said = {
            name: (rng.choice(("1Gi", "2Gi")), rng.choice(("info", "debug", "y", "1e3")), rng.choice((1, 2, 2_000_000)))
            for name in NAMES[:count]
        }
        folder = project(Path(place), said)
        before, texts = built(folder), files_of(folder)
        found = extracted(folder)
        put(folder, found.changes)
        assert built(folder) == before
        after = sum(lines_of(data) for data in files_of(folder).values())
        assert after < sum(lines_of(data) for data in texts.values()) or not found.changes
        assert extracted(folder).changes == {}
