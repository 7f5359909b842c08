"""`overlay sign` and `overlay verify` beside the real cosign: each accepts what the other signed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from overlay.oci.layout import Layout
from overlay.oci.transfer import carry
from tests.fetch.servers import RegistryProcess
from tests.oci.artifacts import made
from tests.oci.conftest import PATIENT
from tests.oci.scripted import Registry
from tests.oci.test_package import make_shop
from tests.source.projects import overlay

PASSWORD = "correct horse"
SECRET = {"COSIGN_PASSWORD": PASSWORD}
OFFLINE = ("--insecure-ignore-tlog=true",)


class Cosign(NamedTuple):
    """The real program, without any log. folder: holds a key pair."""

    program: str
    folder: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, **SECRET, "HOME": str(self.folder)}
        return subprocess.run([self.program, *words], cwd=self.folder, env=env, capture_output=True, text=True)

    def sign(self, place: str, *words: str, key: str = "cosign.key") -> None:
        done = self.run("sign", "--key", key, "-y", *(words or ("--signing-config", "none.json")), place)
        assert done.returncode == 0, done.stderr

    def verify(self, place: str, *words: str, key: str = "cosign.pub") -> subprocess.CompletedProcess[str]:
        return self.run("verify", "--key", key, *OFFLINE, *words, place)


@pytest.fixture(scope="module")
def cosign(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Cosign:
    found = Cosign(tool("cosign"), tmp_path_factory.mktemp("cosign"))
    assert found.run("generate-key-pair").returncode == 0
    (found.folder / "none.json").write_text(found.run("signing-config", "create").stdout)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a layout of one artifact, `x`, and nothing of a project."""
    found = tmp_path_factory.mktemp("place")
    layout = Layout(str(found / "x"))
    layout.create()
    carry(made(500), "", layout, "1.0.0")
    return found


class Placed(NamedTuple):
    """The artifact in a repository of its own. name: as cosign says it."""

    name: str
    digest: str

    @property
    def ref(self) -> str:
        return f"oci://{self.name}:1.0.0"


@pytest.fixture
def placed(folder: Path, registry: RegistryProcess, request: pytest.FixtureRequest) -> Placed:
    name = f"{registry.host}/" + "".join([one if one.isalnum() else "-" for one in request.node.name.lower()])[
        :60
    ].strip("-")
    digest = overlay(folder, "copy", "x:1.0.0", f"oci://{name}").stdout.strip()
    return Placed(name, digest)


