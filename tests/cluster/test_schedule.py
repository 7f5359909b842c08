"""`overlay schedule kubernetes`: the job's own command runs with the rights of the job's own account, and no others."""

from __future__ import annotations

import base64
import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.projects import Shop
from tests.cluster.testbed import REPOSITORY, Testbed
from tests.running import run
from tests.servers.git_http import GitServer
from tests.servers.sshd import Sshd

pytestmark = pytest.mark.cluster

LOGIN = {"username": "robot", "password": "s3cret word"}
ROLES = (
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader}\n"
    'rules: [{apiGroups: [""], resources: [endpoints], verbs: [get]}]\n---\n'
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: viewers}\n"
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\n"
    "subjects: [{kind: Group, name: viewers, apiGroup: rbac.authorization.k8s.io}]\n"
)


class Job:
    """The scheduled job of a shop, as its manifests describe it; kwok runs no containers, so it is run here."""

    def __init__(self, shop: Shop, url: str, login: dict[str, str]) -> None:
        self.shop = shop
        self.url = url
        self.login = login
        self.items = self.manifests()
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": self.items})
        shop.testbed.kubectl("apply", "-f", "-", stdin=text)
        self._secret()
        self.folder = shop.folder.parent / "pod"
        self.folder.mkdir()

    def manifests(self, *arguments: str) -> list[Any]:
        done = self.shop.overlay(
            "schedule", "kubernetes", "prod", "--image", "registry.example/overlay:1", "--repository", self.url,
            "--git-secret", "login", "-o", "json", *arguments,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return list(json.loads(done.stdout)["items"])

    def _secret(self) -> None:
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": self.login}
        self.shop.testbed.call("POST", f"/api/v1/namespaces/{self.shop.namespace}/secrets", body)

    def _kubeconfig(self) -> Path:
        """Return what a pod is given by its ServiceAccount's token."""
        place = f"/api/v1/namespaces/{self.shop.namespace}/serviceaccounts/overlay-sync-prod/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
        token = self.shop.testbed.call("POST", place, body)["status"]["token"]
        config = json.loads(self.shop.testbed.kubeconfig(token=token).read_text())
        config["contexts"][0]["name"] = config["current-context"] = "in-cluster"
        path = self.folder / "kubeconfig"
        path.write_text(json.dumps(config))
        return path

    @property
    def pod(self) -> dict[str, Any]:
        cron = next(one for one in self.items if one["kind"] == "CronJob")
        return dict(cron["spec"]["jobTemplate"]["spec"]["template"]["spec"])

    @property
    def container(self) -> dict[str, Any]:
        return dict(self.pod["containers"][0])

    def _mount(self) -> dict[str, str]:
        """Write what the kubelet mounts; return where each path of the pod is here."""
        places = {}
        volumes = {one["name"]: one for one in self.pod["volumes"]}
        for mount in self.container["volumeMounts"]:
            volume = volumes[mount["name"]]
            folder = self.folder if "emptyDir" in volume else self.folder / mount["name"]
            places[mount["mountPath"]] = str(folder)
            folder.mkdir(exist_ok=True)
            if "secret" in volume:
                assert volume["secret"]["secretName"] == "login"
                for name, text in self.login.items():
                    (folder / name).unlink(missing_ok=True)
                    (folder / name).write_text(text)
                    (folder / name).chmod(volume["secret"]["defaultMode"])
        return places

    def run(self, *more: str) -> tuple[int, list[dict[str, Any]]]:
        """Run the container's command with its own environment, in an empty folder."""
        env = {name: os.environ[name] for name in ("PATH", "GIT_CONFIG_GLOBAL") if name in os.environ}
        places = self._mount()
        for one in self.container["env"]:
            reference = one.get("valueFrom", {}).get("secretKeyRef")
            text = self.login[reference["key"]] if reference else one["value"]
            for path, place in places.items():
                text = text.replace(path, place)
            env[one["name"]] = text
        env |= {"KUBECONFIG": str(self._kubeconfig()), "PYTHONPATH": str(REPOSITORY)}
        assert self.container["command"] == ["overlay"]
        done = run(*self.container["args"], *more, cwd=self.folder, env=env)
        assert done.stderr == ""
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def failed(self) -> list[str]:
        code, events = self.run()
        assert code
        return [one["message"] for one in events if one["event"] == "failed" and "message" in one]


@pytest.fixture
def shop(tmp_path: Path, testbed: Testbed, namespace: str) -> Shop:
    uid = testbed.call("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    made = Shop(tmp_path, testbed, namespace, f"  cluster: {{context: testbed, uid: {uid}}}\n")
    (made.folder / "environments/base/manifests/roles.yaml").write_text(ROLES)
    made.commit()
    assert made.sync("--git-only").returncode == 0
    return made


@pytest.fixture
def job(shop: Shop, git_http: GitServer) -> Job:
    secret = base64.b64encode(f"{LOGIN['username']}:{LOGIN['password']}".encode()).decode()
    git_http.accepts = [f"Basic {secret}"]
    return Job(shop, git_http.url("remote.git"), LOGIN)


def key_of(sshd: Sshd, *, key: str = "client", host: str = "host") -> dict[str, str]:
    """Return a Secret's content for a login by key: who logs in, and whom he takes for the server."""
    known = f"[127.0.0.1]:{sshd.port} {(sshd.folder / f'{host}.pub').read_text()}"
    return {"ssh-privatekey": (sshd.folder / key).read_text(), "known_hosts": known}


def test_the_job_logs_in_to_git_with_its_key(shop: Shop, sshd: Sshd) -> None:
    job = Job(shop, sshd.url(shop.folder.parent / "remote.git"), key_of(sshd))
    code, events = job.run()
    assert code == 0, events
    assert shop.live("apps/v1:deployments/web") is not None


@pytest.mark.parametrize(
    ("login", "message"),
    [
        ({"key": "stranger"}, "wants a login, or gives this one no right to push"),
        ({"host": "stranger"}, "is not the known one, or none is known"),
    ],
)
def test_another_key_or_another_host_is_refused(shop: Shop, sshd: Sshd, login: dict[str, str], message: str) -> None:
    job = Job(shop, sshd.url(shop.folder.parent / "remote.git"), key_of(sshd, **login))
    (failed,) = job.failed()
    assert message in failed
    assert shop.live("apps/v1:deployments/web") is None


def publish(shop: Shop, tag: str) -> None:
    text = (shop.folder / "environments/prod/environment.yaml").read_text()
    old = next(line for line in text.splitlines() if "newTag" in line)
    (shop.folder / "environments/prod/environment.yaml").write_text(text.replace(old, f"    newTag: {tag}"))
    shop.commit()
    assert shop.sync("--git-only").returncode == 0


def test_the_job_comes_changes_and_prunes_with_its_own_rights(job: Job) -> None:
    shop = job.shop
    code, events = job.run()
    assert code == 0, events
    assert events[-1]["environments"] == {"prod": 0}
    assert shop.live("rbac.authorization.k8s.io/v1:roles/reader") is not None
    publish(shop, "2.0.0")
    (shop.folder / "environments/base/manifests/settings.yaml").unlink()
    publish(shop, "2.0.1")
    code, events = job.run()
    assert code == 0, events
    found = shop.live("apps/v1:deployments/web")
    assert found is not None
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:2.0.1"
    assert shop.live("configmaps/settings") is None
    code, events = job.run()
    assert (code, [one["event"] for one in events]) == (0, ["cluster-planned", "cluster-unchanged", "finished"])
    assert shop.live("coordination.k8s.io/v1:leases/overlay-prod") is not None


def test_what_is_written_is_a_sound_cronjob(job: Job) -> None:
    cron = job.items[-1]
    spec = cron["spec"]
    assert (spec["schedule"], spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == (
        "2-59/10 * * * *",
        "Forbid",
        600,
    )
    work = spec["jobTemplate"]["spec"]
    assert (work["backoffLimit"], work["activeDeadlineSeconds"]) == (0, 930)
    assert work["template"]["spec"]["serviceAccountName"] == "overlay-sync-prod"
    assert job.container["args"] == [
        "sync", "prod", "--from-git", "--scheduled", "--repository", job.url, "--branch", "environments/prod",
        "--context", "in-cluster", "--deadline", "15m",
    ]  # fmt: skip
    assert "s3cret" not in json.dumps(job.items)
    assert job.manifests() == job.items, "the same again"


# What a first run, a change and a prune need of each rule; the rest of a rule is for what happens rarely.
NEEDED = {
    "first": [
        ("configmaps", "create"), ("configmaps", "list"), ("configmaps", "patch"), ("deployments", "create"),
        ("rolebindings", "patch"), ("clusterroles", "bind"), ("namespaces", "get"), ("leases", "get"),
        ("leases", "create"),
    ],
    "change": [("services", "list"), ("deployments", "patch"), ("leases", "update"), ("configmaps", "update")],
    "prune": [("configmaps", "delete")],
}  # fmt: skip


@pytest.mark.parametrize("when", NEEDED)
def test_K16_one_right_less_is_named(job: Job, when: str) -> None:
    if when != "first":
        assert job.run()[0] == 0
        if when == "prune":
            (job.shop.folder / "environments/base/manifests/settings.yaml").unlink()
        publish(job.shop, "2.0.0")
    for resource, verb in NEEDED[when]:
        give_back = take(job, resource, verb)
        messages = job.failed()
        wanted, name = f"cannot {verb} resource", f'"{resource}"'
        if verb == "bind":
            wanted, name = "attempting to grant RBAC permissions not currently held", '"viewers"'
        assert any(wanted in one and name in one for one in messages), (resource, verb, messages)
        give_back()
    assert job.run()[0] == 0


def take(job: Job, resource: str, verb: str) -> Callable[[], None]:
    """Take one verb on one resource away; return what gives it back."""
    pairs = []
    asked: dict[str, str] = {"resource": resource, "verb": verb}
    for one in [one for one in job.items if one["kind"] in ("Role", "ClusterRole")]:
        less = copy.deepcopy(one)
        for rule in [rule for rule in less["rules"] if resource in rule["resources"] and verb in rule["verbs"]]:
            asked |= {"group": rule["apiGroups"][0], "namespace": one["metadata"].get("namespace", "")}
            asked |= {"name": rule.get("resourceNames", [""])[0]}
            rest = {**rule, "resources": [name for name in rule["resources"] if name != resource]}
            less["rules"] += [rest] if rest["resources"] else []
            rule["resources"], rule["verbs"] = [resource], [name for name in rule["verbs"] if name != verb]
        less["rules"] = [rule for rule in less["rules"] if rule["verbs"]]
        pairs.append((one, less))
    put(job, [less for _, less in pairs], asked, is_allowed=False)
    return lambda: put(job, [one for one, _ in pairs], asked, is_allowed=True)


def put(job: Job, items: list[Any], asked: dict[str, str], *, is_allowed: bool) -> None:
    """Replace the roles, and wait until the server judges by them."""
    testbed = job.shop.testbed
    testbed.kubectl("replace", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    user = f"system:serviceaccount:{job.shop.namespace}:overlay-sync-prod"
    review = {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": asked},
    }  # fmt: skip
    place = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    testbed.wait(lambda: testbed.call("POST", place, review)["status"]["allowed"] is is_allowed, f"rights {asked}")


def test_what_a_job_cannot_be_made_of_is_told(shop: Shop) -> None:
    for words, said in (
        (("prod",), "error: which image does the job run?\n  hint: say --image; it holds overlay and git\n"),
        (
            ("prod", "--image", "x"),
            f"error: {shop.folder.parent}/remote.git is a place on this machine, which no pod reaches\n"
            "  hint: name the repository's URL: --repository\n",
        ),
        (
            ("prod", "--image", "x", "--repository", "git@git.example:shop.git"),
            "error: git@git.example:shop.git takes a key\n"
            "  hint: name the Secret that holds ssh-privatekey and known_hosts: --git-secret\n",
        ),
    ):
        done = shop.overlay("schedule", "kubernetes", *words)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_a_key_is_mounted_and_options_that_loosen_are_written_down(shop: Shop) -> None:
    done = shop.overlay(
        "schedule", "kubernetes", "prod", "--image", "x", "--repository", "git@git.example:shop.git", "--git-secret", "key",
        "--every", "1h", "--max-prune", "5", "--allow-delete", "PersistentVolumeClaim",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    applied = shop.testbed.kubectl("apply", "--dry-run=server", "-f", "-", stdin=done.stdout)
    assert "cronjob.batch/overlay-sync-prod created (server dry run)" in applied
    assert "            - --max-prune\n" in done.stdout or '            - "--max-prune"\n' in done.stdout
    assert "ssh -oBatchMode=yes -oIdentitiesOnly=yes -i /git/ssh-privatekey" in done.stdout
    assert "secretName: key" in done.stdout


def test_a_cluster_that_is_not_pinned_is_said(tmp_path: Path, testbed: Testbed, namespace: str) -> None:
    shop = Shop(tmp_path, testbed, namespace)
    done = shop.overlay(
        "schedule", "kubernetes", "prod", "--image", "x", "--repository", "https://git.example/shop.git"
    )
    assert done.returncode == 0
    assert done.stderr == (
        "warning in prod: no spec.cluster.uid says which cluster the job may change: in one where it never was, it stops\n"
        "  hint: pin it, or make the first run by hand: overlay sync prod --first-contact\n"
    )
