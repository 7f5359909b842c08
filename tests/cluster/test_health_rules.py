"""Rules of health that users write in CEL, for kinds whose objects say it in a way of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from overlay.cluster.health import Health, health_of
from overlay.cluster.health_rules import HealthRules
from overlay.model.cluster import Expression, HealthRule
from tests.cluster.projects import Shop
from tests.cluster.testbed import Testbed
from tests.source.projects import overlay


def rule(kind: str = "Widget", **texts: str) -> HealthRule:
    return HealthRule(api_version="x.io/v1", kind=kind, **{name: Expression(text) for name, text in texts.items()})


def widget(status: dict[str, Any] | None = None, *, version: str = "x.io/v1", generation: int = 1) -> dict[str, Any]:
    body = {
        "apiVersion": version,
        "kind": "Widget",
        "metadata": {"name": "w", "generation": generation},
        "spec": {"size": 3},
    }
    return body if status is None else {**body, "status": status}


PHASES = rule(
    in_progress="has(status.backup) && status.backup",
    failed="status.phase == 'Broken'",
    current="status.phase == 'Serving' && status.size == spec.size",
)
NOT_READY = {"conditions": [{"type": "Ready", "status": "False", "reason": "Slow", "message": "a disk is missing"}]}
CASES = [
    ("current", PHASES, widget({"phase": "Serving", "size": 3}), "Current", ""),
    ("not yet current", PHASES, widget({"phase": "Serving", "size": 2}), "InProgress", "`current` of cluster.health is not true yet"),
    ("in progress comes before current", PHASES, widget({"phase": "Serving", "size": 3, "backup": True}), "InProgress", "`inProgress` of cluster.health is true"),
    ("failed", PHASES, widget({"phase": "Broken"}), "Failed", "`failed` of cluster.health is true"),
    ("no status yet", PHASES, widget(), "InProgress", "`current` of cluster.health: there is no size"),
    ("the object says more", PHASES, widget({"phase": "Waiting", **NOT_READY}), "InProgress", "Slow: a disk is missing"),
    ("another version of its group", PHASES, widget({"phase": "Broken"}, version="x.io/v2"), "Failed", "`failed` of cluster.health is true"),
    ("a stale status counts for nothing", PHASES, widget({"phase": "Serving", "size": 3, "observedGeneration": 1}, generation=2), "InProgress", "generation 2 has not been seen by its controller, which is at 1"),
    ("no rule for the kind", rule("Gadget", current="false"), widget(), "Current", ""),
    ("neither true nor false", rule(current="status.phase"), widget({"phase": "Serving"}), "Failed", "`current` of cluster.health gives neither true nor false"),
    ("a sum of other types", rule(current="status.phase + 1 == 2"), widget({"phase": "Serving"}), "Failed", "`current` of cluster.health: Unsupported operation: string + int"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "body", "status", "message"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_K36_a_rule_says_what_an_object_is(one: HealthRule, body: dict[str, Any], status: str, message: str) -> None:
    with HealthRules([one]) as rules:
        assert health_of(body, rules.judge) == Health(status, message)


def test_a_later_rule_for_a_kind_outweighs_an_earlier_one() -> None:
    with HealthRules([rule(current="false"), rule(current="true")]) as rules:
        assert rules.judge(widget()) == Health("Current")


def test_without_rules_nothing_is_started() -> None:
    program = (
        "import sys; from overlay.cluster.health_rules import HealthRules; rules = HealthRules(());"
        "print(rules.problems(), rules.judge({'apiVersion': 'v1', 'kind': 'Pod'}), rules._evaluator._child)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[] None None\n"


RULES = """  cluster:
    context: testbed
    health:
      - apiVersion: apps/v1
        kind: Deployment
        failed: "has(metadata.annotations.broken)"
        current: "{current}"
"""


def test_lint_and_sync_name_the_place_of_what_is_no_expression(tmp_path: Path) -> None:
    text = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec:\n" + RULES
    folder = tmp_path / "environments/prod"
    folder.mkdir(parents=True)
    (folder / "environment.yaml").write_text(text.replace("{current}", "status.?ready"))
    done = overlay(tmp_path, "lint", "prod", "-o", "json")
    assert done.returncode == 1, done.stderr
    (finding,) = [one for one in json.loads(done.stdout)["problems"] if one["rule"] == "health-rule"]
    assert finding["message"] == (
        "`current` of cluster.health for Deployment is no expression: unsupported syntax '.?': ask has(a.b) first (column 7)"
    )
    assert (finding["file"], finding["line"], finding["column"]) == ("environments/prod/environment.yaml", 11, 18)


def test_a_rule_needs_its_kind_and_what_is_current(tmp_path: Path) -> None:
    folder = tmp_path / "environments/prod"
    folder.mkdir(parents=True)
    (folder / "environment.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\n"
        "spec: {cluster: {context: x, health: [{kind: Widget, ok: 'true'}]}}\n"
    )
    done = overlay(tmp_path, "render", "prod")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith(("error", "  -->", "  hint"))]
    assert lines == [
        "error in prod: spec.cluster.health[0] needs apiVersion",
        "  --> environments/prod/environment.yaml:4:39",
        "error in prod: spec.cluster.health[0] needs current",
        "  --> environments/prod/environment.yaml:4:39",
        "error in prod: unknown field spec.cluster.health[0].ok",
        "  --> environments/prod/environment.yaml:4:54",
        "  hint: known here: apiVersion, current, failed, inProgress, kind",
    ]


@pytest.fixture
def make(tmp_path: Path, testbed: Testbed, namespace: str) -> Callable[..., Shop]:
    return lambda current: Shop(tmp_path, testbed, namespace, cluster=RULES.replace("{current}", current))


@pytest.mark.cluster
def test_a_sync_waits_for_what_the_rule_says(make: Callable[..., Shop]) -> None:
    shop = make("status.readyReplicas == spec.replicas")
    done = shop.sync("--first-contact")
    assert done.returncode == 0, done.stderr
    assert shop.overlay("status", "prod").returncode == 0
    assert shop.overlay("wait", "prod").returncode == 0
    again = shop.sync("--from-git")
    assert again.returncode == 0, again.stderr


@pytest.mark.cluster
def test_a_sync_ends_when_the_rule_says_that_an_object_has_failed(make: Callable[..., Shop]) -> None:
    shop = make("false")
    shop.write(
        "1.0.0", RULES.replace("has(metadata.annotations.broken)", "spec.replicas > 0").replace("{current}", "false")
    )
    shop.commit()
    done = shop.sync("--first-contact")
    assert done.returncode == 5
    assert done.stderr.endswith(
        f"error in prod: Deployment/{shop.namespace}/web is not healthy: Failed, `failed` of cluster.health is true\n"
        "  hint: nothing was pruned; see `overlay status prod`\n"
    )
    status = shop.overlay("status", "prod", "-o", "json")
    assert status.returncode == 5
    objects = {
        one["name"]: one["status"] for one in json.loads(status.stdout)["objects"] if one["kind"] == "Deployment"
    }
    assert objects == {"web": "Failed"}


@pytest.mark.cluster
def test_what_is_no_expression_is_refused_before_anything_is_committed(make: Callable[..., Shop]) -> None:
    shop = make("status.")
    done = shop.sync("--first-contact")
    assert done.returncode == 2
    assert (
        "`current` of cluster.health for Deployment is no expression: no viable alternative at input '.' (column 8)"
        in done.stderr
    )
    assert shop.live("configmaps/overlay-prod") is None
