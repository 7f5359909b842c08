"""`overlay diff PATH --against PATH`: two sides of manifests, of which nobody reads what both hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overlay.cli.folder_objects import objects_of, read_manifests
from overlay.cli.manifests_diff import sides_of
from overlay.diff.versions import environment_diff
from overlay.errors import OverlayError
from overlay.kube.types import DEFAULT_KUBERNETES, load_types
from tests.gitops.projects import overlay

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  template:
    spec:
      containers:
      - name: main
        image: shop/{name}:{tag}
"""


def deployment(name: str, tag: str = "1.0") -> str:
    return DEPLOYMENT.format(name=name, tag=tag)


def write(folder: Path, **sides: str) -> None:
    for name, text in sides.items():
        (folder / f"{name}.yaml").write_text(text)


def test_two_files_are_compared_without_a_project(tmp_path: Path) -> None:
    write(
        tmp_path,
        old="---\n".join([deployment("web"), deployment("api"), deployment("old")]),
        new="---\n".join([deployment("api"), deployment("web", "1.1"), deployment("new")]),
    )
    done = overlay(tmp_path, "diff", "new.yaml", "--against", "old.yaml")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "old.yaml → new.yaml\n"
        "new.yaml: 1 changed, 1 added, 1 removed\n"
        "  ~ Deployment/web\n"
        "      spec.template.spec.containers.[name=main].image: shop/web:1.0 → shop/web:1.1\n"
        "  + Deployment/new: added\n"
        "  - Deployment/old: removed, and pruned\n"
    )
    done = overlay(tmp_path, "diff", "new.yaml", "--against", "new.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_path_that_leads_up_is_no_comparison_of_two_commits(tmp_path: Path) -> None:
    write(tmp_path, old=deployment("web"), new=deployment("web", "1.1"))
    below = tmp_path / "below@2"
    below.mkdir()
    for path in ("../new.yaml", "../below@2/../new.yaml", f"{below}/../new.yaml", ".././new.yaml"):
        done = overlay(below, "diff", path, "--against", "../old.yaml", "--name-only")
        assert (done.returncode, done.stdout, done.stderr) == (1, f"{path}\t~\tDeployment/web\n", "")


def test_two_folders_are_compared(tmp_path: Path) -> None:
    for side, tag in (("old", "1.0"), ("new", "1.1")):
        (tmp_path / side / "below").mkdir(parents=True)
        (tmp_path / side / "below/web.yaml").write_text(deployment("web", tag))
        (tmp_path / side / "api.yaml").write_text("---\n".join([deployment("api"), deployment("jobs")]))
        (tmp_path / side / "README.md").write_text(side)
    done = overlay(tmp_path, "diff", "new/", "--against", "old", "-o", "json")
    (found,) = json.loads(done.stdout)["environments"]
    assert (done.returncode, found["environment"], found["change"]) == (1, "new/", "changed")
    assert [one["name"] for one in found["objects"]] == ["web"]


def test_what_is_wrong_with_either_side_is_said_with_its_line(tmp_path: Path) -> None:
    good = deployment("web")
    write(tmp_path, old=f"{good}---\na: [\n", new=f"{good}---\n{deployment('api')}---\nkind: Deployment\n")
    done = overlay(tmp_path, "diff", "./new.yaml", "--against", "old.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: did not find expected node content\n  --> old.yaml:13:1\n  12 | a: [\n  13 | \n     | ^\n"
        "error: apiVersion is missing\n  --> ./new.yaml:23:1\n  22 | ---\n  23 | kind: Deployment\n     | ^\n"
        "2 problems\n"
    )


def test_a_nul_is_told_wherever_it_stands(tmp_path: Path) -> None:
    write(tmp_path, old=MAP[:-1] + "\0\n", new=MAP[:-1])
    done = overlay(tmp_path, "diff", "new.yaml", "--against", "old.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: character U+0000 is not allowed in YAML\n  --> old.yaml:5:15\n")


def test_an_object_that_is_there_twice_is_told_with_both_places(tmp_path: Path) -> None:
    write(tmp_path, old=deployment("web"), new="---\n".join([deployment("web"), deployment("web", "1.1")]))
    done = overlay(tmp_path, "diff", "new.yaml", "--against", "old.yaml")
    assert done.returncode == 2
    assert done.stderr == (
        "error: Deployment/web is defined twice, first in new.yaml:1:1\n  --> new.yaml:12:1\n  11 | ---\n"
        "  12 | apiVersion: apps/v1\n     | ^\n  = first: new.yaml:1:1\n"
        "  hint: remove one of them, or give it another name or namespace\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["new.yaml", "--against", "gone.yaml"], "gone.yaml does not exist"),
        (["new.yaml", "--against", "new.yaml", "--base", "main"], "--base does not go with manifests"),
        (["new.yaml", "--against", "new.yaml", "--all"], "--all does not go with manifests"),
    ],
)
def test_what_does_not_go_together_is_said(tmp_path: Path, words: list[str], said: str) -> None:
    write(tmp_path, new=deployment("web"))
    done = overlay(tmp_path, "diff", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_what_the_project_around_ignores_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "overlay.yaml").write_text(
        "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\n"
        "spec: {diff: {ignore: [{path: spec.template.spec.containers.*.image}]}}\n"
    )
    write(tmp_path, old=deployment("web"), new=deployment("web", "1.1"))
    done = overlay(tmp_path, "diff", "new.yaml", "--against", "old.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


LIST = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: one}}\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: {k: one}\n"
DOCUMENTS = (
    MAP, MAP.replace("one", "two"), MAP.replace("name: a", "name: b"), MAP.replace("name: a", "name: b\n  namespace: x"),
    MAP.replace("name: a", 'name: "a"'), MAP.replace("name: a", 'name: "\\x61"'), LIST, LIST.replace("one", "two"),
    LIST.replace("name: a", "name: c"), f"{MAP}...\n{MAP.replace('name: a', 'name: d')}", "# nothing\n", "",
    MAP.replace("{k: one}", "{k: &v one, l: *v}"), MAP.replace("{k: one}", "{k: *v}"), "a: [\n", MAP.replace("a\n", "e\n"),
)  # fmt: skip
SIDE = st.lists(st.sampled_from(DOCUMENTS), max_size=5).map("---\n".join)


def outcome(folder: Path, *, whole: bool) -> object:
    """Return what differs, or what is wrong."""
    paths = [str(folder / name) for name in ("old.yaml", "new.yaml")]
    try:
        if whole:
            before, after = [objects_of(read_manifests(path), {}) for path in paths]
            same = 0
        else:
            before, after, same = sides_of(*paths)
    except OverlayError as error:
        return [str(one.location) for one in error.each()]
    found = environment_diff("x", before, after, load_types(DEFAULT_KUBERNETES))
    return sorted([(one.label, one.change, repr(one.fields)) for one in found.objects]), found.same + same


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SIDE, SIDE)
def test_law_what_is_not_read_changes_no_answer(tmp_path: Path, old: str, new: str) -> None:
    write(tmp_path, old=old, new=new)
    read, skipped = outcome(tmp_path, whole=True), outcome(tmp_path, whole=False)
    if isinstance(read, list):
        # What both sides hold, mistakes and all, is no difference; where anything else is wrong, all of it is said.
        assert isinstance(skipped, tuple) or set(read) <= set(skipped)
    else:
        assert skipped == read
