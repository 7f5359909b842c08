"""`overlay adopt`: copied folders in, one base and small environments out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {space}\ndata:\n{data}"
# More lines than the documents of an environment have.
MORE = {f"KEY_{number}": "same" for number in range(20)}


def overlay(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "overlay", *args], cwd=cwd, capture_output=True, text=True)


def config(folder: Path, name: str, space: str, **data: str) -> Path:
    """Write one ConfigMap of eight lines or more."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join([f'  {key}: "{item}"\n' for key, item in {**dict.fromkeys("ABCDEFGH", "same"), **data}.items()])
    path = folder / f"{name}.yaml"
    path.write_text(CONFIG.format(name=name, space=space, data=lines))
    return path


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def lecture(tmp_path: Path) -> Path:
    shutil.copytree(HERE / "lecture", tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_the_lectures_three_folders_become_one_base_and_three_small_files(
    lecture: Path, request: pytest.FixtureRequest
) -> None:
    before = texts(lecture)
    done = overlay("adopt", "shop-dev", "shop-staging", "shop-prod", "--write", cwd=lecture)
    assert done.returncode == 0, done.stderr
    found = texts(lecture / "environments")
    expected = HERE / "lecture-expected"
    if request.config.getoption("--update"):
        shutil.rmtree(expected, ignore_errors=True)
        shutil.copytree(lecture / "environments", expected)
    assert found == texts(expected)
    assert {name: text for name, text in texts(lecture).items() if not name.startswith("environments/")} == before
    linted = overlay("lint", "--all", cwd=lecture)
    assert (linted.returncode, linted.stdout) == (0, "nothing found in 3 environments\n")


def test_the_dry_run_shows_lines_and_what_truly_differs_and_writes_nothing(lecture: Path) -> None:
    done = overlay("adopt", "shop-dev", "shop-staging", "shop-prod", cwd=lecture)
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[:2] == [
        ["GROUP", "ENVIRONMENTS", "LINES", "AFTER", "SAVED"],
        ["shop", "dev,", "prod,", "staging", "408", "174", "57", "%"],
    ]
    assert ["ConfigMap/settings", "data.LOG_LEVEL", "debug", "info", "info"] in lines
    assert ["Deployment/web", "spec.replicas", "1", "4", "1"] in lines
    assert not any("namespace" in line for line in done.stdout.splitlines())
    assert done.stderr == (
        "proved: 3 environments build to the objects that they had; nothing is written without --write\n"
    )
    assert not (lecture / "environments").exists()


def test_json_says_the_same_for_programs(lecture: Path) -> None:
    done = overlay("adopt", "shop-dev", "shop-staging", "shop-prod", "--explain", "-o", "json", cwd=lecture)
    (group,) = json.loads(done.stdout)["groups"]
    assert group["group"] == "shop"
    assert group["lines"] == {"before": 408, "after": 174}
    assert group["environments"][1] == {
        "name": "prod",
        "folder": "shop-prod",
        "objects": 8,
        "lines": {"before": 136, "after": 19},
    }
    assert {
        "object": "Deployment/web",
        "field": "spec.replicas",
        "values": {"dev": 1, "prod": 4, "staging": 1},
    } in group["differs"]
    assert {"object": "Service/web", "environment": "dev", "name": "web", "foundBy": "its name"} in group["matches"]


def test_adopting_twice_writes_nothing_more(lecture: Path) -> None:
    folders = ("shop-dev", "shop-staging", "shop-prod")
    overlay("adopt", *folders, "--write", cwd=lecture)
    before = {path: path.stat().st_mtime_ns for path in lecture.rglob("*")}
    done = overlay("adopt", *reversed(folders), "--write", cwd=lecture)
    assert done.returncode == 0
    assert done.stderr == (
        "proved: 3 environments build to the objects that they had; environments holds just this already\n"
    )
    assert {path: path.stat().st_mtime_ns for path in lecture.rglob("*")} == before


def test_a_run_that_was_killed_is_finished_by_the_next(lecture: Path) -> None:
    folders = ("shop-dev", "shop-staging", "shop-prod")
    overlay("adopt", *folders, "--write", cwd=lecture)
    whole = texts(lecture / "environments")
    (lecture / "environments/prod/environment.yaml").unlink()
    (lecture / "environments/base/manifests/role.yaml").unlink()
    assert overlay("adopt", *folders, "--write", cwd=lecture).returncode == 0
    assert texts(lecture / "environments") == whole


def test_a_second_application_gets_names_of_its_own_in_the_same_project(lecture: Path) -> None:
    overlay("adopt", "shop-dev", "shop-staging", "shop-prod", "--write", cwd=lecture)
    for name in ("dev", "prod"):
        config(lecture / f"api-{name}", "settings", f"api-{name}", A=name)
    done = overlay("adopt", "api-dev", "api-prod", "--write", cwd=lecture)
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (lecture / "environments").iterdir())
    assert names == ["api", "api-dev", "api-prod", "base", "dev", "prod", "staging"]
    assert "  A: prod\n" in overlay("render", "api-prod", cwd=lecture).stdout


