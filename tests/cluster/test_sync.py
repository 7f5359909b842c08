"""`overlay sync` from the command line: committed, then applied, on a real API server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.projects import Shop, git, write
from tests.cluster.testbed import Testbed
from tests.source.projects import overlay

pytestmark = pytest.mark.cluster


@pytest.fixture
def make(tmp_path: Path, testbed: Testbed, namespace: str) -> Callable[..., Shop]:
    return lambda **given: Shop(tmp_path, testbed, namespace, **given)


def test_what_was_committed_is_applied(make: Callable[..., Shop]) -> None:
    shop = make()
    done = shop.sync("--first-contact")
    assert done.returncode == 0, done.stderr
    assert f"create    Deployment/{shop.namespace}/web" in done.stdout
    commit = git(shop.folder.parent / "remote.git", "rev-parse", "environments/prod").strip()
    assert f"prod: published revision 1 as {commit[:12]}" in done.stderr
    assert "prod: 3 applied in testbed (revision 1)" in done.stderr
    record = shop.live("configmaps/overlay-prod")
    assert record is not None
    current = json.loads(record["data"]["record"])["current"]
    source = git(shop.folder, "rev-parse", "HEAD").strip()
    assert (current["revision"], current["commit"], current["source"], current["status"]) == (
        1,
        commit,
        source,
        "deployed",
    )
    again = shop.sync()
    assert (again.returncode, again.stdout) == (0, "")
    assert "prod: testbed is as it shall be (revision 1)" in again.stderr
    shop.write("2.0.0")
    shop.commit()
    done = shop.sync()
    assert done.returncode == 0, done.stderr
    assert "spec.template.spec.containers.[name=web].image: shop/web:1.0.0 → shop/web:2.0.0" in done.stdout
    deployment = shop.live("apps/v1:deployments/web")
    assert deployment is not None
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:2.0.0"


def test_what_somebody_deletes_is_not_as_it_shall_be(make: Callable[..., Shop]) -> None:
    shop = make()
    assert shop.sync("--first-contact").returncode == 0
    place = ("configmap", "settings", "-n", shop.namespace)
    shop.testbed.kubectl("patch", *place, "-p", '{"metadata": {"finalizers": ["example.com/wait"]}}')
    shop.testbed.kubectl("delete", *place, "--wait=false")
    live = shop.live("configmaps/settings")
    assert live is not None
    told = (
        f"error in prod: ConfigMap/{shop.namespace}/settings is being deleted by somebody since "
        f"{live['metadata']['deletionTimestamp']}\n  hint: when it is gone, the next run makes it anew\n"
    )
    done = shop.sync()
    assert (done.returncode, done.stdout) == (5, "")
    assert told in done.stderr
    done = shop.overlay("drift", "prod")
    assert (done.returncode, done.stdout) == (
        1,
        "prod: 1 object differs from revision 1 in testbed\n"
        f"  going     ConfigMap/{shop.namespace}/settings (somebody deletes it since"
        f" {live['metadata']['deletionTimestamp']})\n",
    )
    shop.write("2.0.0")
    shop.commit()
    done = shop.sync("--no-wait")
    assert done.returncode == 5, "what was applied is there, and something else will not be"
    assert told in done.stderr
    shop.testbed.kubectl("patch", *place, "-p", '{"metadata": {"finalizers": null}}')
    shop.testbed.wait(lambda: shop.live("configmaps/settings") is None, "an object that is gone")
    done = shop.sync()
    assert done.returncode == 0, done.stderr
    assert shop.live("configmaps/settings") is not None


def test_K12_a_namespace_that_somebody_deletes_is_told_though_all_in_it_is_as_it_shall_be(
    make: Callable[..., Shop], testbed: Testbed, namespace: str
) -> None:
    shop = make()
    assert shop.sync("--first-contact").returncode == 0
    with keeping_all(testbed, namespace):
        testbed.kubectl("delete", "namespace", namespace, "--wait=false")
        since = testbed.call("GET", f"/api/v1/namespaces/{namespace}")["metadata"]["deletionTimestamp"]
        done = shop.sync()
        assert (done.returncode, done.stdout) == (4, "")
        assert done.stderr.endswith(
            f"error in prod: Namespace/{namespace} is being deleted by somebody since {since}, and with it what is in"
            f" it\n  hint: when it is gone: `kubectl create namespace {namespace}`, and run the same command again\n"
        )
        (going,) = json.loads(shop.overlay("drift", "prod", "-o", "json").stdout)["environments"][0]["objects"]
        assert (going["difference"], going["kind"], going["name"]) == ("going", "Namespace", namespace)
        before = git(shop.folder.parent / "remote.git", "rev-parse", "environments/prod")
        shop.write("2.0.0")
        shop.commit()
        assert shop.sync().returncode == 4
        assert git(shop.folder.parent / "remote.git", "rev-parse", "environments/prod") == before, (
            "nothing is published"
        )


@contextmanager
def keeping_all(testbed: Testbed, namespace: str) -> Iterator[None]:
    """Let nobody delete anything in a namespace, not even who empties it: the namespace goes, and never is gone."""
    name, place = f"keep-{namespace}", "/apis/admissionregistration.k8s.io/v1"
    every = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["DELETE"], "resources": ["*"]}
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [every]},
            "validations": [{"expression": "request.resource.resource == 'namespaces'", "message": "not today"}],
        },
    }  # fmt: skip
    where = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": where},
    }  # fmt: skip
    testbed.call("POST", f"{place}/validatingadmissionpolicies", policy)
    testbed.call("POST", f"{place}/validatingadmissionpolicybindings", binding)
    try:
        refused = ("delete", "-n", namespace, "configmap", "settings", "--dry-run=server", "-o", "name")
        testbed.wait(lambda: not testbed.kubectl(*refused, check=False), "a policy that acts")
        yield
    finally:
        testbed.call("DELETE", f"{place}/validatingadmissionpolicybindings/{name}")
        testbed.call("DELETE", f"{place}/validatingadmissionpolicies/{name}")


def test_K31_a_cluster_that_the_environment_never_was_in_needs_a_word(make: Callable[..., Shop]) -> None:
    shop = make()
    done = shop.sync()
    assert done.returncode == 2
    uid = shop.testbed.call("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    assert done.stderr == (
        f"error in prod: this is the first contact with the cluster {uid} of context testbed\n"
        "  hint: if it is the right one, give --first-contact\n"
    )
    assert "environments/prod" not in git(shop.folder.parent / "remote.git", "branch", "--list"), "nothing is committed"


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        ("  cluster: {context: elsewhere}\n", "has no context elsewhere"),
        ("  cluster: {context: testbed, serverMatch: 'https://prod\\..*'}\n", "which is not https://prod\\..*"),
        ("  cluster: {context: testbed, uid: 0000}\n", "not to 0000, which is pinned"),
    ],
)
def test_K31_the_wrong_cluster_is_refused_before_anything_is_committed(
    make: Callable[..., Shop], cluster: str, message: str
) -> None:
    shop = make(cluster=cluster.replace("0000", "'0000'"))
    done = shop.sync("--first-contact")
    assert done.returncode in (2, 4)
    assert message in done.stderr
    assert "environments/prod" not in git(shop.folder.parent / "remote.git", "branch", "--list")


def test_K14_what_the_server_refuses_is_neither_committed_nor_applied(make: Callable[..., Shop]) -> None:
    shop = make()
    assert shop.sync("--first-contact").returncode == 0
    before = git(shop.folder.parent / "remote.git", "rev-parse", "environments/prod")
    shop.testbed.kubectl("patch", "-n", shop.namespace, "configmap", "settings", "-p", '{"data": {"level": "debug"}}')
    shop.write("2.0.0")
    shop.commit()
    done = shop.sync()
    assert done.returncode == 4
    assert done.stderr == (
        f"error in prod: ConfigMap/{shop.namespace}/settings: .data.level belongs to kubectl-patch\n"
        "  hint: add {path: data.level, action: take} to spec.cluster.conflicts, or action: leave if it stays theirs\n"
    )
    assert git(shop.folder.parent / "remote.git", "rev-parse", "environments/prod") == before
    shop.write("2.0.0", "  cluster: {context: testbed, conflicts: [{path: data.level, action: take}]}\n")
    shop.commit()
    assert shop.sync().returncode == 0


def test_what_a_manager_that_is_named_owns_is_left_to_it_alone(make: Callable[..., Shop]) -> None:
    shop = make()
    assert shop.sync("--first-contact").returncode == 0
    place = ("-n", shop.namespace, "configmap", "settings", "-p", '{"data": {"level": "debug"}}')
    shop.testbed.kubectl("patch", *place, "--field-manager=tuner-a")
    rule = "{manager: tuner-*, action: leave}"
    shop.write("2.0.0", f"  cluster: {{context: testbed, conflicts: [{rule}]}}\n")
    shop.commit()
    done = shop.sync()
    assert done.returncode == 0, done.stderr
    settings = shop.live("configmaps/settings")
    assert settings is not None
    assert settings["data"]["level"] == "debug"
    assert shop.overlay("drift", "prod").returncode == 0, "what is left to others is no drift"
    shop.testbed.kubectl("patch", *place[:-1], '{"data": {"level": "trace"}}', "--field-manager=somebody")
    shop.write("3.0.0", f"  cluster: {{context: testbed, conflicts: [{rule}]}}\n")
    shop.commit()
    done = shop.sync()
    assert done.returncode == 4
    assert f"ConfigMap/{shop.namespace}/settings: .data.level belongs to somebody\n" in done.stderr


def test_Z08_a_change_that_hides_less_shows_nothing_of_what_was_hidden(make: Callable[..., Shop]) -> None:
    shop = make()
    mask = "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\nspec: {diff: {mask: [{path: data.level}]}}\n"
    write(shop.folder, {"overlay.yaml": mask})
    shop.commit()
    assert shop.sync("--first-contact").returncode == 0
    settings = next(path for path in shop.folder.rglob("*.yaml") if "level: " in path.read_text())
    settings.write_text(settings.read_text().replace("level: info", "level: hunter2"))
    (shop.folder / "overlay.yaml").unlink()
    shop.commit()
    done = shop.sync()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("data.level: •••• → •••• (changed)\n") == 2, "in Git and in the cluster"
    assert not {"hunter2", "info"} & set(done.stdout.split())


def test_a_namespace_that_is_not_there_is_told_once_with_two_ways_on(make: Callable[..., Shop]) -> None:
    shop = make()
    folder = shop.folder / "environments" / "prod"
    text = (folder / "environment.yaml").read_text()
    (folder / "environment.yaml").write_text(text.replace(f"namespace: {shop.namespace}", "namespace: nowhere"))
    shop.commit()
    done = shop.sync("--first-contact")
    assert done.returncode == 2
    assert done.stderr == (
        "error in prod: there is no namespace nowhere, in which 3 objects shall be\n"
        "  hint: `kubectl create namespace nowhere`, or add a Namespace of that name to spec.resources\n"
    )


def test_objects_with_the_names_of_what_overlay_keeps_itself_are_refused_before_anything_is_written(
    make: Callable[..., Shop],
) -> None:
    shop = make()
    kinds = {"ConfigMap": "v1", "Lease": "coordination.k8s.io/v1"}
    own = [
        f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: overlay-prod}}\n" for kind, version in kinds.items()
    ]
    elsewhere = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: overlay-dev}\n"
    write(shop.folder, {"environments/base/manifests/own.yaml": "---\n".join([*own, elsewhere])})
    shop.commit()
    done = shop.sync("--first-contact")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error in prod: ConfigMap/{shop.namespace}/overlay-prod has the name of overlay's own record of prod\n"
        "  --> environments/base/manifests/own.yaml:1:1\n"
        "  1 | apiVersion: v1\n"
        "    | ^\n"
        "  hint: give it another name\n"
        f"error in prod: Lease/{shop.namespace}/overlay-prod has the name of overlay's own lease of prod\n"
        "  --> environments/base/manifests/own.yaml:5:1\n"
        "  4 | ---\n"
        "  5 | apiVersion: coordination.k8s.io/v1\n"
        "    | ^\n"
        "  hint: give it another name\n"
        "2 problems\n"
    )
    assert "environments/prod" not in git(shop.folder.parent / "remote.git", "branch", "--list"), "nothing is committed"
    assert shop.live("configmaps/overlay-prod") is None


def test_an_environment_that_gets_another_namespace_is_told_what_stays_in_the_old_one(
    make: Callable[..., Shop], testbed: Testbed, namespace: str
) -> None:
    shop = make()
    done = shop.sync("--first-contact")
    assert "stay there" not in done.stderr
    new = f"{namespace}-new"
    testbed.kubectl("create", "namespace", new)
    shop.namespace = new
    shop.write("1.0.0")
    shop.commit()
    done = shop.sync("--first-contact")
    assert done.returncode == 0, done.stderr
    told = (
        f"warning in prod: it was in the namespace {namespace} before: 3 objects of it stay there\n"
        f"  hint: `overlay delete prod` deletes them where the environment's namespace is still {namespace}\n"
    )
    assert told in done.stderr
    shop.write("2.0.0")
    shop.commit()
    assert "stay there" not in shop.sync().stderr, "once is enough"
    shop.namespace = namespace
    shop.write("2.0.0")
    assert shop.overlay("delete", "prod", "-y").returncode == 0
    assert shop.live("configmaps/settings") is None


def test_git_only_touches_no_cluster(make: Callable[..., Shop]) -> None:
    shop = make(cluster="  cluster: {context: elsewhere}\n")
    assert shop.sync("--git-only").returncode == 0


def test_without_git_only_where_it_is_allowed(make: Callable[..., Shop]) -> None:
    shop = make()
    done = shop.sync("--no-git", "--first-contact")
    assert (done.returncode, done.stderr) == (
        2,
        "error in prod: it does not allow to apply what is not committed\n"
        "  hint: set spec.cluster.allowUncommitted: true in it\n",
    )
    shop.write("3.0.0", "  cluster: {context: testbed, allowUncommitted: true}\n")
    done = shop.sync("--no-git", "--first-contact")
    assert done.returncode == 0, done.stderr
    assert "prod: 3 applied in testbed (revision 1)" in done.stderr
    record = shop.live("configmaps/overlay-prod")
    assert record is not None
    assert json.loads(record["data"]["record"])["current"]["commit"] == "local"
    assert shop.sync("--no-git").returncode == 0


def test_events_for_programs(make: Callable[..., Shop]) -> None:
    shop = make()
    done = shop.sync("--first-contact", "-o", "json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["event"] for one in events if one["event"] not in ("created", "health")] == [
        "planned", "cluster-planned", "first-contact", "published", "applied",
    ]  # fmt: skip
    plan = next(one["plan"] for one in events if one["event"] == "cluster-planned")
    assert plan["counts"] == {"create": 3}
    assert sorted(one["object"]["kind"] for one in events if one["event"] == "created") == [
        "ConfigMap",
        "Deployment",
        "Service",
    ]


def test_K35_a_rollout_that_does_not_end_is_exit_code_5(make: Callable[..., Shop]) -> None:
    shop = make()
    patch = "  - target: {kind: Deployment}\n    jsonPatch:\n    - {op: add, path: /spec/template/spec/nodeSelector, value: {a: b}}\n"
    shop.write("1.0.0", more=f"  patches:\n{patch}")
    shop.commit()
    done = shop.sync("--first-contact", "--rollout-timeout", "2s")
    assert done.returncode == 5
    assert f"error in prod: Deployment/{shop.namespace}/web is not healthy: InProgress, " in done.stderr
    assert ": Unschedulable: 0/1 nodes are available" in done.stderr


def test_rights_that_are_missing_are_told(make: Callable[..., Shop]) -> None:
    shop = make()
    done = shop.overlay("sync", "prod", "-y", "--first-contact", user="viewer")
    assert done.returncode == 2
    assert 'cannot get resource "configmaps" in API group "" in the namespace' in done.stderr


@pytest.mark.parametrize("arguments", [(), ("-o", "json"), ("--debug",), ("--error-format", "json")])
def test_I6_no_secret_is_in_what_is_said(make: Callable[..., Shop], arguments: tuple[str, ...]) -> None:
    """Tokens, passwords and values of Secrets, in a run that fails and in one that works."""
    shop = make(cluster="  publish: {secrets: [key]}\n  cluster: {context: testbed}\n")
    manifest = shop.folder / "environments/base/manifests/key.yaml"
    manifest.write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {password: canary-one}\n")
    shop.commit()
    canary = shop.testbed.kubeconfig(token="canary-token")
    env = {"KUBECONFIG": str(canary)}
    refused = overlay(shop.folder, "sync", "prod", "-y", "--first-contact", *arguments, **env)
    assert refused.returncode == 2
    assert "are not accepted" in refused.stderr
    worked = shop.sync("--first-contact", *arguments)
    assert worked.returncode == 0, worked.stderr
    manifest.write_text(manifest.read_text().replace("canary-one", "canary-two"))
    shop.commit()
    changed = shop.sync(*arguments)
    assert changed.returncode == 0, changed.stderr
    drifted = shop.overlay("drift", "prod")
    for done in (refused, worked, changed, drifted):
        for hidden in ("canary", "Y2FuYXJ5"):
            assert hidden not in done.stdout + done.stderr


@pytest.mark.parametrize("step", ["git.pushed", "git.seen", "git.next"])
def test_G10_what_a_killed_run_committed_is_applied_by_the_next(make: Callable[..., Shop], step: str) -> None:
    shop = make()
    assert shop.sync("--first-contact").returncode == 0
    shop.write("2.0.0")
    shop.commit()
    killed = overlay(
        shop.folder, "sync", "prod", "-y", KUBECONFIG=str(shop.testbed.kubeconfig("admin")),
        OVERLAY_FAILPOINT=f"{step}:kill",
    )  # fmt: skip
    assert killed.returncode == -9
    commit = git(shop.folder.parent / "remote.git", "rev-parse", "environments/prod").strip()
    done = shop.sync()
    assert done.returncode == 0, done.stderr
    assert f"prod: up to date at {commit[:12]} (revision 2)\n" in done.stderr
    assert "prod: 1 applied, 2 unchanged in testbed (revision 2)\n" in done.stderr
    deployment = shop.live("apps/v1:deployments/web")
    assert deployment is not None
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:2.0.0"
    assert git(shop.folder.parent / "remote.git", "rev-parse", "environments/prod").strip() == commit


def test_a_rollback_is_applied_as_it_is_published(make: Callable[..., Shop]) -> None:
    shop = make()
    assert shop.sync("--first-contact").returncode == 0
    shop.write("2.0.0")
    shop.commit()
    assert shop.sync().returncode == 0
    done = shop.overlay("rollback", "prod", "1", "-y")
    assert done.returncode == 0, done.stderr
    assert "prod: rolled back to revision 1, published as revision 3 in " in done.stderr
    assert "prod: 1 applied, 2 unchanged in testbed (revision 3)" in done.stderr
    found = shop.live("apps/v1:deployments/web")
    assert found is not None
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:1.0.0"


def test_a_rollback_that_the_cluster_would_not_take_publishes_nothing(make: Callable[..., Shop]) -> None:
    shop = make()
    assert shop.sync("--git-only").returncode == 0
    shop.write("2.0.0")
    shop.commit()
    assert shop.sync("--git-only").returncode == 0
    remote = shop.folder.parent / "remote.git"
    tip = git(remote, "rev-parse", "environments/prod")
    done = shop.overlay("rollback", "prod", "1", "-y")
    assert done.returncode == 2
    assert done.stderr.startswith("error in prod: this is the first contact with the cluster ")
    assert done.stderr.endswith(
        "  hint: if it is the right one, give --first-contact; nothing is published yet, and --git-only goes back in Git "
        "alone\n"
    )
    assert git(remote, "rev-parse", "environments/prod") == tip
    done = shop.overlay("rollback", "prod", "1", "-y", "--first-contact")
    assert done.returncode == 0, done.stderr
    assert git(remote, "rev-parse", "environments/prod") != tip
    assert shop.live("apps/v1:deployments/web") is not None


def test_a_rollback_of_git_alone_leaves_the_cluster_and_the_same_word_goes_on(make: Callable[..., Shop]) -> None:
    shop = make()
    assert shop.sync("--first-contact").returncode == 0
    shop.write("2.0.0")
    shop.commit()
    assert shop.sync().returncode == 0
    assert shop.overlay("rollback", "prod", "1", "-y", "--git-only").returncode == 0
    found = shop.live("apps/v1:deployments/web")
    assert found is not None
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:2.0.0"
    done = shop.overlay("rollback", "prod", "1", "-y")
    assert done.returncode == 0, done.stderr
    found = shop.live("apps/v1:deployments/web")
    assert found is not None
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:1.0.0"
