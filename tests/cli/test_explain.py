"""`overlay explain` and `overlay values`, whole output on the sample project and on small ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def overlay(*args: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "overlay", *args], cwd=cwd, capture_output=True, text=True)


def shown(*args: str, cwd: Path = ROOT) -> str:
    done = overlay(*args, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_field_has_every_value_that_it_had_on_the_way() -> None:
    assert shown("explain", "prod", "deployment/web", "spec.template.spec.containers.[name=web].image") == (
        "  shop/web:2.4.1       environments/prod/environment.yaml:20:15           images\n"
        "  was shop/web:2.4.0   environments/base/chart/templates/web.yaml:19:11   "
        "from web.image, environments/base/chart/values.yaml:3:10 and web.tag, environments/base/chart/values.yaml:4:8\n"
    )


def test_a_field_that_an_environments_value_sets_names_the_value_and_its_file() -> None:
    assert shown("explain", "prod", "hpa/web", "spec.maxReplicas") == (
        "  24   environments/base/chart/templates/web.yaml:76:3   "
        "from autoscaling.maxReplicas, environments/prod/values.yaml:3:16\n"
    )


def line_of(file: str, text: str) -> int:
    """Return the number of the one line that holds a text, so that the sample may grow."""
    (number,) = [at for at, line in enumerate((ROOT / file).read_text().split("\n"), 1) if text in line]
    return number


def test_a_reference_names_the_object_that_it_follows() -> None:
    generator = f"environments/base/base.yaml:{line_of('environments/base/base.yaml', 'name: web-settings')}:7"
    template = "environments/base/chart/templates/web.yaml:48:13"
    width = max(len(generator), len(template))
    assert shown("explain", "prod", "deploy/web", "spec.template.spec.volumes.[name=settings].configMap.name") == (
        f"  web-settings-h9c78d78k6   {generator.ljust(width)}   name of ConfigMap/shop-prod/web-settings-h9c78d78k6\n"
        f"  was web-settings          {template.ljust(width)}   template\n"
    )


def test_a_whole_object_has_the_origin_at_the_right_of_each_line() -> None:
    base, prod = "environments/base/base.yaml", "environments/prod/environment.yaml"
    name, labels = line_of(base, "name: web-settings"), line_of(base, "part-of")
    size, features, robots = (line_of(base, key) for key in ("CATALOG_PAGE_SIZE", "FEATURES", "robots.txt"))
    assert shown("explain", "prod", "cm/web-settings").splitlines() == [
        f"apiVersion: v1                       {base}:{name}:7  generator",
        f"kind: ConfigMap                      {base}:{name}:7  generator",
        "metadata:",
        f"  name: web-settings-h9c78d78k6      {base}:{name}:7  content hash",
        f"  namespace: shop-prod               {prod}:{line_of(prod, 'namespace: shop-prod')}:14  namespace",
        "  labels:",
        f"    app.kubernetes.io/part-of: shop  {base}:{labels}:36  labels",
        f"    tier: prod                       {prod}:{line_of(prod, 'tier')}:15  labels",
        "data:",
        f'  CATALOG_PAGE_SIZE: "24"            {base}:{size}:28  generator',
        f"  FEATURES: reviews                  {base}:{features}:19  generator",
        f"  robots.txt: |                      {base}:{robots}:11  generator",
        "    User-agent: *",
        "    Disallow: /cart",
    ]


def test_json_has_each_source_with_its_place() -> None:
    found = json.loads(shown("explain", "prod", "hpa/web", "spec.maxReplicas", "-o", "json"))
    assert found == {
        "object": "HorizontalPodAutoscaler/shop-prod/web",
        "fields": [
            {
                "path": "spec.maxReplicas",
                "sources": [
                    {
                        "value": 24,
                        "file": "environments/base/chart/templates/web.yaml",
                        "line": 76,
                        "column": 3,
                        "what": "template",
                        "values": [
                            {
                                "key": "autoscaling.maxReplicas",
                                "file": "environments/prod/values.yaml",
                                "line": 3,
                                "column": 16,
                            }
                        ],
                    }
                ],
            }
        ],
    }


def test_a_json_patch_names_the_operation(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "environments/prod/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\n"
            "metadata: {name: prod}\nspec:\n  resources: [all.yaml]\n"
            "  patches: [{path: web.yaml, target: {kind: Service}}]\n",
            "environments/prod/all.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
            "spec:\n  ports:\n    - {name: http, port: 80}\n",
            "environments/prod/web.yaml": "- {op: test, path: /spec/ports/0/port, value: 80}\n"
            "- op: replace\n  path: /spec/ports/[name=http]/port\n  value: 8080\n",
        },
    )
    assert shown("explain", "prod", "svc/web", "spec.ports.[name=http].port", cwd=tmp_path) == (
        "  8080     environments/prod/web.yaml:4:10   json patch, entry 2\n"
        "  was 80   environments/prod/all.yaml:6:26   resource\n"
    )


SECRET = {
    "environments/prod/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\n"
    "metadata: {name: prod}\nspec:\n  secrets: [{name: keys, literals: {token: canary-7}}]\n",
}


@pytest.mark.parametrize("form", ["table", "json", "yaml"])
@pytest.mark.parametrize("field", [[], ["data"]])
def test_values_of_secrets_are_hidden_unless_asked_for(form: str, field: list[str], tmp_path: Path) -> None:
    write(tmp_path, SECRET)
    hidden = shown("explain", "prod", "secret/keys", *field, "-o", form, cwd=tmp_path)
    assert "***" in hidden
    assert "Y2FuYXJ5LTc" not in hidden
    open_ = shown("explain", "prod", "secret/keys", *field, "-o", form, "--show-secrets", cwd=tmp_path)
    assert "Y2FuYXJ5LTc" in open_


@pytest.mark.parametrize(
    ("args", "message", "hint"),
    [
        (
            ("deployment/wbe",),
            "there is no deployment/wbe",
            "did you mean deployment/web or deployment/worker or deployment/api?",
        ),
        (("web",), "'web' names no object", "write kind/name, such as deployment/web"),
        (
            ("deployment/web", "spec.replcas"),
            "Deployment/shop-prod/web has no spec.replcas",
            "there is selector, template",
        ),
        (
            ("deployment/web", "spec.template.spec.containers.[name=wbe].image"),
            "Deployment/shop-prod/web has no spec.template.spec.containers.[name=wbe].image",
            "did you mean [name=web]?",
        ),
        (
            ("deployment/web", "kind.x"),
            "Deployment/shop-prod/web has no kind.x",
            "kind is a single value",
        ),
        (
            ("deployment/web", "spec..x"),
            "the field path 'spec..x' has two dots in a row",
            "write it like spec.containers.[name=web].image",
        ),
    ],
)
def test_a_question_that_cannot_be_answered_says_what_there_is(args: tuple[str, ...], message: str, hint: str) -> None:
    done = overlay("explain", "prod", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {message}\n  hint: {hint}\n"


CHART = {
    "environments/prod/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\n"
    "metadata: {name: prod}\nspec:\n  chart: {path: chart}\n  values: [values.yaml]\n",
    "environments/prod/values.yaml": "image:\n  tgg: 1\n  tag: b\nextra: {a: 1}\nsame: 3\nfree: {x: 1}\n",
    "environments/prod/chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "environments/prod/chart/values.yaml": "image: {tag: a}\nsame: 3\nfree: {}\n",
    "environments/prod/chart/templates/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
    "data:\n  tag: {{ .Values.image.tag }}\n  same: {{ .Values.same | quote }}\n",
}


def test_values_are_listed_with_their_files(tmp_path: Path) -> None:
    write(tmp_path, CHART)
    assert shown("values", "prod", "--set", "image.pull=x", cwd=tmp_path) == (
        "KEY          VALUE   FROM\n"
        'image.tag    "b"     environments/prod/values.yaml:3:8\n'
        "image.tgg    1       environments/prod/values.yaml:2:8\n"
        'image.pull   "x"     <--set>\n'
        "same         3       environments/prod/values.yaml:5:7\n"
        "free.x       1       environments/prod/values.yaml:6:11\n"
        "extra.a      1       environments/prod/values.yaml:4:12\n"
    )


def test_unused_values_are_found_by_rendering_without_them(tmp_path: Path) -> None:
    write(tmp_path, CHART)
    assert shown("values", "prod", "--unused", cwd=tmp_path) == (
        "KEY         VALUE   FROM\n"
        "image.tgg   1       environments/prod/values.yaml:2:8\n"
        "same        3       environments/prod/values.yaml:5:7\n"
        "free.x      1       environments/prod/values.yaml:6:11\n"
        "extra.a     1       environments/prod/values.yaml:4:12\n"
    )


def test_values_as_yaml_are_one_values_file(tmp_path: Path) -> None:
    write(tmp_path, CHART)
    assert shown("values", "prod", "-o", "yaml", cwd=tmp_path) == (
        "image:\n  tag: b\n  tgg: 1\nsame: 3\nfree:\n  x: 1\nextra:\n  a: 1\n"
    )
