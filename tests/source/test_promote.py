"""`overlay promote`: what one environment's own source sets moves into the next one's, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.source.projects import FILES, PROD, git, overlay, repository, write

STAGING = "environments/staging/environment.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop")


def test_images_move_and_values_stay(project: Path) -> None:
    done = overlay(project, "promote", "dev", "staging")
    assert (done.returncode, done.stdout) == (
        0,
        "staging: environments/staging/environment.yaml\n"
        "  image shop/web: not set → 2.5.0\n"
        "  image shop/api: not set → 2.5.0\n"
        "\n"
        "rendered, 1 object:\n"
        "  Deployment/shop/web\n"
        "    spec.template.spec.containers.[name=web].image: shop/web:1.0.0 → shop/web:2.5.0\n"
        "    spec.template.spec.containers.[name=api].image: shop/api:1.0.0 → shop/api:2.5.0\n",
    )
    text = FILES[STAGING]
    added = "".join(f"    - name: shop/{name}\n      newTag: 2.5.0\n" for name in ("web", "api"))
    assert (project / STAGING).read_text() == f"{text}  images:\n{added}"
    assert git(project, "log", "-1", "--format=%B").rstrip("\n") == (
        "staging: promote 2 settings from dev\n"
        "\n"
        "- image shop/web: not set → 2.5.0\n"
        "- image shop/api: not set → 2.5.0\n"
        "\n"
        "Overlay-Environment: staging\n"
        "Overlay-Promoted-From: dev\n"
        "Overlay-Set: image shop/web: not set → 2.5.0\n"
        "Overlay-Set: image shop/api: not set → 2.5.0"
    )
    again = overlay(project, "promote", "dev", "staging")
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "staging has all that moves from dev already: nothing to do\n"
    assert git(project, "rev-list", "--count", "HEAD") == "2\n"


def test_one_image_moves_alone_and_only_its_line_changes(project: Path) -> None:
    done = overlay(project, "promote", "dev", "prod", "--only", "image=shop/web", "-q")
    assert (done.returncode, done.stderr) == (0, "")
    assert (project / "environments/prod/environment.yaml").read_text() == PROD.replace("2.4.1", "2.5.0")


def test_values_move_by_pattern(project: Path) -> None:
    done = overlay(project, "promote", "dev", "prod", "--only", "values:feature.*", "-q", "-o", "json")
    assert json.loads(done.stdout)["settings"] == [
        {"kind": "value", "name": "feature.search", "before": None, "after": "true"},
        {"kind": "value", "name": "feature.wishlist", "before": None, "after": '["a", "b"]'},
    ]
    assert (project / "environments/prod/values.yaml").read_text() == (
        "# prod\nweb:\n  level: 'warn' # quiet\nfeature:\n  search: true\n  wishlist:\n    - a\n    - b\n"
    )


def test_what_the_target_inherits_already_does_not_move(project: Path) -> None:
    base = "environments/base/base.yaml"
    write(project, {base: FILES[base] + "  images: [{name: shop/web, newTag: 2.5.0}]\n"})
    git(project, "commit", "-qam", "base")
    done = overlay(project, "promote", "dev", "staging", "--only", "image=shop/web")
    assert (done.returncode, done.stderr) == (0, "staging has all that moves from dev already: nothing to do\n")


WRONG = [
    (["dev", "staging", "--only", "image=shop/wep"], "error: the own source of dev sets no image 'shop/wep'\n  hint: did you mean shop/web or shop/api?\n"),
    (["dev", "staging", "--only", "values:other.*"], "error: the own source of dev sets no value 'other.*'\n  hint: it sets feature.search, feature.wishlist, web.level\n"),
    (["staging", "prod", "--only", "image=shop/web"], "error: the own source of staging sets no image 'shop/web'\n"),
    (["dev", "staging", "--only", "chart"], "error: the own source of dev sets no version of a chart\n"),
    (["dev", "staging", "--only", "values"], "error: --only 'values' is no kind of setting\n  hint: write --only image=NAME, --only chart or --only values:KEY; * matches anything\n"),
    (["dev", "dev"], "error: dev cannot be promoted to itself\n"),
    (["dve", "staging"], "error: no environment is called 'dve'\n  hint: did you mean dev?\n"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
def test_what_cannot_be_promoted_is_told(project: Path, arguments: list[str], said: str) -> None:
    done = overlay(project, "promote", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
    assert git(project, "status", "--porcelain") == ""


def test_the_committed_source_of_the_other_environment_counts(project: Path) -> None:
    dev = "environments/dev/environment.yaml"
    write(project, {dev: FILES[dev].replace("2.5.0", "9.9.9")})
    assert overlay(project, "promote", "dev", "prod", "--only", "image=shop/web", "-q").returncode == 0
    assert "newTag: 2.5.0" in (project / "environments/prod/environment.yaml").read_text()


def test_a_new_name_moves_with_its_tag_and_a_digest_replaces_a_tag(project: Path) -> None:
    dev = "environments/dev/environment.yaml"
    digest = "sha256:" + "c" * 64
    text = FILES[dev].replace("newTag: 2.5.0", "newName: mirror/web\n    newTag: 2.5.0", 1)
    write(project, {dev: text.replace("shop/api\n    newTag: 2.5.0", f"shop/api\n    digest: {digest}")})
    git(project, "commit", "-qam", "dev")
    done = overlay(project, "promote", "dev", "prod", "-q")
    assert done.stdout.splitlines()[1:3] == [
        "  image shop/web: 2.4.1 → mirror/web:2.5.0",
        f"  image shop/api: @sha256:{'a' * 64} → @{digest}",
    ]
    assert (project / "environments/prod/environment.yaml").read_text() == PROD.replace("a" * 64, "c" * 64).replace(
        "newTag: 2.4.1         # see #12\n", "newTag: 2.5.0         # see #12\n      newName: mirror/web\n"
    )


def test_a_template_for_messages_comes_from_the_environment(project: Path) -> None:
    done = overlay(
        project,
        "promote",
        "dev",
        "prod",
        "--only=image=shop/web",
        "-q",
        OVERLAY_MESSAGE="{origin} > {environment}: {changes}",
    )
    assert done.returncode == 0
    assert git(project, "log", "-1", "--format=%s") == "dev > prod: image shop/web: 2.4.1 → 2.5.0\n"


def test_a_source_that_is_not_committed_does_not_promote(project: Path) -> None:
    git(project, "rm", "-q", "--cached", "environments/dev/environment.yaml")
    git(project, "commit", "-qm", "out")
    done = overlay(project, "promote", "dev", "prod")
    assert (done.returncode, done.stderr) == (
        4,
        "error: environments/dev/environment.yaml is not committed yet\n"
        "  hint: commit it; --no-commit only writes the other one\n",
    )


def test_an_environment_that_sets_nothing_itself_has_nothing_to_give(project: Path) -> None:
    done = overlay(project, "promote", "staging", "prod")
    assert (done.returncode, done.stderr) == (
        2,
        "error: the own source of staging sets no image and no version of a chart, which is what moves by itself\n"
        "  hint: what it inherits moves where it is set\n",
    )


def test_an_image_that_a_value_sets_moves_by_that_value(project: Path) -> None:
    chart = "environments/base/chart"
    template = (project / chart / "templates/web.yaml").read_text()
    values = FILES[f"{chart}/values.yaml"] + "image: {tag: ''}\n"
    write(
        project,
        {
            f"{chart}/templates/web.yaml": template.replace("shop/web:1.0.0", '"shop/web:{{ .Values.image.tag }}"'),
            f"{chart}/values.yaml": values,
            "environments/dev/environment.yaml": FILES["environments/dev/environment.yaml"].partition("  images")[0],
            "environments/dev/values.yaml": "image:\n  tag: '2.5.0'   # by CI\n",
        },
    )
    git(project, "commit", "-qam", "tags are values")
    done = overlay(project, "promote", "dev", "staging")
    assert (done.returncode, done.stderr) == (
        2,
        "error: the own source of dev sets no image and no version of a chart, which is what moves by itself\n"
        "  hint: values move by name: --only values:KEY; it sets image.tag\n",
    )
    done = overlay(project, "promote", "dev", "staging", "--only", "image=shop/web")
    assert (done.returncode, done.stderr) == (
        2,
        "error: the own source of dev sets no image 'shop/web'\n"
        "  hint: what it uses is set by a value: --only values:image.tag\n",
    )
    done = overlay(project, "promote", "dev", "staging", "--only", "values:image", "-q")
    assert done.stdout.splitlines()[1] == '  image.tag: "" → "2.5.0"'
    done = overlay(project, "pin", "dev", "--image", "shop/web=2.6.0")
    assert done.returncode == 0
    assert done.stderr.startswith(
        "warning: the value image.tag of dev says which shop/web is used, and will not count any more\n"
        "  hint: pin that in its place: --value image.tag=2.6.0\n"
    )
    assert "warning" not in overlay(project, "pin", "dev", "--image", "shop/web=2.7.0").stderr


def test_the_key_of_a_map_moves_all_that_is_below_it(project: Path) -> None:
    done = overlay(project, "promote", "dev", "prod", "--only", "values:feature", "--dry-run", "-o", "json")
    assert [one["name"] for one in json.loads(done.stdout)["settings"]] == ["feature.search", "feature.wishlist"]


@pytest.mark.parametrize("key", ["feature.[nginx.io/x]", "feature.nginx.io/x", "feature.*.io/x"])
def test_a_key_with_dots_is_named_as_it_is_shown(project: Path, key: str) -> None:
    write(project, {"environments/dev/values.yaml": "feature: {nginx.io/x: '1', other: '2'}\n"})
    git(project, "commit", "-qam", "dots")
    done = overlay(project, "promote", "dev", "staging", "--only", f"values:{key}", "-q")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:3] == ['  feature.[nginx.io/x]: not set → "1"', ""]
