"""`overlay pin`: exactly the one place of the source changes, and its effect is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.source.projects import DOCUMENT, FILES, PROD, git, overlay, repository, write

WEB = "Deployment/shop/web"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("pin") / "shop")


def pinned(project: Path, *arguments: str, file: str = DOCUMENT) -> str:
    """Return the text of a file as one pin leaves it, and put everything back."""
    done = overlay(project, "pin", "prod", *arguments, "--no-commit", "-q")
    try:
        assert (done.returncode, done.stderr) == (0, "")
        return (project / file).read_text()
    finally:
        git(project, "checkout", "-q", ".")
        git(project, "clean", "-qfd")


CASES = {
    "a tag": (["--image", "shop/web=2.4.2"], "newTag: 2.4.1 ", "newTag: 2.4.2 "),
    "a tag in the place of a digest": (["--image", "shop/api=3"], 'digest: "sha256:' + "a" * 64, 'newTag: "3'),
    "another digest": (["--image", f"shop/api@sha256:{'b' * 64}"], "a" * 64, "b" * 64),
    "a digest in the place of a tag": (
        ["--image", f"shop/web@sha256:{'b' * 64}"], "newTag: 2.4.1 ", f"digest: sha256:{'b' * 64} ",
    ),
    "a tag with a digest": (
        ["--image", f"shop/web=2.4.2@sha256:{'b' * 64}"],
        "      newTag: 2.4.1         # see #12\n",
        f"      newTag: 2.4.2         # see #12\n      digest: sha256:{'b' * 64}\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_image_changes_in_its_place_and_nowhere_else(made: Path, case: str) -> None:
    arguments, old, new = CASES[case]
    assert PROD.count(old) == 1
    assert pinned(made, *arguments) == PROD.replace(old, new)


def test_a_value_changes_in_its_file_and_a_string_stays_a_string(made: Path) -> None:
    file = "environments/prod/values.yaml"
    assert pinned(made, "--value", "web.level=3", file=file) == "# prod\nweb:\n  level: '3' # quiet\n"
    assert (
        pinned(made, "--value", "web.port=8080", file=file) == "# prod\nweb:\n  level: 'warn' # quiet\n  port: 8080\n"
    )
    assert pinned(made, "--value", "feature={a: [1, x]}", file=file).endswith("feature:\n  a:\n    - 1\n    - x\n")


def test_what_is_inherited_is_added_to_the_environments_own_source(made: Path) -> None:
    before = (made / "environments/staging/environment.yaml").read_text()
    done = overlay(made, "pin", "staging", "--image", "shop/web=2.0.0", "--value", "web.port=81", "--no-commit")
    assert done.returncode == 0
    found = (made / "environments/staging/environment.yaml").read_text()
    assert found == f"{before}  images:\n    - name: shop/web\n      newTag: 2.0.0\n  values:\n    - values.yaml\n"
    assert (made / "environments/staging/values.yaml").read_text() == "web:\n  port: 81\n"
    git(made, "checkout", "-q", ".")
    git(made, "clean", "-qfd")


def test_the_settings_and_their_rendered_effect_are_shown(made: Path) -> None:
    done = overlay(made, "pin", "prod", "--image", "shop/web=2.4.2", "--value", "web.level=debug", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "nothing is written (--dry-run)\n")
    assert done.stdout == (
        "prod: environments/prod/environment.yaml, environments/prod/values.yaml\n"
        "  image shop/web: 2.4.1 → 2.4.2\n"
        '  web.level: "warn" → "debug"\n'
        "\n"
        "rendered, 1 object:\n"
        "  Deployment/shop/web\n"
        "    spec.template.spec.containers.[name=web].image: shop/web:2.4.1 → shop/web:2.4.2\n"
        "    spec.template.spec.containers.[name=web].env.[name=LEVEL].value: warn → debug\n"
    )
    assert git(made, "status", "--porcelain") == ""


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_same_for_programs(made: Path, form: str) -> None:
    done = overlay(made, "pin", "prod", "--image", "shop/web=2.4.2", "--dry-run", "-q", "-o", form)
    if form == "yaml":
        assert "kind: SourceChange\nenvironment: prod\n" in done.stdout
        return
    assert json.loads(done.stdout) == {
        "apiVersion": "overlay.dev/v1",
        "kind": "SourceChange",
        "environment": "prod",
        "from": None,
        "dryRun": True,
        "files": [DOCUMENT],
        "inheritedBy": [],
        "settings": [{"kind": "image", "name": "shop/web", "before": "2.4.1", "after": "2.4.2"}],
        "effect": [
            {
                "object": WEB,
                "path": "spec.template.spec.containers.[name=web].image",
                "change": "changed",
                "before": "shop/web:2.4.1",
                "after": "shop/web:2.4.2",
            }
        ],
        "commit": None,
        "branch": None,
        "pullRequest": None,
    }


def test_a_value_that_reaches_no_object_says_so(made: Path) -> None:
    done = overlay(made, "pin", "prod", "--value", "web.port=81", "--dry-run", "-q")
    assert done.stdout == (
        "prod: environments/prod/values.yaml\n  web.port: 80 → 81\n\nnothing that is rendered changes\n"
    )


WRONG = [
    ([], "error: nothing to pin\n  hint: write --image shop/web=2.4.2, --chart 1.4.0 or --value web.port=8080\n"),
    (["--image", "shop/wep=1"], "error: no container of prod uses the image 'shop/wep'\n  hint: did you mean shop/web or shop/api?\n"),
    (["--value", "web.levl=1"], "error: the chart of prod knows no value 'web.levl'\n  hint: did you mean web.level?\n"),
    (["--image", "shop/web"], "error: --image 'shop/web' names no image and tag\n  hint: write --image shop/web=2.4.2 or --image shop/web@sha256:…\n"),
    (["--image", "shop/web:2.4.2"], "error: --image 'shop/web:2.4.2' names no image and tag\n  hint: write --image shop/web=2.4.2\n"),
    (["--image", "host:5000/web:1"], "error: --image 'host:5000/web:1' names no image and tag\n  hint: write --image host:5000/web=1\n"),
    (["--image", "shop/web=a b"], "error: 'a b' is no tag of an image\n  hint: write --image shop/web=2.4.2 or --image shop/web@sha256:…\n"),
    (["--image", "shop/web@sha256:12"], "error: 'sha256:12' is no digest: it needs sha256: and 64 digits\n  hint: write --image shop/web=2.4.2 or --image shop/web@sha256:…\n"),
    (["--chart", "2.0.0"], "error: the chart has no version: it is a folder of the project\n  hint: --chart changes the version of a chart from a repository, a registry or Git\n"),
    (["--value", "web.port"], "error: --value 'web.port' has no value\n  hint: write --value web.port=8080\n"),
    (["--value", "feature.list.0=a"], "error: environments/prod/values.yaml has no list at feature.list.0: one element there would replace all that is inherited\n  hint: set the whole list\n"),
    (["--value", "web.[name=x]=a"], "error: 'web.[name' has a [ without ]\n  hint: write --value web.port=8080\n"),
    (["--no-commit", "--branch", "x", "--image", "shop/web=1"], "error: --no-commit excludes --branch, --message and --pull-request: they are about commits\n"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
def test_what_cannot_be_pinned_is_told_and_nothing_is_written(made: Path, arguments: list[str], said: str) -> None:
    done = overlay(made, "pin", "prod", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
    assert git(made, "status", "--porcelain") == ""


def test_two_mistakes_are_told_together(made: Path) -> None:
    done = overlay(made, "pin", "prod", "--image", "shop/x=1", "--value", "nothing=1")
    assert done.returncode == 2
    assert "no container of prod uses the image 'shop/x'" in done.stderr
    assert "the chart of prod knows no value 'nothing'" in done.stderr


def test_a_change_that_does_not_build_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    project = repository(tmp_path / "shop")
    schema = '{"properties": {"web": {"properties": {"port": {"maximum": 100}}}}}'
    write(project, {"environments/base/chart/values.schema.json": schema})
    done = overlay(project, "pin", "prod", "--value", "web.port=101", "--no-commit")
    assert done.returncode == 2
    assert "error in prod: " in done.stderr and "100" in done.stderr
    assert (project / "environments/prod/values.yaml").read_text() == "# prod\nweb:\n  level: 'warn' # quiet\n"


def test_what_is_set_already_is_no_change(made: Path) -> None:
    done = overlay(made, "pin", "prod", "--image", "shop/web=2.4.1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "prod is set so already: nothing to change\n")


def test_a_place_shared_by_an_alias_is_left_to_the_user(tmp_path: Path) -> None:
    project = repository(tmp_path / "shop")
    write(project, {"environments/prod/values.yaml": "feature: {a: &level info}\nweb: {level: *level}\n"})
    done = overlay(project, "pin", "prod", "--value", "web.level=debug", "--no-commit")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: this place is shared by an anchor and an alias\n  --> environments/prod/values.yaml:1:14\n"
    )
    assert done.stderr.endswith("hint: change it by hand\n")


def test_values_of_secrets_are_not_shown(tmp_path: Path) -> None:
    project = repository(tmp_path / "shop")
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {level: {{ .Values.web.level }}}\n"
    write(project, {"environments/base/chart/templates/secret.yaml": secret})
    done = overlay(project, "pin", "prod", "--value", "web.level=hunter2", "--dry-run", "-q")
    assert "  Secret/shop/login\n    stringData.level: •••• → •••• (changed)\n" in done.stdout


def test_environments_that_inherit_the_change_are_named(tmp_path: Path) -> None:
    project = repository(tmp_path / "shop")
    child = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod-eu}\nspec: {extends: [../prod]}\n"
    write(project, {"environments/prod-eu/environment.yaml": child, "environments/wrong/environment.yaml": "kind: X\n"})
    done = overlay(project, "pin", "prod", "--image", "shop/web=2.4.2", "--dry-run", "-q")
    assert "  image shop/web: 2.4.1 → 2.4.2\n  inherited by prod-eu\n\nrendered" in done.stdout


def test_a_new_object_is_one_line(tmp_path: Path) -> None:
    project = repository(tmp_path / "shop")
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n"
    write(
        project,
        {"environments/base/chart/templates/extra.yaml": "{{ if .Values.feature.extra }}\n" + text + "{{ end }}\n"},
    )
    done = overlay(project, "pin", "prod", "--value", "feature.extra=true", "--dry-run", "-q")
    assert "rendered, 2 objects:\n  ConfigMap/shop/extra: added\n  Deployment/shop/web\n" in done.stdout


def test_line_ends_and_a_byte_order_mark_stay(tmp_path: Path) -> None:
    project = repository(tmp_path / "shop")
    path = project / DOCUMENT
    path.write_bytes(b"\xef\xbb\xbf" + PROD.replace("\n", "\r\n").encode())
    assert overlay(project, "pin", "prod", "--image", "shop/web=2.4.2", "--no-commit").returncode == 0
    assert path.read_bytes() == b"\xef\xbb\xbf" + PROD.replace("2.4.1", "2.4.2").replace("\n", "\r\n").encode()


def test_outside_of_git_only_no_commit_works(tmp_path: Path) -> None:
    project = write(tmp_path / "shop", FILES)
    done = overlay(project, "pin", "prod", "--image", "shop/web=2.4.2")
    assert (done.returncode, done.stderr) == (
        2,
        f"error: {project} is in no Git repository\n"
        "  hint: --no-commit writes the file only, or `git init` makes a repository\n",
    )
    assert overlay(project, "pin", "prod", "--image", "shop/web=2.4.2", "--no-commit").returncode == 0
    assert (project / DOCUMENT).read_text() == PROD.replace("2.4.1", "2.4.2")


def test_an_image_that_is_renamed_above_is_known_by_its_new_name(tmp_path: Path) -> None:
    project = repository(tmp_path / "shop")
    base = FILES["environments/base/base.yaml"] + "  images: [{name: shop/api, newName: mirror/api}]\n"
    own = (
        FILES["environments/staging/environment.yaml"]
        + "  images:\n  - {name: shop/web, newName: mirror/web, newTag: '1'}\n"
    )
    write(project, {"environments/base/base.yaml": base, "environments/staging/environment.yaml": own})
    done = overlay(project, "pin", "staging", "--image", "shop/api=2", "--no-commit")
    assert (done.returncode, done.stderr) == (
        2,
        "error: no container of staging uses the image 'shop/api'\n  hint: did you mean shop/web?\n",
    )
    words = ("--image", "mirror/api=2", "--image", "shop/web=3")
    assert overlay(project, "pin", "staging", *words, "--no-commit").returncode == 0
    assert (project / "environments/staging/environment.yaml").read_text() == own.replace(
        "'1'", "'3'"
    ) + '  - {name: mirror/api, newTag: "2"}\n'