def test_names_and_texts_that_follow_the_environment_are_said_once_in_the_base(tmp_path: Path) -> None:
    for name in ("dev", "prod", "qa"):
        config(tmp_path / f"shop-{name}", f"shop-{name}-settings", f"shop-{name}", A=f"web.shop-{name}.example")
    done = overlay("adopt", "shop-dev", "shop-prod", "shop-qa", "--write", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "environments/base/base.yaml").read_text() == (
        "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\nspec:\n  resources: [manifests]\n"
        "  replacements:\n    - source: {fact: namespace}\n      targets:\n"
        "        - {select: {kind: ConfigMap}, fieldPaths: [metadata.name, data.A], options: {replace: shop-dev}}\n"
    )
    assert (tmp_path / "environments/prod/environment.yaml").read_text() == (
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec:\n  extends: [../base]\n"
        "  namespace: shop-prod\n"
    )


def test_what_some_have_becomes_a_component_what_one_has_stays_its_own(tmp_path: Path) -> None:
    for name in ("dev", "prod", "qa", "staging", "uat"):
        config(tmp_path / name, "all", "shop")
    for name in ("prod", "staging"):
        config(tmp_path / name, "two", "shop", **{**dict.fromkeys("ABCDEFGH", "two"), "A": name})
    config(tmp_path / "qa", "one", "shop", **dict.fromkeys("ABCDEFGH", "unlike"))
    (tmp_path / "uat" / "all.yaml").unlink()
    config(tmp_path / "uat", "other", "shop", I="x")
    done = overlay("adopt", "dev", "prod", "qa", "staging", "uat", "--write", "--explain", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    files = texts(tmp_path / "environments")
    assert "components/prod-and-staging/manifests/two.yaml" in files
    assert "qa/manifests/one.yaml" in files
    assert "components: [../components/prod-and-staging]" in files["prod/environment.yaml"]
    # By content it is the object that uat alone has not: only its name and one entry differ.
    assert "sourceValue: other" in files["uat/environment.yaml"]
    assert "its content, 89 % alike" in done.stdout


def test_an_object_that_one_of_three_has_not_is_deleted_there(tmp_path: Path) -> None:
    for name in ("dev", "prod", "qa"):
        config(tmp_path / name, "all", "shop")
        config(tmp_path / name, "most", "shop")
    (tmp_path / "dev" / "most.yaml").unlink()
    overlay("adopt", "dev", "prod", "qa", "--write", cwd=tmp_path)
    assert (
        (tmp_path / "environments/dev/environment.yaml")
        .read_text()
        .endswith("  patches:\n    - target: {kind: ConfigMap, name: most}\n      strategicMerge: {$patch: delete}\n")
    )


def test_the_same_change_of_several_objects_is_one_patch(tmp_path: Path) -> None:
    for name in ("dev", "prod", "qa"):
        for number in range(3):
            config(tmp_path / name, f"c{number}", "shop", A="x" if name == "prod" else "y")
    overlay("adopt", "dev", "prod", "qa", "--write", cwd=tmp_path)
    assert (
        (tmp_path / "environments/prod/environment.yaml")
        .read_text()
        .endswith(
            "  patches:\n    - target: {kind: ConfigMap}\n      expect: 3\n      strategicMerge: {data: {A: x}}\n"
        )
    )


def test_environments_that_are_equal_are_named_and_one_of_them_is_proposed(tmp_path: Path) -> None:
    for name in ("dev", "prod", "qa", "uat"):
        config(
            tmp_path / name,
            "c",
            "shop" if name in ("dev", "qa") else f"shop-{name}",
            A="prod" if name == "prod" else "other",
        )
    folders = ("uat", "qa", "dev", "prod")
    done = overlay("adopt", *folders, cwd=tmp_path)
    assert (
        "\ndev, qa and uat are equal in all but their names: one of them may be enough, for example dev\n"
        "dev and qa are equal in all: one of them is enough, for example dev\n"
    ) in done.stdout
    (group,) = json.loads(overlay("adopt", *folders, "-o", "json", cwd=tmp_path).stdout)["groups"]
    assert group["equal"] == [
        {"environments": ["dev", "qa", "uat"], "inAll": False, "enough": "dev"},
        {"environments": ["dev", "qa"], "inAll": True, "enough": "dev"},
    ]
    overlay("adopt", *folders, "--report", "html=page", cwd=tmp_path)
    page = next((tmp_path / "page").iterdir()).read_text()
    assert "<p class=equal>dev and qa are equal in all: one of them is enough, for example dev</p>" in page


def test_environments_that_differ_in_nothing_are_named_too(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        config(tmp_path / name, "c", "shop")
    done = overlay("adopt", "dev", "prod", cwd=tmp_path)
    assert done.stdout.endswith("\ndev and prod are equal in all: one of them is enough, for example dev\n")


def test_secrets_that_are_not_equal_make_environments_differ(tmp_path: Path) -> None:
    for name in ("dev", "prod", "qa"):
        path = config(tmp_path / name, "c", "shop", A="x" if name == "prod" else "y")
        path.write_text(path.read_text().replace("ConfigMap", "Secret").replace("\ndata:", "\nstringData:"))
    done = overlay("adopt", "dev", "prod", "qa", cwd=tmp_path)
    assert "\ndev and qa are equal in all: one of them is enough, for example dev\n" in done.stdout


def test_in_a_tree_each_groups_equal_environments_are_listed(tmp_path: Path) -> None:
    for app in ("api", "shop"):
        for name in ("dev", "prod", "qa"):
            config(
                tmp_path / f"{app}-{name}", "c", "one", A=app, B="x" if (app, name) == ("api", "qa") else "y", **MORE
            )
    done = overlay("adopt", ".", "--all", cwd=tmp_path)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[:3] == [
        ["GROUP", "ENVIRONMENTS", "LINES", "AFTER", "SAVED", "STAYS", "DIFFERENT"],
        ["api", "dev,", "prod,", "qa", "102", "57", "44", "%", "1", "field", "of", "1", "object"],
        ["shop", "dev,", "prod,", "qa", "102", "54", "47", "%", "nothing"],
    ]
    at = lines.index(["GROUP", "EQUAL", "IN", "ALL", "ENOUGH"])
    assert lines[at + 1 : at + 3] == [["api", "dev,", "prod", "dev"], ["shop", "dev,", "prod,", "qa", "dev"]]


def test_values_of_secrets_are_never_shown(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        path = config(tmp_path / name, "c", "shop", A=f"hunter2-{name}")
        path.write_text(path.read_text().replace("ConfigMap", "Secret").replace("\ndata:", "\nstringData:"))
    for form in ("table", "json", "yaml"):
        done = overlay("adopt", "dev", "prod", "-o", form, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "stringData.A" in done.stdout
        assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "text, said",
    [
        ("a: {{ .Values.x }}\n", "the file is a template ({{ }}), no plain manifest"),
        ("a: [\n", "error: "),
        ("sops: {mac: x}\nkind: Secret\n", "the object is encrypted by SOPS"),
        ("- a\n", "a Kubernetes object is expected, found a list"),
        ("\0GITCRYPT\0x", "the file is encrypted by git-crypt"),
    ],
)
def test_a_folder_that_cannot_be_taken_in_is_named_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    for name in ("dev", "prod", "qa"):
        config(tmp_path / "shop" / name, "c", "shop", **MORE)
    (tmp_path / "shop/prod/bad.yaml").write_text(text)
    one = overlay("adopt", "shop/dev", "shop/prod", cwd=tmp_path)
    assert one.returncode == 2
    assert said in one.stderr and "shop/prod/bad.yaml" in one.stderr
    done = overlay("adopt", "shop", "--all", "--write", cwd=tmp_path)
    assert done.returncode == 5
    assert "1 left out" in done.stdout and "shop/prod " in done.stdout
    assert sorted(path.name for path in (tmp_path / "environments").iterdir()) == ["shop", "shop-dev", "shop-qa"]


def test_links_are_refused_and_nothing_is_written_through_one(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        config(tmp_path / name, "c", "shop")
    (tmp_path / "secret.yaml").write_text("a: b\n")
    (tmp_path / "dev" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    done = overlay("adopt", "dev", "prod", cwd=tmp_path)
    assert (done.returncode, "symlink not allowed: link.yaml" in done.stderr) == (2, True)
    (tmp_path / "dev" / "link.yaml").unlink()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "environments").symlink_to(tmp_path / "elsewhere")
    done = overlay("adopt", "dev", "prod", "--write", cwd=tmp_path)
    assert done.returncode == 2
    assert not list((tmp_path / "elsewhere").iterdir())


def test_files_of_others_are_never_overwritten(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        config(tmp_path / f"shop-{name}", "c", "shop")
        for taken in (name, f"shop-{name}"):
            (tmp_path / "environments" / taken).mkdir(parents=True)
            (tmp_path / "environments" / taken / "environment.yaml").write_text("mine\n")
    done = overlay("adopt", "shop-dev", "shop-prod", "--write", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "error: environments holds environments of these names already\n  hint: name another folder with --into\n"
    )


def test_a_tree_gives_its_groups_and_names_what_is_alone(tmp_path: Path) -> None:
    for app in ("shop", "api"):
        for name in ("dev", "prod"):
            config(tmp_path / "apps" / f"{app}-{name}", "c", f"{app}-{name}", A=name, **MORE)
    for name in ("tokyo", "paris"):
        config(tmp_path / "apps" / f"edge-{name}", "c", "edge", B=name, **MORE)
    config(tmp_path / "apps" / "lonely", "c", "lonely")
    done = overlay("adopt", "apps", "--all", "--write", "-o", "json", cwd=tmp_path)
    assert done.returncode == 5, done.stderr
    found = json.loads(done.stdout)
    assert [group["group"] for group in found["groups"]] == ["api", "edge", "shop"]
    assert [(one["folder"], one["reason"]) for one in found["leftOut"]] == [("apps/lonely", "is like no other folder")]
    assert overlay("render", "--all", cwd=tmp_path).returncode == 0


def test_another_folder_gets_an_overlay_yaml_that_says_so(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        config(tmp_path / name, "c", "shop")
    done = overlay("adopt", "dev", "prod", "--into", "new/stages", "--write", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "environments: stages\n" in (tmp_path / "new/overlay.yaml").read_text()
    assert overlay("render", "--all", "-C", "new", cwd=tmp_path).returncode == 0


def test_calls_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    for args, said in (
        ((), "error: which folders?\n  hint: name the folders of one group, or a tree with --all\n"),
        (("dev",), "error: one folder alone has no copies\n"),
        (("dev", "gone"), "error: gone is no folder\n"),
        (("dev", "dev2", "--all"), "error: --all takes one tree, whose groups it finds by itself\n"),
    ):
        done = overlay("adopt", *args, cwd=tmp_path)
        assert (done.returncode, done.stderr[: len(said)]) == (2, said)


def test_what_many_groups_share_becomes_a_component_of_all_and_every_environment_is_as_before(tmp_path: Path) -> None:
    for app in ("api", "shop", "web"):
        for name in ("dev", "prod"):
            config(tmp_path / "apps" / f"{app}-{name}", "limits", f"{app}-{name}")
            config(tmp_path / "apps" / f"{app}-{name}", "own", f"{app}-{name}", **dict.fromkeys("ABCDEFGH", app))
    done = overlay("adopt", "apps", "--all", "--write", "-o", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["shared"] == [
        {
            "component": "limits-configmap",
            "groups": ["api", "shop", "web"],
            "files": [
                "components/limits-configmap/component.yaml",
                "components/limits-configmap/manifests/limits.yaml",
            ],
            "lines": 18,
        }
    ]
    files = texts(tmp_path / "environments")
    assert files["shop/base.yaml"] == (
        "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: shop}\nspec:\n"
        "  components: [../components/limits-configmap]\n  resources: [manifests]\n"
    )
    assert "shop/manifests/limits.yaml" not in files
    rendered = overlay("render", "web-prod", cwd=tmp_path).stdout
    assert "  name: limits\n  namespace: web-prod\n" in rendered
    table = overlay("adopt", "apps", "--all", "--write", cwd=tmp_path)
    assert "\ncomponents/limits-configmap   3 groups   18\n" in table.stdout
    assert table.stderr == (
        "proved: 6 environments build to the objects that they had; environments holds just this already\n"
    )


def test_a_shared_object_with_a_comment_of_its_own_stays_where_the_comment_is(tmp_path: Path) -> None:
    for app in ("api", "shop", "web", "zoo"):
        for name in ("dev", "prod"):
            path = config(tmp_path / "apps" / f"{app}-{name}", "limits", f"{app}-{name}", **MORE)
            if app == "shop":
                path.write_text(path.read_text().replace("data:\n", "data:  # the shop is small\n"))
    done = overlay("adopt", "apps", "--all", "--write", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    files = texts(tmp_path / "environments")
    assert "# the shop is small" in files["shop/manifests/limits.yaml"]
    assert [path for path in files if path.endswith("limits.yaml")] == [
        "components/limits-configmap/manifests/limits.yaml",
        "shop/manifests/limits.yaml",
    ]


def test_a_name_that_is_taken_is_left_to_its_owner(tmp_path: Path) -> None:
    for app in ("api", "shop", "web"):
        for name in ("dev", "prod"):
            config(tmp_path / "apps" / f"{app}-{name}", "limits", f"{app}-{name}")
    mine = tmp_path / "environments/components/limits-configmap/component.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine\n")
    done = overlay("adopt", "apps", "--all", "--write", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert mine.read_text() == "mine\n"
    assert (tmp_path / "environments/components/limits-configmap-2/manifests/limits.yaml").is_file()


def test_the_report_is_one_page_of_what_the_table_says_and_hides_secrets(lecture: Path) -> None:
    for name in ("dev", "prod"):
        path = config(lecture / f"shop-{name}", "c", f"shop-{name}", A=f"hunter2-{name}")
        path.write_text(path.read_text().replace("ConfigMap", "Secret").replace("\ndata:", "\nstringData:"))
    done = overlay(
        "adopt", "shop-dev", "shop-staging", "shop-prod", "--report", "html=found/here", "-q", cwd=lecture
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (lecture / "found/here/index.html").read_text()
    assert "<title>Adopting shop</title>" in page
    assert "spec.<wbr>replicas" in page
    assert "hunter2" not in page
    assert not (lecture / "environments").exists()
    done = overlay("adopt", "shop-dev", "shop-prod", "--report", "pdf=x", cwd=lecture)
    assert (done.returncode, done.stderr) == (
        2,
        "error: --report 'pdf=x' names no report\n  hint: write KIND=FILE with html\n",
    )


DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  # How many stand side by side.
  replicas: {count}{why}
  selector:
    matchLabels: {{app: web}}
  template:
    metadata:
      labels: {{app: web}}
    spec:
      containers:
        - name: web
          image: shop/web:1
          resources:
            limits:
{above}              memory: {memory}
          args: ["--color", "#fff"]
"""


def test_comments_beside_what_an_environment_has_otherwise_go_with_its_patch(tmp_path: Path) -> None:
    for name in ("dev", "prod", "qa"):
        (tmp_path / name).mkdir()
        is_prod = name == "prod"
        (tmp_path / name / "web.yaml").write_text(
            DEPLOYMENT.format(
                count=4 if is_prod else 1,
                why="  # Black Friday" if is_prod else "",
                above="              # one page of the catalogue\n              # takes 3 MB\n" if is_prod else "",
                memory="1Gi" if is_prod else "256Mi",
            )
        )
    done = overlay("adopt", "dev", "prod", "qa", "--write", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    files = texts(tmp_path / "environments")
    assert "  # How many stand side by side.\n  replicas: 1\n" in files["base/manifests/web.yaml"]
    assert files["prod/environment.yaml"] == (
        "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec:\n  extends: [../base]\n"
        "  patches:\n    # one page of the catalogue\n    # takes 3 MB\n    - target: {kind: Deployment}\n"
        "      jsonPatch:\n"
        '        - {op: replace, path: "/spec/template/spec/containers/[name=web]/resources/limits/memory", value: 1Gi}\n'
        "  replicas:\n    # Black Friday\n    - {name: web, count: 4}\n"
    )
    assert "#" not in files["qa/environment.yaml"]


def test_a_group_that_would_not_get_shorter_is_left_out_of_a_tree_and_adopted_when_named(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        config(tmp_path / "apps" / f"tiny-{name}", "c", f"tiny-{name}", A=name)
        config(tmp_path / "apps" / f"shop-{name}", "c", f"shop-{name}", A=name, **MORE)
    done = overlay("adopt", "apps", "--all", "--write", "-o", "json", cwd=tmp_path)
    assert done.returncode == 5
    found = json.loads(done.stdout)
    assert [group["group"] for group in found["groups"]] == ["shop"]
    reason = "tiny would not get shorter (28 lines, then 33); named alone, it is adopted"
    assert found["leftOut"] == [
        {"folder": f"apps/tiny-{name}", "reason": reason, "at": None} for name in ("dev", "prod")
    ]
    assert sorted(path.name for path in (tmp_path / "environments").iterdir()) == ["shop", "shop-dev", "shop-prod"]
    named = overlay("adopt", "apps/tiny-dev", "apps/tiny-prod", "--write", "--report", "html=page", cwd=tmp_path)
    assert named.returncode == 0
    assert named.stdout.splitlines()[1].split() == ["tiny", "dev,", "prod", "28", "33", "grows,", "-18", "%"]
    assert "28 → 33 lines, 18 % more" in next((tmp_path / "page").iterdir()).read_text()


def test_a_group_that_gets_shorter_only_with_what_others_share_is_adopted(tmp_path: Path) -> None:
    for app in ("api", "shop", "web"):
        for name in ("dev", "prod"):
            config(tmp_path / "apps" / f"{app}-{name}", "c", f"{app}-{name}")
    done = overlay("adopt", "apps", "--all", "-o", "json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert [(one["group"], one["lines"]["after"] < one["lines"]["before"]) for one in found["groups"]] == [
        ("api", True), ("shop", True), ("web", True),
    ]  # fmt: skip
    assert found["leftOut"] == []
