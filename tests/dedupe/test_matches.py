"""A user's file that says which objects are the same one, where names and content tell it wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.dedupe.test_adopt import MORE, config, overlay, texts


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Two environments whose objects are called otherwise, and alike in too little to be found."""
    for name in ("dev", "prod"):
        config(tmp_path / name, "all", "shop")
        config(tmp_path / name, "settings", "shop", A=name)
    config(tmp_path / "dev", "web", "shop", **dict.fromkeys("ABCDE", "dev"))
    config(tmp_path / "prod", "frontend", "shop", **dict.fromkeys("ABCDE", "prod"))
    return tmp_path


def matches(folder: Path, text: str, *more: str) -> dict[str, set[tuple[str, str, str]]]:
    """Return what is taken for each object: (environment, name there, why)."""
    (folder / "matches.yaml").write_text(text)
    done = overlay("adopt", "dev", "prod", "--matches", "matches.yaml", "--explain", "-o", "json", *more, cwd=folder)
    assert done.returncode == 0, done.stderr
    (group,) = json.loads(done.stdout)["groups"]
    found: dict[str, set[tuple[str, str, str]]] = {}
    for one in group["matches"]:
        found.setdefault(one["object"], set()).add((one["environment"], one["name"], one["foundBy"]))
    return found


def test_objects_that_the_file_calls_the_same_are_one_in_the_base(folders: Path) -> None:
    found = matches(folders, "same:\n  - {dev: ConfigMap/web, prod: ConfigMap/shop/frontend}\n", "--write")
    assert found["ConfigMap/web"] == {("dev", "web", "your file"), ("prod", "frontend", "your file")}
    assert [path for path in texts(folders / "environments") if "/manifests/" in path] == [
        "base/manifests/all.yaml",
        "base/manifests/settings.yaml",
        "base/manifests/web.yaml",
    ]


def test_an_object_that_the_file_sets_apart_stays_whole_though_names_agree(folders: Path) -> None:
    found = matches(folders, "alone:\n  - {dev: ConfigMap/settings}\n")
    assert found["ConfigMap/settings"] == {("dev", "settings", "stays whole"), ("prod", "settings", "stays whole")}


def test_what_the_file_does_not_name_is_matched_as_before(folders: Path) -> None:
    found = matches(folders, "alone:\n  - {dev: ConfigMap/web}\n")
    assert found["ConfigMap/all"] == {("dev", "all", "its name"), ("prod", "all", "its name")}


def test_the_object_whose_place_is_taken_is_still_there(folders: Path) -> None:
    text = "same:\n  - {dev: ConfigMap/settings, prod: ConfigMap/frontend}\n"
    found = matches(folders, text, "--write")
    assert ("prod", "settings", "stays whole") in {row for rows in found.values() for row in rows}
    rendered = overlay("render", "prod", "-o", "name", cwd=folders).stdout
    assert sorted(rendered.split()) == ["configmap/all", "configmap/frontend", "configmap/settings"]


def test_a_tree_takes_the_names_that_its_environments_get(tmp_path: Path) -> None:
    for app in ("api", "shop"):
        for name in ("dev", "prod"):
            config(tmp_path / "apps" / f"{app}-{name}", "all", app, **MORE)
            config(tmp_path / "apps" / f"{app}-{name}", "c", app, A=name)
    (tmp_path / "matches.yaml").write_text("alone:\n  - {shop-dev: ConfigMap/c}\n")
    done = overlay("adopt", "apps", "--all", "--matches", "matches.yaml", "--explain", "-o", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    by = {one["group"]: {each["foundBy"] for each in one["matches"]} for one in json.loads(done.stdout)["groups"]}
    assert by == {"api": {"its name"}, "shop": {"its name", "stays whole"}}
    (tmp_path / "matches.yaml").write_text("alone:\n  - {shop-pord: ConfigMap/c}\n")
    done = overlay("adopt", "apps", "--all", "--matches", "matches.yaml", cwd=tmp_path)
    assert (done.returncode, without_excerpts(done.stderr)) == (
        2,
        "error: there is no environment shop-pord\n  --> matches.yaml:2:5\n  hint: did you mean shop-prod or shop-dev?\n",
    )


def without_excerpts(text: str) -> str:
    """Return what is said without the lines of the file that are shown beside it."""
    return re.sub(r"^ +\d* \| .*\n", "", text, flags=re.MULTILINE)


HINT = (
    "  hint: write {dev: Deployment/web, prod: Deployment/frontend}: environments, and kind and name of their object\n"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("same:\n  - {dev: ConfigMap/wbe, prod: ConfigMap/frontend}\n",
         "error: there is no ConfigMap/wbe in dev\n  --> matches.yaml:2:5\n  hint: did you mean ConfigMap/web or ConfigMap/all or ConfigMap/settings?\n"),
        ("same:\n  - {dve: ConfigMap/web, prod: ConfigMap/frontend}\n",
         "error: there is no environment dve\n  --> matches.yaml:2:5\n  hint: did you mean dev?\n"),
        ("same:\n  - {dev: ConfigMap/web}\n",
         f"error: two environments at least are expected\n  --> matches.yaml:2:5\n{HINT}"),
        ("same:\n  - {dev: ConfigMap/web, prod: Secret/web}\n",
         "error: objects of different kinds are never the same one\n  --> matches.yaml:2:5\n"),
        ("same:\n  - {dev: ConfigMap/web, prod: ConfigMap/frontend}\nalone:\n  - {dev: ConfigMap/web}\n",
         "error: ConfigMap/web of dev is named twice\n  --> matches.yaml:4:5\n"),
        ("same: web\n", f"error: same: a list is expected\n  --> matches.yaml:1:7\n{HINT}"),
        ("same:\n  - web\n", f"error: same: objects by environment are expected\n  --> matches.yaml:2:5\n{HINT}"),
        ("smae: []\n", "error: smae is not known\n  --> matches.yaml:1:1\n  hint: did you mean same?\n"),
        ("[]\n", f"error: same or alone is expected\n  --> matches.yaml:1:1\n{HINT}"),
    ],
)  # fmt: skip
def test_what_the_file_says_wrong_is_said_with_its_place(text: str, said: str, folders: Path) -> None:
    (folders / "matches.yaml").write_text(text)
    done = overlay("adopt", "dev", "prod", "--matches", "matches.yaml", cwd=folders)
    assert (done.returncode, without_excerpts(done.stderr)) == (2, said)


def test_a_file_that_is_not_there_is_said(folders: Path) -> None:
    done = overlay("adopt", "dev", "prod", "--matches", "gone.yaml", cwd=folders)
    assert (done.returncode, done.stderr) == (2, "error: gone.yaml cannot be read: no such file or directory\n")
