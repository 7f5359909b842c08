"""The Authorization of each request: what the kubeconfig says, or what its credential plugin tells; renewed in time.

The only importer of the `kubernetes` package, and only where a credential has to be fetched. What its loader does
badly is closed here: it logs a plugin's failure and goes on as nobody, waits for a plugin without limit, keeps keys in
files of /tmp, and turns TLS verification off towards an identity provider without a CA of its own.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from datetime import UTC

from overlay.errors import ClusterError, Temporary
from overlay.files.paths import printable
from overlay.model.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.cluster.access import Access

PLUGIN_SECONDS = 60.0
# The kubelet renews a ServiceAccount's token when a fifth of its hour is left.
_FILE_SECONDS = 60.0
# A credential that ends sooner than this is renewed first.
_MARGIN = 60.0
MAX_OUTPUT = 1 << 20


@value
class Credential:
    """The Authorization header (empty for none) and a client certificate; its repr tells nothing."""

    authorization: str = ""
    certificate: bytes = b""
    key: bytes = b""

    def __repr__(self) -> str:
        return "Credential(…)"


class Credentials:
    """Gives the credential of an Access; safe to share between threads."""

    def __init__(self, access: Access, *, plugins: bool = True, plugin_seconds: float = PLUGIN_SECONDS) -> None:
        self._access = access
        self._plugins = plugins
        self._seconds = plugin_seconds
        self._lock = threading.Lock()
        self._known: Credential | None = None
        self._until = float("inf")

    def current(self) -> Credential:
        """Return a credential that is good now. Raises ClusterError, Temporary."""
        known = self._known
        if known is not None and time.monotonic() < self._until:
            return known
        with self._lock:
            if self._known is None or time.monotonic() >= self._until:
                self._known = self._fetch()
            return self._known

    def renew(self, refused: Credential) -> bool:
        """Fetch anew what the server refused; tell whether that made a difference."""
        with self._lock:
            if self._known is refused:
                self._known = self._fetch()
            return self._known != refused

    def _fetch(self) -> Credential:
        access = self._access
        self._until = float("inf")
        if access.provider is not None:
            return self._bearer(self._from_provider(access.provider))
        if access.token_file:
            self._until = time.monotonic() + _FILE_SECONDS
            return self._bearer(_token_of(access.token_file))
        if access.token:
            return self._bearer(access.token)
        if access.plugin is not None:
            return self._from_plugin(access.plugin)
        if access.user:
            pair = base64.b64encode(f"{access.user}:{access.password}".encode()).decode()
            return Credential(f"Basic {pair}", access.certificate, access.key)
        return Credential("", access.certificate, access.key)

    def _bearer(self, token: str) -> Credential:
        return Credential(f"Bearer {token}", self._access.certificate, self._access.key)

    def _refuse_plugins(self, what: str) -> None:
        if not self._plugins:
            raise ClusterError(
                f"context {self._access.context} wants to run {what}, which is not done for changes of others",
                hint="use a context with a token or a client certificate",
            )

    def _from_provider(self, provider: dict[str, Any]) -> str:
        """Ask the package for the token of an `auth-provider` (oidc): it knows how to refresh it."""
        name = str(provider.get("name"))
        self._refuse_plugins(f"the auth-provider {printable(name)}")
        settings = provider.get("config") or {}
        if name != "oidc":
            raise ClusterError(
                f"context {self._access.context} uses the auth-provider {printable(name)}, which kubectl has no more",
                hint="use the credential plugin (exec) of the cloud",
            )
        if not {"idp-certificate-authority", "idp-certificate-authority-data"} & set(settings):
            # The package would ask the provider without verifying it.
            raise ClusterError(
                f"the auth-provider of context {self._access.context} names no idp-certificate-authority",
                hint="name the CA of the identity provider, or use a credential plugin (exec)",
            )
        from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415  # 0.1 s, rarely needed
        from kubernetes.config.kube_config import KubeConfigLoader  # noqa: PLC0415

        context = {"cluster": "it", "user": "it"}
        loader = KubeConfigLoader(
            {
                "current-context": "it",
                "contexts": [{"name": "it", "context": context}],
                "clusters": [{"name": "it", "cluster": {"server": self._access.server}}],
                "users": [{"name": "it", "user": {"auth-provider": provider}}],
            },
            config_base_path=self._access.folder,
        )
        try:
            header = loader._load_auth_provider_token()  # noqa: SLF001  # the rest of the loader writes files
        except (ConfigException, OSError, ValueError, KeyError) as error:
            raise ClusterError(
                f"the auth-provider of context {self._access.context} gives no token: {printable(str(error)[:300])}"
            ) from None
        if not header:
            raise ClusterError(
                f"the auth-provider of context {self._access.context} gives no token", hint="log in again"
            )
        return str(header).removeprefix("Bearer ")

    def _from_plugin(self, entry: dict[str, Any]) -> Credential:
        command = str(entry.get("command"))
        self._refuse_plugins(f"the credential plugin {printable(command)}")
        import subprocess  # noqa: PLC0415  # few kubeconfigs name a plugin

        from kubernetes.config.config_exception import ConfigException  # noqa: PLC0415  # 0.1 s, rarely needed
        from kubernetes.config.exec_provider import ExecProvider  # noqa: PLC0415
        from kubernetes.config.kube_config import ConfigNode  # noqa: PLC0415

        where = f"the credential plugin {printable(command)} of context {self._access.context}"
        try:
            plugin = ExecProvider(ConfigNode("exec", entry), None)
        except (ConfigException, TypeError, KeyError) as error:
            raise ClusterError(f"{where} is not described as it must be: {printable(str(error)[:200])}") from None
        info: dict[str, Any] = {
            "apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": {"interactive": False},
        }  # fmt: skip
        if entry.get("provideClusterInfo"):
            info["spec"]["cluster"] = _cluster_info(self._access.cluster or {})
        hint = entry.get("installHint")
        try:
            # A plugin named by a path is one beside the kubeconfig; else PATH has it.
            first = plugin.args[0]
            args = [os.path.join(self._access.folder, first) if "/" in first else first, *plugin.args[1:]]
            done = subprocess.run(  # the user's own kubeconfig names it
                args, stdin=subprocess.DEVNULL, capture_output=True, timeout=self._seconds, check=False,
                env={**plugin.env, "KUBERNETES_EXEC_INFO": json.dumps(info)},
            )  # fmt: skip
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise ClusterError(f"{where} cannot run: {reason}", hint=str(hint) if hint else None) from None
        except subprocess.TimeoutExpired:
            raise Temporary(f"{where} says nothing for {self._seconds:g} seconds") from None
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            told = f": {printable(last[0][:300])}" if last else ""
            raise ClusterError(f"{where} fails with exit code {done.returncode}{told}", hint="log in again")
        return self._told(done.stdout, plugin.api_version, where)

    def _told(self, output: bytes, version: str, where: str) -> Credential:
        try:
            answer = json.loads(output) if len(output) < MAX_OUTPUT else None
        except (ValueError, RecursionError):
            answer = None
        status = answer.get("status") if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or not isinstance(status, dict) or answer.get("apiVersion") != version:
            raise ClusterError(f"{where} does not answer with an ExecCredential of {printable(version)}")
        token, certificate, key = (status.get(one) for one in ("token", "clientCertificateData", "clientKeyData"))
        if not token and not (certificate and key):
            raise ClusterError(f"{where} gives neither a token nor a certificate with its key")
        end = status.get("expirationTimestamp")
        if isinstance(end, str):
            from datetime import datetime  # noqa: PLC0415  # few plugins are asked

            try:
                left = (datetime.fromisoformat(end) - datetime.now(UTC)).total_seconds()
            except (ValueError, TypeError):
                raise ClusterError(f"{where} says {printable(end[:40])} for a time") from None
            self._until = time.monotonic() + max(left - _MARGIN, 1.0)
        return Credential(
            f"Bearer {token}" if token else "",
            str(certificate).encode() if certificate else self._access.certificate,
            str(key).encode() if key else self._access.key,
        )


def _token_of(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            token = file.read(MAX_OUTPUT).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno else "no token"
        raise ClusterError(f"the token in {printable(path)} cannot be read: {reason}") from None
    if not token:
        raise ClusterError(f"the token in {printable(path)} is empty")
    return token


def _cluster_info(cluster: dict[str, Any]) -> dict[str, Any]:
    """Return a cluster's entry as plugins see it (client.authentication.k8s.io/v1, Cluster)."""
    known = {
        "server": "server", "tls-server-name": "tls-server-name", "proxy-url": "proxy-url",
        "insecure-skip-tls-verify": "insecure-skip-tls-verify",
        "certificate-authority-data": "certificate-authority-data",
    }  # fmt: skip
    info = {there: cluster[here] for here, there in known.items() if here in cluster}
    for one in cluster.get("extensions") or ():
        if isinstance(one, dict) and one.get("name") == "client.authentication.k8s.io/exec":
            info["config"] = one.get("extension")
    return info
