"""`overlay check`: what it finds, its reports, its cache, and a pull request that means harm."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from overlay.chart.choose import LIBRARY_HELM
from overlay.cli.versions import Versions
from overlay.diff.rules import Rules
from overlay.inspect.check import Checks
from overlay.inspect.session import Workshop
from overlay.inspect.versions import Wanted
from tests.gitops.projects import PROD, git, manifest, overlay, shop, write

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {password: hunter2hunter2}\n"
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n"
SETTINGS = "environments/base/manifests/settings.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shop(tmp_path)


def replaced(project: Path, path: str, old: str, new: str) -> None:
    text = (project / path).read_text()
    assert old in text
    (project / path).write_text(text.replace(old, new))


def many(project: Path, count: int) -> None:
    names = [f"e{number:02}" for number in range(count)]
    write(project, {f"environments/{name}/environment.yaml": manifest(name, "1.0.0") for name in names})
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "many")


def test_each_environment_has_its_line(project: Path) -> None:
    done = overlay(project, "check", "--all")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "dev   ok      3 objects\nprod  ok      3 objects\nnothing found in 2 environments\n"
    replaced(project, PROD, "1.0.0", "1.1.0")
    done = overlay(project, "check", "--all", "--base", "main")
    assert done.returncode == 0, "a difference is no mistake"
    assert done.stdout == (
        "dev   ok      3 objects; as before\nprod  ok      3 objects; 1 changed\nnothing found in 2 environments\n"
    )


def test_everything_is_told_at_once_and_what_environments_share_once(project: Path) -> None:
    write(project, {"environments/base/manifests/login.yaml": SECRET})
    replaced(project, PROD, "replicas" if "replicas" in (project / PROD).read_text() else "newTag: 1.0.0", "newTagg: 1")
    done = overlay(project, "check", "--all", "--base", "main")
    assert done.returncode == 1
    assert "error in dev: Secret/shop-dev/login holds plain values" in done.stdout
    assert "error in prod: " in done.stdout
    assert "newTagg" in done.stdout
    assert "hunter2" not in done.stdout
    assert done.stdout.splitlines()[-3:-1] == [
        "dev   failed  4 objects; 1 error; 1 added",
        f"prod  failed  0 objects; {done.stdout.count('error in prod:')} error{'s' * (done.stdout.count('error in prod:') > 1)}; cannot be compared",
    ]


def test_findings_stand_as_a_reader_meets_them_and_annotations_name_their_object(project: Path) -> None:
    lines = [f"  k{number}: value" for number in range(12)]
    lines[1] = "  k1: ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
    lines[9] = "  k9: AKIA" + "IOSFODNN7EXAMPLQ"
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keys}\ndata:\n" + "\n".join(lines) + "\n"
    own = "{name: owner, target: {kind: Deployment}, expression: 'false', message: nobody owns it}"
    policy = (
        f"apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {{name: shop}}\nspec: {{policy: {{own: [{own}]}}}}\n"
    )
    write(project, {"environments/base/manifests/keys.yaml": text, "overlay.yaml": policy})
    listed = overlay(project, "check", "dev", "-o", "github").stdout.splitlines()
    placed = [line.partition("file=")[2].partition(",title")[0] for line in listed]
    assert placed[:2] == [
        "environments/base/manifests/keys.yaml,line=6,col=7",
        "environments/base/manifests/keys.yaml,line=14,col=7",
    ]
    [owner] = [line for line in listed if "nobody owns it" in line]
    assert "::Deployment/shop-dev/web: nobody owns it%0A" in owner


def test_the_reports_say_the_same(project: Path, tmp_path: Path) -> None:
    write(project, {"environments/base/manifests/login.yaml": SECRET})
    out = tmp_path / "out"
    out.mkdir()
    reports = [f"--report={kind}={out / kind}" for kind in ("markdown", "sarif", "junit", "json")]
    done = overlay(project, "check", "--all", "--base", "main", *reports)
    assert done.returncode == 1
    text = (out / "markdown").read_text()
    assert text.startswith(":x: **overlay check** failed: `main (")
    assert "| `dev` | :x: | 4 objects; 1 error; 1 added |" in text
    assert "+kind: Secret" in text
    document = json.loads((out / "json").read_text())
    assert (document["kind"], document["result"]) == ("Check", "failed")
    assert [(one["environment"], one["result"], one["errors"]) for one in document["environments"]] == [
        ("dev", "failed", 1), ("prod", "failed", 1),
    ]  # fmt: skip
    assert document["environments"][0]["diff"]["objects"][0]["change"] == "added"
    suites = ET.parse(out / "junit").getroot()  # our own
    assert suites.attrib == {"name": "overlay", "tests": "2", "failures": "2"}
    assert [case.attrib["name"] for case in suites.iter("testcase")] == ["plain-secret", "plain-secret"]
    sarif = json.loads((out / "sarif").read_text())
    assert {one["ruleId"] for one in sarif["runs"][0]["results"]} == {"plain-secret"}
    assert overlay(project, "check", "--all", "--base", "main", f"--report=html={out / 'page'}").returncode == 1
    page = (out / "page/index.html").read_text()
    assert "<b>error</b> in dev: Secret/shop-dev/login holds plain values" in page
    assert "<h2>Secret/login <small class=c-added>added</small></h2>" in page
    assert "hunter2" not in page
    for report in [path for path in out.iterdir() if path.is_file()]:
        assert "hunter2" not in report.read_text()


def test_a_secret_is_allowed_by_name(project: Path) -> None:
    write(project, {"environments/base/manifests/login.yaml": SECRET})
    replaced(project, "environments/base/base.yaml", "  resources:", "  publish: {secrets: [login]}\n  resources:")
    assert overlay(project, "check", "--all").returncode == 0


def test_C06_a_secret_that_the_change_itself_allows_is_told_to_who_reviews_it(project: Path) -> None:
    write(project, {"environments/base/manifests/login.yaml": SECRET})
    replaced(project, "environments/base/base.yaml", "  resources:", "  publish: {secrets: [login]}\n  resources:")
    for _ in ("found", "found again"):
        done = overlay(project, "check", "--all", "--base", "main")
        assert done.returncode == 0
        assert done.stdout.startswith(
            "warning in dev, prod: Secret/login: holds plain values, and this change allows it\n"
        ), done.stdout
    assert overlay(project, "check", "prod", "--base", "main", "--strict").returncode == 1
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "a login that everybody has")
    git(project, "branch", "-f", "later")
    replaced(project, PROD, "1.0.0", "1.1.0")
    assert "allows it" not in overlay(project, "check", "--all", "--base", "later").stdout


def test_files_in_git_that_are_not_what_is_rendered_are_an_error(project: Path) -> None:
    overlay(project, "render", "--all", "--output-dir", "rendered", "-q")
    assert overlay(project, "check", "--all", "--rendered", "rendered").returncode == 0
    replaced(project, "rendered/prod/service-web.yaml", "80", "81")
    (project / "rendered/prod/configmap-settings.yaml").unlink()
    done = overlay(project, "check", "--all", "--rendered", "rendered")
    assert done.returncode == 1
    assert (
        "error in prod: rendered/prod is not what is rendered: configmap-settings.yaml is missing, "
        "service-web.yaml is different\n"
    ) in done.stdout


def test_one_object_in_one_cluster_twice_is_an_error(project: Path) -> None:
    for name in ("dev", "prod"):
        path = f"environments/{name}/environment.yaml"
        replaced(project, path, f"namespace: shop-{name}", "namespace: shop\n  cluster: {context: one}")
    done = overlay(project, "check", "--all")
    assert done.returncode == 1
    assert "ConfigMap/shop/settings in the cluster one is of dev and prod, as 2 more are" in done.stdout


def test_C15_an_environment_that_goes_is_warned_of(project: Path) -> None:
    git(project, "rm", "-q", "-r", "environments/dev")
    done = overlay(project, "check", "--all", "--base", "main")
    assert done.returncode == 0
    assert "dev   ok      0 objects; removed, 3 objects\n" in done.stdout
    assert "warning: dev is removed: 3 objects are rendered no more, 3 of them would be pruned\n" in done.stdout


def test_a_broken_base_is_no_mistake_of_the_change(project: Path) -> None:
    replaced(project, PROD, "newTag", "newTagg")
    git(project, "commit", "-q", "-a", "-m", "broken")
    replaced(project, PROD, "newTagg", "newTag")
    done = overlay(project, "check", "prod", "--base", "HEAD")
    assert done.returncode == 0
    assert "warning in prod: the base cannot be compared: " in done.stdout


def test_processes_side_by_side_find_what_one_finds(project: Path) -> None:
    many(project, 12)
    write(project, {"environments/base/manifests/login.yaml": SECRET})
    replaced(project, "environments/e07/environment.yaml", "newTag: 1.0.0", "newTag: 1.1.0")
    whole = overlay(project, "check", "--all", "--base", "main", "--no-cache", "-o", "json")
    assert whole.returncode == 1
    found = {one["environment"]: one for one in json.loads(whole.stdout)["environments"]}
    assert len(found) == 14
    for name in ("e00", "e07", "prod"):
        alone = json.loads(overlay(project, "check", name, "--base", "main", "--no-cache", "-o", "json").stdout)
        assert alone["environments"] == [found[name]]


def entries(cache: Path) -> list[Path]:
    return sorted((cache / "check").iterdir())


def test_what_an_earlier_run_found_is_found_again(project: Path, tmp_path: Path) -> None:
    many(project, 6)
    write(project, {"environments/base/manifests/login.yaml": SECRET})
    cache = tmp_path / "cache"
    arguments = ("check", "--all", "--base", "main", "--cache-dir", str(cache), "-o", "json")
    first = overlay(project, *arguments)
    kept = {path.name: path.stat().st_mtime_ns for path in entries(cache)}
    assert len(kept) == 8
    assert overlay(project, *arguments).stdout == first.stdout
    assert {path.name: path.stat().st_mtime_ns for path in entries(cache)} == kept
    replaced(project, PROD, "1.0.0", "1.1.0")
    changed = overlay(project, *arguments)
    assert len(entries(cache)) == 9
    assert changed.stdout == overlay(project, *arguments[:4], "--no-cache", "-o", "json").stdout
    assert b"hunter2" not in b"".join([path.read_bytes() for path in entries(cache)])


def test_what_is_not_loaded_again_is_told_as_if_it_were(project: Path, tmp_path: Path) -> None:
    many(project, 3)
    common = ("check", "--all", "--base", "main", "-o", "json")
    told = []
    for path, text in (
        ("environments/e01/environment.yaml", manifest("e01", "1.1.0")),
        # `extends: [../base]` means two documents, and then one again.
        ("environments/base/component.yaml", ""),
        ("environments/base/component.yaml", None),
        ("environments/base/manifests/account.yaml", ACCOUNT),
        ("environments/e01/environment.yaml", manifest("e01", "1.0.0")),
    ):
        if text is None:
            (project / path).unlink()
        else:
            write(project, {path: text})
        told.append(overlay(project, *common, "--no-cache").stdout)
        for _ in range(2):
            assert overlay(project, *common, "--cache-dir", str(tmp_path / "cache")).stdout == told[-1]
    assert len(set(told)) == 4
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "changed")
    assert overlay(project, *common, "--cache-dir", str(tmp_path / "cache")).stdout not in told


@pytest.mark.parametrize("how", ["forged", "cut", "other", "link"])
def test_an_entry_that_is_not_ours_counts_as_absent(project: Path, tmp_path: Path, how: str) -> None:
    write(project, {"environments/base/manifests/login.yaml": SECRET})
    cache = tmp_path / "cache"
    arguments = ("check", "prod", "--cache-dir", str(cache))
    first = overlay(project, *arguments)
    [entry] = entries(cache)
    data = entry.read_bytes()
    if how == "forged":
        entry.write_bytes(data.replace(b"plain-secret", b"plain-sacret"))
    elif how == "cut":
        entry.write_bytes(data[:-5])
    elif how == "other":
        entry.write_bytes(b"")
    else:
        entry.rename(tmp_path / "elsewhere")
        entry.symlink_to(tmp_path / "elsewhere")
    again = overlay(project, *arguments)
    assert (again.returncode, again.stdout) == (1, first.stdout)


def test_C06_a_change_cannot_bring_its_own_cache(project: Path, tmp_path: Path) -> None:
    done = overlay(project, "check", "--all", "--cache-dir", "environments/.cache")
    assert done.returncode == 2
    assert done.stderr.startswith("error: environments/.cache lies in the project: what a change brings along")
    shared = tmp_path / "shared"
    (shared / "check").mkdir(parents=True)
    os.chmod(shared / "check", 0o777)
    done = overlay(project, "check", "--all", "--cache-dir", str(shared))
    assert done.returncode == 2
    assert "cannot be used: the folder has to be yours" in done.stderr


def test_C06_a_change_is_held_against_the_policy_of_its_base(project: Path) -> None:
    text = "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\nspec:\n  policy:\n    rules: {probes: RULE}\n"
    write(project, {"overlay.yaml": text.replace("RULE", "error")})
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "probes are wanted")
    told = overlay(project, "check", "prod", "--base", "main")
    assert (told.returncode, "demands it" in told.stdout) == (1, False), "its own policy says so itself"
    write(project, {"overlay.yaml": text.replace("RULE", "ignore")})
    done = overlay(project, "check", "prod", "--base", "main")
    assert done.returncode == 1
    assert (
        "the base's overlay.yaml demands it; to loosen a rule, change that in a pull request of its own" in done.stdout
    )
    git(project, "commit", "-q", "-a", "-m", "probes are not wanted")
    assert overlay(project, "check", "prod", "--base", "main").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "which environment?"),
        (["prod", "--all"], "--all and names of environments exclude each other"),
        (["--all", "--report", "pdf=x"], "--report 'pdf=x' names no report"),
        (["--all", "--report", "json"], "--report 'json' names no report"),
        (["nope"], "no environment is called 'nope'"),
        (["--all", "--base", "nope"], "'nope' names no commit here"),
        (["--all", "--report", "json=no/where"], "no/where cannot be written: no such file or directory"),
    ],
)
def test_what_is_no_question_is_said(project: Path, arguments: list[str], message: str) -> None:
    done = overlay(project, "check", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")


HOSTILE = {
    "environments/linked/environment.yaml": manifest("linked", "1.0.0", "  resources: [leak.yaml]\n"),
    "environments/bomb/environment.yaml": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
    "environments/far/environment.yaml": manifest(
        "far", "1.0.0", f"  resources: [{{url: 'https://evil.example/x.yaml', digest: 'sha256:{'0' * 64}'}}]\n"
    ),
    "environments/up/environment.yaml": manifest("up", "1.0.0", "  values: [../../../../../etc/passwd]\n"),
    "environments/tpl/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: tpl}\n"
    "spec: {chart: {path: chart}, namespace: x}\n",
    "environments/tpl/chart/Chart.yaml": "apiVersion: v2\nname: evil\nversion: 1.0.0\n",
    "environments/tpl/chart/values.yaml": "",
    "environments/tpl/chart/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: env}\n"
    'data: {a: {{ env "CANARY" | quote }}, b: {{ .Files.Get "/etc/passwd" | quote }}}\n',
    "environments/loop/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: loop}\n"
    "spec: {extends: [../loop]}\n",
    "environments/show/environment.yaml": manifest(
        "show", "1.0.0", '  configMaps: [{name: x, literals: {a: "::error::x\\n##[group]y\\n\\e[31m\\u202e```\\n@team <img src=x>"}}]\n'
    ),
}  # fmt: skip


def test_C05_C12_a_hostile_pull_request_ends_with_named_errors(project: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("canary-in-a-file")
    write(project, HOSTILE)
    os.symlink(tmp_path / "secret.txt", project / "environments/linked/leak.yaml")
    git(project, "config", "core.fsmonitor", f"touch {tmp_path}/ran")
    git(project, "config", "core.hooksPath", str(project / "hooks"))
    write(project, {".gitattributes": "* filter=evil\n", "hooks/post-checkout": f"#!/bin/sh\ntouch {tmp_path}/ran\n"})
    (project / "hooks/post-checkout").chmod(0o755)
    out = tmp_path / "out"
    out.mkdir()
    before = sorted(str(path) for path in tmp_path.rglob("*") if ".git" not in path.parts)
    reports = [f"--report={kind}={out / kind}" for kind in ("markdown", "sarif", "junit", "json")]
    done = overlay(
        project, "check", "--all", "--base", "main", *reports, CANARY="canary-in-env", GITHUB_ACTIONS="true"
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    for said in (
        "symlink not allowed: environments/linked/leak.yaml",
        "is outside the project folder",
        "is not pinned in overlay.lock",
        "cycle: environments/loop → environments/loop",
    ):
        assert said in done.stdout
    failed = {line.split()[0] for line in done.stdout.splitlines() if "  failed  " in line}
    assert {"linked", "bomb", "far", "up", "tpl", "loop"} <= failed
    assert not {"dev", "prod", "show"} & failed
    texts = [done.stdout, done.stderr, *[path.read_text() for path in out.iterdir()]]
    assert not any("canary" in text or "root:x:" in text for text in texts)
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in done.stdout.splitlines())
    assert "\x1b" not in "".join(texts)
    after = sorted(str(path) for path in tmp_path.rglob("*") if ".git" not in path.parts and out not in path.parents)
    assert after == before
    assert not (tmp_path / "ran").exists()


class Refusing:
    """No Helm: whatever it is asked is too much."""

    version = LIBRARY_HELM

    def render(self, _: object) -> Iterator[object]:
        raise AssertionError("Helm was asked")

    def close(self) -> None:
        pass


def test_a_change_of_layers_alone_is_checked_without_helm(project: Path, tmp_path: Path) -> None:
    chart = {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "templates/a.yaml": ACCOUNT}
    write(project, {f"environments/base/chart/{name}": text for name, text in chart.items()})
    replaced(project, "environments/base/base.yaml", "spec:\n", "spec:\n  chart: {path: chart}\n")
    cache = tmp_path / "cache"
    arguments = ("check", "prod", "--base", "main", "--cache-dir", str(cache))
    assert overlay(project, *arguments).stdout.splitlines()[0] == "prod  ok      4 objects; 1 added"
    replaced(project, PROD, "1.0.0", "1.1.0")
    with Versions({"project": str(project), "base": "main"}) as versions, Workshop(project=str(project)) as after:
        before = after.beside(versions.before.files)
        checks = Checks(after=after, before=before, wanted=Wanted(rules=Rules()), remembered=str(cache))
        checks.ask(Refusing())
        found = checks.check("prod")
    assert (found.findings, found.objects, found.diff.count("changed", "added")) == ((), 4, 2)
    assert overlay(project, *arguments).stdout.splitlines()[0] == "prod  ok      4 objects; 1 changed, 1 added"
