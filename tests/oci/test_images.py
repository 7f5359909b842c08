"""`overlay images`: what is used where, and tags that become digests in the environment's own source."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay.errors import FetchError
from overlay.oci.image_names import image_place, read_image
from overlay.oci.layout_tar import LayoutTar
from overlay.oci.manifest import referrers_index
from overlay.oci.place import read_blob
from overlay.oci.remote import Remote
from overlay.oci.transfer import carry
from tests.fetch.servers import RegistryProcess
from tests.oci.artifacts import artifact, made
from tests.oci.scripted import Registry
from tests.oci.test_package import make_shop, package
from tests.source.projects import FILES, git, overlay

PROD = "environments/prod/environment.yaml"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path / "shop")


@pytest.fixture
def mirrored(tmp_path: Path, registry: RegistryProcess, remote: Callable[..., Remote]) -> Path:
    """Return a project whose images are in the registry, and its prod's."""
    template = "environments/base/chart/templates/web.yaml"
    text = FILES[template].replace("image: shop/", f"image: {registry.host}/shop/")
    prod = FILES[PROD].replace("name: shop/web ", f"name: {registry.host}/shop/web ")
    dev = FILES["environments/dev/environment.yaml"].replace("name: shop/", f"name: {registry.host}/shop/")
    prod = prod.replace('"shop/api"', f'"{registry.host}/shop/api"')
    found = make_shop(tmp_path / "mirrored", **{template: text, PROD: prod, "environments/dev/environment.yaml": dev})
    for name, tag, seed in (("shop/web", "2.4.1", 1), ("shop/web", "1.0.0", 2), ("shop/api", "1.0.0", 3)):
        carry(made(10, seed=seed), "", remote(registry.host, name), tag)
    return found


def test_every_image_has_its_object_field_and_place(shop: Path) -> None:
    done = overlay(shop, "images", "--all")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["ENVIRONMENT", "IMAGE", "OBJECT", "FIELD", "FROM"],
        *[
            [name, reference, "Deployment/shop/web", f"spec.template.spec.containers.[name={container}].image", *place]
            for name, reference, container, place in [
                ("dev", "shop/web:2.5.0", "web", ["environments/dev/environment.yaml:9:13", "(images)"]),
                ("dev", "shop/api:2.5.0", "api", ["environments/dev/environment.yaml:11:13", "(images)"]),
                ("prod", "shop/web:2.4.1", "web", [f"{PROD}:12:15", "(images)"]),
                ("prod", "shop/api@sha256:aaaaaaaaaaaa", "api", [f"{PROD}:13:34", "(images)"]),
                ("staging", "shop/web:1.0.0", "web",
                 ["environments/base/chart/templates/web.yaml:14:11", "(template)"]),
                ("staging", "shop/api:1.0.0", "api",
                 ["environments/base/chart/templates/web.yaml:21:11", "(template)"]),
            ]
        ],
    ]  # fmt: skip
    assert overlay(shop, "images", "dev", "staging", "-o", "name").stdout == (
        "shop/api:1.0.0\nshop/api:2.5.0\nshop/web:1.0.0\nshop/web:2.5.0\n"
    )
    [found] = json.loads(overlay(shop, "images", "prod", "-o", "json").stdout)["environments"]
    assert found["images"][1] == {
        "reference": "shop/web:2.4.1", "name": "shop/web", "tag": "2.4.1", "digest": None,
        "places": [
            {"object": "Deployment/shop/web", "field": "spec.template.spec.containers.[name=web].image",
             "file": PROD, "line": 12, "column": 15, "what": "images"},
        ],
    }  # fmt: skip


def test_images_of_declared_fields_and_of_init_containers_count(tmp_path: Path) -> None:
    base = (
        FILES["environments/base/base.yaml"] + "  resources: [gadget.yaml]\n"
        "  fieldSpecs:\n    images: [{kind: Gadget, path: spec/tool}]\n"
    )
    gadget = (
        "apiVersion: shop.example/v1\nkind: Gadget\nmetadata: {name: g}\nspec:\n  tool: shop/tool:1\n"
        "  jobs:\n  - template: {initContainers: [{name: a, image: shop/init}]}\n"
    )
    more = {"environments/base/base.yaml": base, "environments/base/gadget.yaml": gadget}
    shop = make_shop(tmp_path / "shop", **more)
    found = json.loads(overlay(shop, "images", "staging", "-o", "json").stdout)["environments"][0]["images"]
    assert [(one["reference"], one["places"][0]["field"], one["places"][0]["line"]) for one in found if one["tag"] != "1.0.0"] == [
        ("shop/init", "spec.jobs.0.template.initContainers.[name=a].image", 7),
        ("shop/tool:1", "spec.tool", 5),
    ]  # fmt: skip


