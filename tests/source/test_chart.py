"""`overlay pin --chart` and `promote --only chart`: the version, and with it overlay.lock, in one commit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fetch.projects import chart, index
from tests.fetch.servers import Web
from tests.source.projects import git, overlay, write

BASE = "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {{name: base}}\nspec:\n  chart:{chart}\n"
HEAD = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\nspec:\n  extends: [../base]\n"


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    yield made
    made.close()


@pytest.fixture
def project(web: Web, tmp_path: Path) -> Path:
    versions = ["1.2.0", "1.3.0", "2.0.0"]
    charts = [("db", version, chart("db", version)) for version in versions]
    web.answers["/index.yaml"] = index(*charts)
    web.answers |= {f"/db-{version}.tgz": data for _, version, data in charts}
    place = f"\n    repository: {web.url}\n    name: db\n    version: "
    folder = write(
        tmp_path / "shop",
        {
            "environments/base/base.yaml": BASE.format(chart=f"{place}1.2.0"),
            "environments/prod/environment.yaml": HEAD.format(name="prod") + "  # end\n",
            "environments/dev/environment.yaml": HEAD.format(name="dev")
            + f"  chart:{place}'1.3.0' # new\n".replace("\n    ", "\n    "),
            "environments/other/environment.yaml": HEAD.format(name="other") + "  chart: {path: here}\n",
            "environments/other/here/Chart.yaml": "apiVersion: v2\nname: here\nversion: 1.0.0\n",
        },
    )
    assert overlay(folder, "lock").returncode == 0
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@shop.example")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "shop")
    return folder


def test_an_own_version_changes_in_its_place_and_the_lock_follows(project: Path, web: Web) -> None:
    done = overlay(project, "pin", "dev", "--chart", "2.0.0")
    assert (done.returncode, done.stdout) == (
        0,
        "dev: environments/dev/environment.yaml, overlay.lock\n"
        "  chart db: 1.3.0 → 2.0.0\n"
        "\n"
        "rendered, 1 object:\n"
        "  ConfigMap/dev-db\n"
        "    data.version: 1.3.0 → 2.0.0\n",
    )
    assert git(project, "show", "--numstat", "--format=").splitlines()[0] == "1\t1\tenvironments/dev/environment.yaml"
    assert "    version: '2.0.0' # new\n" in (project / "environments/dev/environment.yaml").read_text()
    assert git(project, "status", "--porcelain") == ""
    check = overlay(project, "lock", "--check")
    assert (check.returncode, check.stdout) == (0, "")


def test_an_inherited_chart_is_written_whole_into_the_environments_own_source(project: Path, web: Web) -> None:
    before = (project / "environments/prod/environment.yaml").read_text()
    done = overlay(project, "promote", "dev", "prod")
    assert done.stdout.splitlines()[:2] == [
        "prod: environments/prod/environment.yaml, overlay.lock",
        "  chart db: 1.2.0 → 1.3.0",
    ]
    added = f"  chart:\n    repository: {web.url}\n    name: db\n    version: 1.3.0\n"
    assert (project / "environments/prod/environment.yaml").read_text() == before.replace(
        "  # end\n", added + "  # end\n"
    )
    assert overlay(project, "lock", "--check").returncode == 0


def test_a_version_that_is_not_there_is_an_error_and_nothing_is_written(project: Path) -> None:
    done = overlay(project, "pin", "dev", "--chart", "3.0.0")
    assert done.returncode == 2
    assert "3.0.0" in done.stderr
    assert git(project, "status", "--porcelain") == ""


def test_charts_of_two_kinds_do_not_promote(project: Path) -> None:
    done = overlay(project, "promote", "dev", "other", "--only", "chart")
    assert (done.returncode, done.stderr) == (
        2,
        "error: the two use different charts: db and here\n  hint: name what is to be moved with --only\n",
    )


def test_G13_a_lock_that_is_not_committed_stops_a_sync_of_who_reads_it(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(project, "remote", "add", "origin", str(tmp_path / "remote.git"))
    with (project / "overlay.lock").open("a") as file:
        file.write("# mine\n")
    done = overlay(project, "sync", "prod", "other", "-y")
    assert (done.returncode, done.stderr) == (
        2,
        "error: overlay.lock has changes that are not committed, and prod reads it\n"
        "  hint: commit it, or say --allow-dirty, which is recorded\n",
    )