def test_cosign_verifies_what_we_sign_in_both_forms(cosign: Cosign, folder: Path, placed: Placed) -> None:
    assert "no signatures found" in cosign.verify(f"{placed.name}:1.0.0").stderr
    key, public = str(cosign.folder / "cosign.key"), str(cosign.folder / "cosign.pub")
    signed = overlay(folder, "sign", placed.ref, "--key", key, **SECRET)
    assert (signed.returncode, signed.stdout) == (0, f"{placed.digest}\n"), signed.stderr
    assert signed.stderr.startswith(f"signed oci://{placed.name}@{placed.digest} with sha256:")
    done = cosign.verify(f"{placed.name}:1.0.0")
    assert done.returncode == 0, done.stderr
    claim = json.loads(done.stdout)[0]["critical"]
    assert claim["image"]["docker-manifest-digest"] == placed.digest
    assert cosign.verify(f"{placed.name}:1.0.0", "--new-bundle-format=false").returncode != 0
    both = overlay(folder, "sign", placed.ref, "--key", key, "--form", "both", "-o", "json", **SECRET)
    assert len(json.loads(both.stdout)["signatures"]) == 1, "the bundle is there already"
    older = cosign.verify(f"{placed.name}:1.0.0", "--new-bundle-format=false")
    assert older.returncode == 0, older.stderr
    again = overlay(folder, "sign", placed.ref, "--key", key, "--form", "both", **SECRET)
    assert again.stderr.startswith(f"already signed: oci://{placed.name}@{placed.digest} with ")
    verified = overlay(folder, "verify", placed.ref, "--key", public)
    assert (verified.returncode, verified.stdout) == (0, f"{placed.digest}\n")
    assert verified.stderr.startswith(f"signed by {public} (sha256:")


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ((), "bundle"),
        (("--use-signing-config=false", "--tlog-upload=false", "--new-bundle-format=false"), "tag"),
    ],
)
def test_we_verify_what_cosign_signs(
    cosign: Cosign, folder: Path, placed: Placed, words: tuple[str, ...], form: str
) -> None:
    cosign.sign(f"{placed.name}@{placed.digest}", *words)
    done = overlay(folder, "verify", placed.ref, "--key", str(cosign.folder / "cosign.pub"), "-o", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["digest"], [one["form"] for one in found["signatures"]]) == (placed.digest, [form])
    # Both may sign the same thing in the same form, and both stay.
    ours = cosign.folder / f"{form}.pem"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", ours], check=True, stderr=subprocess.DEVNULL
    )  # fmt: skip
    subprocess.run(["openssl", "pkey", "-in", ours, "-pubout", "-out", f"{ours}.pub"], check=True)
    assert overlay(folder, "sign", placed.ref, "--key", str(ours), "--form", form).returncode == 0
    for key in ("cosign.pub", f"{ours}.pub"):
        assert overlay(folder, "verify", placed.ref, "--key", str(cosign.folder / key)).returncode == 0
        assert (
            cosign.verify(
                f"{placed.name}:1.0.0", f"--new-bundle-format={str(form == 'bundle').lower()}", key=key
            ).returncode
            == 0
        )


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (("RSA", "rsa_keygen_bits:2048"), ()),
        (("EC", "ec_paramgen_curve:P-384"), ("--signature-digest-algorithm", "sha384")),
        (("ED25519", ""), ()),
    ],
    ids=["RSA", "P-384", "Ed25519"],
)  # fmt: skip
def test_cosign_verifies_keys_of_other_kinds(
    cosign: Cosign, folder: Path, placed: Placed, tmp_path: Path, kind: tuple[str, str], more: tuple[str, ...]
) -> None:
    key, public = str(tmp_path / "k.pem"), str(tmp_path / "k.pub")
    option = ["-pkeyopt", kind[1]] if kind[1] else []
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", kind[0], *option, "-out", key], check=True, stderr=subprocess.DEVNULL
    )
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    assert overlay(folder, "sign", placed.ref, "--key", key).returncode == 0
    done = cosign.verify(f"{placed.name}:1.0.0", *more, key=public)
    assert done.returncode == 0, done.stderr
    assert overlay(folder, "verify", placed.ref, "--key", public).returncode == 0


def test_a_signature_of_another_key_is_refused_by_both(
    cosign: Cosign, folder: Path, placed: Placed, tmp_path: Path
) -> None:
    cosign.sign(f"{placed.name}@{placed.digest}")
    subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", tmp_path / "k"], check=True
    )
    subprocess.run(
        ["openssl", "ec", "-in", tmp_path / "k", "-pubout", "-out", tmp_path / "k.pub"], check=True, stderr=subprocess.DEVNULL
    )  # fmt: skip
    public = str(tmp_path / "k.pub")
    assert cosign.verify(f"{placed.name}:1.0.0", key=public).returncode != 0
    done = overlay(folder, "verify", placed.ref, "--key", public)
    assert (done.returncode, done.stdout) == (2, "")
    (attached,) = [one["digest"] for one in fallback(folder, placed)]
    assert done.stderr == (
        f"error: oci://{placed.name}@{placed.digest} is not signed by {public}: {attached}: it is by another key, or was "
        "changed\n  hint: whoever signs it: `overlay sign REF --key FILE`; until then nothing of it is used\n"
    )


def fallback(folder: Path, placed: Placed) -> list[dict[str, str]]:
    """Return what the registry, which has no referrers API, lists under the fallback tag."""
    copied = overlay(folder, "copy", placed.ref, "--to-layout", f"copy-{placed.name.rpartition('/')[2]}")
    assert copied.returncode == 0, copied.stderr
    layout = Layout(str(folder / f"copy-{placed.name.rpartition('/')[2]}"))
    return [{"digest": one.digest} for one in layout.referrers(placed.digest)]