def test_tags_become_the_digests_that_the_registry_gives_and_comments_stay(
    mirrored: Path, registry: RegistryProcess
) -> None:
    digest = artifact(10, seed=1).manifest.digest
    before = (mirrored / PROD).read_text()
    done = overlay(mirrored, "images", "prod", "--pin")
    assert (done.returncode, done.stderr.partition(" ")[0]) == (0, "committed"), done.stderr
    name = f"{registry.host}/shop/web"
    assert done.stdout == (
        f"prod: {PROD}\n  image {name}: 2.4.1 → 2.4.1@{digest}\n\nrendered, 1 object:\n"
        "  Deployment/shop/web\n"
        f"    spec.template.spec.containers.[name=web].image: {name}:2.4.1 → {name}:2.4.1@{digest}\n"
    )
    line = "      newTag: 2.4.1         # see #12\n"
    assert (mirrored / PROD).read_text() == before.replace(line, f"{line}      digest: {digest}\n")
    again = overlay(mirrored, "images", "prod", "--pin")
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "prod is set so already: nothing to change\n"
    assert package(mirrored, "prod", "--version", "1.0.0").returncode == 0
    summary = json.loads(overlay(mirrored, "show", "shop:1.0.0", "-o", "json").stdout)
    assert summary["images"] == [f"{registry.host}/shop/api@sha256:{'a' * 64}", f"{name}:2.4.1@{digest}"]


def test_what_is_inherited_is_pinned_in_the_environments_own_source(mirrored: Path, registry: RegistryProcess) -> None:
    file = mirrored / "environments/staging/environment.yaml"
    before = file.read_text()
    done = overlay(mirrored, "images", "staging", "--pin", "--no-commit", "-o", "json")
    assert done.returncode == 0, done.stderr
    web, api = artifact(10, seed=2).manifest.digest, artifact(10, seed=3).manifest.digest
    assert [(one["name"], one["before"], one["after"]) for one in json.loads(done.stdout)["settings"]] == [
        (f"{registry.host}/shop/web", "1.0.0", f"1.0.0@{web}"), (f"{registry.host}/shop/api", "1.0.0", f"1.0.0@{api}"),
    ]  # fmt: skip
    assert file.read_text() == (
        f"{before}  images:\n    - name: {registry.host}/shop/web\n      newTag: 1.0.0\n      digest: {web}\n"
        f"    - name: {registry.host}/shop/api\n      newTag: 1.0.0\n      digest: {api}\n"
    )


def test_an_entry_that_renames_an_image_keeps_its_digest_too(mirrored: Path, registry: RegistryProcess) -> None:
    file = mirrored / "environments/staging/environment.yaml"
    entry = f"  images:\n    - name: {registry.host}/shop/web\n      newName: {registry.host}/shop/api # the twin\n"
    file.write_text(file.read_text() + entry)
    git(mirrored, "commit", "-q", "-a", "-m", "A twin")
    done = overlay(mirrored, "images", "staging", "--pin")
    assert done.returncode == 0, done.stderr
    digest = artifact(10, seed=3).manifest.digest
    assert file.read_text().endswith(f"{entry}      newTag: 1.0.0\n      digest: {digest}\n")


def test_everything_that_registries_do_not_have_is_told_at_its_place(mirrored: Path, registry: RegistryProcess) -> None:
    done = overlay(mirrored, "images", "dev", "--pin")
    assert (done.returncode, done.stdout) == (2, "")
    for name, line in (("web", 9), ("api", 11)):
        assert f"error in dev: Deployment/shop/web: oci://{registry.host}/shop/{name} has no 2.5.0\n" in done.stderr
        assert f"  --> environments/dev/environment.yaml:{line}:13\n" in done.stderr
    assert done.stderr.endswith("2 problems\n")
    assert git(mirrored, "status", "--porcelain") == ""


