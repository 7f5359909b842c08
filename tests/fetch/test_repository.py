"""A real Helm repository over HTTPS, locked, rendered, vendored; and what hostile ones get."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fetch.projects import TEMPLATE, chart, chart_files, index, overlay, packed, project, sha256, write
from tests.fetch.servers import Web, redirect, send

OLD, NEW, NEXT = chart("db", "1.2.0"), chart("db", "1.4.1"), chart("db", "2.0.0")


def serve(web: Web, *charts: tuple[str, str, bytes], base: str = "") -> None:
    web.answers["/charts/index.yaml"] = index(*charts, base=base)
    web.answers |= {f"/charts/{name}-{version}.tgz": data for name, version, data in charts}


def line(web: Web, version: str = "^1.2.0") -> str:
    return f"{{repository: {web.url}/charts, name: db, version: {version}}}"


def test_a_chart_of_a_repository_is_locked_and_then_rendered_without_the_network(tls: Web, tmp_path: Path) -> None:
    serve(tls, ("db", "1.2.0", OLD), ("db", "2.0.0", NEXT), ("db", "1.4.1", NEW))
    folder = project(tmp_path, line(tls))
    missing = overlay(folder, "render", "prod")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.splitlines()[0] == f"error in prod: db from {tls.url}/charts is not pinned in overlay.lock"
    assert "pin it: `overlay lock`" in missing.stderr
    assert tls.seen == []
    check = overlay(folder, "lock", "--check")
    assert (check.returncode, check.stdout) == (
        1,
        f"environments/prod/environment.yaml:6:10: db from {tls.url}/charts: not pinned\n",
    )
    locked = overlay(folder, "lock")
    assert (locked.returncode, locked.stderr) == (0, f"locked db 1.4.1 from {tls.url}/charts/db-1.4.1.tgz\n")
    assert (folder / "overlay.lock").read_text() == (
        "# Made by `overlay lock`; commit it, do not edit it.\n"
        "apiVersion: overlay.dev/v1\nkind: Lock\ninputs:\n- name: db\n  request:\n"
        f"    repository: {tls.url}/charts\n    version: ^1.2.0\n"
        f'  version: "1.4.1"\n  source: {tls.url}/charts/db-1.4.1.tgz\n  digest: {sha256(NEW)}\n  size: {len(NEW)}\n'
    )
    assert overlay(folder, "lock", "--check").returncode == 0
    tls.seen.clear()
    rendered = overlay(folder, "render", "prod")
    assert rendered.returncode == 0, rendered.stderr
    assert 'version: "1.4.1"' in rendered.stdout
    assert overlay(folder, "lock").stderr == "overlay.lock is up to date: 1 input\n"
    assert tls.seen == []


def test_what_is_locked_stays_until_it_is_upgraded(web: Web, tmp_path: Path) -> None:
    serve(web, ("db", "1.2.0", OLD))
    folder = project(tmp_path, line(web))
    assert overlay(folder, "lock").returncode == 0
    serve(web, ("db", "1.2.0", OLD), ("db", "1.4.1", NEW))
    before = (folder / "overlay.lock").read_text()
    assert overlay(folder, "lock").returncode == 0
    assert (folder / "overlay.lock").read_text() == before
    upgraded = overlay(folder, "lock", "--upgrade", "db")
    assert upgraded.stderr == f"locked db 1.4.1 (was 1.2.0) from {web.url}/charts/db-1.4.1.tgz\n"
    unknown = overlay(folder, "lock", "--upgrade", "dv")
    assert unknown.returncode == 2
    assert "overlay.lock has no input 'dv'" in unknown.stderr


def test_vendored_content_needs_neither_cache_nor_network(web: Web, tmp_path: Path) -> None:
    serve(web, ("db", "1.2.0", OLD))
    folder = project(tmp_path / "p", line(web))
    name = f"vendor/db-{sha256(OLD).removeprefix('sha256:')[:16]}.tgz"
    done = overlay(folder, "vendor")
    assert (done.returncode, done.stderr) == (0, f"locked db 1.2.0 from {web.url}/charts/db-1.2.0.tgz\nwrote {name}\n")
    (folder / "vendor" / "mine.txt").write_text("mine")
    cached = overlay(folder, "render", "prod", "--no-cache").stdout
    web.close()
    elsewhere = {"XDG_CACHE_HOME": str(tmp_path / "empty")}
    rendered = overlay(folder, "render", "prod", **elsewhere)
    assert (rendered.returncode, rendered.stdout) == (0, cached)
    assert overlay(folder, "vendor", **elsewhere).stderr.splitlines()[-1] == "vendor/ is up to date: 1 input"
    (folder / name).write_bytes(NEW)
    refused = overlay(folder, "render", "prod", **elsewhere)
    assert refused.returncode == 2
    assert f"{name} differs from overlay.lock: want {sha256(OLD)}, got {sha256(NEW)}" in refused.stderr
    shutil.rmtree(folder / "vendor")
    gone = overlay(folder, "render", "prod", **elsewhere)
    assert "the content of db 1.2.0 is neither in vendor/ nor in the cache" in gone.stderr
    assert "get it: `overlay lock`, or `overlay vendor` to keep it in the project" in gone.stderr


def test_vendoring_removes_what_was_ours_and_keeps_what_was_not(web: Web, tmp_path: Path) -> None:
    serve(web, ("db", "1.2.0", OLD), ("db", "2.0.0", NEXT))
    folder = project(tmp_path, line(web))
    overlay(folder, "vendor")
    (folder / "vendor" / "mine.txt").write_text("mine")
    project(folder, line(web, "^2.0.0"))
    done = overlay(folder, "vendor")
    assert done.returncode == 0
    assert "dropped db 1.2.0\n" in done.stderr
    kept = sorted(path.name for path in (folder / "vendor").iterdir())
    assert kept == [f"db-{sha256(NEXT)[7:23]}.tgz", "mine.txt", "overlay.metadata"]
    (folder / "vendor" / "overlay.metadata").unlink()
    (folder / "vendor" / kept[0]).write_text("not ours")
    conflict = overlay(folder, "vendor", XDG_CACHE_HOME=str(tmp_path / "other"))
    assert (conflict.returncode, (folder / "vendor" / kept[0]).read_text()) == (4, "not ours")
    assert f"vendor/{kept[0]} is not ours and would be overwritten" in conflict.stderr


def test_P11_a_vendor_folder_that_is_a_link_is_refused(web: Web, tmp_path: Path) -> None:
    serve(web, ("db", "1.2.0", OLD))
    folder = project(tmp_path / "p", line(web))
    (tmp_path / "outside").mkdir()
    (folder / "vendor").symlink_to(tmp_path / "outside")
    done = overlay(folder, "vendor")
    assert done.returncode == 2
    assert "vendor is a symlink or no folder; content is never written through links" in done.stderr
    assert list((tmp_path / "outside").iterdir()) == []


def test_sub_charts_of_a_local_chart_are_locked_and_rendered_as_helm_does(
    web: Web, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    serve(web, ("db", "1.2.0", OLD), ("db", "1.4.1", NEW), ("cache", "0.3.0", chart("cache", "0.3.0")))
    dependencies = (
        f"dependencies:\n- {{name: db, version: ~1.2, repository: {web.url}/charts}}\n"
        f"- {{name: db, alias: replica, version: ~1.2, repository: {web.url}/charts}}\n"
        f"- {{name: cache, version: '>=0.1', repository: {web.url}/charts/, condition: cache.enabled}}\n"
    )
    files = {
        f"environments/base/chart/{name}": text for name, text in chart_files("web", "1.0.0", dependencies).items()
    }
    files["environments/base/chart/values.yaml"] = "cache: {enabled: false}\n"
    folder = project(tmp_path, "{path: ../base/chart}", **files)
    missing = overlay(folder, "render", "prod")
    assert missing.stderr.count("is not pinned in overlay.lock") == 2
    assert "environments/base/chart/Chart.yaml" in missing.stderr
    assert overlay(folder, "lock", "-q").returncode == 0
    rendered = overlay(folder, "render", "prod", "-o", "name").stdout
    assert rendered.splitlines() == ["configmap/shop-db", "configmap/shop-replica", "configmap/shop-web"]
    helm = tool("helm")
    there = folder / "environments" / "base" / "chart"
    overlay(folder, "repo", "add", "shop", f"{web.url}/charts", "-q")
    updated = subprocess.run([helm, "dependency", "build", str(there)], capture_output=True, text=True)
    assert updated.returncode == 0, updated.stderr
    said = subprocess.run([helm, "template", "shop", str(there)], check=True, capture_output=True, text=True).stdout
    assert sorted(f"configmap/{row.split()[1]}" for row in said.splitlines() if row.startswith("  name:")) == (
        rendered.splitlines()
    )
    assert overlay(folder, "render", "prod", "-o", "name").stdout == rendered
    stale = overlay(folder, "lock", "--check")
    assert (stale.returncode, stale.stdout.count("asked for by nobody")) == (1, 2)


def test_what_helms_chart_lock_says_is_taken_first(web: Web, tmp_path: Path) -> None:
    serve(web, ("db", "1.2.0", OLD), ("db", "1.4.1", NEW))
    dependencies = f"dependencies:\n- {{name: db, version: ^1, repository: {web.url}/charts}}\n"
    files = {
        f"environments/base/chart/{name}": text for name, text in chart_files("web", "1.0.0", dependencies).items()
    }
    files["environments/base/chart/Chart.lock"] = dependencies.replace("^1", "1.2.0") + "digest: sha256:x\n"
    folder = project(tmp_path, "{path: ../base/chart}", **files)
    assert overlay(folder, "lock").stderr.startswith("locked db 1.2.0 ")
    (folder / "environments/base/chart/Chart.lock").write_text(dependencies.replace("^1", "0.9.0"))
    assert overlay(folder, "lock", "--upgrade", "db").stderr.startswith("locked db 1.4.1 ")


def test_R18_a_chart_that_differs_from_the_index_is_refused(web: Web, tmp_path: Path) -> None:
    serve(web, ("db", "1.2.0", OLD))
    web.answers["/charts/db-1.2.0.tgz"] = NEW
    folder = project(tmp_path, line(web))
    done = overlay(folder, "lock")
    assert done.returncode == 2
    assert (
        f"{web.url}/charts/db-1.2.0.tgz differs from its digest in the index: want {sha256(OLD)}, "
        f"got {sha256(NEW)} ({len(NEW)} bytes)"
    ) in done.stderr
    assert not (folder / "overlay.lock").exists()


def test_A08_a_chart_under_another_name_is_refused(web: Web, tmp_path: Path) -> None:
    serve(web, ("db", "1.2.0", packed(chart_files("../../evil", "1.2.0"), "db")))
    done = overlay(project(tmp_path, line(web)), "lock")
    assert done.returncode == 2
    assert f"{web.url}/charts/db-1.2.0.tgz holds the chart '../../evil', not db" in done.stderr


def test_R33_a_published_version_that_changes_is_refused(web: Web, tmp_path: Path) -> None:
    serve(web, ("db", "1.2.0", OLD))
    folder = project(tmp_path, line(web))
    overlay(folder, "lock")
    serve(web, ("db", "1.2.0", NEW))
    done = overlay(folder, "lock", XDG_CACHE_HOME=str(tmp_path / "other"))
    assert done.returncode == 2
    assert f"db 1.2.0 is not what it was: overlay.lock says {sha256(OLD)}" in done.stderr
    assert "find out why before you accept it with `overlay lock --upgrade db`" in done.stderr


def test_R36_damaged_content_in_the_cache_is_never_used(web: Web, tmp_path: Path, monkeypatch) -> None:
    serve(web, ("db", "1.2.0", OLD))
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    folder = project(tmp_path / "p", line(web))
    overlay(folder, "lock")
    entry = cache / "overlay" / "content" / sha256(OLD).replace(":", "-")
    entry.chmod(0o600)
    entry.write_bytes(NEW)
    refused = overlay(folder, "render", "prod")
    assert "the content of db 1.2.0 is neither in vendor/ nor in the cache" in refused.stderr
    assert not entry.exists()
    assert overlay(folder, "lock").returncode == 0
    assert entry.read_bytes() == OLD
    assert overlay(folder, "render", "prod").returncode == 0


def test_R14_a_repositorys_password_stays_with_it(make_web: Callable[..., Web], tmp_path: Path) -> None:
    home, elsewhere = make_web(), make_web()
    serve(home, ("db", "1.2.0", OLD), base=f"{elsewhere.url}/charts/")
    serve(elsewhere, ("db", "1.2.0", OLD))
    added = overlay(
        tmp_path, "repo", "add", "shop", f"{home.url}/charts", "--username", "me", "--password-stdin", given="s3cret\n"
    )
    assert (added.returncode, added.stderr) == (0, "added shop: 1 chart\n")
    folder = project(tmp_path / "p", line(home))
    assert overlay(folder, "lock").returncode == 0
    assert {headers.get("authorization") for _, headers in home.seen} == {"Basic bWU6czNjcmV0"}
    assert [("authorization" in headers) for _, headers in elsewhere.seen] == [False]
    assert "s3cret" not in (folder / "overlay.lock").read_text()
    home.answers["/charts/index.yaml"] = redirect(f"{elsewhere.url}/charts/index.yaml")
    assert overlay(tmp_path, "repo", "update").returncode == 0
    assert not any("authorization" in headers for _, headers in elsewhere.seen)


def test_charts_can_be_named_by_a_repositorys_name(web: Web, tmp_path: Path) -> None:
    serve(web, ("db", "1.2.0", OLD))
    folder = project(tmp_path, "{repository: '@shop', name: db, version: 1.x}")
    unknown = overlay(folder, "lock")
    assert "no repository is called 'shop'" in unknown.stderr
    overlay(folder, "repo", "add", "shop", f"{web.url}/charts", "-q")
    assert overlay(folder, "lock").returncode == 0
    assert overlay(folder, "render", "prod", HOME=str(tmp_path)).returncode == 0


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"entries: [a\n", "the index of URL/charts is not YAML: "),
        (b"entries: [a]\n", "the index of URL/charts has no entries: this is no Helm repository"),
        (
            b"a: &a [x]\nentries:\n" + b"".join(b"  k%d: *a\n" % n for n in range(20_000)),
            "the index of URL/charts cannot be read: ",
        ),
        (b"\xff\xfe\x00", "the index of URL/charts "),
        (b"apiVersion: v1\nentries: {dbx: []}\n", "URL/charts has no chart db"),
        (index(("db", "0.1.0", OLD)), "URL/charts has no db that meets '^1.2.0'"),
        (lambda handler: send(handler, 403), "wants a login (403)"),
        (lambda handler: send(handler, 404), "URL/charts has no index.yaml"),
        (lambda handler: send(handler, 200, b"x", Content_Encoding="gzip"), "sends content as gzip"),
        (
            lambda handler: send(handler, 200, Content_Length=str(1 << 40)),
            "has 1099511627776 bytes, more than the limit of 67108864",
        ),
    ],
    ids=["no-yaml", "no-entries", "aliases", "no-text", "no-chart", "no-version", "403", "404", "gzip", "huge"],
)
def test_R21_an_index_that_is_wrong_or_hostile_is_refused(
    web: Web, tmp_path: Path, answer: object, message: str
) -> None:
    web.answers["/charts/index.yaml"] = answer
    folder = project(tmp_path, line(web))
    done = overlay(folder, "lock")
    assert done.returncode == 2
    assert message.replace("URL", web.url) in done.stderr
    assert "bug" not in done.stderr


def test_several_failures_are_told_together_each_with_its_place(web: Web, tmp_path: Path) -> None:
    serve(web, ("db", "1.2.0", OLD))
    more = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata:\n  name: {0}\nspec:\n  chart: {1}\n"
    folder = project(
        tmp_path,
        line(web, "^7"),
        **{"environments/dev/environment.yaml": more.format("dev", line(web, "^8"))},
    )
    done = overlay(folder, "lock")
    assert "environments/dev/environment.yaml:6:10" in done.stderr
    assert "environments/prod/environment.yaml:6:10" in done.stderr
    assert "2 problems" in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("inputs: []\n", "overlay.lock is no lock of overlay"),
        ("apiVersion: overlay.dev/v1\nkind: Lock\ninputs: [{name: db}]\n", "inputs[0] needs exactly name, request"),
        (
            "apiVersion: overlay.dev/v1\nkind: Lock\ninputs:\n- {name: ../x, request: {oci: a}, version: '1', source: a, digest: x, size: -1}\n",
            "inputs[0].name is no name of an input",
        ),
        (
            "apiVersion: overlay.dev/v1\nkind: Lock\ninputs:\n- name: db\n  request: {oci: a}\n  version: ../../x\n"
            f"  source: a\n  digest: sha256:{'0' * 64}\n  size: 1\n",
            "inputs[0].version is no version or commit",
        ),
    ],
)
def test_a_lock_that_is_wrong_is_refused_at_its_place(tmp_path: Path, text: str, message: str) -> None:
    folder = project(tmp_path, "{repository: https://charts.example, name: db, version: 1.x}")
    (folder / "overlay.lock").write_text(text)
    done = overlay(folder, "render", "prod")
    assert done.returncode == 2
    assert message in done.stderr
    assert "overlay.lock:" in done.stderr


def test_a_render_says_what_to_do_about_plain_http(tmp_path: Path) -> None:
    folder = project(tmp_path, "{repository: http://charts.example, name: db, version: 1.x}")
    done = overlay(folder, "lock")
    assert "http://charts.example is not encrypted" in done.stderr


def test_sub_charts_below_templates_see_the_packaged_files(web: Web, tmp_path: Path) -> None:
    write(tmp_path, {"t.yaml": TEMPLATE})
    serve(web, ("db", "1.2.0", OLD))
    assert overlay(project(tmp_path / "p", line(web)), "vendor", "-q").stderr == ""
