"""Plans carried out on the real API server: what comes, changes, goes, and what is never touched."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from overlay.cluster.apply import Pace, make_home, occasion
from overlay.cluster.applyset import PART_OF
from overlay.cluster.guards import PruneLimits
from overlay.cluster.managed import entry_of
from overlay.cluster.moved import Moved
from overlay.cluster.outcome import Event
from overlay.cluster.rights import rights_of
from overlay.diff.values import value_changes
from overlay.errors import ClusterConflict, ManifestError, OverlayError
from overlay.model.cluster import ConflictRule
from overlay.parallel import WORKERS
from tests.cluster.harness import Environment, config, deployment, resource
from tests.cluster.testbed import Testbed

pytestmark = pytest.mark.cluster


def stored(prod: Environment, kind: str, name: str) -> Any:
    return prod.testbed.find(f"/api/v1/namespaces/{prod.namespace}/{kind}/{name}")


def rows(prod: Environment, *bodies: Any, **options: Any) -> dict[str, tuple[str, str]]:
    return {f"{one.id.kind}/{one.id.name}": (one.verb, one.why) for one in prod.plan(*bodies, **options).actions}


def test_objects_come_change_and_go(prod: Environment) -> None:
    first = prod.sync(config("flags", mode="a"), deployment("web"))
    assert first.error("prod") is None
    assert prod.verbs(first.plan) == {"ConfigMap/flags": "create", "Deployment/web": "create"}
    assert first.record.current.status == "deployed"
    assert prod.plan(config("flags", mode="a"), deployment("web")).is_idle
    second = prod.sync(config("flags", mode="b"), deployment("web"))
    assert prod.verbs(second.plan) == {"ConfigMap/flags": "update", "Deployment/web": "unchanged"}
    third = prod.sync(deployment("web"))
    assert prod.verbs(third.plan) == {"Deployment/web": "unchanged", "ConfigMap/flags": "prune"}
    assert [str(one) for one in third.pruned] == [f"ConfigMap/{prod.namespace}/flags"]
    assert stored(prod, "configmaps", "flags") is None
    assert [one.status for one in prod.record.history] == ["superseded", "superseded"]
    assert prod.record.inventory == {("apps", "Deployment", prod.namespace, "web")}


def test_a_field_that_left_is_removed(prod: Environment) -> None:
    prod.sync(config("flags", mode="a", more="b"))
    prod.sync(config("flags", mode="a"))
    assert stored(prod, "configmaps", "flags")["data"] == {"mode": "a"}


def secret(**texts: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "password"}, "stringData": texts}


def test_a_key_of_a_secret_s_texts_that_left_is_removed_and_one_of_others_is_not_overwritten(prod: Environment) -> None:
    both = {**secret(a="1", b="2"), "data": {"b": "eA==", "c": "Mw=="}}
    assert prod.sync(both).error("prod") is None
    assert stored(prod, "secrets", "password")["data"] == {"a": "MQ==", "b": "Mg==", "c": "Mw=="}
    assert prod.plan(both).is_idle
    assert prod.sync(secret(a="1")).error("prod") is None
    assert stored(prod, "secrets", "password")["data"] == {"a": "MQ=="}
    prod.testbed.kubectl("patch", "-n", prod.namespace, "secret", "password", "-p", '{"data": {"a": "eA=="}}')
    assert rows(prod, secret(a="1"))["Secret/password"] == ("conflict", ".data.a belongs to kubectl-patch")
    assert prod.sync({**secret(), "data": {}}).error("prod") is None
    assert stored(prod, "secrets", "password")["data"] == {"a": "eA=="}


def test_a_secret_that_was_applied_with_its_texts_before_becomes_ours(prod: Environment) -> None:
    served = prod.client.kinds().prefer("", "Secret")
    assert served is not None
    assert prod.sync(secret(a="1")).error("prod") is None
    labels = stored(prod, "secrets", "password")["metadata"]["labels"]
    older = secret(a="1", b="2")
    prod.client.apply(served, prod.namespace, "password", {**older, "metadata": {"name": "password", "labels": labels}})
    assert prod.sync(older).error("prod") is None
    assert prod.sync(secret(a="1")).error("prod") is None
    assert stored(prod, "secrets", "password")["data"] == {"a": "MQ=="}


def test_K10_K12_kinds_and_namespaces_come_first_in_one_run(prod: Environment) -> None:
    group = f"{prod.namespace}.example.com"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [{
                "name": "v1", "served": True, "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}},
            }],
        },
    }  # fmt: skip
    there = f"{prod.namespace}-new"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": there}}
    widget = {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": there},
        "spec": {"size": 1},
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": there}}
    plan = prod.plan(widget, secret, namespace, definition)
    assert [(one.id.kind, one.verb, one.why, one.is_checked) for one in plan.actions] == [
        ("CustomResourceDefinition", "create", "", True),
        ("Namespace", "create", "", True),
        ("Secret", "create", f"its namespace {there} comes in the same run", False),
        ("Widget", "create", "its kind Widget comes in the same run", False),
    ]
    assert prod.testbed.find(f"/api/v1/namespaces/{there}") is None, "a plan writes nothing"
    outcome = prod.sync(widget, secret, namespace, definition)
    assert outcome.error("prod") is None
    assert prod.plan(widget, secret, namespace, definition).is_idle
    assert prod.testbed.call("GET", f"/apis/{group}/v1/namespaces/{there}/widgets/w")["spec"] == {"size": 1}


def test_what_comes_late_is_checked_before_any_of_it_is_applied(prod: Environment) -> None:
    there = f"{prod.namespace}-late"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": there}}
    good = {**config("good"), "metadata": {"name": "good", "namespace": there}}
    bad = {**config("bad"), "metadata": {"name": "bad", "namespace": there}, "dta": {}}
    outcome = prod.sync(namespace, good, bad)
    error = outcome.error("prod")
    assert error is not None
    assert error.message.startswith(
        f"1 of 3 objects were applied: PATCH ConfigMap/{there}/bad: failed to create typed patch object"
    )
    assert error.exit_code == 5
    assert prod.testbed.find(f"/api/v1/namespaces/{there}/configmaps/good") is None
    assert prod.record.current.status == "failed"
    assert prod.sync(namespace, good).error("prod") is None


def test_K14_one_refused_object_stops_all_before_anything_is_written(prod: Environment) -> None:
    bad = deployment("web", replicas=-1)
    plan = prod.plan(config("flags", mode="a"), bad)
    assert [(one.verb, one.id.kind) for one in plan.actions] == [("create", "ConfigMap"), ("refused", "Deployment")]
    with pytest.raises(ClusterConflict, match="the plan has conflicts: nothing was changed"):
        prod.sync(config("flags", mode="a"), bad)
    assert stored(prod, "configmaps", "flags") is None
    assert stored(prod, "configmaps", "overlay-prod") is None


def test_K45_a_plan_writes_nothing(prod: Environment) -> None:
    prod.sync(config("flags", mode="a"), deployment("web"))
    before = [stored(prod, "configmaps", name)["metadata"]["resourceVersion"] for name in ("flags", "overlay-prod")]
    prod.plan(config("flags", mode="b"), deployment("web", replicas=2), config("new"), shortcut=False)
    assert before == [
        stored(prod, "configmaps", name)["metadata"]["resourceVersion"] for name in ("flags", "overlay-prod")
    ]
    assert stored(prod, "configmaps", "new") is None


def test_K07_fields_of_others_are_told_and_left_or_taken_as_the_environment_says(prod: Environment) -> None:
    wanted = config("flags", mode="a", other="x")
    prod.sync(wanted)
    prod.testbed.kubectl("patch", "-n", prod.namespace, "configmap", "flags", "-p", '{"data": {"mode": "edited"}}')
    assert rows(prod, wanted)["ConfigMap/flags"] == ("conflict", ".data.mode belongs to kubectl-patch")
    left = prod.sync(wanted, conflicts=(ConflictRule("data.mode", "leave"),))
    assert left.error("prod") is None
    assert stored(prod, "configmaps", "flags")["data"] == {"mode": "edited", "other": "x"}
    assert prod.plan(wanted, conflicts=(ConflictRule("data.mode", "leave"),)).is_idle
    prod.sync(wanted, conflicts=(ConflictRule("data.mode", "take"),))
    assert stored(prod, "configmaps", "flags")["data"] == {"mode": "a", "other": "x"}
    assert prod.plan(wanted).is_idle


def test_K08_an_autoscaler_is_not_fought_with(prod: Environment) -> None:
    rules = (ConflictRule("spec.replicas", "leave"),)
    wanted = deployment("web", replicas=1)
    prod.sync(wanted, conflicts=rules)
    prod.testbed.kubectl("scale", "-n", prod.namespace, "deployment/web", "--replicas=3")
    prod.sync(wanted, conflicts=rules)
    for _ in range(2):
        assert prod.plan(wanted, conflicts=rules).is_idle
    place = f"/apis/apps/v1/namespaces/{prod.namespace}/deployments/web"
    assert prod.testbed.call("GET", place)["spec"]["replicas"] == 3
    prod.testbed.kubectl("scale", "-n", prod.namespace, "deployment/web", "--replicas=1")
    for shortcut in (True, False):
        assert prod.plan(wanted, conflicts=rules, shortcut=shortcut).is_idle, "the number that Git has is theirs, too"
    image = deployment("web", "web:2")
    assert prod.sync(image, conflicts=rules).error("prod") is None
    entry = entry_of(prod.testbed.call("GET", place), "overlay")
    assert entry is not None
    assert "f:replicas" not in entry["fieldsV1"]["f:spec"]


def test_K08_the_rules_that_a_role_gathers_are_the_controller_s(prod: Environment) -> None:
    group, label = "rbac.authorization.k8s.io", {"gathered-by": prod.namespace}
    role = {"apiVersion": f"{group}/v1", "kind": "ClusterRole"}
    names = [f"{prod.namespace}-{name}" for name in ("all", "part")]
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    gathering = {
        **role, "metadata": {"name": names[0]}, "rules": [],
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": label}]},
    }  # fmt: skip
    part = {**role, "metadata": {"name": names[1], "labels": label}, "rules": rules}
    assert prod.sync(gathering, part).error("prod") is None
    place = f"/apis/{group}/v1/clusterroles/{names[0]}"
    prod.testbed.wait(lambda: prod.testbed.call("GET", place).get("rules") == rules, "rules that were gathered")
    assert set(prod.verbs(prod.plan(gathering, part)).values()) == {"unchanged"}


def test_the_token_of_an_account_that_comes_in_the_same_run_is_kept(prod: Environment) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "bot"}}
    metadata = {"name": "token", "annotations": {"kubernetes.io/service-account.name": "bot"}}
    kind = "kubernetes.io/service-account-token"
    token = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind}
    assert prod.sync(token, account).error("prod") is None
    prod.testbed.wait(lambda: "data" in (stored(prod, "secrets", "token") or {"data": ""}), "a token that is filled")
    assert set(prod.verbs(prod.plan(token, account)).values()) == {"unchanged"}


@pytest.mark.parametrize(
    "command",
    [
        ("set", "image", "deployment/web", "main=by-hand"),
        ("edit", "deployment/web"),
        ("label", "deployment/web", "team=theirs", "--overwrite"),
        ("annotate", "deployment/web", "note=theirs", "--overwrite"),
        ("rollout", "undo", "deployment/web"),
        ("scale", "deployment/web", "--replicas=2"),
    ],
    ids=lambda command: command[0],
)
def test_what_kubectl_changed_is_corrected_whichever_its_command(prod: Environment, command: tuple[str, ...]) -> None:
    def web(image: str) -> dict[str, Any]:
        body = deployment("web", image, replicas=0)
        body["metadata"] |= {"labels": {"team": "ours"}, "annotations": {"note": "ours"}}
        return body

    assert prod.sync(web("web:1")).error("prod") is None
    assert prod.sync(web("web:2")).error("prod") is None
    place = f"/apis/apps/v1/namespaces/{prod.namespace}/deployments/web"
    prod.testbed.wait(lambda: _revision(prod.testbed.call("GET", place)) == "2", "two revisions")
    prod.testbed.kubectl(*command, "-n", prod.namespace, EDITOR="sed -i s/web:2/by-hand/")
    prod.testbed.kubectl("annotate", "-n", prod.namespace, "deployment/web", "seen=yes")
    assert prod.plan(web("web:2")).is_stopped
    assert prod.sync(web("web:2"), correct=True).error("prod") is None
    assert prod.plan(web("web:2")).is_idle
    assert prod.testbed.call("GET", place)["metadata"]["annotations"]["seen"] == "yes", (
        "what Git does not name is theirs"
    )


def _revision(body: dict[str, Any]) -> str | None:
    return (body["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision")


@pytest.mark.parametrize("said", [{}, {"rollingUpdate": None}])
def test_a_default_of_the_server_is_not_in_the_way_of_another_choice(prod: Environment, said: dict[str, Any]) -> None:
    """Nobody owns the bounds of a rolling update that nobody wrote, and a Deployment made anew must have none."""
    recreate = deployment("web", "web:2", replicas=0, strategy={"type": "Recreate", **said})
    claims = deployment("db", replicas=0)
    claims["kind"] = "StatefulSet"
    claims["spec"]["serviceName"] = "db"
    by_hand = {**claims, "spec": {**claims["spec"], "updateStrategy": {"type": "OnDelete"}}}
    assert prod.sync(deployment("web", replicas=0), claims).error("prod") is None
    plan = prod.plan(recreate, by_hand)
    changed = {one.id.kind: [(each.kind, each.path) for each in one.changes] for one in plan.of("update")}
    assert changed["StatefulSet"] == [
        ("changed", ("spec", "updateStrategy", "type")), ("removed", ("spec", "updateStrategy", "rollingUpdate")),
    ]  # fmt: skip
    assert ("removed", ("spec", "strategy", "rollingUpdate")) in changed["Deployment"]
    assert len(changed["Deployment"]) == 3
    assert prod.sync(recreate, by_hand).error("prod") is None
    found = prod.testbed.call("GET", f"/apis/apps/v1/namespaces/{prod.namespace}/deployments/web")
    assert found["spec"]["strategy"] == {"type": "Recreate"}
    if said:  # a null is a field of its own to the server, and becomes ours when it means nothing any more
        assert prod.sync(recreate, by_hand).error("prod") is None
    assert prod.plan(recreate, by_hand).is_idle
    assert prod.sync(deployment("web", replicas=0), claims).error("prod") is None


def test_the_account_of_a_job_may_take_a_default_out_of_the_way(prod: Environment) -> None:
    place = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{prod.namespace}"
    web, recreate = deployment("web", replicas=0), deployment("web", replicas=0, strategy={"type": "Recreate"})
    rights = rights_of([resource(web)], environment="prod", namespace=prod.namespace)
    prod.testbed.call("POST", f"{place}/roles", {"metadata": {"name": "job"}, "rules": rights.rules(prod.namespace)})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "job"}
    subjects = [{"kind": "User", "name": "viewer", "apiGroup": "rbac.authorization.k8s.io"}]
    binding = {"metadata": {"name": "job"}, "roleRef": reference, "subjects": subjects}
    prod.testbed.call("POST", f"{place}/rolebindings", binding)
    assert prod.sync(web).error("prod") is None
    job = Environment(prod.testbed, prod.namespace, kubeconfig=str(prod.testbed.kubeconfig("viewer")))

    def may() -> bool:
        try:
            return not job.plan(web).is_stopped
        except OverlayError:
            return False

    prod.testbed.wait(may, "rights")
    assert job.sync(recreate).error("prod") is None
    assert job.plan(recreate).is_idle
    job.close()


def test_a_default_that_somebody_owns_is_in_the_way(prod: Environment) -> None:
    assert prod.sync(deployment("web", replicas=0)).error("prod") is None
    patch = '{"spec": {"strategy": {"rollingUpdate": {"maxSurge": 3}}}}'
    prod.testbed.kubectl("patch", "-n", prod.namespace, "deployment", "web", "-p", patch)
    verb, why = rows(prod, deployment("web", replicas=0, strategy={"type": "Recreate"}))["Deployment/web"]
    assert (verb, "spec.strategy.rollingUpdate: Forbidden" in why) == ("refused", True)


def test_K09_adoption_from_kubectl_makes_its_fields_removable(prod: Environment) -> None:
    old = config("flags", mode="a", gone="x")
    prod.testbed.kubectl("apply", "-n", prod.namespace, "-f", "-", stdin=json.dumps(old))
    wanted = config("flags", mode="b")
    assert rows(prod, wanted)["ConfigMap/flags"] == ("conflict", "it exists already and is not of this environment")
    outcome = prod.sync(wanted, adopt=True)
    assert outcome.error("prod") is None
    found = stored(prod, "configmaps", "flags")
    assert found["data"] == {"mode": "b"}
    assert "annotations" not in found["metadata"]
    assert {one["manager"] for one in found["metadata"]["managedFields"]} == {"overlay"}
    assert prod.plan(wanted).is_idle


def test_K09_the_plan_of_an_adoption_is_what_becomes_of_it(prod: Environment) -> None:
    old = config("flags", annotations={"note": "x"}, mode="a", gone="x")
    old["metadata"]["labels"] = {"old": "label"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "labels": {"app": "web"}}}
    ports = [{"port": 80, "name": "http"}, {"port": 81, "name": "old"}]
    for body in (old, {**service, "spec": {"selector": {"app": "web", "tier": "old"}, "ports": ports}}):
        prod.testbed.kubectl("apply", "-n", prod.namespace, "-f", "-", stdin=json.dumps(body))
    wanted = (config("flags", mode="b"), {**service, "spec": {"selector": {"app": "web"}, "ports": ports[:1]}})
    places = (("configmaps", "flags"), ("services", "web"))
    before = [stored(prod, *place) for place in places]
    plan = prod.plan(*wanted, adopt=True)
    assert prod.sync(*wanted, adopt=True).error("prod") is None
    for action, was, place in zip(plan.of("adopt"), before, places, strict=True):
        became = stored(prod, *place)
        parts = [{**body, "metadata": {"labels": body["metadata"].get("labels")}} for body in (was, became)]
        told = [one for one in action.changes if one.path[:2] != ("metadata", "annotations")]
        really = [one for one in value_changes(*parts, None) if one.path[:2] != ("metadata", "annotations")]
        assert told == really
        assert "annotations" not in became["metadata"]


def test_K44_one_object_in_two_environments_is_an_error(prod: Environment) -> None:
    other = Environment(prod.testbed, prod.namespace, "staging", client=prod.client)
    prod.sync(config("flags", mode="a"))
    why = f"it belongs to another ApplySet, {prod.record.owner}"
    assert rows(other, config("flags", mode="a"))["ConfigMap/flags"] == ("conflict", why)


def test_K22_a_copy_with_our_label_is_not_deleted(prod: Environment) -> None:
    prod.sync(config("flags"))
    copy = config("copy")
    copy["metadata"]["labels"] = {PART_OF: prod.record.owner}
    prod.testbed.kubectl("create", "-n", prod.namespace, "-f", "-", stdin=json.dumps(copy))
    assert rows(prod, config("flags"))["ConfigMap/copy"] == (
        "conflict", "it carries our label, but this environment never applied it",
    )  # fmt: skip


def test_K22_an_object_whose_label_was_taken_off_is_kept_and_stays_tracked(prod: Environment) -> None:
    prod.sync(config("flags"), config("rest"))
    prod.testbed.kubectl("label", "-n", prod.namespace, "configmap", "flags", f"{PART_OF}-")
    outcome = prod.sync(config("rest"))
    assert prod.verbs(outcome.plan)["ConfigMap/flags"] == "keep"
    assert stored(prod, "configmaps", "flags") is not None
    assert ("", "ConfigMap", prod.namespace, "flags") in prod.record.inventory


def test_K24_what_cannot_be_deleted_stays_tracked_until_it_goes(prod: Environment) -> None:
    stuck = config("stuck")
    stuck["metadata"]["finalizers"] = ["example.com/wait"]
    prod.sync(stuck, config("rest"))
    outcome = prod.sync(config("rest"), pace=Pace(timeout=10, prune=0.5))
    error = outcome.error("prod")
    assert error is not None
    assert (
        error.message
        == f"ConfigMap/{prod.namespace}/stuck was deleted and is still there: it waits for example.com/wait"
    )
    assert ("", "ConfigMap", prod.namespace, "stuck") in prod.record.inventory
    current = prod.record.current
    assert current is not None
    assert current.status == "unpruned", "all of it is there, and so is what left"
    assert occasion(prod.record, current.revision + 1) == "upgrade"
    prod.testbed.kubectl(
        "patch",
        "-n",
        prod.namespace,
        "configmap",
        "stuck",
        "--type=json",
        "-p",
        '[{"op":"remove","path":"/metadata/finalizers"}]',
    )
    assert prod.sync(config("rest")).error("prod") is None
    assert prod.record.inventory == {("", "ConfigMap", prod.namespace, "rest")}
    assert [one.status for one in (prod.record.current, *prod.record.history) if one] == [
        "deployed", "superseded", "superseded",
    ]  # fmt: skip


def test_what_is_deleted_and_keeps_something_is_installed_anew(prod: Environment) -> None:
    kept = {**config("kept"), "metadata": {"name": "kept", "annotations": {"helm.sh/resource-policy": "keep"}}}
    prod.sync(kept, config("rest"))
    assert prod.sync(is_delete=True).error("prod") is None
    current = prod.record.current
    assert current is not None
    assert current.status == "deleted"
    assert prod.record.inventory == {("", "ConfigMap", prod.namespace, "kept")}
    assert occasion(prod.record, current.revision + 1) == "install"


def test_K25_K26_protected_kinds_stay_until_allowed(prod: Environment) -> None:
    there = f"{prod.namespace}-kept"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": there}}
    prod.sync(namespace, config("rest"))
    assert rows(prod, config("rest"))[f"Namespace/{there}"] == (
        "keep",
        "a Namespace is only deleted with --allow-delete Namespace",
    )
    assert prod.sync(config("rest")).error("prod") is None
    assert prod.testbed.find(f"/api/v1/namespaces/{there}") is not None
    prod.sync(config("rest"), limits=PruneLimits(allowed=frozenset(["Namespace"])))
    assert prod.testbed.find(f"/api/v1/namespaces/{there}") is None


def test_an_environment_goes_with_the_namespace_of_its_record_last_of_all(testbed: Testbed, namespace: str) -> None:
    home = f"{namespace}-home"
    preview = Environment(testbed, home)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}}
    stuck = config("stuck")
    stuck["metadata"]["finalizers"] = ["example.com/wait"]
    placed, plan = preview.prepare(body, stuck, config("rest"))
    make_home(preview.client, placed, plan, home)
    assert preview.run(placed, plan).error("prod") is None
    options = {"is_delete": True, "limits": PruneLimits(allowed=frozenset(["Namespace"]))}
    error = preview.sync(**options, pace=Pace(timeout=10, prune=0.5)).error("prod")
    assert error is not None
    assert error.message == f"ConfigMap/{home}/stuck was deleted and is still there: it waits for example.com/wait"
    assert "deletionTimestamp" not in testbed.call("GET", f"/api/v1/namespaces/{home}")["metadata"]
    assert {key[3] for key in preview.record.inventory} == {"stuck", home}
    patch = '{"metadata": {"finalizers": null}}'
    testbed.kubectl("patch", "-n", home, "configmap", "stuck", "--type=merge", "-p", patch)
    outcome = preview.sync(**options, pace=Pace(timeout=10, prune=60))
    assert (outcome.error("prod"), outcome.record) == (None, None)
    assert testbed.find(f"/api/v1/namespaces/{home}") is None
    preview.close()


def test_K35_a_stuck_rollout_ends_the_run_and_nothing_is_pruned(prod: Environment) -> None:
    prod.sync(config("old"), deployment("web"))
    outcome = prod.sync(config("new"), deployment("web", "missing"), pace=Pace(timeout=2))
    error = outcome.error("prod")
    assert error is not None
    assert error.exit_code == 5
    assert error.message.startswith(f"Deployment/{prod.namespace}/web is not healthy: InProgress, ")
    assert stored(prod, "configmaps", "old") is not None
    assert prod.record.current.status == "failed"
    fixed = prod.sync(config("new"), deployment("web"))
    assert fixed.error("prod") is None
    assert stored(prod, "configmaps", "old") is None


def test_a_failed_job_ends_the_wait_at_once(prod: Environment) -> None:
    job = {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate"},
        "spec": {"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "m", "image": "fails"}]}}},
    }  # fmt: skip
    outcome = prod.sync(job, pace=Pace(timeout=60))
    error = outcome.error("prod")
    assert error is not None
    assert error.message.startswith(f"Job/{prod.namespace}/migrate is not healthy: Failed, BackoffLimitExceeded")


def test_K13_what_cannot_be_changed_is_replaced_on_request_only(prod: Environment) -> None:
    prod.sync(deployment("web"))
    moved = deployment("web")
    moved["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    moved["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    verb, why = rows(prod, moved)["Deployment/web"]
    assert verb == "refused"
    assert why.endswith('field is immutable; --replace, or the annotation overlay.dev/replace: "true", replaces it')
    outcome = prod.sync(moved, replace=True)
    assert outcome.error("prod") is None
    found = prod.testbed.call("GET", f"/apis/apps/v1/namespaces/{prod.namespace}/deployments/web")
    assert found["spec"]["selector"]["matchLabels"] == {"app": "other"}


def test_K13_a_role_of_a_binding_is_changed_by_replacing_it(prod: Environment) -> None:
    def binding(role: str) -> dict[str, Any]:
        group = "rbac.authorization.k8s.io"
        reference = {"apiGroup": group, "kind": "ClusterRole", "name": role}
        return {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": {"name": "b"}, "roleRef": reference}

    assert prod.sync(binding("view")).error("prod") is None
    verb, why = rows(prod, binding("edit"))["RoleBinding/b"]
    assert verb == "refused"
    assert why.endswith('cannot change roleRef; --replace, or the annotation overlay.dev/replace: "true", replaces it')
    assert prod.sync(binding("edit"), replace=True).error("prod") is None
    place = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{prod.namespace}/rolebindings/b"
    assert prod.testbed.call("GET", place)["roleRef"]["name"] == "edit"


def test_K13_what_is_adopted_and_replaced_is_gone_before_it_is_made_anew(prod: Environment) -> None:
    place = f"/apis/apps/v1/namespaces/{prod.namespace}/deployments"
    held = deployment("web", replicas=0)
    held["metadata"]["finalizers"] = ["example.com/wait"]
    prod.testbed.kubectl("create", "-n", prod.namespace, "-f", "-", stdin=json.dumps(held))
    wanted = deployment("web", replicas=0)
    wanted["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    wanted["spec"]["template"]["metadata"] = {"labels": {"app": "other"}}
    outcome = prod.sync(wanted, adopt=True, replace=True, pace=Pace(timeout=10, prune=0.5))
    error = outcome.error("prod")
    assert error is not None
    assert error.message.startswith(
        f"0 of 1 objects were applied: Deployment/{prod.namespace}/web is not gone after 0.5 seconds: it waits for"
    )
    prod.testbed.kubectl(
        "patch", "-n", prod.namespace, "deployment", "web", "--type=merge", "-p", '{"metadata":{"finalizers":null}}'
    )
    prod.testbed.wait(lambda: prod.testbed.find(f"{place}/web") is None, "a deployment that is gone")
    assert prod.sync(wanted).error("prod") is None
    assert prod.testbed.call("GET", f"{place}/web")["spec"]["selector"] == {"matchLabels": {"app": "other"}}


def test_waves_and_dependencies_are_waited_for(prod: Environment) -> None:
    first, second = deployment("db"), deployment("web")
    second["metadata"]["annotations"] = {
        "config.kubernetes.io/depends-on": f"apps/namespaces/{prod.namespace}/Deployment/db"
    }
    prod.sync(second, first)
    told = [(one.what, one.id.name, one.text.partition(":")[0]) for one in prod.events]
    assert told.index(("health", "db", "Current")) < told.index(("create", "web", ""))


POLICY = {
    "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
    "spec": {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}],
        },
        "validations": [{"expression": "request.dryRun || object.metadata.name != 'refused'", "message": "not today"}],
    },
}  # fmt: skip


def test_K15_what_passes_the_dry_run_and_is_denied_prunes_nothing_and_the_next_run_goes_on(prod: Environment) -> None:
    name = f"policy-{prod.namespace}"
    where = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": prod.namespace}}}
    place = "/apis/admissionregistration.k8s.io/v1"
    prod.sync(config("old"), config("rest"))
    prod.testbed.call("POST", f"{place}/validatingadmissionpolicies", {**POLICY, "metadata": {"name": name}})
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": where},
    }  # fmt: skip
    prod.testbed.call("POST", f"{place}/validatingadmissionpolicybindings", binding)
    attempt = json.dumps(config("refused"))

    def denies() -> bool:
        args = ("create", "-n", prod.namespace, "-f", "-", "-o", "name")
        made = prod.testbed.kubectl(*args, stdin=attempt, check=False)
        if made:
            prod.testbed.kubectl("delete", "-n", prod.namespace, "configmap", "refused")
        return not made

    prod.testbed.wait(denies, "a policy that acts")
    outcome = prod.sync(config("new"), config("refused"), config("rest"))
    error = outcome.error("prod")
    assert error is not None
    assert error.exit_code == 5
    assert error.message.startswith(f"1 of 2 objects were applied: PATCH ConfigMap/{prod.namespace}/refused: ")
    assert "not today" in error.message
    assert stored(prod, "configmaps", "old") is not None
    assert {key[3] for key in prod.record.inventory} == {"old", "new", "rest", "refused"}
    assert prod.sync(config("new"), config("rest")).error("prod") is None
    assert {key[3] for key in prod.record.inventory} == {"new", "rest"}


@pytest.mark.parametrize("how", ["edited", "deleted", "made anew", "came"])
def test_a_cluster_that_moved_since_the_plan_is_not_touched(prod: Environment, how: str) -> None:
    prod.sync(config("flags", mode="a"))
    placed, plan = prod.prepare(config("flags", mode="b"), config("more", mode="ours"))
    if how == "edited":
        prod.testbed.kubectl("label", "-n", prod.namespace, "configmap", "flags", "seen=yes")
    if how in ("deleted", "made anew"):
        prod.testbed.kubectl("delete", "-n", prod.namespace, "configmap", "flags")
    if how == "made anew":
        prod.testbed.kubectl("create", "-n", prod.namespace, "configmap", "flags", "--from-literal=mode=theirs")
    if how == "came":
        prod.testbed.kubectl("create", "-n", prod.namespace, "configmap", "more", "--from-literal=other=theirs")
    before = [stored(prod, "configmaps", name) for name in ("flags", "more", "overlay-prod")]
    with pytest.raises(Moved) as caught:
        prod.run(placed, plan)
    name = "more" if how == "came" else "flags"
    assert (
        caught.value.message
        == f"ConfigMap/{prod.namespace}/{name} changed while the plan was looked at: nothing was applied"
    )
    assert [stored(prod, "configmaps", name) for name in ("flags", "more", "overlay-prod")] == before


def test_what_controllers_write_is_no_move(prod: Environment) -> None:
    prod.sync(deployment("web"))
    placed, plan = prod.prepare(deployment("web", "web:2"))
    pods = prod.testbed.kubectl("delete", "-n", prod.namespace, "pods", "--all")
    assert pods
    prod.testbed.kubectl("rollout", "status", "-n", prod.namespace, "deployment/web", "--timeout=120s")
    assert prod.run(placed, plan).error("prod") is None


def test_K29_a_run_that_was_overtaken_stops(prod: Environment) -> None:
    prod.sync(config("flags", mode="a"))
    placed, plan = prod.prepare(config("flags", mode="old"))
    prod.sync(config("flags", mode="new"))
    with pytest.raises(ClusterConflict) as caught:
        prod.run(placed, plan)
    assert (
        caught.value.message == f"another run has written ConfigMap/{prod.namespace}/overlay-prod since this one began"
    )
    assert stored(prod, "configmaps", "flags")["data"] == {"mode": "new"}


def test_D07_a_run_that_lost_its_lease_stops_between_objects_of_one_stage(prod: Environment) -> None:
    """The rest of a stage may be a thousand objects, and another run applies what is newer meanwhile."""
    wanted = [config(f"c{number}") for number in range(3 * WORKERS)]
    placed, plan = prod.prepare(*wanted)
    prod.lease_seconds = 3
    place = f"/apis/coordination.k8s.io/v1/namespaces/{prod.namespace}/leases/overlay-prod"
    lock = threading.Lock()

    def steal(_: Event) -> None:
        with lock:
            body = prod.testbed.call("GET", place)
            if body["spec"]["holderIdentity"] != "other":
                body["spec"]["holderIdentity"] = "other"
                prod.testbed.call("PUT", place, body)
                time.sleep(2)  # until it is seen by the renewal

    prod.told = steal
    with pytest.raises(ClusterConflict) as caught:
        prod.run(placed, plan)
    assert caught.value.message == f"the lease {prod.namespace}/overlay-prod is lost: another run took it"
    there = prod.testbed.call("GET", f"/api/v1/namespaces/{prod.namespace}/configmaps")["items"]
    assert 1 <= len([one for one in there if one["metadata"]["name"].startswith("c")]) <= WORKERS
    assert {key[3] for key in prod.record.inventory} == {one["metadata"]["name"] for one in wanted}


def test_K22_the_endpoints_of_our_services_are_no_copies(prod: Environment) -> None:
    """A cluster gives them the Services' labels, and they are listed where an environment has Endpoints of its own."""
    ports = [{"port": 80}]
    outside, inside = (
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": ports, **more}}
        for name, more in (("db", {}), ("web", {"selector": {"app": "web"}}))
    )
    subsets = [{"addresses": [{"ip": "10.9.9.9"}], "ports": ports}]
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db"}, "subsets": subsets}
    assert prod.sync(outside, endpoints, inside).error("prod") is None
    prod.testbed.wait(
        lambda: PART_OF in ((stored(prod, "endpoints", "web") or {}).get("metadata") or {}).get("labels", {}),
        "the endpoints of a service",
    )
    assert set(prod.verbs(prod.plan(outside, endpoints, inside)).values()) == {"unchanged"}