def test_a_name_with_two_tags_is_not_made_one(mirrored: Path, registry: RegistryProcess) -> None:
    template = mirrored / "environments/base/chart/templates/web.yaml"
    text = template.read_text().replace(f"{registry.host}/shop/api:1.0.0", f"{registry.host}/shop/web:2.4.1")
    template.write_text(text)
    git(mirrored, "commit", "-q", "-a", "-m", "Twice")
    done = overlay(mirrored, "images", "staging", "--pin")
    assert done.returncode == 2
    name = f"{registry.host}/shop/web"
    assert done.stderr.startswith(
        f"error in staging: Deployment/shop/web: {name} is used as {name}:1.0.0 and as {name}:2.4.1: a digest for the "
        "name would make them one\n  --> environments/base/chart/templates/web.yaml:14:11\n"
    )


def test_a_digest_for_many_platforms_is_that_of_the_index(
    mirrored: Path, registry: RegistryProcess, remote: Callable[..., Remote]
) -> None:
    place = remote(registry.host, "shop/web")
    one = artifact(10, seed=9)
    carry(made(10, seed=9), "", place, "one")
    index = referrers_index([one.manifest.descriptor])
    place.put_manifest(index, "3.0.0")
    assert overlay(mirrored, "pin", "prod", "--image", f"{registry.host}/shop/web=3.0.0").returncode == 0
    done = overlay(mirrored, "images", "prod", "--pin", "--dry-run")
    assert f"  image {registry.host}/shop/web: 3.0.0 → 3.0.0@{index.digest}\n" in done.stdout
    assert done.stderr == "nothing is written (--dry-run)\n"


def test_options_of_pinning_alone_are_refused(shop: Path) -> None:
    assert overlay(shop, "images", "prod", "--dry-run").stderr == (
        "error: --dry-run goes with --pin: nothing else is changed\n"
    )
    assert overlay(shop, "images", "--all", "--pin").stderr == (
        "error: --pin changes one environment at a time\n  hint: name it\n"
    )
    assert overlay(shop, "images", "prod", "--pin", "-o", "name").returncode == 2


@pytest.mark.parametrize(
    ("reference", "whole"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("shop/web:2.4", "docker.io/shop/web:2.4"),
        ("localhost/web", "localhost/web:latest"),
        ("localhost:5000/shop/web:1", "localhost:5000/shop/web:1"),
        (f"registry.shop.example/a/b@sha256:{'a' * 64}", f"registry.shop.example/a/b:latest@sha256:{'a' * 64}"),
    ],
)
def test_a_name_means_what_container_runtimes_take_it_for(reference: str, whole: str) -> None:
    assert str(read_image(reference)) == whole


def test_docker_hub_is_asked_where_it_answers() -> None:
    assert image_place(read_image("nginx")).repository.registry.host == "registry-1.docker.io"


@pytest.mark.parametrize("reference", ["a b", "shop/Web:1", "shop/web:-1", "shop/web@sha256:12", "", "http://x/y"])
def test_what_is_no_image_is_refused(reference: str) -> None:
    with pytest.raises(FetchError):
        image_place(read_image(reference))


