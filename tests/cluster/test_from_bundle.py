"""`overlay sync --bundle`: exactly a published bundle is applied, and the cluster's record says which."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cluster.projects import Shop, git
from tests.cluster.testbed import Testbed
from tests.fetch.servers import RegistryProcess
from tests.gitops.projects import overlay

pytestmark = pytest.mark.cluster


@pytest.fixture
def shop(tmp_path: Path, testbed: Testbed, namespace: str) -> Shop:
    return Shop(tmp_path, testbed, namespace)


@pytest.fixture
def place(registry: RegistryProcess, namespace: str) -> str:
    return f"oci://{registry.host}/{namespace}/shop"


def push(shop: Shop, place: str, version: str, tag: str = "") -> str:
    """Push a version, with another image where one is given; return the digest."""
    if tag:
        shop.write(tag)
        shop.commit()
    done = shop.overlay("push", place, "--version", version, "-q")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def apply(shop: Shop, bundle: str, *more: str) -> tuple[int, str]:
    done = shop.overlay("sync", "prod", "--bundle", bundle, "-y", *more)
    return done.returncode, done.stderr


def image(shop: Shop) -> str:
    deployment = shop.live("apps/v1:deployments/web")
    assert deployment is not None
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def test_a_bundle_is_applied_where_neither_chart_nor_source_is(shop: Shop, place: str, tmp_path: Path) -> None:
    digest = push(shop, place, "1.4.0")
    empty = tmp_path / "empty"
    empty.mkdir()
    words = ("sync", "prod", "--bundle", f"{place}@{digest}", "-y")
    kubeconfig = str(shop.testbed.kubeconfig("admin"))
    done = overlay(empty, *words, "--first-contact", KUBECONFIG=kubeconfig)
    assert done.returncode == 0, done.stderr
    assert "prod: 3 applied in testbed (revision 1)\n" in done.stderr
    again = overlay(empty, "sync", "prod", "--bundle", f"{place}@{digest}", "-y", KUBECONFIG=kubeconfig)
    assert (again.returncode, again.stderr) == (0, "prod: testbed is as it shall be (revision 1)\n")
    record = shop.live("configmaps/overlay-prod")
    assert record is not None
    current = json.loads(record["data"]["record"])["current"]
    assert current["bundle"] == {"name": "shop", "version": "1.4.0", "digest": digest, "place": place}
    assert (current["commit"], current["source"]) == (digest, git(shop.folder, "rev-parse", "HEAD").strip())


def test_where_no_document_is_a_tag_needs_a_key(shop: Shop, place: str, tmp_path: Path) -> None:
    digest = push(shop, place, "1.4.0")
    keys = [tmp_path / "ours.pem", tmp_path / "other.pem"]
    for key in keys:
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key],
                       check=True, stderr=subprocess.DEVNULL)  # fmt: skip
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", f"{key}.pub"], check=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    kubeconfig = str(shop.testbed.kubeconfig("admin"))
    words = ("sync", "prod", "--bundle", f"{place}:1.4.0", "-y", "--first-contact", "-q")
    done = overlay(empty, *words, KUBECONFIG=kubeconfig)
    assert (done.returncode, done.stderr) == (
        2,
        f"error: nothing here says who must have signed {place}:1.4.0\n"
        f"  hint: name the content, {place}@{digest}, or say --key, or run it in the project\n",
    )
    assert shop.overlay("sign", f"{place}:1.4.0", "--key", str(keys[0])).returncode == 0
    other = overlay(empty, *words, "--key", f"{keys[1]}.pub", KUBECONFIG=kubeconfig)
    assert (other.returncode, shop.live("configmaps/overlay-prod")) == (2, None)
    assert f"error: {place}@{digest} is not signed" in other.stderr
    done = overlay(empty, *words, "--key", f"{keys[0]}.pub", KUBECONFIG=kubeconfig)
    assert done.returncode == 0, done.stderr
    assert shop.live("configmaps/overlay-prod") is not None


def test_the_same_objects_as_from_git(shop: Shop, place: str) -> None:
    assert shop.sync("--first-contact").returncode == 0
    code, said = apply(shop, f"{place}@{push(shop, place, '1.4.0')}")
    assert code == 0, said
    assert "unchanged in testbed (revision 2)\n" in said


def test_list_status_and_history_say_which_bundle(shop: Shop, place: str) -> None:
    first = push(shop, place, "1.4.0")
    assert apply(shop, f"{place}:1.4.0", "--first-contact")[0] == 0
    second = push(shop, place, "1.5.0", "2.0.0")
    code, said = apply(shop, f"{place}:1.5.0")
    assert code == 0, said
    assert image(shop) == "shop/web:2.0.0"
    listed = shop.overlay("list", "-n", shop.namespace)
    assert listed.stdout.splitlines()[0].split()[-1] == "BUNDLE"
    assert listed.stdout.splitlines()[1].split()[-1] == f"shop:1.5.0@{second[:19]}"
    [row] = json.loads(shop.overlay("list", "-n", shop.namespace, "-o", "json").stdout)
    assert row["bundle"]["digest"] == second
    status = shop.overlay("status", "prod").stdout
    assert status.startswith(f"prod: revision 2 (shop 1.5.0 ({second[:19]})) deployed ")
    assert json.loads(shop.overlay("status", "prod", "-o", "json").stdout)["bundle"]["version"] == "1.5.0"
    history = shop.overlay("history", "prod", "--live")
    assert history.returncode == 0, history.stderr
    head, *rows = history.stdout.splitlines()
    assert head.split() == ["REVISION", "UPDATED", "STATUS", "FROM", "CHART", "APP-VERSION"]
    assert [(row.split()[0], row.split()[2]) for row in rows] == [("1", "superseded"), ("2", "deployed")]
    assert f"shop 1.4.0 ({first[:19]})" in rows[0]
    found = json.loads(shop.overlay("history", "prod", "--live", "-o", "json").stdout)
    assert [one["bundle"]["digest"] for one in found["revisions"]] == [first, second]


def test_an_older_bundle_does_not_go_over_a_newer_one(shop: Shop, place: str) -> None:
    push(shop, place, "1.4.0")
    second = push(shop, place, "1.5.0", "2.0.0")
    assert apply(shop, f"{place}:1.5.0", "--first-contact")[0] == 0
    code, said = apply(shop, f"{place}:1.4.0", "-q")
    assert (code, said) == (
        4,
        f"error in prod: testbed has the newer bundle shop 1.5.0 ({second[:19]}) of prod\n"
        "  hint: --allow-rollback goes back\n",
    )
    assert image(shop) == "shop/web:2.0.0"
    code, said = apply(shop, f"{place}:1.4.0", "--allow-rollback")
    assert code == 0, said
    assert image(shop) == "shop/web:1.0.0"


def test_what_git_has_does_not_go_over_a_bundle_by_itself(shop: Shop, place: str) -> None:
    assert shop.sync("--first-contact").returncode == 0
    digest = push(shop, place, "1.4.0")
    assert apply(shop, f"{place}:1.4.0")[0] == 0
    done = shop.overlay("sync", "prod", "--from-git", "-y")
    assert (done.returncode, done.stderr) == (
        4,
        f"error in prod: the cluster has the bundle shop 1.4.0 ({digest[:19]}), Git has revision 1 of prod\n"
        "  hint: --allow-rollback applies what Git has from now on\n",
    )
    done = shop.overlay("sync", "prod", "--from-git", "-y", "--allow-rollback")
    assert done.returncode == 0, done.stderr


def test_the_bundle_of_another_project_is_refused_by_its_name(shop: Shop, place: str, tmp_path: Path) -> None:
    digest = push(shop, place, "1.4.0")
    document = shop.folder / "overlay.yaml"
    document.write_text("apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: bakery}\n")
    assert apply(shop, f"{place}:1.4.0", "-q") == (
        2,
        f"error: {place}:1.4.0 is a bundle of shop, this project is bakery\n"
        "  hint: name one of this project, or run it in a folder without a project\n",
    )
    # Without a project, it is the cluster's record that knows.
    shop.commit()
    other = push(shop, place.replace("/shop", "/bakery"), "9.0.0")
    document.unlink()
    assert apply(shop, f"{place}:1.4.0", "--first-contact")[0] == 0
    empty = tmp_path / "empty"
    empty.mkdir()
    kubeconfig = str(shop.testbed.kubeconfig("admin"))
    bakery = f"{place.replace('/shop', '/bakery')}@{other}"
    done = overlay(empty, "sync", "prod", "--bundle", bakery, "-y", "-q", KUBECONFIG=kubeconfig)
    assert (done.returncode, done.stderr) == (
        4,
        f"error in prod: prod in testbed is of the bundle shop 1.4.0 ({digest[:19]}): bakery 9.0.0 ({other[:19]}) is "
        "another project's\n  hint: each project needs a namespace of its own, or other names of environments\n",
    )


def test_an_environment_that_it_does_not_have_is_refused_by_its_name(shop: Shop, place: str) -> None:
    push(shop, place, "1.4.0")
    done = shop.overlay("sync", "staging", "--bundle", f"{place}:1.4.0", "-y", "-q")
    assert (done.returncode, done.stderr) == (
        2, "error: shop 1.4.0 has no environment 'staging'\n  hint: there are prod\n",
    )  # fmt: skip


def test_a_bundle_on_this_machine_and_all_of_its_environments(shop: Shop) -> None:
    assert shop.overlay("package", "--version", "1.4.0", "-q").returncode == 0
    done = shop.overlay("sync", "--all", "--bundle", "shop:1.4.0", "-y", "--first-contact", "-o", "json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["event"] for one in events][:2] == ["bundle", "cluster-planned"]
    assert events[0]["bundle"]["version"] == "1.4.0"
    assert events[-1]["event"] == "applied"


def test_nothing_is_changed_without_a_yes(shop: Shop, place: str) -> None:
    push(shop, place, "1.4.0")
    done = shop.overlay("sync", "prod", "--bundle", f"{place}:1.4.0", "--first-contact", "-q")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2, "error: nothing is published without a yes, and nobody can be asked here",
    )  # fmt: skip
    assert "create    Deployment" in done.stdout
    assert shop.live("deployments/web") is None


def test_settings_of_the_bundle_can_tighten_and_not_loosen_what_is_said_here(shop: Shop, place: str) -> None:
    push(shop, place, "1.4.0")
    shop.write("1.0.0", "  cluster: {context: testbed, uid: 00000000-0000-0000-0000-000000000000}\n")
    code, said = apply(shop, f"{place}:1.4.0", "-q", "--first-contact")
    assert (code, "00000000-0000-0000-0000-000000000000" in said) == (4, True), said


def test_ways_that_contradict_each_other_are_refused(shop: Shop) -> None:
    for option in ("--from-git", "--no-git", "--git-only"):
        done = shop.overlay("sync", "prod", "--bundle", "shop:1.4.0", option)
        assert (done.returncode, done.stderr) == (
            2, f"error: --bundle and {option} exclude each other: a bundle says all of it\n",
        )  # fmt: skip
    done = shop.overlay("sync", "prod", "--key", "cosign.pub")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: --key goes with --bundle")
    done = shop.overlay("sync", "--bundle", "shop:1.4.0")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: which environment?")


def test_drift_is_held_against_the_bundle_that_was_applied(shop: Shop, place: str) -> None:
    digest = push(shop, place, "1.4.0")
    assert apply(shop, f"{place}:1.4.0", "--first-contact")[0] == 0
    # Nothing was ever published in Git, and what is rendered now is something else: neither counts.
    shop.write("9.0.0")
    shop.commit()
    done = shop.overlay("drift", "--all")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"prod: nothing differs from shop 1.4.0 ({digest[:19]}) in testbed\n"
    shop.testbed.kubectl("patch", "-n", shop.namespace, "configmap", "settings", "-p", '{"data": {"level": "debug"}}')
    done = shop.overlay("drift", "prod", "-o", "json")
    assert done.returncode == 1, done.stderr
    (found,) = json.loads(done.stdout)["environments"]
    assert (found["commit"], found["bundle"]["version"], found["revision"]) == (digest, "1.4.0", 1)
    assert [(one["kind"], one["fields"][0]["path"]) for one in found["objects"]] == [("ConfigMap", "data.level")]
    # Another bundle can be named.
    push(shop, place, "1.5.0", "2.0.0")
    other = json.loads(shop.overlay("drift", "prod", "--bundle", f"{place}:1.5.0", "-o", "json").stdout)
    assert other["environments"][0]["bundle"]["version"] == "1.5.0"
    assert sorted(one["kind"] for one in other["environments"][0]["objects"]) == ["ConfigMap", "Deployment"]


def test_drift_says_where_a_bundle_is_that_cannot_be_read(shop: Shop, place: str) -> None:
    digest = push(shop, place, "1.4.0")
    assert shop.overlay("copy", f"{place}:1.4.0", "--to-layout", "moved", "-q").returncode == 0
    assert apply(shop, "moved:1.4.0", "--first-contact")[0] == 0
    (shop.folder / "moved").rename(shop.folder / "there")
    done = shop.overlay("drift", "prod")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error in prod: moved is no bundle on this machine")
    done = shop.overlay("drift", "prod", "--bundle", f"there@{digest}")
    assert (done.returncode, done.stderr) == (0, "")
    done = shop.overlay("drift", "prod", "--bundle", f"there@{digest}", "--repository", "https://git.shop.example/x")
    assert done.stderr == "error: --bundle and --repository exclude each other: a bundle says all of it\n"
    done = shop.overlay("drift", "prod", "--key", "cosign.pub")
    assert done.stderr.startswith("error: --key goes with --bundle\n")


HOOK = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  annotations: {{helm.sh/hook: {name}}}
"""


def test_an_older_bundle_runs_the_hooks_of_a_rollback(shop: Shop, place: str) -> None:
    events = ("pre-upgrade", "post-upgrade", "pre-rollback", "post-rollback")
    for name in events:
        (shop.folder / f"environments/prod/{name}.yaml").write_text(HOOK.format(name=name))
    listed = "\n".join([f"    - {name}.yaml" for name in events])
    for version, tag in (("1.4.0", "1.0.0"), ("1.5.0", "2.0.0")):
        shop.write(tag, more=f"  resources:\n{listed}\n")
        shop.commit()
        push(shop, place, version)

    def ran(*words: str) -> set[str]:
        for name in events:
            shop.testbed.kubectl("delete", "-n", shop.namespace, "configmap", name, "--ignore-not-found")
        code, said = apply(shop, *words)
        assert code == 0, said
        return {name for name in events if shop.live(f"configmaps/{name}") is not None}

    assert ran(f"{place}:1.4.0", "--first-contact") == set()
    assert ran(f"{place}:1.5.0") == {"pre-upgrade", "post-upgrade"}
    assert ran(f"{place}:1.4.0", "--allow-rollback") == {"pre-rollback", "post-rollback"}
