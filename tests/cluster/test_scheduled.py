"""`overlay sync --from-git --scheduled`: what a job runs without a project, a clone or anybody who watches."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.projects import Shop, git
from tests.cluster.testbed import REPOSITORY, Testbed

pytestmark = pytest.mark.cluster

STUCK = "  patches:\n  - target: {kind: Deployment}\n    jsonPatch:\n    - {op: add, path: /spec/template/spec/nodeSelector, value: {a: b}}\n"


@pytest.fixture
def make(tmp_path: Path, testbed: Testbed, namespace: str) -> Callable[..., Shop]:
    def made(**given: Any) -> Shop:
        shop = Shop(tmp_path, testbed, namespace, **given)
        assert shop.sync("--git-only").returncode == 0
        (tmp_path / "job").mkdir()
        return shop

    return made


class Done:
    def __init__(self, process: subprocess.CompletedProcess[str]) -> None:
        self.code = process.returncode
        self.stderr = process.stderr
        self.events = [json.loads(line) for line in process.stdout.splitlines()]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == name]


def command(shop: Shop, *arguments: str) -> tuple[list[str], dict[str, str]]:
    env = {**os.environ, "KUBECONFIG": str(shop.testbed.kubeconfig()), "PYTHONPATH": str(REPOSITORY)}
    words = ["sync", "--from-git", "--scheduled", "--repository", str(shop.folder.parent / "remote.git")]
    return [sys.executable, "-m", "overlay", *words, *arguments], env


def job(shop: Shop, *arguments: str) -> Done:
    # A run that hangs tells what it did until then.
    words, env = command(shop, "--deadline", "100s", *arguments)
    folder = shop.folder.parent / "job"
    return Done(subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False))


def publish(shop: Shop, tag: str, *given: str) -> None:
    shop.write(tag, *given)
    shop.commit()
    assert shop.sync("--git-only").returncode == 0


def image(shop: Shop) -> str:
    found = shop.live("apps/v1:deployments/web")
    assert found is not None
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


def edit(shop: Shop, text: str) -> None:
    shop.testbed.kubectl("patch", "-n", shop.namespace, "configmap", "settings", "-p", text)


def test_a_job_follows_the_branch_without_project_or_clone(make: Callable[..., Shop]) -> None:
    shop = make()
    first = job(shop, "prod", "--first-contact")
    assert (first.code, first.stderr) == (0, "")
    assert [one["event"] for one in first.events if one["event"] not in ("created", "health")] == [
        "cluster-planned", "first-contact", "applied", "finished",
    ]  # fmt: skip
    assert first.events[-1] == {
        "apiVersion": "overlay.dev/v1", "kind": "SyncEvent", "event": "finished", "environment": "", "exitCode": 0,
        "environments": {"prod": 0},
    }  # fmt: skip
    again = job(shop, "--all")
    assert (again.code, [one["event"] for one in again.events]) == (
        0, ["cluster-planned", "cluster-unchanged", "finished"],
    )  # fmt: skip
    publish(shop, "2.0.0")
    assert job(shop, "--all").code == 0
    assert image(shop) == "shop/web:2.0.0"


def test_K46_all_environments_wherever_they_are_and_one_that_fails_alone(make: Callable[..., Shop]) -> None:
    shop = make()
    remote = shop.folder.parent / "remote.git"
    # A second environment in a folder of a branch of its own, which names a cluster that is not there.
    clone = shop.folder.parent / "clone"
    git(shop.folder.parent, "clone", "-q", "--branch", "environments/prod", str(remote), str(clone))
    record = json.loads((clone / "overlay.metadata").read_text())
    record["environment"] = "broken"
    record["settings"]["cluster"]["context"] = "elsewhere"
    git(clone, "checkout", "-q", "--orphan", "environments/broken")
    (clone / "rendered").mkdir()
    for path in [one for one in clone.iterdir() if one.is_file()]:
        path.rename(clone / "rendered" / path.name)
    (clone / "rendered" / "overlay.metadata").write_text(json.dumps(record))
    git(clone, "add", "-A")
    git(clone, "-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "commit", "-q", "-m", "Another")
    git(clone, "push", "-q", "origin", "environments/broken")
    done = job(shop, "--all", "--first-contact")
    assert done.code == 2
    assert done.events[-1]["environments"] == {"broken": 2, "prod": 0}
    (failed,) = done.of("failed")
    assert failed["environment"] == "broken"
    assert failed["message"].endswith(" has no context elsewhere")
    assert image(shop) == "shop/web:1.0.0"


def test_K46_a_record_that_is_none_stops_no_other_environment(make: Callable[..., Shop]) -> None:
    shop = make()
    remote = shop.folder.parent / "remote.git"
    clone = shop.folder.parent / "clone"
    git(shop.folder.parent, "clone", "-q", "--branch", "environments/prod", str(remote), str(clone))
    good = (clone / "overlay.metadata").read_text()
    for branch, text in (("broken", "{}"), ("again", good.replace('"prod"', '"twice"')), ("twice", "")):
        (clone / "overlay.metadata").write_text(text or good.replace('"prod"', '"twice"'))
        git(clone, "checkout", "-q", "--orphan", f"environments/{branch}")
        git(clone, "add", "-A")
        git(clone, "-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "commit", "-q", "-m", "x")
    git(clone, "push", "-q", "origin", "--all")
    done = job(shop, "--all", "--first-contact")
    assert done.code == 4
    assert done.events[-1]["environments"] == {"prod": 0, "environments/broken": 2, "twice": 4}
    assert {one["environment"]: one["message"] for one in done.of("failed")} == {
        "environments/broken": f"file://{remote} environments/broken/overlay.metadata is no record of overlay, so what "
        "is ours there is not known",
        "twice": f"twice is published twice on file://{remote}: at environments/again and at environments/twice",
    }
    assert image(shop) == "shop/web:1.0.0"


def test_drift_is_reported_and_nothing_is_written(make: Callable[..., Shop]) -> None:
    shop = make()
    assert job(shop, "prod", "--first-contact").code == 0
    edit(shop, '{"data": {"level": "debug"}}')
    shop.testbed.kubectl("delete", "-n", shop.namespace, "service", "web")
    before = shop.live("configmaps/settings")
    done = job(shop, "prod")
    assert (done.code, done.stderr) == (1, "")
    (drift,) = done.of("drift")
    assert [(one["kind"], one["difference"]) for one in drift["objects"]] == [
        ("ConfigMap", "changed"),
        ("Service", "missing"),
    ]
    assert drift["objects"][0]["fields"][0]["by"][0]["manager"] == "kubectl-patch"
    assert shop.live("configmaps/settings") == before
    assert shop.live("services/web") is None
    publish(shop, "2.0.0")
    conflict = job(shop, "prod")
    assert conflict.code == 4, "a new revision does not go over what somebody holds"
    assert (
        conflict.of("failed")[0]["message"]
        == f"ConfigMap/{shop.namespace}/settings: .data.level belongs to kubectl-patch"
    )


def test_a_number_that_comes_again_after_a_revert_by_hand_is_another_revision(make: Callable[..., Shop]) -> None:
    shop = make()
    publish(shop, "2.0.0")
    assert job(shop, "prod", "--first-contact").code == 0
    clone = shop.folder.parent / "clone"
    git(shop.folder.parent, "clone", "-q", "--branch", "environments/prod", "remote.git", str(clone))
    git(clone, "-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "revert", "--no-edit", "HEAD")
    git(clone, "push", "-q")
    publish(shop, "3.0.0")
    done = job(shop, "prod")
    assert (done.code, done.of("drift")) == (0, [])
    assert image(shop) == "shop/web:3.0.0"


def test_drift_is_reported_as_such_after_a_run_from_a_later_commit(make: Callable[..., Shop]) -> None:
    shop = make()
    (shop.folder / "README.md").write_text("nothing that is rendered\n")
    shop.commit()
    assert shop.sync("--first-contact").returncode == 0
    edit(shop, '{"data": {"level": "debug"}}')
    done = job(shop, "prod")
    assert (done.code, len(done.of("drift"))) == (1, 1)


def test_drift_is_corrected_where_the_environment_says_so(make: Callable[..., Shop]) -> None:
    shop = make(cluster="  cluster: {context: testbed, drift: correct}\n")
    assert job(shop, "prod", "--first-contact").code == 0
    edit(shop, '{"data": {"level": "debug", "mine": "x"}}')
    shop.testbed.kubectl("delete", "-n", shop.namespace, "service", "web")
    done = job(shop, "prod")
    assert (done.code, done.stderr) == (0, ""), done.events
    settings = shop.live("configmaps/settings")
    assert settings is not None
    assert settings["data"] == {"level": "info", "mine": "x"}, "what is not ours stays"
    assert shop.live("services/web") is not None


def test_the_branch_tightens_what_may_be_deleted_and_does_not_loosen_it(make: Callable[..., Shop]) -> None:
    shop = make()
    extra = "".join([f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: extra-{at}}}\n" for at in range(12)])
    path = shop.folder / "environments/base/manifests/extra.yaml"
    path.write_text(extra)
    publish(shop, "1.0.0")
    assert job(shop, "prod", "--first-contact").code == 0
    path.unlink()
    publish(shop, "1.0.0", "  cluster: {context: testbed, maxPrune: 100%}\n")
    done = job(shop, "prod")
    assert done.code == 4
    assert done.of("failed")[0]["message"].startswith("12 of 15 objects would be deleted, more than the limit of 10: ")
    assert done.of("failed")[0]["hint"] == "if that is meant, give --max-prune 12"
    publish(shop, "1.0.0", "  cluster: {context: testbed, maxPrune: 5}\n")
    assert "more than the limit of 5: " in job(shop, "prod", "--max-prune", "12").of("failed")[0]["message"]
    publish(shop, "1.0.0", "  cluster: {context: testbed, maxPrune: 100%}\n")
    done = job(shop, "prod", "--max-prune", "12")
    assert done.code == 0, done.events
    assert shop.live("configmaps/extra-0") is None


@pytest.mark.parametrize("change", [{"timeout": "soon"}, {"conflicts": [{"path": 1}]}, {"drift": "ignore"}, {"uid": 5}])
def test_settings_that_somebody_wrote_are_refused(make: Callable[..., Shop], tmp_path: Path, change: Any) -> None:
    shop = make()
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--branch", "environments/prod", str(tmp_path / "remote.git"), str(clone))
    record = json.loads((clone / "overlay.metadata").read_text())
    record["settings"]["cluster"].update(change)
    (clone / "overlay.metadata").write_text(json.dumps(record))
    git(clone, "-c", "user.name=Eve", "-c", "user.email=eve@shop.example", "commit", "-q", "-a", "-m", "An edit")
    git(clone, "push", "-q", "origin", "environments/prod")
    done = job(shop, "prod", "--first-contact")
    assert done.code == 4
    assert done.of("failed")[0]["message"] == "the settings in environments/prod are not as they were published"


def test_K30_a_branch_that_was_set_back_does_not_go_over_the_cluster(make: Callable[..., Shop]) -> None:
    shop = make()
    remote = shop.folder.parent / "remote.git"
    first = git(remote, "rev-parse", "environments/prod").strip()
    publish(shop, "2.0.0")
    assert job(shop, "prod", "--first-contact").code == 0
    second = git(remote, "rev-parse", "environments/prod").strip()
    git(remote, "update-ref", "refs/heads/environments/prod", first)
    # As in a pod, nothing is remembered of the branch.
    done = job(shop, "prod", "--accept-rewritten")
    assert done.code == 4
    assert done.of("failed")[0]["message"] == f"the cluster has the newer commit {second[:12]} (revision 2) of prod"
    assert image(shop) == "shop/web:2.0.0"


def start(shop: Shop, *arguments: str) -> subprocess.Popen[str]:
    words, env = command(shop, *arguments)
    process = subprocess.Popen(words, cwd=shop.folder.parent / "job", env=env, text=True, stdout=subprocess.PIPE)
    shop.testbed.wait(lambda: shop.live("apps/v1:deployments/web"), "the object that is waited for")
    return process


def ended(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in process.communicate(timeout=120)[0].splitlines()]


def holder(shop: Shop) -> str | None:
    found = shop.live("coordination.k8s.io/v1:leases/overlay-prod")
    return found["spec"]["holderIdentity"] if found else None


def test_a_job_that_is_stopped_ends_soon_and_the_next_one_goes_on(make: Callable[..., Shop]) -> None:
    shop = make()
    shop.write("1.0.0", more=STUCK)
    shop.commit()
    assert shop.sync("--git-only").returncode == 0
    process = start(shop, "prod", "--first-contact")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    events = ended(process)
    assert time.monotonic() - began < 10
    assert process.returncode == 130
    assert [one["event"] for one in events[-2:]] == ["interrupted", "finished"]
    assert holder(shop) == ""
    publish(shop, "2.0.0")
    assert job(shop, "prod").code == 0
    assert image(shop) == "shop/web:2.0.0"


def test_a_job_whose_server_is_silent_can_be_stopped_too(make: Callable[..., Shop]) -> None:
    shop = make()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        words, env = command(shop, "prod")
        env["KUBECONFIG"] = str(shop.testbed.kubeconfig(server=address))
        process = subprocess.Popen(words, cwd=shop.folder.parent / "job", env=env, text=True, stdout=subprocess.PIPE)
        connection, _ = silent.accept()
        with connection:
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            events = ended(process)
    assert time.monotonic() - began < 10
    assert (process.returncode, [one["event"] for one in events]) == (130, ["interrupted", "finished"])


def test_D13_a_run_that_overlaps_waits_then_leaves_it_to_the_next_one(make: Callable[..., Shop]) -> None:
    shop = make()
    shop.write("1.0.0", more=STUCK)
    shop.commit()
    assert shop.sync("--git-only").returncode == 0
    late = job(shop, "prod", "--first-contact", "--deadline", "3s")
    assert late.code == 6
    assert [one["event"] for one in late.events[-2:]] == ["overdue", "finished"]
    assert late.events[-2]["message"] == "the deadline of 3s is over; the next run goes on"
    process = start(shop, "prod", "--first-contact")
    shop.testbed.wait(lambda: holder(shop), "a lease")
    publish(shop, "2.0.0")
    second = job(shop, "prod", "--lease-timeout", "1s")
    assert (second.code, second.stderr) == (0, "")
    assert (
        second.of("skipped")[0]["message"]
        == f"another run holds the lease {shop.namespace}/overlay-prod: {holder(shop)}"
    )
    process.send_signal(signal.SIGTERM)
    assert [one["event"] for one in ended(process)[-2:]] == ["interrupted", "finished"]
    assert job(shop, "prod").code == 0
    assert image(shop) == "shop/web:2.0.0"


def test_a_job_needs_to_know_where_to_look(make: Callable[..., Shop]) -> None:
    shop = make()
    done = shop.overlay("sync", "prod", "--scheduled")
    assert (done.returncode, done.stderr) == (
        2,
        "error: --scheduled goes with --from-git\n  hint: a job applies what is published, and renders nothing\n",
    )
    nothing = job(shop, "--all", "--branch", "elsewhere/*")
    assert nothing.code == 2
    assert nothing.of("failed")[0]["message"].endswith("on branches like 'elsewhere/*'")
    other = job(shop, "staging", "--branch", "environments/prod")
    assert other.of("failed")[0]["message"].endswith(" is what is published of prod")
