"""Signatures by identities, verified by Sigstore's library against an authority of our own, beside the real cosign."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from overlay.errors import SignatureError
from overlay.model.verify import Signer
from overlay.oci.attestations import referrer
from overlay.oci.bundle import Artifact, Made
from overlay.oci.layout import Layout
from overlay.oci.sigstore_bundle import BUNDLE_TYPE
from overlay.oci.transfer import carry
from overlay.oci.trust import Accepted, check_signed
from tests.fetch.servers import RegistryProcess
from tests.oci.artifacts import artifact
from tests.oci.authority import ISSUER, WHO, Sigstore
from tests.source.projects import overlay

SUBJECT = artifact(10)
OTHER = artifact(10, seed=2)
OURS = Sigstore()


def attached(*bundles: dict[str, Any]) -> Made:
    blobs = dict(SUBJECT.blobs)
    manifests = []
    for one in bundles:
        made, more = referrer(SUBJECT.manifest.descriptor, BUNDLE_TYPE, json.dumps(one).encode(), {})
        manifests.append(made)
        blobs |= more
    return Made(Artifact(manifest=SUBJECT.manifest, blobs=blobs, attached=tuple(manifests)), "here")


def check(bundle: dict[str, Any], **more: Any) -> tuple[Accepted, ...]:
    wanted = {"identity": WHO, "issuer": ISSUER, "trusted_root": OURS.trusted_root(), **more}
    return check_signed(attached(bundle), SUBJECT.manifest.digest, (Signer(**wanted),))


def refusal(bundle: dict[str, Any], **more: Any) -> str:
    with pytest.raises(SignatureError) as caught:
        check(bundle, **more)
    return caught.value.message.partition(": sha256:")[2].partition(": ")[2]


def sound() -> dict[str, Any]:
    return OURS.sign(SUBJECT.manifest.digest)


def test_R31_an_identity_that_an_issuer_vouches_for_is_accepted() -> None:
    assert [one.by for one in check(sound())] == [WHO]
    pattern = r"https://github\.com/acme/shop/.*@refs/heads/main"
    assert [one.by for one in check(sound(), identity="", identity_match=pattern)] == [WHO]


def test_D10_a_certificate_counts_at_the_time_of_the_log_not_now() -> None:
    assert dt.datetime.now(dt.UTC) - OURS.now > dt.timedelta(minutes=10)
    assert check(sound())
    late = OURS.sign(SUBJECT.manifest.digest, late=dt.timedelta(minutes=11))
    assert refusal(late).startswith("it is not verified: failed to build timestamp certificate chain: ")


@pytest.mark.parametrize(
    ("bundle", "more", "reason"),
    [
        (OURS.sign(SUBJECT.manifest.digest, who="https://evil.example/x"), {}, "it is by https://evil.example/x"),
        (sound(), {"identity": "", "identity_match": "https://github"}, f"it is by {WHO}"),
        (OURS.sign(OTHER.manifest.digest), {}, f"it is of something else: {OTHER.manifest.digest}"),
        (
            OURS.sign(SUBJECT.manifest.digest, of=b"other"), {},
            "it holds an entry of a transparency log that is of something else",
        ),
    ],
)  # fmt: skip
def test_R31_another_identity_artifact_or_entry_of_the_log_is_refused(
    bundle: dict[str, Any], more: dict[str, Any], reason: str
) -> None:
    assert refusal(bundle, **more) == reason


def test_R31_another_issuer_is_refused() -> None:
    assert refusal(OURS.sign(SUBJECT.manifest.digest, issuer="https://evil.example")).startswith("it is not verified: ")
    assert refusal(sound(), issuer="https://other.example").startswith("it is not verified: ")


def without_log(bundle: dict[str, Any]) -> None:
    del bundle["verificationMaterial"]["tlogEntries"]


def other_signature(bundle: dict[str, Any]) -> None:
    bundle["dsseEnvelope"]["signatures"] = sound()["dsseEnvelope"]["signatures"]


def other_certificate(bundle: dict[str, Any]) -> None:
    bundle["verificationMaterial"]["certificate"] = sound()["verificationMaterial"]["certificate"]


def other_promise(bundle: dict[str, Any]) -> None:
    entry = sound()["verificationMaterial"]["tlogEntries"][0]
    bundle["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"] = entry["inclusionPromise"]


def other_proof(bundle: dict[str, Any]) -> None:
    entry = sound()["verificationMaterial"]["tlogEntries"][0]
    bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"] = entry["inclusionProof"]


def broken_certificate(bundle: dict[str, Any]) -> None:
    bundle["verificationMaterial"]["certificate"] = {"rawBytes": "AAAA"}


@pytest.mark.parametrize(
    "change", [without_log, other_signature, other_certificate, other_promise, other_proof, broken_certificate]
)
def test_R31_R32_each_part_of_the_proof_that_is_changed_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    bundle = sound()
    change(bundle)
    assert refusal(bundle).startswith("it is not verified: ")


def test_R31_an_authority_that_is_not_trusted_is_refused() -> None:
    assert refusal(sound(), trusted_root=Sigstore().trusted_root()).startswith("it is not verified: ")
    with pytest.raises(SignatureError) as caught:
        check(sound(), trusted_root=b"{}")
    assert caught.value.message.startswith("the trusted root cannot be read: ")


def test_cosign_and_we_verify_the_same_identity(
    tool: Callable[[str], str], registry: RegistryProcess, tmp_path: Path
) -> None:
    name = f"{registry.host}/keyless/shop"
    layout = Layout(str(tmp_path / "x"))
    layout.create()
    carry(attached(sound()), "", layout, "1.0.0", referrers=True)
    assert overlay(tmp_path, "copy", "x:1.0.0", f"oci://{name}").returncode == 0
    root = tmp_path / "root.json"
    root.write_bytes(OURS.trusted_root())
    words = ["--trusted-root", str(root), "--certificate-identity", WHO, "--certificate-oidc-issuer", ISSUER]
    env = {**os.environ, "HOME": str(tmp_path)}
    theirs = subprocess.run(
        [tool("cosign"), "verify", *words, f"{name}:1.0.0"], env=env, capture_output=True, text=True
    )
    assert theirs.returncode == 0, theirs.stderr
    ours = ("--identity", WHO, "--issuer", ISSUER, "--trusted-root", str(root))
    done = overlay(tmp_path, "verify", f"oci://{name}:1.0.0", *ours)
    assert (done.returncode, done.stderr) == (0, f"signed by {WHO}\n")
    refused = overlay(tmp_path, "verify", f"oci://{name}:1.0.0", *ours[:1], "https://evil.example", *ours[2:])
    assert (refused.returncode, f"it is by {WHO}" in refused.stderr) == (2, True)
