"""Which store has what for whom."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from overlay.errors import FetchError
from overlay.fetch.credentials import Credential, registry_credential


def packed(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def look(
    folder: Path, host: str, docker: object = None, helm: object = None, podman: object = None, path: str = ""
) -> tuple[str, str, str] | None:
    env = {"HOME": str(folder), "PATH": path}
    for name, content in (
        (".docker/config.json", docker),
        (".config/helm/registry/config.json", helm),
        ("podman.json", podman),
    ):
        if content is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    if podman is not None:
        env["REGISTRY_AUTH_FILE"] = str(folder / "podman.json")
    found = registry_credential(host, env)
    return None if found is None else (found.user, found.password, found.token)


ME = ("me", "s3cret", "")
AUTH = packed("me", "s3cret")


@pytest.mark.parametrize(
    ("host", "auths", "found"),
    [
        ("ghcr.io", {"ghcr.io": AUTH}, ME),
        ("ghcr.io", {"https://ghcr.io": AUTH}, ME),
        ("ghcr.io", {"https://ghcr.io/": AUTH}, ME),
        ("ghcr.io:443", {"ghcr.io": AUTH}, None),
        ("localhost:5000", {"localhost:5000": AUTH}, ME),
        ("localhost:5000", {"localhost:5001": AUTH, "localhost": AUTH}, None),
        ("registry-1.docker.io", {"https://index.docker.io/v1/": AUTH}, ME),
        ("x.docker.io", {"https://index.docker.io/v1/": AUTH}, None),
        ("ghcr.io", {"ghcr.io.evil.example": AUTH, "evil.example/ghcr.io": AUTH}, None),
        ("ghcr.io", {"ghcr.io": packed("me", "a:b:c")}, ("me", "a:b:c", "")),
        ("ghcr.io", {"ghcr.io": {"username": "me", "password": "s3cret"}}, ME),
        ("ghcr.io", {"ghcr.io": {"identitytoken": "t"}}, ("", "", "t")),
        ("ghcr.io", {"ghcr.io": {}}, None),
        ("ghcr.io", {}, None),
    ],
)  # fmt: skip
def test_R09_an_entry_belongs_to_its_host_alone(tmp_path: Path, host: str, auths: dict, found: object) -> None:
    assert look(tmp_path, host, {"auths": auths}) == found


def test_R09_helms_store_comes_before_podmans_and_dockers(tmp_path: Path) -> None:
    stores = [{"auths": {"ghcr.io": packed(name, "x")}} for name in ("docker", "helm", "podman")]
    assert look(tmp_path / "a", "ghcr.io", *stores) == ("helm", "x", "")
    assert look(tmp_path / "b", "ghcr.io", stores[0], None, stores[2]) == ("podman", "x", "")
    assert look(tmp_path / "c", "ghcr.io", stores[0], {"auths": {}}) == ("docker", "x", "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "config.json is no JSON object with credentials"),
        ("[]", "config.json is no JSON object with credentials"),
        ({"auths": {"ghcr.io": {"auth": "!!"}}}, "config.json: the auth of ghcr.io is no base64 of user:password"),
        ({"auths": {"ghcr.io": {"auth": "bWU="}}}, "config.json: the auth of ghcr.io is no base64 of user:password"),
        ({"credsStore": "missing"}, "the credential helper docker-credential-missing is not on PATH"),
        ({"credsStore": "../evil"}, "'../evil' is no name of a credential helper"),
        ({"credHelpers": {"ghcr.io": "a b"}}, "'a b' is no name of a credential helper"),
    ],
)
def test_R09_a_store_that_cannot_be_read_is_named(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(FetchError) as caught:
        look(tmp_path, "ghcr.io", content)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("{", "mend it, or remove it and log in again"),
        ({"credsStore": "missing"}, "install it, or take it out of the file that names it, and log in again"),
    ],
)
def test_what_a_login_trips_over_too_is_not_mended_by_a_login(tmp_path: Path, content: object, hint: str) -> None:
    with pytest.raises(FetchError) as caught:
        look(tmp_path, "ghcr.io", content)
    assert caught.value.hint == hint


HELPER = """#!/bin/sh
read host
echo "$1 $host" >> "{log}"
case "$host" in
  ghcr.io) echo '{{"ServerURL": "x", "Username": "me", "Secret": "s3cret"}}' ;;
  token.io) echo '{{"Username": "<token>", "Secret": "t"}}' ;;
  broken.io) echo 's3cret broken'; exit 1 ;;
  odd.io) echo 's3cret' ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
"""


@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
def test_R09_credential_helpers_are_asked(tmp_path: Path, key: str) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    program = bin_folder / "docker-credential-test"
    program.write_text(HELPER.format(log=tmp_path / "log"))
    program.chmod(0o755)

    def ask(host: str) -> tuple[str, str, str] | None:
        config = {"credsStore": "test"} if key == "credsStore" else {"credHelpers": {host: "test"}}
        return look(tmp_path, host, config, path=f"{bin_folder}:/usr/bin:/bin")

    assert ask("ghcr.io") == ME
    assert ask("token.io") == ("", "", "t")
    assert ask("other.io") is None
    assert set((tmp_path / "log").read_text().splitlines()) >= {"get ghcr.io", "get token.io", "get other.io"}
    for host, message in (
        ("broken.io", "failed for broken.io (exit 1)"),
        ("odd.io", "gave no answer that can be understood"),
    ):
        with pytest.raises(FetchError) as caught:
            ask(host)
        assert caught.value.message == f"the credential helper docker-credential-test {message}"


def test_Z14_only_the_entry_of_the_registry_that_is_asked_is_read_and_no_helper_is_heard(tmp_path: Path) -> None:
    program = tmp_path / "docker-credential-test"
    program.write_text(
        f'#!/bin/sh\nread host\necho "$host" >> {tmp_path}/log\necho s3cret-of-$host >&2\necho s3cret\nexit 1\n'
    )
    program.chmod(0o755)
    broken = {"auth": "no base64, s3cret"}
    config = {
        "auths": {"ghcr.io": packed("me", "s3cret"), "other.io": broken, "third.io": {"identitytoken": 7}},
        "credHelpers": {"helped.io": "test", "fourth.io": "../evil"}, "credsStore": "test",
    }  # fmt: skip
    assert look(tmp_path, "ghcr.io", config, path=f"{tmp_path}:/usr/bin:/bin") == ME
    assert not (tmp_path / "log").exists(), "nobody else's entry, helper or store is asked"
    for host in ("helped.io", "stored.io"):
        with pytest.raises(FetchError) as caught:
            look(tmp_path, host, config, path=f"{tmp_path}:/usr/bin:/bin")
        assert caught.value.message == f"the credential helper docker-credential-test failed for {host} (exit 1)"
        assert "s3cret" not in f"{caught.value!r} {caught.value.hint}"
    assert (tmp_path / "log").read_text().split() == ["helped.io", "stored.io"]


def test_R09_a_helper_that_hangs_is_left(tmp_path: Path) -> None:
    program = tmp_path / "docker-credential-slow"
    program.write_text("#!/bin/sh\nexec sleep 10\n")
    program.chmod(0o755)
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text('{"credsStore": "slow"}')
    env = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    with pytest.raises(
        FetchError, match=r"the credential helper docker-credential-slow did not answer in 0\.3 seconds"
    ):
        registry_credential("ghcr.io", env, helper_seconds=0.3)


def test_Z01_a_credential_tells_nothing_about_itself() -> None:
    assert "s3cret" not in f"{Credential(user='me', password='s3cret', token='s3cret')!r}"