def test_the_key_and_its_password_are_never_shown(cosign: Cosign, folder: Path) -> None:
    key = cosign.folder / "cosign.key"
    text = key.read_text()
    lines = [line for line in text.splitlines() if not line.startswith("-----")]
    for env, message in (
        ({"COSIGN_PASSWORD": "wr0ng-secret"}, f"{key} does not open: wrong password"),
        ({}, f"{key} is sealed by a password, and nobody can be asked for it here"),
    ):
        done = overlay(folder, "sign", "x:1.0.0", "--key", str(key), "--debug", **env)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"error: {message}\n" in done.stderr
        assert not any(secret in done.stderr for secret in (PASSWORD, "wr0ng-secret", *lines))
    done = overlay(folder, "sign", "x:1.0.0", "--key", "env://RELEASE", "--debug", RELEASE=text[:-100], **SECRET)
    assert (done.returncode, "error: env://RELEASE is damaged" in done.stderr) == (2, True)
    assert not any(secret in done.stderr for secret in (PASSWORD, *lines))
    from_variable = overlay(folder, "sign", "x:1.0.0", "--key", "env://RELEASE", "--debug", RELEASE=text, **SECRET)
    assert from_variable.returncode == 0, from_variable.stderr
    assert not any(secret in from_variable.stderr + from_variable.stdout for secret in (PASSWORD, *lines))


def test_R31_signatures_go_along_wherever_an_artifact_is_copied(
    cosign: Cosign, folder: Path, placed: Placed, registry: RegistryProcess, tmp_path: Path
) -> None:
    key, public = str(cosign.folder / "cosign.key"), str(cosign.folder / "cosign.pub")
    assert overlay(folder, "sign", placed.ref, "--key", key, "--form", "both", **SECRET).returncode == 0
    tar, there = str(tmp_path / "a.tar"), f"{registry.host}/carried/{placed.name.rpartition('/')[2]}"
    assert overlay(folder, "copy", placed.ref, "--to-tar", tar).returncode == 0
    assert overlay(folder, "copy", tar, f"oci://{there}").returncode == 0
    for words in ((), ("--new-bundle-format=false",)):
        done = cosign.verify(f"{there}:1.0.0", *words)
        assert done.returncode == 0, done.stderr
    assert overlay(folder, "verify", tar, "--key", public).returncode == 0
    # Without them it is another matter.
    assert overlay(folder, "copy", placed.ref, f"oci://{there}-bare", "--no-referrers").returncode == 0
    assert "it has no signatures" in overlay(folder, "verify", f"oci://{there}-bare:1.0.0", "--key", public).stderr
    # What the target has stays: signatures of the older form share one tag.
    other = str(tmp_path / "k.pem")
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", other], check=True)
    assert overlay(folder, "sign", f"oci://{there}-bare:1.0.0", "--key", other, "--form", "tag").returncode == 0
    assert overlay(folder, "copy", placed.ref, f"oci://{there}-bare").returncode == 0
    found = json.loads(overlay(folder, "verify", f"oci://{there}-bare:1.0.0", "--key", public, "-o", "json").stdout)
    assert found["signatures"][0]["form"] == "bundle"
    assert cosign.verify(f"{there}-bare:1.0.0", "--new-bundle-format=false").returncode == 0


@pytest.mark.parametrize("has_referrers", [True, False])
def test_a_registry_with_and_without_the_api_for_referrers(cosign: Cosign, folder: Path, has_referrers: bool) -> None:
    registry = Registry(has_referrers=has_referrers)
    try:
        place = f"{registry.host}/shop"
        assert overlay(folder, "copy", "x:1.0.0", f"oci://{place}", "--no-referrers").returncode == 0
        key, public = str(cosign.folder / "cosign.key"), str(cosign.folder / "cosign.pub")
        assert overlay(folder, "sign", f"oci://{place}:1.0.0", "--key", key, **SECRET).returncode == 0
        assert any(tag.startswith("sha256-") for tag in registry.manifests["shop"]) is not has_referrers
        assert overlay(folder, "verify", f"oci://{place}:1.0.0", "--key", public).returncode == 0
        done = cosign.verify(f"{place}:1.0.0")
        assert done.returncode == 0, done.stderr
    finally:
        registry.close()


