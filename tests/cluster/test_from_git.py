"""`overlay sync --from-git` and `overlay drift`: what is published is what the cluster is held against."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.projects import Shop, git, write
from tests.cluster.testbed import Testbed

pytestmark = pytest.mark.cluster

MASKED = """\
apiVersion: overlay.dev/v1
kind: Project
metadata: {name: shop}
spec:
  diff: {mask: [{path: data.level, kind: ConfigMap}]}
"""


@pytest.fixture
def make(tmp_path: Path, testbed: Testbed, namespace: str) -> Callable[..., Shop]:
    return lambda **given: Shop(tmp_path, testbed, namespace, **given)


@pytest.fixture
def shop(make: Callable[..., Shop]) -> Shop:
    made = make()
    done = made.sync("--first-contact")
    assert done.returncode == 0, done.stderr
    return made


def apply(shop: Shop, *arguments: str, project: Path | None = None) -> tuple[int, str]:
    done = shop.overlay("sync", "prod", "--from-git", "-y", *arguments, *(("-C", str(project)) if project else ()))
    return done.returncode, done.stderr


def test_what_is_published_is_applied_and_nothing_is_rendered(make: Callable[..., Shop], tmp_path: Path) -> None:
    shop = make()
    assert shop.sync("--git-only").returncode == 0
    job = tmp_path / "job"
    git(tmp_path, "clone", "-q", "--branch", "environments/prod", str(tmp_path / "remote.git"), str(job))
    code, said = apply(shop, "--first-contact", project=job)
    assert code == 0, said
    assert "prod: 3 applied in testbed (revision 1)\n" in said
    code, said = apply(shop, project=job)
    assert (code, said) == (0, "prod: testbed is as it shall be (revision 1)\n")
    record = shop.live("configmaps/overlay-prod")
    assert record is not None
    current = json.loads(record["data"]["record"])["current"]
    assert current["commit"] == git(tmp_path / "remote.git", "rev-parse", "environments/prod").strip()
    assert current["source"] == git(shop.folder, "rev-parse", "HEAD").strip()


def test_K30_an_older_commit_does_not_go_over_a_newer_one(shop: Shop) -> None:
    remote = shop.folder.parent / "remote.git"
    first = git(remote, "rev-parse", "environments/prod").strip()
    shop.write("2.0.0")
    shop.commit()
    assert shop.sync().returncode == 0
    second = git(remote, "rev-parse", "environments/prod").strip()
    git(remote, "update-ref", "refs/heads/environments/prod", first)
    code, said = apply(shop, "--accept-rewritten")
    assert (code, said) == (
        4,
        f"error in prod: the cluster has the newer commit {second[:12]} (revision 2) of prod\n"
        "  hint: --allow-rollback goes back\n",
    )
    code, said = apply(shop, "--accept-rewritten", "--allow-rollback")
    assert code == 0, said
    deployment = shop.live("apps/v1:deployments/web")
    assert deployment is not None
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:1.0.0"


def test_what_somebody_edited_on_the_branch_is_not_applied(shop: Shop, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--branch", "environments/prod", str(tmp_path / "remote.git"), str(clone))
    (clone / "configmap-settings.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n")
    git(clone, "-c", "user.name=Eve", "-c", "user.email=eve@shop.example", "commit", "-q", "-a", "-m", "An edit")
    git(clone, "push", "-q", "origin", "environments/prod")
    code, said = apply(shop)
    assert code == 4
    assert said.startswith("error in prod: configmap-settings.yaml of environments/prod is not as it was published\n")


def test_what_is_not_published_is_told(make: Callable[..., Shop]) -> None:
    code, said = apply(make())
    assert code == 2
    assert said.startswith("error in prod: nothing is published of prod at environments/prod of ")


def test_environments_without_a_cluster_have_no_drift_and_are_named(make: Callable[..., Shop]) -> None:
    shop = make()
    assert shop.sync("--first-contact").returncode == 0
    for name in ("qa", "tests"):
        assert shop.overlay("env", "add", name).returncode == 0
    done = shop.overlay("drift", "--all")
    assert (done.returncode, done.stderr) == (0, "left out, as they name no cluster: qa, tests\n")
    assert done.stdout.startswith("prod: nothing differs from revision 1 in ")
    # Who is named is asked for.
    named = shop.overlay("drift", "qa")
    assert named.returncode == 2


def test_a_project_without_a_cluster_has_nothing_that_could_drift(make: Callable[..., Shop]) -> None:
    done = make(cluster="").overlay("drift", "--all")
    assert (done.returncode, done.stderr) == (
        2, "error: no environment names a cluster\n  hint: set spec.cluster.context in one\n"
    )  # fmt: skip


def test_no_drift(shop: Shop) -> None:
    done = shop.overlay("drift", "prod")
    assert (done.returncode, done.stdout, done.stderr) == (0, "prod: nothing differs from revision 1 in testbed\n", "")


def test_drift_names_fields_managers_and_times(shop: Shop) -> None:
    shop.testbed.kubectl("patch", "-n", shop.namespace, "configmap", "settings", "-p", '{"data": {"level": "debug"}}')
    shop.testbed.kubectl("delete", "-n", shop.namespace, "service", "web")
    before = shop.live("configmaps/settings")
    done = shop.overlay("drift", "--all", "-o", "json")
    assert done.returncode == 1, done.stderr
    objects = json.loads(done.stdout)["environments"][0]["objects"]
    assert [(one["kind"], one["difference"]) for one in objects] == [("ConfigMap", "changed"), ("Service", "missing")]
    field = objects[0]["fields"][0]
    assert (field["path"], field["live"], field["committed"]) == ("data.level", "debug", "info")
    assert [one["manager"] for one in field["by"]] == ["kubectl-patch"]
    assert shop.live("configmaps/settings") == before, "it only reports"
    text = shop.overlay("drift", "prod").stdout
    assert text.splitlines()[0] == "prod: 2 objects differ from revision 1 in testbed"
    assert "data.level: debug instead of info, by kubectl-patch 20" in text


def test_Z08_values_that_the_project_hides_are_hidden_where_only_the_branch_is_known(
    shop: Shop, tmp_path: Path
) -> None:
    write(shop.folder, {"overlay.yaml": MASKED})
    shop.commit()
    assert shop.sync().returncode == 0
    shop.testbed.kubectl("patch", "-n", shop.namespace, "configmap", "settings", "-p", '{"data": {"level": "hunter2"}}')
    elsewhere = ("--repository", str(tmp_path / "remote.git"), "-C", str(tmp_path))
    told = shop.overlay("drift", "prod", *elsewhere, "-o", "json")
    assert told.returncode == 1, told.stderr
    field = json.loads(told.stdout)["environments"][0]["objects"][0]["fields"][0]
    assert (field["path"], field["live"], field["committed"]) == ("data.level", "••••", "•••• (changed)")
    assert "hunter2" not in shop.overlay("drift", "prod", *elsewhere).stdout


def test_a_branch_whose_hidden_fields_are_no_paths_is_refused(shop: Shop, tmp_path: Path) -> None:
    write(shop.folder, {"overlay.yaml": MASKED})
    shop.commit()
    assert shop.sync().returncode == 0
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--branch", "environments/prod", str(tmp_path / "remote.git"), str(clone))
    record = clone / "overlay.metadata"
    record.write_text(record.read_text().replace('"data.level"', '"data.["'))
    git(clone, "-c", "user.name=Eve", "-c", "user.email=eve@shop.example", "commit", "-q", "-a", "-m", "An edit")
    git(clone, "push", "-q", "origin", "environments/prod")
    code, said = apply(shop)
    assert code == 4
    assert "are not as they were published" in said


def test_what_is_left_to_others_is_no_drift(make: Callable[..., Shop]) -> None:
    shop = make(cluster="  cluster: {context: testbed, conflicts: [{path: data.level, action: leave}]}\n")
    assert shop.sync("--first-contact").returncode == 0
    shop.testbed.kubectl("patch", "-n", shop.namespace, "configmap", "settings", "-p", '{"data": {"level": "debug"}}')
    assert shop.overlay("drift", "prod").returncode == 0


def test_an_earlier_revision_is_applied_on_request(shop: Shop) -> None:
    shop.write("2.0.0")
    shop.commit()
    assert shop.sync().returncode == 0
    words = ("sync", "prod@1", "--from-git", "-y")
    refused = shop.overlay(*words)
    assert refused.returncode == 4
    assert "(revision 2) of prod\n  hint: --allow-rollback goes back\n" in refused.stderr
    done = shop.overlay(*words, "--allow-rollback", "--repository", str(shop.folder.parent / "remote.git"))
    assert done.returncode == 0, done.stderr
    deployment = shop.live("apps/v1:deployments/web")
    assert deployment is not None
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:1.0.0"
    none = shop.overlay("sync", "prod@7", "--from-git", "-y")
    assert (none.returncode, none.stderr.splitlines()[0]) == (2, "error in prod: prod has no revision 7")


def test_a_rollback_of_git_alone_reaches_the_cluster_as_it_says(shop: Shop) -> None:
    shop.write("2.0.0")
    shop.commit()
    assert shop.sync().returncode == 0

    def image() -> str:
        deployment = shop.live("apps/v1:deployments/web")
        assert deployment is not None
        return deployment["spec"]["template"]["spec"]["containers"][0]["image"]

    done = shop.overlay("rollback", "prod", "1", "-y", "--git-only")
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("`overlay sync prod --from-git` applies it there\n")
    held = shop.sync()
    assert (held.returncode, image()) == (4, "shop/web:2.0.0")
    assert "  hint: its cluster gets what is held by overlay sync prod --from-git; " in held.stderr
    code, said = apply(shop)
    assert code == 0, said
    assert image() == "shop/web:1.0.0"
    assert apply(shop) == (0, "prod: testbed is as it shall be (revision 3)\n")
