"""Which cluster, and as whom: kubeconfig files and contexts as kubectl understands them, or the pod's own account.

Files are read by our own reader, so that a mistake has a place, and because the `kubernetes` package merges them
otherwise than kubectl does (there the last file wins). Nothing is ever written back.
"""

from __future__ import annotations

import base64
import binascii
import os

from overlay.cluster.access import Access
from overlay.errors import ClusterError, UsageError
from overlay.files.paths import printable
from overlay.yaml import decode, read_mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Entry = tuple[dict[str, Any], str]  # what a list of a kubeconfig holds under a name, and the file it is in

MAX_FILE = 16 * 1024 * 1024
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
IN_CLUSTER = "in-cluster"


def find_access(env: Mapping[str, str], *, kubeconfig: str = "", context: str = "", account: str = _ACCOUNT) -> Access:
    """Return how the cluster is reached.

    kubeconfig: a file named on the command line; else KUBECONFIG's list, else ~/.kube/config, else the pod's account.
    context: the one to use, else the current one. Raises ClusterError, UsageError.
    """
    names = _files(env, kubeconfig)
    files = [(name, read) for name in names if (read := _read(name, must_exist=bool(kubeconfig))) is not None]
    if not files:
        if "KUBERNETES_SERVICE_HOST" in env and not env.get("KUBECONFIG") and context in ("", IN_CLUSTER):
            return _in_cluster(env, account)
        raise UsageError(
            f"no kubeconfig: {' and '.join([printable(name) for name in names])} {'do' if len(names) > 1 else 'does'}"
            " not exist",
            hint="give one with --kubeconfig or in KUBECONFIG",
        )
    clusters, users, contexts = (_merge(files, key, key[:-1]) for key in ("clusters", "users", "contexts"))
    name = context or next((str(one["current-context"]) for _, one in files if one.get("current-context")), "")
    shown = " and ".join([printable(file) for file, _ in files])
    if not name:
        raise UsageError(
            f"{shown} has no current context", hint=f"give --context, one of {', '.join(sorted(contexts)) or '(none)'}"
        )
    if name not in contexts:
        raise UsageError(
            f"{shown} has no context {printable(name)}", hint=f"it has {', '.join(sorted(contexts)) or 'none'}"
        )
    chosen, file = contexts[name]
    cluster, cluster_file = _named(clusters, chosen.get("cluster"), "cluster", name, file)
    user, user_file = _named(users, chosen.get("user"), "user", name, file) if chosen.get("user") else ({}, file)
    return _access(name, chosen, cluster, cluster_file, user, user_file)


def _files(env: Mapping[str, str], given: str) -> list[str]:
    if given:
        return [given]
    listed = [os.path.expanduser(one) for one in env.get("KUBECONFIG", "").split(os.pathsep) if one]
    return listed or [os.path.join(env.get("HOME") or os.path.expanduser("~"), ".kube", "config")]


def _read(name: str, *, must_exist: bool) -> dict[str, Any] | None:
    try:
        with open(name, "rb") as file:
            data = file.read(MAX_FILE)
    except FileNotFoundError:
        if must_exist:
            raise UsageError(f"{printable(name)} does not exist") from None
        return None
    except OSError as error:
        raise UsageError(f"{printable(name)} cannot be read: {os.strerror(error.errno or 0).lower()}") from None
    text = decode(data, name)
    return read_mapping(text, name).value if text.strip() else {}


def _merge(files: list[tuple[str, dict[str, Any]]], key: str, inner: str) -> dict[str, Entry]:
    """Return the entries of all files by name; the first file that has a name wins."""
    found: dict[str, Entry] = {}
    for file, content in files:
        entries = content.get(key) or []
        if not isinstance(entries, list):
            raise UsageError(f"{key} of {printable(file)} is no list")
        for entry in entries:
            value = (entry.get(inner) or {}) if isinstance(entry, dict) else None
            if not isinstance(value, dict) or not isinstance(entry.get("name"), str):
                raise UsageError(f"an entry of {key} of {printable(file)} is not a name with a {inner}")
            found.setdefault(entry["name"], (value, file))
    return found


def _named(entries: dict[str, Entry], name: Any, kind: str, context: str, file: str) -> Entry:
    if name not in entries:
        raise UsageError(f"context {printable(context)} of {printable(file)} names the {kind} {name}, which is nowhere")
    return entries[name]


def _access(
    name: str, context: dict[str, Any], cluster: dict[str, Any], cluster_file: str, user: dict[str, Any], user_file: str
) -> Access:
    server = cluster.get("server")
    if not isinstance(server, str) or not server.startswith(("https://", "http://")):
        raise UsageError(f"the server of context {printable(name)} in {printable(cluster_file)} is no address")
    here, there = (os.path.dirname(os.path.abspath(file)) for file in (cluster_file, user_file))
    token_file = _text(user, "tokenFile")
    impersonate = [("Impersonate-User", user.get("as")), ("Impersonate-Uid", user.get("as-uid"))]
    impersonate += [("Impersonate-Group", group) for group in user.get("as-groups") or ()]
    return Access(
        context=name,
        source=cluster_file,
        server=server.rstrip("/"),
        namespace=_text(context, "namespace") or "default",
        authority=_pem(cluster, "certificate-authority", here),
        insecure=cluster.get("insecure-skip-tls-verify") is True,
        server_name=_text(cluster, "tls-server-name"),
        proxy=_text(cluster, "proxy-url"),
        certificate=_pem(user, "client-certificate", there),
        key=_pem(user, "client-key", there),
        # As kubectl: a file wins over a token that is written out.
        token="" if token_file else _text(user, "token"),
        token_file=os.path.join(there, token_file) if token_file else "",
        user=_text(user, "username"),
        password=_text(user, "password"),
        impersonate=tuple([(header, text) for header, text in impersonate if isinstance(text, str) and text]),
        plugin=user.get("exec") if isinstance(user.get("exec"), dict) else None,
        provider=user.get("auth-provider") if isinstance(user.get("auth-provider"), dict) else None,
        folder=there,
        cluster=cluster,
    )


def _text(entry: dict[str, Any], key: str) -> str:
    found = entry.get(key)
    return found if isinstance(found, str) else ""


def _pem(entry: dict[str, Any], key: str, folder: str) -> bytes:
    data = entry.get(f"{key}-data")
    if data:
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise UsageError(f"{key}-data of the kubeconfig is not base64") from None
    path = _text(entry, key)
    if not path:
        return b""
    try:
        with open(os.path.join(folder, path), "rb") as file:
            return file.read(MAX_FILE)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise UsageError(f"the kubeconfig's {key} {printable(path)} cannot be read: {reason}") from None


def _in_cluster(env: Mapping[str, str], account: str) -> Access:
    host, port = env["KUBERNETES_SERVICE_HOST"], env.get("KUBERNETES_SERVICE_PORT", "443")
    try:
        with open(f"{account}/ca.crt", "rb") as file:
            authority = file.read(MAX_FILE)
        with open(f"{account}/namespace", encoding="utf-8") as file:
            namespace = file.read(256).strip()
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise ClusterError(
            f"the pod's ServiceAccount in {account} cannot be read: {reason}",
            hint="automountServiceAccountToken must be on, or a kubeconfig given",
        ) from None
    return Access(
        context=IN_CLUSTER,
        source=account,
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        namespace=namespace or "default",
        authority=authority,
        token_file=f"{account}/token",
        is_pod=True,
    )
