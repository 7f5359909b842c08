"""`overlay compare`: whole output on the sample project and on small ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.inspect.test_compare import project

ROOT = Path(__file__).resolve().parents[2]


def overlay(*args: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "overlay", *args], cwd=cwd, capture_output=True, text=True)


def shown(*args: str, cwd: Path = ROOT) -> str:
    done = overlay("compare", *args, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    labels = "  labels: [{pairs: {tier: prod}}]\n"
    config = '  configMaps: [{name: settings, literals: {motd: "one\\ntwo\\nthree\\n"}}]\n'
    other = '  configMaps: [{name: settings, literals: {motd: "one\\n2\\nthree\\n"}}]\n'
    return project(
        tmp_path,
        dev={"spec": config},
        prod={"values.yaml": "replicas: 5\nbudget: {enabled: true}\n", "spec": labels + other},
    )


def test_it_tells_what_is_different_and_which_file_makes_it_so(shop: Path) -> None:
    assert (
        shown("dev", "prod", cwd=shop)
        == """\
prod differs from dev in 5 fields of 3 objects and has 1 object more; what makes it so:
  4  environments/prod/environment.yaml
  2  environments/prod/values.yaml

OBJECT                    dev     prod
ConfigMap/settings        there   1 differs
Deployment/web            there   1 differs
PodDisruptionBudget/web   -       there

1 more object differs only in what many share, see below

metadata.labels in 3 objects
  ConfigMap/plain, ConfigMap/settings, Deployment/web
    dev    -
    prod   {"tier": "prod"}   environments/prod/environment.yaml:7:20   labels

ConfigMap/settings
  data.motd
    dev    one … (3 lines)   environments/dev/environment.yaml:6:50    generator
    prod   one … (3 lines)   environments/prod/environment.yaml:8:50   generator
    prod, line by line
      @@ -1,3 +1,3 @@
       one
      -two
      +2
       three

Deployment/web
  spec.replicas
    dev    1   environments/base/chart/values.yaml:1:11   replicas
    prod   5   environments/prod/values.yaml:1:11         replicas

PodDisruptionBudget/web
  dev    not there   environments/base/chart/values.yaml:8:12   budget.enabled
  prod   there       environments/prod/values.yaml:2:19         budget.enabled
"""
    )


def test_environments_that_are_the_same_take_one_line(shop: Path) -> None:
    assert shown("dev", "prod", "--select", "kind=Service", cwd=shop) == "0 objects, the same in dev and prod\n"
    project(shop, twin={"spec": "  namespace: other\n"}, dev={})
    assert shown("dev", "twin", cwd=shop) == "2 objects, the same in dev and twin\n"


def test_selected_objects_alone_are_compared(shop: Path) -> None:
    found = shown("dev", "prod", "--select", "kind=Deployment,name=web", cwd=shop)
    assert found.startswith("prod differs from dev in 2 fields of 1 object; what makes it so:\n")
    assert "ConfigMap" not in found


def test_all_compares_with_the_one_that_is_named_or_the_first() -> None:
    assert shown("--all", "-o", "json") == shown("dev", "--all", "-o", "json")
    assert json.loads(shown("prod", "--all", "-o", "json"))["environments"] == ["prod", "dev", "prod-eu", "staging"]


def test_documents_hold_every_difference_with_its_place(shop: Path) -> None:
    found = json.loads(shown("dev", "prod", "-o", "json", cwd=shop))
    assert yaml.safe_load(shown("dev", "prod", "-o", "yaml", cwd=shop)) == found
    assert (found["apiVersion"], found["kind"]) == ("overlay.dev/v1", "Comparison")
    (web,) = [one for one in found["objects"] if one["object"] == "Deployment/web"]
    assert web["environments"] == {
        "dev": {"state": "first", "name": "web"},
        "prod": {"state": "changed", "name": "web"},
    }
    (replicas,) = [each for each in web["differences"] if each["path"] == "spec.replicas"]
    through = {"file": "environments/base/chart/templates/web.yaml", "line": None, "column": None}
    assert replicas["values"] == {
        "dev": {
            "value": 1,
            "differs": False,
            "file": "environments/base/chart/values.yaml",
            "line": 1,
            "column": 11,
            "what": "replicas",
            "through": through,
        },
        "prod": {
            "value": 5,
            "differs": True,
            "file": "environments/prod/values.yaml",
            "line": 1,
            "column": 11,
            "what": "replicas",
            "through": through,
        },
    }
    (label,) = [each for each in web["differences"] if each["path"] == "metadata.labels"]
    assert "value" not in label["values"]["dev"]


def test_exit_code_says_whether_they_differ_when_asked(shop: Path) -> None:
    assert overlay("compare", "dev", "prod", cwd=shop).returncode == 0
    assert overlay("compare", "dev", "prod", "--exit-code", cwd=shop).returncode == 1
    assert overlay("compare", "dev", "prod", "--exit-code", "--select", "kind=Service", cwd=shop).returncode == 0


def test_a_file_takes_the_result(shop: Path) -> None:
    assert shown("dev", "prod", "-o", "html", "--output-file", str(shop / "compare.html"), cwd=shop) == ""
    assert (shop / "compare.html").read_text().startswith("<!DOCTYPE html>")
    assert (shop / "compare.html").read_text() == shown("dev", "prod", "-o", "html", cwd=shop)


ERRORS = [
    (["dev"], "error: compare needs two environments\n  hint: name two or more, or say --all; `overlay env list` shows them\n"),
    (["dev", "dev"], "error: compare needs two environments\n  hint: name two or more, or say --all; `overlay env list` shows them\n"),
    (["dev", "prod", "--select", "web"], "error: --select 'web' is no selector\n  hint: write key=value with kind, name, namespace, group, apiVersion, label\n"),
    (["dev", "prod", "--output-file", "nowhere/x.html"], "error: nowhere/x.html cannot be written: no such file or directory\n"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "message"), ERRORS)
def test_a_wrong_call_says_what_is_wrong(args: list[str], message: str, shop: Path) -> None:
    done = overlay("compare", *args, cwd=shop)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_the_sample_shows_a_value_of_each_side() -> None:
    found = shown("dev", "prod", "--select", "kind=HorizontalPodAutoscaler")
    assert "    dev    1   environments/dev/values.yaml:5:16    autoscaling.minReplicas\n" in found
    assert "    prod   4   environments/prod/values.yaml:2:16   autoscaling.minReplicas\n" in found