def test_a_bundle_goes_with_its_images_to_where_no_network_leads(
    mirrored: Path, registry: RegistryProcess, remote: Callable[..., Remote], tmp_path: Path, tool: Callable[[str], str]
) -> None:
    web, api = f"{registry.host}/shop/web:1.0.0", f"{registry.host}/shop/api:1.0.0"
    digests = {web: artifact(10, seed=2).manifest.digest, api: artifact(10, seed=3).manifest.digest}
    assert package(mirrored, "staging", "--version", "1.0.0", "-q").returncode == 0
    carried = overlay(mirrored, "copy", "shop:1.0.0", "--to-tar", "out.tar", "--with-images")
    assert (carried.returncode, carried.stderr) == (0, "copied to out.tar:1.0.0 with 2 images\n")
    with LayoutTar(str(mirrored / "out.tar")) as layout:
        assert [tag for tag in layout.tags() if not tag.startswith("sha256-")] == sorted(["1.0.0", web, api])
        assert {name: layout.manifest(name).digest for name in (web, api)} == digests
        for name in (web, api):
            for blob in layout.manifest(name).blobs:
                assert len(read_blob(layout, blob, 1000)) == blob.size
    assert overlay(mirrored, "pull", "out.tar", "-q").returncode == 0, "the bundle is meant where no tag is said"
    # On the other side: a registry that never saw them; the images are under their own paths there.
    (tmp_path / "other").mkdir()
    other = RegistryProcess(tool("registry"), tmp_path / "other")
    try:
        done = overlay(
            mirrored, "copy", "out.tar", f"oci://{other.host}/mirror/shop", "--with-images", "-o", "json"
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert sorted(json.loads(done.stdout)["images"]) == sorted([web, api])
        for name, image in (("shop/web", web), ("shop/api", api)):
            assert remote(other.host, name).manifest("1.0.0").digest == digests[image]
        assert remote(other.host, "mirror/shop").manifest("1.0.0").digest == json.loads(done.stdout)["digest"]
    finally:
        other.close()


def test_images_of_declared_fields_are_listed_and_come_along(
    mirrored: Path, registry: RegistryProcess, remote: Callable[..., Remote]
) -> None:
    runner = f"{registry.host}/shop/runner:3.0.0"
    carry(made(10, seed=5), "", remote(registry.host, "shop/runner"), "3.0.0")
    (mirrored / "environments/staging/backup.yaml").write_text(
        "apiVersion: shop.example/v1\nkind: Backup\nmetadata: {name: nightly}\n"
        f"spec: {{runner: '{runner}', note: shop/none:1.0.0}}\n"
    )
    with (mirrored / "environments/staging/environment.yaml").open("a") as file:
        file.write(
            "  resources: [backup.yaml]\n"
            "  fieldSpecs: {images: [{group: shop.example, kind: Backup, path: spec/runner}]}\n"
        )
    git(mirrored, "add", ".")
    git(mirrored, "commit", "-q", "-m", "Backups")
    assert package(mirrored, "staging", "--version", "1.0.0", "-q").returncode == 0
    found = json.loads(overlay(mirrored, "show", "shop:1.0.0", "-o", "json").stdout)
    wanted = sorted([runner, f"{registry.host}/shop/web:1.0.0", f"{registry.host}/shop/api:1.0.0"])
    assert (found["images"], found["environments"][0]["images"]) == (wanted, wanted)
    done = overlay(mirrored, "copy", "shop:1.0.0", "--to-tar", "out.tar", "--with-images")
    assert (done.returncode, done.stderr) == (0, "copied to out.tar:1.0.0 with 3 images\n")
    with LayoutTar(str(mirrored / "out.tar")) as layout:
        assert layout.manifest(runner).digest == artifact(10, seed=5).manifest.digest


def test_a_pinned_image_comes_along_by_its_digest_where_its_tag_is_taken(
    mirrored: Path, registry: RegistryProcess, remote: Callable[..., Remote], tmp_path: Path, scripted: Registry
) -> None:
    (mirrored / PROD).write_text(
        (mirrored / PROD).read_text().replace("a" * 64, artifact(10, seed=3).manifest.digest[7:])
    )
    git(mirrored, "commit", "-q", "-a", "-m", "An api that there is")
    assert overlay(mirrored, "images", "prod", "--pin").returncode == 0
    assert package(mirrored, "prod", "--version", "1.0.0", "-q").returncode == 0
    carry(made(10, seed=8), "", remote(scripted.host, "shop/web"), "2.4.1")
    done = overlay(mirrored, "copy", "shop:1.0.0", f"oci://{scripted.host}/shop", "--with-images")
    assert done.returncode == 0, done.stderr
    wanted = artifact(10, seed=1).manifest.digest
    assert remote(scripted.host, "shop/web").manifest(wanted).digest == wanted
    assert remote(scripted.host, "shop/web").manifest("2.4.1").digest == artifact(10, seed=8).manifest.digest


def test_an_image_that_is_nowhere_stops_the_copy_before_the_bundle(shop: Path, scripted: Registry) -> None:
    name = f"{scripted.host}/gone/web"
    assert overlay(shop, "pin", "dev", "--value", "web.level=info", "--no-commit").returncode == 0
    file = shop / "environments/dev/environment.yaml"
    file.write_text(file.read_text().replace("newTag", f"newName: {name}\n    newTag", 1))
    git(shop, "commit", "-q", "-a", "-m", "A name")
    assert package(shop, "dev", "--version", "1.0.0", "-q").returncode == 0
    done = overlay(shop, "copy", "shop:1.0.0", "--to-tar", "out.tar", "--with-images")
    assert (done.returncode, (shop / "out.tar").exists()) == (2, False)
    assert done.stderr.startswith(f"error: oci://{name} has no 2.5.0\n")
    file.write_text(file.read_text().replace(name, "images.invalid/web"))
    git(shop, "commit", "-q", "-a", "-m", "Nowhere")
    assert package(shop, "dev", "--version", "1.1.0", "-q").returncode == 0
    done = overlay(shop, "copy", "shop:1.1.0", "--to-tar", "out.tar", "--with-images")
    assert done.stderr.startswith("error: the image images.invalid/web:2.5.0: the host images.invalid is not known\n")
