"""Which cluster, and as whom: what kubeconfig files say, as kubectl reads them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from overlay.cluster.access import Access
from overlay.cluster.kubeconfig import find_access
from overlay.errors import OverlayError


def config(path: Path, *, current: str = "", **contexts: dict[str, Any]) -> Path:
    """Write a kubeconfig: for each context its cluster's fields, with the user's under `user`."""
    entries: dict[str, Any] = {"current-context": current, "clusters": [], "users": [], "contexts": []}
    for name, fields in contexts.items():
        rest = dict(fields)
        entries["users"].append({"name": name, "user": rest.pop("user", {})})
        context = {"cluster": name, "user": name, **rest.pop("context", {})}
        entries["contexts"].append({"name": name, "context": context})
        entries["clusters"].append({"name": name, "cluster": {"server": f"https://{name}.example", **rest}})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entries))
    return path


def error_of(env: dict[str, str], **given: str) -> tuple[str, str | None]:
    with pytest.raises(OverlayError) as caught:
        find_access(env, **given)
    return caught.value.message, caught.value.hint


def test_the_current_context_of_the_home_folder(tmp_path: Path) -> None:
    file = config(
        tmp_path / ".kube/config", current="prod", prod={"user": {"token": "t"}, "context": {"namespace": "shop"}}
    )
    assert find_access({"HOME": str(tmp_path)}) == Access(
        context="prod", source=str(file), server="https://prod.example", namespace="shop", token="t",
        folder=str(file.parent), cluster={"server": "https://prod.example"},
    )  # fmt: skip


def test_K32_a_list_of_files_is_merged_and_the_first_wins(tmp_path: Path) -> None:
    one = config(tmp_path / "one", current="a", a={"user": {"token": "of one"}})
    two = config(tmp_path / "two", current="b", a={"user": {"token": "of two"}}, b={"user": {"token": "of b"}})
    env = {"KUBECONFIG": f"{tmp_path}/missing:{one}:{two}"}
    assert find_access(env).token == "of one"
    assert find_access(env, context="b").token == "of b"


def test_K32_without_a_current_context_one_must_be_named(tmp_path: Path) -> None:
    file = config(tmp_path / "config", a={}, b={})
    assert error_of({}, kubeconfig=str(file)) == (f"{file} has no current context", "give --context, one of a, b")
    assert error_of({}, kubeconfig=str(file), context="c") == (f"{file} has no context c", "it has a, b")


def test_K32_files_that_do_not_exist(tmp_path: Path) -> None:
    hint = "give one with --kubeconfig or in KUBECONFIG"
    assert error_of({"HOME": "/nowhere"}) == ("no kubeconfig: /nowhere/.kube/config does not exist", hint)
    assert error_of({"KUBECONFIG": "/x:/y"}) == ("no kubeconfig: /x and /y do not exist", hint)
    assert error_of({}, kubeconfig="/x") == ("/x does not exist", None)


def test_K32_what_a_context_names_must_exist(tmp_path: Path) -> None:
    file = config(tmp_path / "config", current="a", a={"context": {"cluster": "gone"}})
    assert error_of({}, kubeconfig=str(file))[0] == f"context a of {file} names the cluster gone, which is nowhere"


def test_paths_start_from_the_file_that_has_them(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for name in ("ca", "cert", "key"):
        (tmp_path / "keys" / name).write_text(f"pem of {name}")
    file = config(
        tmp_path / "config", current="a",
        a={
            "certificate-authority": "keys/ca", "tls-server-name": "api", "insecure-skip-tls-verify": True,
            "user": {"client-certificate": "keys/cert", "client-key": "keys/key", "tokenFile": "keys/token", "token": "no"},
        },
    )  # fmt: skip
    found = find_access({}, kubeconfig=str(file))
    assert (found.authority, found.certificate, found.key) == (b"pem of ca", b"pem of cert", b"pem of key")
    assert (found.token, found.token_file) == ("", f"{tmp_path}/keys/token")
    assert (found.server_name, found.insecure) == ("api", True)


def test_data_wins_over_files(tmp_path: Path) -> None:
    data = base64.b64encode(b"pem").decode()
    file = config(
        tmp_path / "config", current="a", a={"certificate-authority": "/x", "certificate-authority-data": data}
    )
    assert find_access({}, kubeconfig=str(file)).authority == b"pem"
    bad = config(tmp_path / "bad", current="a", a={"certificate-authority-data": "%"})
    assert error_of({}, kubeconfig=str(bad))[0] == "certificate-authority-data of the kubeconfig is not base64"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = config(tmp_path / "config", current="a", a={"certificate-authority": "gone.pem"})
    assert error_of({}, kubeconfig=str(file)) == (
        "the kubeconfig's certificate-authority gone.pem cannot be read: no such file or directory", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "a mapping (key: value) is expected, found a list"),
        ("clusters: {}\ncurrent-context: a", "{file} has no context a"),
        ("clusters: 3\ncurrent-context: a", "clusters of {file} is no list"),
        ("contexts: [{name: a}]\ncurrent-context: a", "context a of {file} names the cluster None, which is nowhere"),
        ("contexts: [a]\ncurrent-context: a", "an entry of contexts of {file} is not a name with a context"),
        ("{a: 1, a: 2}", "key a is given twice"),
    ],
)
def test_files_that_are_no_kubeconfig(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    message = error_of({}, kubeconfig=str(file))[0]
    assert message == expected.format(file=file) or (expected.startswith("key") and "twice" in message)


def test_a_pod_uses_its_own_account(tmp_path: Path) -> None:
    for name, text in {"ca.crt": "pem", "namespace": "ops", "token": "t"}.items():
        (tmp_path / name).write_text(text)
    env = {"HOME": "/nowhere", "KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    found = find_access(env, account=str(tmp_path))
    assert (found.context, found.server, found.namespace) == ("in-cluster", "https://[fd00::1]:443", "ops")
    assert (found.authority, found.token_file) == (b"pem", f"{tmp_path}/token")


def test_a_pod_without_its_account(tmp_path: Path) -> None:
    env = {"HOME": "/nowhere", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    with pytest.raises(OverlayError) as caught:
        find_access(env, account=str(tmp_path))
    assert caught.value.message == f"the pod's ServiceAccount in {tmp_path} cannot be read: no such file or directory"


def test_I6_secrets_are_in_no_repr(tmp_path: Path) -> None:
    file = config(tmp_path / "config", current="a", a={"user": {"token": "canary", "password": "canary"}})
    assert repr(find_access({}, kubeconfig=str(file))) == "Access(a, https://a.example)"