def test_R32_a_registry_that_does_not_answer_is_no_signature(cosign: Cosign, folder: Path) -> None:
    registry = Registry()
    try:
        place = f"oci://{registry.host}/shop:1.0.0"
        assert overlay(folder, "copy", "x:1.0.0", place, "--no-referrers").returncode == 0

        def unwilling(answer: object) -> bool:
            path = answer.path  # type: ignore[attr-defined]
            if "/referrers/" in path or "/manifests/sha256-" in path:
                answer.fail(403, "DENIED")  # type: ignore[attr-defined]
                return True
            return False

        registry.faults.append(unwilling)
        done = overlay(folder, "verify", place, "--key", str(cosign.folder / "cosign.pub"))
        assert (done.returncode, done.stdout) == (2, "")
        assert "access to" in done.stderr or "login" in done.stderr, done.stderr
    finally:
        registry.close()
    assert PATIENT.attempts


# Bundles: what is said of them, and who must have signed them.


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shop(tmp_path_factory.mktemp("signing") / "shop")


def test_a_bundle_is_pushed_with_its_signature_provenance_and_materials(
    cosign: Cosign, shop: Path, registry: RegistryProcess
) -> None:
    place = f"{registry.host}/attested/shop"
    key, public = str(cosign.folder / "cosign.key"), str(cosign.folder / "cosign.pub")
    pushed = overlay(shop, "push", f"oci://{place}", "--version", "1.4.0", "--sign", key, "-o", "json", **SECRET)
    assert pushed.returncode == 0, pushed.stderr
    found = json.loads(pushed.stdout)
    assert (found["isNew"], len(found["signatures"])) == (True, 3)
    assert cosign.verify(f"{place}:1.4.0").returncode == 0
    said = {}
    for kind in ("slsaprovenance1", "cyclonedx"):
        done = cosign.run("verify-attestation", "--key", public, *OFFLINE, "--type", kind, f"{place}:1.4.0")
        assert done.returncode == 0, done.stderr
        import base64  # noqa: PLC0415

        said[kind] = json.loads(base64.b64decode(json.loads(done.stdout)["payload"]))["predicate"]
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=shop, capture_output=True, text=True).stdout.strip()
    made_of = said["slsaprovenance1"]["buildDefinition"]["resolvedDependencies"]
    assert {"gitCommit": commit} in [one["digest"] for one in made_of]
    assert "environments/prod/environment.yaml" in [one.get("name") for one in made_of]
    kinds = {(one["type"], one["name"]) for one in said["cyclonedx"]["components"]}
    assert ("application", "shop") in kinds
    assert any(kind == "container" for kind, _ in kinds)
    again = overlay(shop, "push", f"oci://{place}", "--version", "1.4.0", "--sign", key, "-o", "json", **SECRET)
    assert json.loads(again.stdout) == {**found, "isNew": False, "signatures": []}
    listed = json.loads(overlay(shop, "show", f"oci://{place}:1.4.0", "-o", "json").stdout)["referrers"]
    assert sorted([(one["predicateType"] or one["artifactType"], one["isSigned"]) for one in listed]) == [
        ("application/vnd.cyclonedx+json", False),
        ("https://cyclonedx.org/bom", True),
        ("https://sigstore.dev/cosign/sign/v1", True),
        ("https://slsa.dev/provenance/v1", False),
        ("https://slsa.dev/provenance/v1", True),
    ]
    shown = overlay(shop, "show", f"oci://{place}:1.4.0").stdout
    assert "\nSIGNATURE    ATTACHED " in shown


def test_a_key_that_does_not_open_stops_before_anything_is_pushed(
    cosign: Cosign, shop: Path, registry: RegistryProcess
) -> None:
    place = f"oci://{registry.host}/unsigned/shop"
    key = str(cosign.folder / "cosign.key")
    done = overlay(shop, "push", place, "--version", "1.4.0", "--sign", key, COSIGN_PASSWORD="no")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"error: {key} does not open: wrong password")
    assert overlay(shop, "bundles", "list", place, "-o", "name").stdout == ""


