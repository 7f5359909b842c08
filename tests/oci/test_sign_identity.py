"""`overlay sign` as an identity, with Sigstore's own servers on this machine, beside the real cosign."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from overlay.errors import SignatureError
from overlay.model.verify import Signer
from overlay.oci.attestations import referrer
from overlay.oci.bundle import Artifact, Made
from overlay.oci.layout import Layout
from overlay.oci.signatures import attach, find_signatures
from overlay.oci.sigstore_bundle import BUNDLE_TYPE
from overlay.oci.trust import check_signed
from tests.fetch.servers import Handler, RegistryProcess, Web, send
from tests.oci.keyless_servers import WHO, KeylessServers
from tests.source.projects import overlay

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def servers(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeylessServers]:
    programs = {name: tool(name) for name in ("fulcio", "rekor-server")}
    found = KeylessServers(programs, tmp_path_factory.mktemp("keyless"))
    yield found
    found.close()


@pytest.fixture
def place(registry: RegistryProcess, tmp_path: Path) -> str:
    """A bundle in a repository of its own: its name as cosign says it, by its digest."""
    done = overlay(tmp_path, "init", "shop", "--environments", "prod", "-q")
    assert done.returncode == 0, done.stderr
    name = f"{registry.host}/{tmp_path.name.replace('_', '-').lower()}/shop"
    done = overlay(tmp_path / "shop", "push", f"oci://{name}", "--version", "1.0.0", "-q", XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    return f"{name}@{done.stdout.strip()}"


def sign(servers: KeylessServers, folder: Path, ref: str, *words: str, **env: str) -> Done:
    with_servers = ("--signing-config", str(servers.config), "--trusted-root", str(servers.root))
    return overlay(folder, "sign", ref, *with_servers, *words, **env)


def verify(servers: KeylessServers, folder: Path, ref: str, *words: str, who: str = WHO) -> Done:
    return overlay(
        folder, "verify", ref, "--identity", who, "--issuer", servers.issuer, "--trusted-root", str(servers.root),
        *words,
    )  # fmt: skip


def cosign(program: str, servers: KeylessServers, folder: Path, *words: str) -> Done:
    words = (*words[:1], "--trusted-root", str(servers.root), *words[1:])
    return subprocess.run([program, *words], env={**os.environ, "HOME": str(folder)}, capture_output=True, text=True)


def whose(servers: KeylessServers, who: str = WHO) -> tuple[str, ...]:
    return ("--certificate-identity", who, "--certificate-oidc-issuer", servers.issuer)


def cosign_signs(program: str, servers: KeylessServers, folder: Path, place: str) -> None:
    words = ("--signing-config", str(servers.config), "--identity-token", servers.token(), "--yes", place)
    done = cosign(program, servers, folder, "sign", *words)
    assert done.returncode == 0, done.stderr


def assert_cosign_verifies(program: str, servers: KeylessServers, folder: Path, place: str) -> None:
    """Hold a bundle against cosign: its signature, and what was attested of it."""
    kinds = [("verify-attestation", "--type", kind) for kind in ("slsaprovenance1", "cyclonedx")]
    for command, *more in (("verify",), *kinds):
        theirs = cosign(program, servers, folder, command, *whose(servers), *more, place)
        assert theirs.returncode == 0, theirs.stderr


def test_cosign_and_we_verify_what_we_sign_as_an_identity(
    servers: KeylessServers, place: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    assert cosign(tool("cosign"), servers, tmp_path, "verify", *whose(servers), place).returncode != 0
    done = sign(servers, tmp_path, f"oci://{place}", "--attest", SIGSTORE_ID_TOKEN=servers.token())
    assert (done.returncode, done.stderr) == (0, f"signed oci://{place} as {WHO}\n")
    ours = verify(servers, tmp_path, f"oci://{place}")
    assert (ours.returncode, ours.stdout.strip()) == (0, place.partition("@")[2])
    assert ours.stderr.splitlines() == [
        f"signed by {WHO}",
        f"attested by {WHO}: https://slsa.dev/provenance/v1",
        f"attested by {WHO}: https://cyclonedx.org/bom",
    ]
    assert_cosign_verifies(tool("cosign"), servers, tmp_path, place)
    # Neither takes it for somebody else's.
    other = verify(servers, tmp_path, f"oci://{place}", who="eve@shop.example")
    assert (other.returncode, f"it is by {WHO}" in other.stderr) == (2, True)
    hint = "  hint: whoever signs it: `overlay sign REF`; until then nothing of it is used"
    assert other.stderr.splitlines()[-1] == hint
    theirs = cosign(tool("cosign"), servers, tmp_path, "verify", *whose(servers, "eve@shop.example"), place)
    assert theirs.returncode != 0


def attached(folder: Path, place: str) -> list[str]:
    """Return what refers to a bundle and is signed."""
    shown = overlay(folder, "show", f"oci://{place}", "-o", "json")
    return sorted(one["digest"] for one in json.loads(shown.stdout)["referrers"] if one["isSigned"])


def test_what_an_identity_signed_already_is_left_as_it_is(
    servers: KeylessServers, place: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    cosign_signs(tool("cosign"), servers, tmp_path, place)
    theirs = attached(tmp_path, place)
    clock, stamps = servers.web.answers["/api/v1/timestamp"], []

    def stamp(handler: Handler) -> None:
        stamps.append(handler.path)
        clock(handler)  # type: ignore[operator]

    servers.web.answers["/api/v1/timestamp"] = stamp
    try:
        # Also where it was cosign that signed.
        done = sign(servers, tmp_path, f"oci://{place}", SIGSTORE_ID_TOKEN=servers.token())
        assert (done.returncode, done.stderr) == (0, f"already signed: oci://{place} as {WHO}\n")
        assert (attached(tmp_path, place), stamps) == (theirs, [])
        # What is missing is added, and no more.
        done = sign(servers, tmp_path, f"oci://{place}", "--attest", "-o", "json", SIGSTORE_ID_TOKEN=servers.token())
        assert len(json.loads(done.stdout)["signatures"]) == 2, done.stderr
        done = sign(servers, tmp_path, f"oci://{place}", "--attest", "-o", "json", SIGSTORE_ID_TOKEN=servers.token())
        assert json.loads(done.stdout)["signatures"] == [], done.stderr
        assert len(stamps) == 2
    finally:
        servers.web.answers["/api/v1/timestamp"] = clock
    # Somebody else's is no reason to leave it.
    done = sign(servers, tmp_path, f"oci://{place}", SIGSTORE_ID_TOKEN=servers.token("eve@shop.example"))
    assert (done.returncode, done.stderr) == (0, f"signed oci://{place} as eve@shop.example\n")
    assert verify(servers, tmp_path, f"oci://{place}", who="eve@shop.example").returncode == 0
    assert len(attached(tmp_path, place)) == 4


def test_a_signature_that_nobody_accepts_is_no_reason_not_to_sign(
    servers: KeylessServers, place: str, tmp_path: Path
) -> None:
    name, _, digest = place.partition("@")
    assert sign(servers, tmp_path, f"oci://{place}", SIGSTORE_ID_TOKEN=servers.token()).returncode == 0
    assert overlay(tmp_path, "copy", f"oci://{name}:1.0.0", "--to-layout", "x", "-q").returncode == 0
    assert overlay(tmp_path, "copy", f"oci://{name}:1.0.0", "--to-layout", "y", "--no-referrers", "-q").returncode == 0
    (signature,) = [
        one for one in find_signatures(Layout(str(tmp_path / "x")), digest).signatures if one.has_certificate
    ]
    found = json.loads(signature.bundle)
    holder, key = PARTS["proof"](found)
    holder[key] = base64.b64encode(bytes(32)).decode()
    layout = Layout(str(tmp_path / "y"))
    attach(layout, layout.manifest(digest), json.dumps(found).encode(), signature.predicate_type)
    assert verify(servers, tmp_path, "y:1.0.0").returncode == 2
    done = sign(servers, tmp_path, "y:1.0.0", SIGSTORE_ID_TOKEN=servers.token())
    assert (done.returncode, done.stderr) == (0, f"signed y@{digest} as {WHO}\n")
    assert verify(servers, tmp_path, "y:1.0.0").returncode == 0


def test_a_bundle_is_pushed_and_signed_as_an_identity(
    servers: KeylessServers, registry: RegistryProcess, tool: Callable[[str], str], tmp_path: Path
) -> None:
    assert overlay(tmp_path, "init", "shop", "--environments", "prod", "-q").returncode == 0
    name = f"{registry.host}/{tmp_path.name.replace('_', '-').lower()}/shop"
    words = (
        "push", f"oci://{name}", "--version", "1.0.0", "--sign-as-identity", "--signing-config", str(servers.config),
        "--trusted-root", str(servers.root),
    )  # fmt: skip
    # Who cannot sign pushes nothing.
    none = overlay(tmp_path / "shop", *words, XDG_DATA_HOME=str(tmp_path))
    assert (none.returncode, none.stderr.splitlines()[0]) == (2, "error: sign with which key, or as whom?")
    old = overlay(tmp_path / "shop", *words, XDG_DATA_HOME=str(tmp_path), SIGSTORE_ID_TOKEN=servers.token(age=3600))
    assert (old.returncode, old.stderr.splitlines()[0]) == (
        2, "error: it cannot be signed as an identity: Identity token is malformed or missing claims"
    )  # fmt: skip
    assert overlay(tmp_path, "bundles", "list", f"oci://{name}", "-o", "name").stdout == ""
    env = {"XDG_DATA_HOME": str(tmp_path), "SIGSTORE_ID_TOKEN": servers.token()}
    done = overlay(tmp_path / "shop", *words, **env)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, f"pushed oci://{name}:1.0.0, signed by {WHO}")
    place = f"{name}@{done.stdout.strip()}"
    assert_cosign_verifies(tool("cosign"), servers, tmp_path, place)
    again = overlay(tmp_path / "shop", *words, "-o", "json", **env)
    found = json.loads(again.stdout)
    assert (found["isNew"], found["signedBy"], found["issuer"], found["signatures"]) == (
        False, WHO, servers.issuer, [],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--sign", "cosign.key", "--sign-as-identity"), "--sign and --sign-as-identity: sign with a key, or as an identity?"),
        (("--identity-token", "x"), "--identity-token is for signing as an identity: say --sign-as-identity"),
        (("--trusted-root", "x"), "--trusted-root is for signing as an identity: say --sign-as-identity"),
    ],
)  # fmt: skip
def test_who_signs_a_push_is_said_in_one_way(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    done = overlay(tmp_path, "push", "oci://localhost:1/shop", "--version", "1.0.0", *words)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"error: {message}")


def test_we_verify_what_cosign_signs_as_an_identity(
    servers: KeylessServers, place: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    cosign_signs(tool("cosign"), servers, tmp_path, place)
    ours = verify(servers, tmp_path, f"oci://{place}", "-o", "json")
    assert ours.returncode == 0, ours.stderr
    found = json.loads(ours.stdout)["signatures"]
    assert [(one["by"], one["issuer"], one["form"]) for one in found] == [(WHO, servers.issuer, "bundle")]


def test_the_first_entry_of_a_log_is_verified_which_cosign_writes_without_its_index(
    place: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    fresh = KeylessServers({name: tool(name) for name in ("fulcio", "rekor-server")}, tmp_path)
    try:
        cosign_signs(tool("cosign"), fresh, tmp_path, place)
        ours = verify(fresh, tmp_path, f"oci://{place}")
        assert ours.returncode == 0, ours.stderr
    finally:
        fresh.close()


def test_a_job_of_github_actions_signs_as_its_workflow(
    servers: KeylessServers, place: str, tmp_path: Path, web: Web
) -> None:
    token = servers.token()
    web.answers["/token"] = lambda handler: send(handler, 200, json.dumps({"value": token}).encode())
    job = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://{web.host}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
        "GITHUB_ACTIONS": "true",
    }
    done = sign(servers, tmp_path, f"oci://{place}", "-o", "json", **job)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["identity"], found["issuer"], len(found["signatures"])) == (WHO, servers.issuer, 1)
    assert [(path, headers["authorization"]) for path, headers in web.seen] == [
        ("/token?api-version=2.0&audience=sigstore", "Bearer of-the-job")
    ]
    assert token not in done.stdout + done.stderr


def refused_token(handler: Handler) -> None:
    send(handler, 403, b"no")


def elsewhere(handler: Handler) -> None:
    send(handler, 302, b"", Location="http://127.0.0.1:9/token")


def nothing(handler: Handler) -> None:
    send(handler, 200, b'{"value": null}')


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (refused_token, "answers 403, and was asked for an identity token"),
        (elsewhere, "answers 302, and was asked for an identity token"),
        (nothing, "holds no identity token: three parts of base64url with dots between (a JWT)"),
    ],
)
def test_a_job_without_a_token_is_told(
    answer: Callable[[Handler], None], message: str, tmp_path: Path, web: Web
) -> None:
    web.answers["/token"] = answer
    job = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"http://{web.host}/token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job"}
    done = overlay(tmp_path, "sign", "shop:1.0.0", **job)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == f"error: http://{web.host}/token {message}"
    assert "of-the-job" not in done.stderr
    assert len(web.seen) == 1


@pytest.mark.parametrize("form", ["file", "variable"])
def test_the_token_is_never_shown(servers: KeylessServers, place: str, tmp_path: Path, form: str) -> None:
    old, other = servers.token(age=3600), servers.token(audience="shop")
    for token in (old, other):
        (tmp_path / "token").write_text(token)
        words = ("--identity-token", str(tmp_path / "token") if form == "file" else "env://ID")
        done = sign(servers, tmp_path, f"oci://{place}", *words, ID=token)
        assert (done.returncode, done.stderr.splitlines()) == (
            2,
            [
                "error: it cannot be signed as an identity: Identity token is malformed or missing claims",
                "  hint: a token holds for minutes, and its audience must be `sigstore`: fetch a new one",
            ],
        )
    assert "it has no signatures" in verify(servers, tmp_path, f"oci://{place}").stderr


def test_a_token_on_the_command_line_and_no_token_are_told(tmp_path: Path) -> None:
    done = overlay(tmp_path, "sign", "shop:1.0.0", "--identity-token", "aaa.bbb.ccc")
    assert (done.returncode, done.stderr.splitlines()) == (
        2,
        [
            "error: --identity-token takes a file or env://NAME: on a command line everybody on this machine sees the "
            "token",
            "  hint: put it into SIGSTORE_ID_TOKEN, and leave the option out",
        ],
    )
    done = overlay(tmp_path, "sign", "shop:1.0.0", GITHUB_ACTIONS="true")
    assert done.stderr.splitlines() == [
        "error: sign with which key, or as whom?",
        "  hint: --key cosign.key (`cosign generate-key-pair` makes one), or an identity token in SIGSTORE_ID_TOKEN; a "
        "job of GitHub Actions has one with `permissions: {id-token: write}`",
    ]
    done = overlay(tmp_path, "sign", "shop:1.0.0", "--signing-config", "x.json", SIGSTORE_ID_TOKEN="a.b.c")
    assert done.stderr.splitlines()[0].startswith("error: --signing-config and --trusted-root go together")
    done = overlay(tmp_path, "sign", "shop:1.0.0", "--form", "tag", SIGSTORE_ID_TOKEN="a.b.c")
    assert "signatures by identities have the form of a bundle alone" in done.stderr


def changed(servers: KeylessServers, tmp_path: Path, ca: str) -> Path:
    config = json.loads(servers.config.read_text())
    config["caUrls"][0]["url"] = ca
    (tmp_path / "config.json").write_text(json.dumps(config))
    return tmp_path / "config.json"


def sign_at(servers: KeylessServers, tmp_path: Path, place: str, ca: str, **env: str) -> Done:
    config = changed(servers, tmp_path, ca)
    words = ("--signing-config", str(config), "--trusted-root", str(servers.root), "--timeout", "90s")
    return overlay(tmp_path, "sign", f"oci://{place}", *words, SIGSTORE_ID_TOKEN=servers.token(), **env)


def test_the_token_goes_to_the_authority_alone(
    servers: KeylessServers, place: str, tmp_path: Path, web: Web, make_web: Callable[..., Web]
) -> None:
    other = make_web()
    (tmp_path / ".netrc").write_text("default login me password s3cret\n")
    (tmp_path / ".netrc").chmod(0o600)
    web.answers["*"] = lambda handler: send(handler, 307, b"", Location=f"http://{other.host}/api/v2/signingCert")
    done = sign_at(servers, tmp_path, place, f"http://{web.host}", HOME=str(tmp_path))
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2, "error: it cannot be signed as an identity: Exceeded 0 redirects."
    )  # fmt: skip
    assert other.seen == []
    assert [headers["authorization"].split(".")[0] for _, headers in web.seen] == [
        f"Bearer {servers.token().split('.')[0]}"
    ]
    # What the authority says is told, and the token is not, whatever it says.
    web.answers["*"] = lambda handler: send(handler, 400, handler.headers["Authorization"].encode())
    done = sign_at(servers, tmp_path, place, f"http://{web.host}")
    assert done.stderr.splitlines()[0] == (
        f"error: it cannot be signed as an identity: http://{web.host}/api/v2/signingCert answers 400: Bearer …"
    )


def test_an_authority_beyond_this_machine_is_asked_over_tls(
    servers: KeylessServers, place: str, tmp_path: Path
) -> None:
    done = sign_at(servers, tmp_path, place, "http://ca.shop.example")
    assert done.stderr.splitlines()[0] == (
        "error: the signing configuration cannot be used: http://ca.shop.example is not encrypted"
    )


def test_a_clock_that_fails_once_is_asked_again(servers: KeylessServers, place: str, tmp_path: Path) -> None:
    right = servers.web.answers["/api/v1/timestamp"]
    asked: list[str] = []

    def once(handler: Handler) -> None:
        asked.append(handler.path)
        if len(asked) == 1:
            send(handler, 503, b"later")
        else:
            right(handler)  # type: ignore[operator]

    servers.web.answers["/api/v1/timestamp"] = once
    try:
        done = sign(servers, tmp_path, f"oci://{place}", SIGSTORE_ID_TOKEN=servers.token())
    finally:
        servers.web.answers["/api/v1/timestamp"] = right
    assert (done.returncode, done.stderr) == (0, f"signed oci://{place} as {WHO}\n")
    assert len(asked) >= 2
    assert verify(servers, tmp_path, f"oci://{place}").returncode == 0


def test_what_others_would_not_verify_is_not_attached(servers: KeylessServers, place: str, tmp_path: Path) -> None:
    root = json.loads(servers.root.read_text())
    for one in root["timestampAuthorities"]:
        one["validFor"] = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
    (tmp_path / "root.json").write_text(json.dumps(root))
    words = ("--signing-config", str(servers.config), "--trusted-root", str(tmp_path / "root.json"))
    done = overlay(tmp_path, "sign", f"oci://{place}", *words, SIGSTORE_ID_TOKEN=servers.token())
    assert done.returncode == 2
    assert done.stderr.startswith("error: it cannot be signed as an identity: ")
    assert "it has no signatures" in verify(servers, tmp_path, f"oci://{place}").stderr


PARTS: dict[str, Callable[[Any], tuple[Any, str]]] = {
    "certificate": lambda found: (found["verificationMaterial"]["certificate"], "rawBytes"),
    "entry of the log": lambda found: (found["verificationMaterial"]["tlogEntries"][0], "canonicalizedBody"),
    "proof": lambda found: (found["verificationMaterial"]["tlogEntries"][0]["inclusionProof"], "rootHash"),
    "time": lambda found: (
        found["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"][0], "signedTimestamp",
    ),
    "signature": lambda found: (found["dsseEnvelope"]["signatures"][0], "sig"),
    "statement": lambda found: (found["dsseEnvelope"], "payload"),
}  # fmt: skip


def test_R31_each_changed_part_of_a_signature_by_an_identity_is_refused(
    servers: KeylessServers, place: str, tmp_path: Path
) -> None:
    name, _, digest = place.partition("@")
    assert sign(servers, tmp_path, f"oci://{place}", SIGSTORE_ID_TOKEN=servers.token()).returncode == 0
    assert overlay(tmp_path, "copy", f"oci://{name}:1.0.0", "--to-layout", "x", "-q").returncode == 0
    layout = Layout(str(tmp_path / "x"))
    subject = layout.manifest(digest)
    (signature,) = [one for one in find_signatures(layout, digest).signatures if one.has_certificate]
    signer = Signer(identity=WHO, issuer=servers.issuer, trusted_root=servers.root.read_bytes())

    def check(found: Any) -> None:
        attached, blobs = referrer(subject.descriptor, BUNDLE_TYPE, json.dumps(found).encode(), {})
        artifact = Artifact(manifest=subject, blobs=blobs, attached=(attached,))
        check_signed(Made(artifact, "here"), digest, (signer,))

    check(json.loads(signature.bundle))
    for part, holder_of in PARTS.items():
        found = json.loads(signature.bundle)
        holder, key = holder_of(found)
        data = bytearray(base64.b64decode(holder[key]))
        data[len(data) // 2] ^= 1
        holder[key] = base64.b64encode(bytes(data)).decode()
        with pytest.raises(SignatureError) as caught:
            check(found)
        assert "is not signed by" in caught.value.message, part
