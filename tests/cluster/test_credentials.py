"""Credential plugins and tokens in files: fetched once, renewed in time, and never silently missing."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from overlay.cluster.access import Access
from overlay.cluster.credentials import Credential, Credentials
from overlay.errors import OverlayError, Temporary

VERSION = "client.authentication.k8s.io/v1"


def plugin(folder: Path, code: str, **entry: Any) -> Access:
    """Return an access whose plugin is a Python program."""
    program = folder / "plugin"
    program.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{code}\n")
    program.chmod(0o755)
    return Access(
        context="prod", source="kubeconfig", server="https://prod.example", folder=str(folder),
        cluster={"server": "https://prod.example", "certificate-authority-data": "Zm9v"},
        plugin={"apiVersion": VERSION, "command": "./plugin", **entry},
    )  # fmt: skip


def telling(**status: str) -> str:
    return f"print(json.dumps({{'apiVersion': '{VERSION}', 'kind': 'ExecCredential', 'status': {status!r}}}))"


def error_of(credentials: Credentials) -> OverlayError:
    with pytest.raises(OverlayError) as caught:
        credentials.current()
    return caught.value


def test_a_plugin_is_asked_once(tmp_path: Path) -> None:
    made = Credentials(plugin(tmp_path, f"open('asked', 'a').write('x')\n{telling(token='t')}".replace("'asked'", repr(f"{tmp_path}/asked"))))  # fmt: skip
    assert made.current().authorization == made.current().authorization == "Bearer t"
    assert (tmp_path / "asked").read_text() == "x"


def test_a_plugin_sees_its_arguments_and_the_cluster(tmp_path: Path) -> None:
    code = f"info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\nseen = [sys.argv[1:], os.environ['MORE'], info]\nopen({str(tmp_path / 'seen')!r}, 'w').write(json.dumps(seen))\n{telling(token='t')}"
    entry = {"args": ["get", "token"], "env": [{"name": "MORE", "value": "yes"}], "provideClusterInfo": True}
    Credentials(plugin(tmp_path, code, **entry)).current()
    assert json.loads((tmp_path / "seen").read_text()) == [
        ["get", "token"], "yes",
        {
            "apiVersion": VERSION, "kind": "ExecCredential",
            "spec": {
                "interactive": False,
                "cluster": {"server": "https://prod.example", "certificate-authority-data": "Zm9v"},
            },
        },
    ]  # fmt: skip


def test_a_plugin_may_give_a_certificate(tmp_path: Path) -> None:
    made = Credentials(plugin(tmp_path, telling(clientCertificateData="cert", clientKeyData="key")))
    assert made.current() == Credential("", b"cert", b"key")


def test_a_credential_that_ends_is_fetched_again(tmp_path: Path) -> None:
    code = f"n = len(open({str(tmp_path / 'asked')!r}, 'a+').read())\nwith open({str(tmp_path / 'asked')!r}, 'a') as f: f.write('x')\nn = os.path.getsize({str(tmp_path / 'asked')!r})\n"
    code += f"print(json.dumps({{'apiVersion': '{VERSION}', 'status': {{'token': str(n), 'expirationTimestamp': '2020-01-01T00:00:00Z'}}}}))"
    made = Credentials(plugin(tmp_path, code))
    assert made.current().authorization == "Bearer 1"
    time.sleep(1.1)
    assert made.current().authorization == "Bearer 2"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("sys.exit('no session\\nlog in first')", " fails with exit code 1: log in first"),
        ("print('hello')", f" does not answer with an ExecCredential of {VERSION}"),
        ("print(json.dumps({'apiVersion': 'v2', 'status': {'token': 't'}}))", f" does not answer with an ExecCredential of {VERSION}"),
        (telling(), " gives neither a token nor a certificate with its key"),
        (telling(clientCertificateData="c"), " gives neither a token nor a certificate with its key"),
        (telling(token="t", expirationTimestamp="soon"), " says soon for a time"),
    ],
)  # fmt: skip
def test_a_plugin_that_fails_is_an_error_and_not_nobody(tmp_path: Path, code: str, expected: str) -> None:
    error = error_of(Credentials(plugin(tmp_path, code)))
    assert error.message == f"the credential plugin ./plugin of context prod{expected}"


def test_a_plugin_that_is_missing_brings_its_own_hint(tmp_path: Path) -> None:
    access = plugin(tmp_path, "", installHint="install the cloud's tool")
    (tmp_path / "plugin").unlink()
    error = error_of(Credentials(access))
    assert error.message == "the credential plugin ./plugin of context prod cannot run: no such file or directory"
    assert error.hint == "install the cloud's tool"


def test_a_plugin_that_hangs_is_ended(tmp_path: Path) -> None:
    error = error_of(Credentials(plugin(tmp_path, "time.sleep(30)"), plugin_seconds=0.5))
    assert isinstance(error, Temporary)
    assert error.message == "the credential plugin ./plugin of context prod says nothing for 0.5 seconds"


def test_K40_plugins_do_not_run_for_changes_of_others(tmp_path: Path) -> None:
    error = error_of(Credentials(plugin(tmp_path, telling(token="t")), plugins=False))
    assert error.message == (
        "context prod wants to run the credential plugin ./plugin, which is not done for changes of others"
    )


def test_a_token_in_a_file_is_read_again_when_it_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one\n")
    made = Credentials(Access(context="prod", source="", server="https://x", token_file=str(file)))
    first = made.current()
    assert made.renew(first) is False
    file.write_text("two")
    assert made.renew(made.current()) is True
    assert made.current().authorization == "Bearer two"


def test_a_user_and_a_password() -> None:
    made = Credentials(Access(context="prod", source="", server="https://x", user="me", password="pass"))
    assert made.current().authorization == "Basic bWU6cGFzcw=="


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ({"name": "gcp"}, "context prod uses the auth-provider gcp, which kubectl has no more"),
        ({"name": "oidc", "config": {}}, "the auth-provider of context prod names no idp-certificate-authority"),
        (
            {"name": "oidc", "config": {"idp-certificate-authority": "x", "id-token": "a.b"}},
            "the auth-provider of context prod gives no token",
        ),
    ],
)
def test_auth_providers_that_give_no_token(provider: dict[str, Any], expected: str) -> None:
    access = Access(context="prod", source="", server="https://x", provider=provider)
    assert error_of(Credentials(access)).message == expected


def test_an_oidc_token_that_is_good_is_used_as_it_is() -> None:
    token = "eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln"
    config = {"idp-certificate-authority": "x", "id-token": token}
    access = Access(context="prod", source="", server="https://x", provider={"name": "oidc", "config": config})
    assert Credentials(access).current().authorization == f"Bearer {token}"


def test_I6_secrets_are_in_no_repr() -> None:
    assert repr(Credential("Bearer canary", b"", b"canary")) == "Credential(…)"