def test_an_environment_says_who_must_have_signed(
    cosign: Cosign, shop: Path, registry: RegistryProcess, tmp_path: Path
) -> None:
    place = f"oci://{registry.host}/policy/shop"
    pushed = overlay(shop, "push", place, "--version", "1.4.0")
    digest = pushed.stdout.strip()
    file = shop / "environments/prod/environment.yaml"
    before = file.read_text()
    none = overlay(shop, "verify", f"{place}:1.4.0", "--policy", "prod")
    assert none.stderr.splitlines()[0] == "error in prod: nothing says who must have signed"
    (shop / "environments/prod/release.pub").write_text((cosign.folder / "cosign.pub").read_text())
    file.write_text(before + "  verify:\n    signedBy:\n      - keys: [release.pub]\n")
    line = before.count("\n") + 3
    try:
        for words in (("verify", f"{place}:1.4.0"), ("pull", f"{place}:1.4.0", "-d", str(tmp_path / "out"))):
            done = overlay(shop, *words, "--policy", "prod")
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr.startswith(
                f"error in prod: {place}@{digest} is not signed by environments/prod/release.pub: it has no signatures\n"
            )
            assert f"environments/prod/environment.yaml:{line}:9\n" in done.stderr
        assert not (tmp_path / "out").exists()
        synced = overlay(shop, "sync", "prod", "--bundle", f"{place}:1.4.0", "-y")
        assert synced.returncode == 2
        assert "is not signed by environments/prod/release.pub: it has no signatures" in synced.stderr
        key = str(cosign.folder / "cosign.key")
        assert overlay(shop, "sign", f"{place}:1.4.0", "--key", key, **SECRET).returncode == 0
        assert overlay(shop, "verify", f"{place}:1.4.0", "--policy", "prod").returncode == 0
        synced = overlay(shop, "sync", "prod", "--bundle", f"{place}:1.4.0", "-y")
        assert (synced.returncode, "is not signed" in synced.stderr) == (2, False), "what is missing now is a cluster"
        pulled = overlay(shop, "pull", f"{place}:1.4.0", "-d", str(tmp_path / "out"), "--policy", "prod")
        assert pulled.returncode == 0, pulled.stderr
        assert pulled.stderr.endswith(", signed by environments/prod/release.pub\n")
        missing = file.read_text().replace("release.pub", "gone.pub")
        file.write_text(missing)
        gone = overlay(shop, "verify", f"{place}:1.4.0", "--policy", "prod")
        assert (gone.returncode, "gone.pub" in gone.stderr) == (2, True)
    finally:
        file.write_text(before)
        (shop / "environments/prod/release.pub").unlink()


def test_bundles_that_are_removed_take_their_signatures_along(cosign: Cosign, shop: Path) -> None:
    for version in ("2.0.0", "2.1.0"):
        overlay(shop, "package", "--version", version, "--store", "kept")
        key = str(cosign.folder / "cosign.key")
        done = overlay(shop, "sign", f"shop:{version}", "--store", "kept", "--key", key, "--form", "both", **SECRET)
        assert done.returncode == 0, done.stderr
    assert overlay(shop, "bundles", "--store", "kept", "-o", "name").stdout == "shop:2.0.0\nshop:2.1.0\n"
    assert overlay(shop, "bundles", "remove", "shop:2.0.0", "--store", "kept").returncode == 0
    layout = Layout(str(shop / "kept/shop"))
    kept = layout.manifest("2.1.0").digest
    assert layout.tags() == ("2.1.0", f"{kept.replace(':', '-')}.sig")
    assert len(layout.entries()) == 5
    assert (
        overlay(shop, "verify", "shop:2.1.0", "--store", "kept", "--key", str(cosign.folder / "cosign.pub")).returncode
        == 0
    )


def test_what_is_asked_for_wrongly_is_said(folder: Path) -> None:
    for words, message in (
        (("verify", "x:1.0.0"), "signed by whom?"),
        (
            ("verify", "x:1.0.0", "--identity", "a@b"),
            "--identity and --issuer go together: an identity is worth what its issuer is",
        ),
        (("verify", "x:1.0.0", "--trusted-root", "f"), "--trusted-root is for identities: say --identity and --issuer"),
        (("verify", "x:1.0.0", "--key", "env://NOWHERE"), "NOWHERE is not set, and should hold a key"),
        (("sign", "x:1.0.0"), "sign with which key, or as whom?"),
    ):
        done = overlay(folder, *words)
        assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"error: {message}")
