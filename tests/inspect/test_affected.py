"""Which environments a change touches: by case, and for any change, by rendering both sides."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overlay.cli.affected import open_runs
from overlay.cli.versions import Versions
from overlay.errors import OverlayError
from overlay.fetch.lockfile import write_lock
from overlay.inspect.affected import affected, prepare_beside
from overlay.model.affected import Affected
from overlay.model.location import Location
from overlay.model.remote import Pin, Request
from overlay.model.value import replace
from overlay.pipeline import build_all
from overlay.tree import manifests
from tests.source.projects import DOCUMENT, FILES, PROD, git, write

MORE = {
    "environments/base/base.yaml": "apiVersion: overlay.dev/v1\nkind: Base\nmetadata: {name: base}\n"
    "spec:\n  chart: {path: chart}\n  namespace: shop\n  resources: [manifests, one.yaml]\n  values: [values.yaml]\n"
    "  configMaps: [{name: flags, files: [flags.txt]}]\n",
    "environments/base/values.yaml": "web: {port: 81}\n",
    "environments/base/flags.txt": "one\n",
    "environments/base/one.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n",
    "environments/base/manifests/two.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two}\n",
    "environments/base/notes.md": "read by nobody\n",
    "environments/components/loud/component.yaml": "apiVersion: overlay.dev/v1\nkind: Component\nmetadata: {name: loud}\n"
    "spec:\n  patches: [{path: loud.yaml}]\n",
    "environments/components/loud/loud.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two}\ndata: {loud: 'yes'}\n",
    "environments/staging/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: staging}\n"
    "spec:\n  extends: [../base]\n  components: [../components/loud]\n",
    "environments/prod-eu/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod-eu}\n"
    "spec:\n  extends: [../prod]\n  labels: [{pairs: {region: eu}}]\n",
    "environments/alone/environment.yaml": "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: alone}\n"
    "spec:\n  resources: [../base/one.yaml]\n  namespace: alone\n",
}
ALL = ["dev", "prod", "prod-eu", "staging"]


def make(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@shop.example")
    write(folder, {**FILES, **MORE})
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "before")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make(tmp_path / "shop")


def touched(project: Path, between: str = "", base: str | None = None) -> list[Affected]:
    with Versions({"project": str(project), "base": base}, between) as versions:
        return affected(*open_runs(versions))


def names(found: list[Affected]) -> list[str]:
    return [one.environment for one in found]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("environments/base/chart/templates/web.yaml", ALL),
        ("environments/base/chart/values.yaml", ALL),
        ("environments/base/values.yaml", ALL),
        ("environments/base/flags.txt", ALL),
        ("environments/base/manifests/two.yaml", ALL),
        ("environments/base/one.yaml", ["alone", *ALL]),
        ("environments/components/loud/loud.yaml", ["staging"]),
        ("environments/prod/values.yaml", ["prod", "prod-eu"]),
        ("environments/prod-eu/environment.yaml", ["prod-eu"]),
        ("overlay.yaml", ["alone", *ALL]),
        ("environments/base/notes.md", []),
    ],
)
def test_a_changed_file_touches_all_that_are_made_of_it(project: Path, path: str, expected: list[str]) -> None:
    with (project / path).open("a") as file:
        file.write("\n# changed\n")
    found = touched(project)
    assert names(found) == expected
    assert {(file.path, file.change) for one in found for file in one.files} == (
        {(path, "changed")} if found else set()
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("environments/base/chart/templates/more.yaml", ALL),
        ("environments/base/chart/.helmignore", ALL),
        ("environments/base/chart/crds/more.yaml", ALL),
        ("environments/base/manifests/deep/three.yaml", ALL),
        ("environments/base/manifests/readme.md", []),
        ("environments/more.yaml", []),
        # `extends: [../prod]` means two documents now.
        ("environments/prod/base.yaml", ["prod-eu"]),
    ],
)
def test_a_new_file_touches_those_whose_folders_are_read(project: Path, path: str, expected: list[str]) -> None:
    write(project, {path: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"})
    found = touched(project)
    assert names(found) == expected
    files = {(file.path, file.change) for one in found if one.change == "changed" for file in one.files}
    assert files == ({(path, "added")} if expected == ALL else set())


def test_deletions_and_renames_count(project: Path) -> None:
    (project / "environments/base/manifests/two.yaml").rename(project / "environments/base/manifests/2.yaml")
    (project / "environments/base/chart/templates/web.yaml").unlink()
    [one] = touched(project)[-1:]
    assert [(file.path, file.change, file.origin, file.by) for file in one.files] == [
        ("environments/base/chart/templates/web.yaml", "removed", "", "chart environments/base/chart"),
        ("environments/base/manifests/2.yaml", "renamed", "environments/base/manifests/two.yaml", "environments/base/base.yaml"),
    ]  # fmt: skip


def test_environments_that_come_and_go_are_told(project: Path) -> None:
    (project / "environments/alone").rename(project / "environments/other")
    document = project / "environments/other/environment.yaml"
    document.write_text(document.read_text().replace("alone", "other"))
    assert [(one.environment, one.change) for one in touched(project)] == [("alone", "removed"), ("other", "added")]


def test_what_an_environment_shares_did_not_come_or_go_with_it(project: Path) -> None:
    (project / "environments/dev").rename(project / "environments/qa")
    document = project / "environments/qa/environment.yaml"
    document.write_text(document.read_text().replace("name: dev", "name: qa"))
    write(project, {"environments/base/values.yaml": "web: {level: error}\n"})
    found = {one.environment: one for one in touched(project)}
    assert (found["dev"].change, found["qa"].change) == ("removed", "added")
    base = ("environments/base/values.yaml", "changed")
    assert {(one.path, one.change) for one in found["dev"].files if "/dev/" not in one.path} == {base}
    assert {(one.path, one.change) for one in found["qa"].files if "/qa/" not in one.path} == {base}


def test_what_cannot_be_read_counts_as_touched(project: Path) -> None:
    (project / "environments/prod/values.yaml").unlink()
    found = touched(project)
    assert [(one.environment, one.change) for one in found] == [("prod", "unknown"), ("prod-eu", "unknown")]
    assert found[0].problem == "environments/prod/environment.yaml:9:7: environments/prod/values.yaml does not exist"


@pytest.mark.parametrize(
    ("path", "text", "anew"),
    [
        ("environments/prod/values.yaml", "web: {level: error}\n", ["prod", "prod-eu"]),
        ("environments/prod/base.yaml", "", ["prod-eu"]),
        ("environments/base/manifests/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n", ALL),
        ("environments/base/chart/crds/more.yaml", "", ALL),
        ("overlay.yaml", FILES["overlay.yaml"] + "# changed\n", []),
        ("overlay.yaml", FILES["overlay.yaml"].replace("name: shop", "name: mart"), ["alone", *ALL]),
    ],
)
def test_what_is_made_of_the_same_is_prepared_for_both_versions_at_once(
    project: Path, path: str, text: str, anew: list[str]
) -> None:
    write(project, {path: text})
    with Versions({"project": str(project), "base": None}, "") as versions:
        before, after = open_runs(versions)
        prepare_beside(before, after, after.environments)
        assert [name for name in after.environments if before.prepare(name) is not after.prepare(name)] == anew


def far_resource(project: Path) -> Pin:
    """Let prod have a resource from elsewhere, which is pinned and vendored; return its pin."""
    data = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far}\n"
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    fields = (("digest", digest), ("url", "https://shop.example/far.yaml"))
    request = Request(name="far.yaml", fields=fields, location=Location("overlay.lock"))
    pin = Pin(name="far.yaml", request=request, version="", source=fields[1][1], digest=digest, size=len(data))
    entry = f"  resources: [{{url: {fields[1][1]}, digest: '{digest}'}}]\n"
    write(project, {DOCUMENT: PROD + entry, "overlay.lock": write_lock([pin]).decode(), pin.vendored: data.decode()})
    return pin


def test_a_changed_lock_touches_who_uses_it(project: Path) -> None:
    pin = far_resource(project)
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "far")
    assert touched(project) == []
    write(project, {"overlay.lock": write_lock([pin, replace(pin, name="other")]).decode()})
    found = touched(project)
    assert [(one.environment, one.change, [file.path for file in one.files]) for one in found] == [
        ("prod", "changed", ["overlay.lock"]),
        ("prod-eu", "changed", ["overlay.lock"]),
    ]


def test_what_came_to_the_base_meanwhile_does_not_count(project: Path) -> None:
    git(project, "switch", "-q", "-c", "feature")
    write(project, {"environments/prod/values.yaml": "web: {level: error}\n"})
    git(project, "commit", "-q", "-a", "-m", "feature")
    git(project, "switch", "-q", "main")
    write(project, {"environments/dev/values.yaml": "web: {level: error}\n"})
    git(project, "commit", "-q", "-a", "-m", "meanwhile")
    assert names(touched(project, "main..feature")) == ["dev", "prod", "prod-eu"]
    assert names(touched(project, "main...feature")) == ["prod", "prod-eu"]
    git(project, "switch", "-q", "feature")
    assert names(touched(project, base="main")) == ["prod", "prod-eu"]


def test_a_base_without_the_project_makes_all_new(project: Path) -> None:
    git(project, "switch", "-q", "--orphan", "empty")
    git(project, "commit", "-q", "--allow-empty", "-m", "empty")
    git(project, "switch", "-q", "main")
    found = touched(project, "empty..main")
    assert {one.change for one in found} == {"added"}
    assert names(found) == ["alone", *ALL]


@pytest.mark.parametrize(
    ("between", "base", "message", "hint"),
    [
        ("", "nope", "'nope' names no commit here", "name a branch, a tag or a commit; `git branch --all` shows what is here"),
        ("", "--help", "'--help' names no commit here", "name a branch, a tag or a commit; `git branch --all` shows what is here"),
        ("", "origin/nope", "'origin/nope' names no commit here", "git fetch origin nope"),
        ("main..", None, "'main..' does not say both sides", "write REF..REF, such as main..HEAD"),
        ("main..HEAD", "main", "--base and 'main..HEAD' exclude each other", "name both sides, or --base alone"),
        ("", "other", "'other' and 'HEAD' have no commit in common", "merge one into the other, or name another base"),
    ],
)  # fmt: skip
def test_a_base_that_is_none_is_refused(project: Path, between: str, base: str, message: str, hint: str) -> None:
    git(project, "remote", "add", "origin", ".")
    git(project, "switch", "-q", "--orphan", "other")
    git(project, "commit", "-q", "--allow-empty", "-m", "other")
    git(project, "switch", "-q", "main")
    with pytest.raises(OverlayError) as caught:
        touched(project, between, base)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_shallow_clone_is_told_how_to_get_the_base(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{project}", "shallow")
    with pytest.raises(OverlayError) as caught:
        touched(tmp_path / "shallow", base="origin/release")
    assert caught.value.hint == (
        "git fetch origin release; this clone is shallow: git fetch --unshallow; "
        "in GitHub Actions: actions/checkout with fetch-depth: 0"
    )


PATHS = sorted([*FILES, *MORE])
edits = st.one_of(
    st.tuples(st.just("append"), st.sampled_from(PATHS), st.sampled_from(["\n# note\n", "\nx: 1\n", " ", "\n---\n"])),
    st.tuples(st.just("delete"), st.sampled_from(PATHS), st.just("")),
    st.tuples(st.just("move"), st.sampled_from(PATHS), st.sampled_from(["environments/base/manifests/moved.yaml",
              "environments/base/chart/templates/moved.yaml", "environments/dev/moved.yaml"])),
    st.tuples(st.just("swap"), st.sampled_from(PATHS), st.sampled_from([":80|:81", "info|warn", "shop|mart", "two|one",
              "- name: shop/web|- name: shop/api", "1.0.0|1.0.1", "dev|staging"])),
    st.tuples(st.just("write"), st.sampled_from(["environments/base/manifests/new.yaml", "environments/new/environment.yaml",
              "environments/base/chart/templates/new.yaml", "environments/prod/base.yaml", "overlay.lock"]),
              st.sampled_from(["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n", "", "x"])),
)  # fmt: skip


def apply(project: Path, edit: tuple[str, str, str]) -> None:
    kind, path, item = edit
    place = project / path
    if kind == "write":
        write(project, {path: item})
    elif not place.is_file():
        return
    elif kind == "append":
        place.write_text(place.read_text() + item)
    elif kind == "delete":
        place.unlink()
    elif kind == "move":
        (project / item).parent.mkdir(parents=True, exist_ok=True)
        place.rename(project / item)
    else:
        old, _, new = item.partition("|")
        place.write_text(place.read_text().replace(old, new))


def rendered(project: Path) -> dict[str, object]:
    """Return the bytes of each environment, or what is wrong with it; an empty answer where the project is."""
    try:
        found = dict(build_all(None, project=str(project)))
    except OverlayError:
        return {}
    return {name: str(one) if isinstance(one, OverlayError) else manifests(one) for name, one in found.items()}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    project = make(tmp_path_factory.mktemp("before") / "shop")
    return project, rendered(project)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(changes=st.lists(edits, min_size=1, max_size=3))
def test_law_what_is_not_touched_renders_to_the_same_bytes(
    before: tuple[Path, dict[str, object]], tmp_path: Path, changes: list[tuple[str, str, str]]
) -> None:
    project = tmp_path / "shop"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(before[0], project)
    for change in changes:
        apply(project, change)
    after = rendered(project)
    try:
        found = names(touched(project))
    except OverlayError:
        assert after == {}, "the project could be read"
        return
    same = {name for name in {*before[1], *after} if before[1].get(name) == after.get(name)}
    assert {*before[1], *after} - same <= set(found), "an environment changed and was not said to be touched"
    # What comes and goes with the bytes of files is all that touches: nothing is touched by its folder's name.
    status = git(project, "status", "--porcelain")
    assert status or not found


def test_they_are_the_same_from_a_folder_below(project: Path) -> None:
    write(project, {"environments/prod/values.yaml": "web: {level: error}\n"})
    here = os.path.join(project, "environments", "prod")
    with Versions({"project": here, "base": None}, "") as versions:
        assert names(affected(*open_runs(versions))) == ["prod", "prod-eu"]
