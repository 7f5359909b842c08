"""Who extends whom: order, diamonds, cycles, and what the layers settle together."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlay.errors import OverlayError
from overlay.fetch.pinned import Remotes
from overlay.files.reader import ProjectFiles
from overlay.files.root import find_root
from overlay.load.graph import Loader, effective
from overlay.load.layers import load_document
from overlay.load.project import list_environments, load_project
from overlay.model.project import Project


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def document(name: str, spec: str = "{}", kind: str = "Environment") -> str:
    return f"apiVersion: overlay.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def project(root: Path, **layers: tuple[str, str]) -> None:
    """Write layers as name=(kind, spec)."""
    for name, (kind, spec) in layers.items():
        folder = f"components/{name}" if kind == "Component" else name
        write(root, {f"environments/{folder}/{kind.lower()}.yaml": document(name, spec, kind)})


def load(root: Path, name: str):
    found, files = load_project(str(root))
    return Loader(found, files, Remotes(files, "/nowhere")).load(name)


def order(root: Path, name: str) -> list[str]:
    return [layer.layer.name for layer in load(root, name).layers]


def problems(root: Path, name: str) -> list[tuple[str, str]]:
    with pytest.raises(OverlayError) as caught:
        load(root, name)
    return [(str(one.location), one.message) for one in caught.value.each()]


def test_parents_come_first_and_components_right_before_their_layer(tmp_path: Path) -> None:
    project(
        tmp_path,
        base=("Base", "{components: [../components/logs]}"),
        prod=("Environment", "{extends: [../base], components: [../components/ha]}"),
        eu=("Environment", "{extends: [../prod], components: [../components/ha, ../components/gdpr]}"),
        logs=("Component", "{}"),
        ha=("Component", "{components: [../logs]}"),
        gdpr=("Component", "{}"),
    )
    assert order(tmp_path, "eu") == ["logs", "base", "ha", "prod", "gdpr", "eu"]
    assert order(tmp_path, "base") == ["logs", "base"]
    assert order(tmp_path, "ha") == ["logs", "ha"]


def test_the_same_parent_by_two_ways_counts_once(tmp_path: Path) -> None:
    project(
        tmp_path,
        base=("Base", "{}"),
        left=("Base", "{extends: [../base]}"),
        right=("Base", "{extends: [../base/base.yaml]}"),
        prod=("Environment", "{extends: [../left, ../right, ../base]}"),
    )
    assert order(tmp_path, "prod") == ["base", "left", "right", "prod"]


def test_P07_cycles_are_named(tmp_path: Path) -> None:
    project(
        tmp_path,
        a=("Environment", "{extends: [../b]}"),
        b=("Environment", "{extends: [../a]}"),
        own=("Environment", "{extends: [../own]}"),
    )
    assert problems(tmp_path, "a") == [
        ("environments/b/environment.yaml:4:18", "cycle: environments/a → environments/b → environments/a")
    ]
    assert problems(tmp_path, "own") == [
        ("environments/own/environment.yaml:4:18", "cycle: environments/own → environments/own")
    ]


def test_P07_a_chain_without_end_is_refused(tmp_path: Path) -> None:
    project(tmp_path, **{f"e{n}": ("Environment", f"{{extends: [../e{n + 1}]}}") for n in range(10_000)})
    assert problems(tmp_path, "e0") == [
        ("environments/e99/environment.yaml:4:18", "environments extend each other more than 100 levels deep")
    ]


def test_M18_a_missing_or_wrong_parent_is_named_at_its_entry(tmp_path: Path) -> None:
    project(
        tmp_path,
        ha=("Component", "{}"),
        base=("Base", "{}"),
        dev=("Environment", "{}"),
        prod=("Environment", "{extends: [../nope, ../components/ha, ../../../../x], components: [../base, ../dev]}"),
    )
    (tmp_path / "environments/empty").mkdir()
    assert problems(tmp_path, "prod") == [
        ("environments/prod/environment.yaml:4:18", "environments/nope does not exist"),
        ("environments/prod/environment.yaml:4:27", "environments/components/ha/component.yaml is a Component, expected Base or Environment"),
        ("environments/prod/environment.yaml:4:45", "'../../../../x' is outside the project folder"),
        ("environments/prod/environment.yaml:4:74", "environments/base/base.yaml is a Base, expected Component"),
        ("environments/prod/environment.yaml:4:83", "environments/dev/environment.yaml is an Environment, expected Component"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("base.yaml", "list it under extends"),
        ("environment.yaml", "list it under extends"),
        ("component.yaml", "list it under components"),
        ("Chart.yaml", "name it under chart"),
        ("kustomization.yaml", "name the manifests beside it one by one"),
    ],
)
def test_resources_that_are_no_manifests_say_where_they_belong(name: str, hint: str, tmp_path: Path) -> None:
    project(tmp_path, prod=("Environment", "{resources: [../other]}"))
    write(tmp_path, {f"environments/other/{name}": "a: b\n"})
    with pytest.raises(OverlayError) as caught:
        load(tmp_path, "prod")
    assert [(str(one.location), one.message, one.hint) for one in caught.value.each()] == [
        ("environments/prod/environment.yaml:4:20", f"../other holds a {name}, resources are plain manifests", hint)
    ]


def test_problems_of_all_layers_are_gathered(tmp_path: Path) -> None:
    project(
        tmp_path,
        base=("Base", "{valuess: []}"),
        prod=("Environment", "{extends: [../base], values: [nope.yaml], resources: [more.yaml]}"),
    )
    write(tmp_path, {"environments/prod/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n"})
    assert problems(tmp_path, "prod") == [
        ("environments/prod/environment.yaml:4:37", "environments/prod/nope.yaml does not exist"),
        ("environments/prod/more.yaml:3:11", "metadata.name is missing"),
    ]
    project(
        tmp_path, prod=("Environment", "{extends: [../base]}"), eu=("Environment", "{extends: [../prod], valeus: []}")
    )
    assert problems(tmp_path, "eu") == [
        ("environments/eu/environment.yaml:4:28", "unknown field spec.valeus"),
    ]
    project(tmp_path, eu=("Environment", "{extends: [../prod, ../base2]}"), base2=("Base", "{x: 1}"))
    assert problems(tmp_path, "eu") == [
        ("environments/base/base.yaml:4:8", "unknown field spec.valuess"),
        ("environments/base2/base.yaml:4:8", "unknown field spec.x"),
    ]


def test_a_name_is_the_folders_name_and_a_file_says_its_kind(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "environments/prod/environment.yaml": document("dev"),
            "environments/qa/environment.yaml": document("qa", kind="Base"),
        },
    )
    assert problems(tmp_path, "prod") == [
        ("environments/prod/environment.yaml:3:18", "metadata.name is 'dev' but the folder is 'prod'")
    ]
    assert problems(tmp_path, "qa") == [
        ("environments/qa/environment.yaml:3:18", "environment.yaml holds kind Base, expected Environment")
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("prd", "did you mean prod?"),
        ("nothing-like-it", "there are dev, prod"),
        ("../prod", "did you mean prod?"),
        ("", "there are dev, prod"),
    ],
)
def test_an_unknown_environment_is_an_error_with_the_nearest_names(name: str, hint: str, tmp_path: Path) -> None:
    project(tmp_path, prod=("Environment", "{}"), dev=("Environment", "{}"), base=("Base", "{}"))
    with pytest.raises(OverlayError) as caught:
        load(tmp_path, name)
    assert (caught.value.message, caught.value.hint) == (f"no environment is called {name!r}", hint)


def test_only_environments_are_listed(tmp_path: Path) -> None:
    project(
        tmp_path, prod=("Environment", "{}"), dev=("Environment", "{}"), base=("Base", "{}"), ha=("Component", "{}")
    )
    assert list_environments(*load_project(str(tmp_path))) == ["dev", "prod"]


def test_the_nearest_layer_that_sets_a_field_wins(tmp_path: Path) -> None:
    project(
        tmp_path,
        base=(
            "Base",
            "{chart: {path: chart}, kubernetesVersion: '1.30', release: {name: shop, revision: 3}, apiVersions: [a/v1], includeCRDs: false}",
        ),
        prod=(
            "Environment",
            "{extends: [../base], namespace: shop-prod, kubernetesVersion: '1.31', apiVersions: [b/v1, a/v1]}",
        ),
        eu=("Environment", "{extends: [../prod], release: {namespace: eu, isUpgrade: true}}"),
    )
    found, _ = load_project(str(tmp_path))
    settled = effective(load(tmp_path, "eu"), found)
    assert (settled.chart.path, settled.chart_folder) == ("chart", "environments/base")
    assert (settled.release_name, settled.release_namespace, settled.revision, settled.is_upgrade) == (
        "shop",
        "eu",
        3,
        True,
    )
    assert (settled.kubernetes_version, settled.api_versions, settled.include_crds) == ("1.31", ("a/v1", "b/v1"), False)
    assert effective(load(tmp_path, "prod"), found).release_namespace == "shop-prod"


def test_a_project_is_found_from_below_and_may_name_its_folder(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "overlay.yaml": "apiVersion: overlay.dev/v1\nkind: Project\nmetadata: {name: shop}\nspec: {environments: deploy/envs}\n"
        },
    )
    write(tmp_path, {"deploy/envs/prod/environment.yaml": document("prod")})
    (tmp_path / "src/deep").mkdir(parents=True)
    assert find_root(str(tmp_path / "src/deep")) == str(tmp_path)
    found, files = load_project(str(tmp_path / "src/deep"))
    assert (found.name, list_environments(found, files)) == ("shop", ["prod"])
    assert effective(Loader(found, files, Remotes(files, "/nowhere")).load("prod"), found).release_name == "shop"


def test_what_a_layer_names_is_its_read_set(tmp_path: Path) -> None:
    project(
        tmp_path,
        prod=(
            "Environment",
            "{values: [v.yaml], patches: [{path: p.yaml}], configMaps: [{name: c, files: [k=f.txt], envs: [e.env]}], resources: [more]}",
        ),
    )
    write(
        tmp_path / "environments/prod",
        {
            "v.yaml": "a: 1\n", "p.yaml": "kind: A\n---\nkind: B\n", "f.txt": "f", "e.env": "A=1\n",
            "more/x.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n", "more/README.md": "no manifest",
        },
    )  # fmt: skip
    (layer,) = load(tmp_path, "prod").layers
    assert [entry.path.removeprefix("environments/prod/") for entry in layer.inputs] == [
        "environment.yaml",
        "v.yaml",
        "more/x.yaml",
        "f.txt",
        "e.env",
        "p.yaml",
    ]
    assert [patch.content for patch in layer.patches] == [{"kind": "A"}, {"kind": "B"}]
    assert [(str(one.id), str(one.origin.location)) for one in layer.resources] == [
        ("ConfigMap/x", "environments/prod/more/x.yaml:4:3")
    ]


def test_layers_ask_for_more_signatures_never_for_fewer(tmp_path: Path) -> None:
    key = "-----BEGIN PUBLIC KEY-----\n"
    project(
        tmp_path,
        base=("Base", "{verify: {signedBy: [{keys: [../../a.pub]}]}}"),
        prod=("Environment", "{extends: [../base], verify: {signedBy: [{keys: [b.pub, ../../a.pub]}]}}"),
    )
    write(tmp_path, {"a.pub": key, "environments/prod/b.pub": key})
    found = effective(load(tmp_path, "prod"), Project(root=str(tmp_path))).signers
    assert [signer.shown for signer in found] == ["a.pub", "environments/prod/b.pub or a.pub"]
    write(tmp_path, {"a.pub": "-----BEGIN PRIVATE KEY-----\n"})
    assert problems(tmp_path, "base") == [("environments/base/base.yaml:4:36", "../../a.pub is no public key")]


def test_who_must_sign_is_known_where_files_are_not_read(tmp_path: Path) -> None:
    project(tmp_path, prod=("Environment", "{verify: {signedBy: [{keys: [gone.pub]}]}}"))
    files = ProjectFiles(str(tmp_path))
    loader = Loader(Project(root=str(tmp_path)), files, Remotes(files, str(tmp_path)), load_document)
    (signer,) = effective(loader.load("prod"), Project(root=str(tmp_path))).signers
    assert (signer.keys, signer.shown) == ((), "anybody that can be known here")


PATCHED = "{patches: [{path: patch.yaml}], values: [values.yaml]}"
PATCH = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: one}\n"
FILES = {"environments/prod/patch.yaml": PATCH, "environments/prod/values.yaml": "a: 1\n"}


def two_versions(folder: Path, spec: str, files: dict[str, str], change: dict[str, str]) -> list[Loader]:
    """Return loaders of a project with the environment prod, and of a version of it with some files changed beside."""
    loaders: list[Loader] = []
    for name, changed in (("after", {}), ("before", change)):
        root = folder / name
        project(root, prod=("Environment", spec))
        write(root, {**files, **changed})
        found, read = load_project(str(root))
        loaders.append(Loader(found, read, Remotes(read, "/nowhere"), beside=loaders[0] if loaders else None))
    return loaders


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({}, True),
        ({"environments/prod/environment.yaml": document("prod", PATCHED) + "# said\n"}, False),
        ({"environments/prod/patch.yaml": PATCH.replace("one", "two")}, False),
        ({"environments/prod/values.yaml": "a: 2\n"}, False),
        ({"environments/prod/beside.yaml": "a: 2\n"}, True),
    ],
    ids=["nothing", "the document", "a patch", "values", "a file that nobody names"],
)
def test_a_layer_that_is_made_of_the_same_bytes_in_two_versions_is_read_once(
    tmp_path: Path, change: dict[str, str], shared: bool
) -> None:
    layers = [one.load("prod").layers[0] for one in two_versions(tmp_path, PATCHED, FILES, change)]
    assert (layers[0] is layers[1]) is shared
    assert [entry.path for entry in layers[1].inputs] == [entry.path for entry in layers[0].inputs]


def test_a_layer_that_lacks_a_file_which_the_other_version_has_says_so(tmp_path: Path) -> None:
    loaders = two_versions(tmp_path, PATCHED, FILES, {})
    (tmp_path / "before/environments/prod/patch.yaml").unlink()
    assert loaders[0].load("prod").layers
    with pytest.raises(OverlayError) as caught:
        loaders[1].load("prod")
    assert caught.value.message == "environments/prod/patch.yaml does not exist"


def test_a_folder_of_manifests_is_listed_in_each_version(tmp_path: Path) -> None:
    more = {"environments/prod/objects/b.yaml": PATCH.replace("a}", "b}")}
    files = {"environments/prod/objects/a.yaml": PATCH}
    loaders = two_versions(tmp_path, "{resources: [objects]}", files, more)
    sides = [[one.id.name for one in loader.load("prod").layers[0].resources] for loader in loaders]
    assert sides == [["a"], ["a", "b"]]


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({}, True),
        ({"environments/prod/objects/a.yaml": PATCH.replace("one", "two")}, False),
        ({"environments/prod/objects/b.txt": "said\n"}, False),
        ({"environments/prod/c.yaml": PATCH.replace("one", "two")}, False),
        ({"environments/prod/d.yaml": PATCH}, True),
    ],
    ids=["nothing", "a manifest in the folder", "a name in the folder", "a manifest", "a file that nobody names"],
)
def test_manifests_that_are_the_same_in_two_versions_are_read_once(
    tmp_path: Path, change: dict[str, str], shared: bool
) -> None:
    c = PATCH.replace("name: a", "name: c")
    files = {"environments/prod/objects/a.yaml": PATCH, "environments/prod/c.yaml": c}
    loaders = two_versions(tmp_path, "{resources: [objects, c.yaml]}", files, change)
    layers = [one.load("prod").layers[0] for one in loaders]
    assert (layers[0] is layers[1]) is shared