def test_K42_an_object_that_no_cluster_stores_is_refused(prod: Environment) -> None:
    with pytest.raises(ManifestError) as caught:
        prod.plan(config("flags", mode="x" * 1_600_000))
    assert caught.value.message.endswith("bytes, more than the 1500000 that a cluster stores")


def test_a_kind_that_the_cluster_does_not_know(prod: Environment) -> None:
    old = {"apiVersion": "extensions/v1beta1", "kind": "Ingress", "metadata": {"name": "web"}}
    with pytest.raises(ManifestError) as caught:
        prod.plan(old)
    assert caught.value.message == "the cluster does not know extensions/v1beta1 Ingress"
    newer = {"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "web"}}
    with pytest.raises(ManifestError) as caught:
        prod.plan(newer)
    assert caught.value.hint == "it serves apps/v1 Deployment"


def test_kubectl_finds_the_members(prod: Environment) -> None:
    prod.sync(config("flags"), deployment("web", replicas=0))
    found = prod.testbed.kubectl(
        "get", "-n", prod.namespace, "configmaps,deployments", "-l", f"{PART_OF}={prod.record.owner}", "-o", "name"
    )
    assert found.split() == ["configmap/flags", "deployment.apps/web"]


def test_what_controllers_write_while_we_look_is_no_change(prod: Environment) -> None:
    """A list is a moment older than the dry-run that it is compared with."""
    half = deployment("web", replicas=0)
    half["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1000m"}}
    prod.sync(half, pace=Pace(wait=False))
    for number in range(30):
        stop = threading.Event()

        def write(stop: threading.Event = stop, number: int = number) -> None:
            place = f"/apis/apps/v1/namespaces/{prod.namespace}/deployments/web"
            count = 0
            while not stop.is_set():
                count += 1
                patch = {"metadata": {"annotations": {"controller": f"{number}-{count}"}}}
                prod.testbed.call("PATCH", place, patch, content="application/merge-patch+json")
                stop.wait(0.02)

        writer = threading.Thread(target=write)
        writer.start()
        plan = prod.plan(half, shortcut=False)
        stop.set()
        writer.join()
        assert [(one.verb, one.changes) for one in plan.actions] == [("unchanged", ())]
