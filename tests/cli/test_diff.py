"""`overlay diff` of versions: what is compared with what, exit codes, forms, and what a change cannot hide."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.gitops.projects import DEV, PROD, git, overlay, shop, write

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "environments/base/manifests/settings.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def replaced(project: Path, path: str, old: str, new: str) -> None:
    text = (project / path).read_text()
    assert old in text
    (project / path).write_text(text.replace(old, new))


def head(project: Path) -> str:
    return git(project, "rev-parse", "--short=7", "HEAD").strip()


def test_what_is_not_committed_is_compared_with_head(project: Path) -> None:
    assert (overlay(project, "diff", "prod").returncode, overlay(project, "diff", "prod").stdout) == (0, "")
    replaced(project, PROD, "1.0.0", "1.1.0")
    done = overlay(project, "diff", "prod")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        f"HEAD ({head(project)}) → now\n"
        "prod: 1 changed\n"
        "  ~ Deployment/shop-prod/web\n"
        "      spec.template.spec.containers.[name=web].image: shop/web:1.0.0 → shop/web:1.1.0"
        "  environments/prod/environment.yaml:9:13 images\n"
    )
    assert overlay(project, "diff", "dev").returncode == 0


def test_two_environments_that_are_as_committed_lead_to_the_command_that_compares_them(project: Path) -> None:
    done = overlay(project, "diff", "dev", "prod")
    said = f"neither differs from HEAD ({head(project)}); `overlay compare dev prod` holds one against the other\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, "", said)


def test_all_are_compared_with_the_merge_base(project: Path) -> None:
    git(project, "switch", "-q", "-c", "feature")
    replaced(project, SETTINGS, "info", "debug")
    (project / "environments/base/manifests/service.yaml").unlink()
    git(project, "commit", "-q", "-a", "-m", "feature")
    git(project, "switch", "-q", "main")
    replaced(project, DEV, "1.0.0", "2.0.0")
    git(project, "commit", "-q", "-a", "-m", "meanwhile")
    git(project, "switch", "-q", "feature")
    expected = (
        "dev, prod: 1 changed, 1 removed\n"
        "  ~ ConfigMap/settings\n"
        "      data.level: info → debug  environments/base/manifests/settings.yaml:4:15 resource\n"
        "  - Service/web: removed, and pruned  environments/base/manifests/service.yaml:1:1 resource\n"
    )
    done = overlay(project, "diff", "--all", "--base", "main")
    assert done.stdout.partition("\n")[2] == expected
    assert overlay(project, "diff", "main...feature", "--all").stdout.partition("\n")[2] == expected
    both = overlay(project, "diff", "main..feature", "--all", "--stat").stdout
    assert both == (
        "dev   2 changed, 1 removed; 2 fields\nprod  1 changed, 1 removed; 1 field\n"
        "2 of 2 environments differ: objects 3 changed, 2 removed\n"
    )
    names = overlay(project, "diff", "main..feature", "prod", "--name-only").stdout
    assert names == "prod\t~\tConfigMap/shop-prod/settings\nprod\t-\tService/shop-prod/web\n"


def test_the_document_is_as_its_schema_says(project: Path) -> None:
    replaced(project, PROD, "1.0.0", "1.1.0")
    git(project, "rm", "-q", "-r", "environments/dev")
    write(project, {"environments/base/manifests/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n"})
    done = overlay(project, "diff", "--all", "-o", "json")
    found = json.loads(done.stdout)
    jsonschema.validate(found, json.loads((ROOT / "schemas/changes.schema.json").read_text()))
    assert found["summary"] == {
        "environments": 2,
        "differing": 2,
        "objects": {"changed": 1, "renamed": 0, "added": 1, "removed": 3},
    }
    assert [one["change"] for one in found["environments"]] == ["removed", "changed"]
    assert found["environments"][1]["objects"][0]["cause"] == {
        "file": "environments/base/manifests/more.yaml", "line": 1, "column": 1, "what": "resource", "through": None,
    }  # fmt: skip


def test_the_page_is_printed(project: Path) -> None:
    replaced(project, PROD, "1.0.0", "1.1.0")
    done = overlay(project, "diff", "--all", "-o", "html")
    assert done.returncode == 1
    assert done.stdout.startswith("<!DOCTYPE html>\n")
    assert "<h2>Deployment/shop-prod/web</h2>" in done.stdout


@pytest.mark.parametrize(
    ("also", "cause"),
    [
        (None, "values.yaml"),
        ("Chart.yaml", "values.yaml"),
        ("templates/service.yaml", "values.yaml"),
        ("templates/deployment.yaml", "templates/deployment.yaml"),
    ],
    ids=["alone", "the chart's version", "another template", "the template"],
)
def test_a_value_of_the_chart_is_the_cause_of_what_a_template_makes_of_it(
    tmp_path: Path, also: str | None, cause: str
) -> None:
    project = tmp_path / "shop"
    assert overlay(tmp_path, "init", "shop", "--environments", "dev,prod", "-q").returncode == 0
    git(project, "init", "-q", "-b", "main")
    git(project, "add", ".")
    git(project, "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-q", "-m", "all")
    chart = project / "environments/base/chart"
    if also is not None:
        (chart / also).write_text((chart / also).read_text() + "# changed, too\n")
    values = chart / "values.yaml"
    text = values.read_text().splitlines()
    line = next(at for at, one in enumerate(text, 1) if one.strip().startswith("tag:"))
    text[line - 1] = text[line - 1].partition(":")[0] + ': "9.9.9"'
    values.write_text("\n".join(text) + "\n")
    found = json.loads(overlay(project, "diff", "prod", "-o", "json").stdout)
    causes = {
        (field["cause"]["file"].removeprefix("environments/base/chart/"), field["cause"]["what"])
        for one in found["environments"][0]["objects"]
        for field in one["fields"]
        if field["path"].endswith("image")
    }
    assert causes == {(cause, "image.tag" if cause == "values.yaml" else "template")}
    places = {field["cause"]["line"] for one in found["environments"][0]["objects"] for field in one["fields"]}
    assert cause != "values.yaml" or line in places


def test_a_folder_of_manifests_is_the_other_side(project: Path) -> None:
    assert overlay(project, "render", "--all", "--output-dir", "rendered", "-q").returncode == 0
    assert overlay(project, "diff", "--all", "--against", "rendered").returncode == 0
    assert overlay(project, "diff", "prod", "--against", "rendered/prod").returncode == 0
    (project / "out").mkdir()
    (project / "out/environments").symlink_to(project / "rendered")
    assert overlay(project, "diff", "prod", "--against", "out").returncode == 0, "as `pull -d` leaves it"
    assert overlay(project, "diff", "--all", "--against", "out").returncode == 0
    absent = overlay(project, "diff", "prod", "--against", "./nowhere")
    assert (absent.returncode, absent.stderr) == (2, "error: ./nowhere does not exist\n")
    replaced(project, "rendered/prod/service-web.yaml", "80", "81")
    (project / "rendered/dev/service-web.yaml").unlink()
    done = overlay(project, "diff", "--all", "--against", "rendered", "--name-only")
    assert (done.returncode, done.stdout) == (1, "dev\t+\tService/shop-dev/web\nprod\t~\tService/shop-prod/web\n")
    (project / "rendered/prod/service-web.yaml").write_text("{")
    done = overlay(project, "diff", "prod", "--against", "rendered")
    assert done.returncode == 2
    assert "rendered/prod/service-web.yaml" in done.stderr


def test_a_file_of_manifests_is_the_other_side(project: Path) -> None:
    (project / "old.yaml").write_text(overlay(project, "render", "prod").stdout)
    assert overlay(project, "diff", "prod", "--against", "old.yaml").returncode == 0
    replaced(project, "old.yaml", "port: 80", "port: 81")
    done = overlay(project, "diff", "prod", "--against", "old.yaml", "--name-only")
    assert (done.returncode, done.stdout) == (1, "prod\t~\tService/shop-prod/web\n")
    every = overlay(project, "diff", "--all", "--against", "old.yaml")
    assert (every.returncode, every.stdout) == (2, "")
    assert every.stderr == "error: old.yaml is one file, and 2 environments are asked for\n  hint: name one\n"


def test_what_cannot_be_built_is_an_error_and_others_are_shown(project: Path) -> None:
    replaced(project, PROD, "extends: [../base]", "extends: [../bse]")
    replaced(project, DEV, "1.0.0", "1.1.0")
    done = overlay(project, "diff", "--all")
    assert done.returncode == 2
    assert "prod: cannot be compared\n  environments/bse does not exist\n" in done.stdout
    assert "dev: 1 changed\n" in done.stdout
    assert done.stderr.startswith("error in prod: environments/bse does not exist\n")


def test_C06_a_change_cannot_hide_what_it_does(project: Path) -> None:
    head = "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\nspec:\n"
    write(project, {"overlay.yaml": head + "  diff: {ignore: [{path: data.level}], mask: [{path: data.token}]}\n"})
    replaced(project, SETTINGS, "{level: info}", "{level: debug, token: s3cr3t}")
    done = overlay(project, "diff", "prod")
    assert "data.level: info → debug" in done.stdout
    assert "data.token: + ••••" in done.stdout
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "rules")
    replaced(project, SETTINGS, "{level: debug, token: s3cr3t}", "{level: error, token: other}")
    done = overlay(project, "diff", "prod")
    assert "data.level" not in done.stdout
    assert "data.token: •••• → •••• (changed)" in done.stdout
    assert "  1 field differs that is ignored\n" in done.stdout
    assert not {"s3cr3t", "other"} & set(done.stdout.split())


def test_C07_in_actions_no_line_is_a_command(project: Path) -> None:
    replaced(project, SETTINGS, "{level: info}", '{level: "a\\n::error::x\\n##[group]y\\n"}')
    done = overlay(project, "diff", "prod", GITHUB_ACTIONS="true")
    assert "+\\n" not in done.stdout
    assert "##[" not in done.stdout
    assert not any(line.lstrip().startswith("::") for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ([], "which environment?", "name one or more, or say --all; `overlay env list` shows them"),
        (["prdo"], "no environment is called 'prdo'", "did you mean prod?"),
        (["prod", "--all"], "--all and names of environments exclude each other", None),
        (["a..b", "c..d"], "'a..b c..d' is no comparison of two sides", "write one REF..REF, or ENV@N..ENV@N"),
        (["prod@1", "prod@2"], "'prod@1 prod@2' is no comparison of two sides", "write prod@1..prod@2"),
        (["prod", "--ignore", "a..b"], "--ignore: the path has two dots in a row", None),
        (["--all", "--live"], "--live compares one environment", "name one; `overlay env list` shows them"),
        (["prod@1", "-o", "markdown"], "-o markdown shows versions of what is rendered", "here: text, json or yaml"),
        (["prod", "--against", ".", "--base", "main"], "--against names one side, --base and .. both", "leave one out"),
    ],
)
def test_what_is_no_question_is_said(project: Path, arguments: list[str], message: str, hint: str | None) -> None:
    done = overlay(project, "diff", *arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == f"error: {message}"
    if hint:
        assert done.stderr.splitlines()[1] == f"  hint: {hint}"


def test_C12_both_sides_are_rendered_without_network_or_programs(project: Path) -> None:
    git(project, "config", "core.fsmonitor", f"touch {project}/ran")
    git(project, "config", "diff.external", f"touch {project}/ran")
    write(project, {".gitattributes": "* filter=evil\n"})
    git(project, "config", "filter.evil.smudge", f"touch {project}/ran")
    url = "https://shop.example/far.yaml"
    replaced(
        project, PROD, "  namespace:", f"  resources: [{{url: '{url}', digest: 'sha256:{'0' * 64}'}}]\n  namespace:"
    )
    done = overlay(project, "diff", "prod")
    assert done.returncode == 2
    assert f"far.yaml from {url} is not pinned in overlay.lock" in done.stderr
    assert not (project / "ran").exists()
